//! SVG primitives, colours and the estimate of text widths.

use svg::node::element::Element;
use svg::node::{Node, Text};

/// Width of the picture and of the plots in it, in pixels.
pub(crate) const WIDTH: u32 = 1200;
pub(crate) const PLOT_WIDTH: u32 = 1080;
/// Left and right edge of every plot.
pub(crate) const LEFT: f64 = 80.0;
pub(crate) const RIGHT: f64 = 1160.0;

/// Dark text on white, secondary text, frames and grid lines.
pub(crate) const INK: &str = "#1a1a1a";
pub(crate) const SECONDARY: &str = "#555555";
pub(crate) const FRAME: &str = "#777777";
pub(crate) const GRID: &str = "#e3e3e3";
/// Of those who share something. Those of the Okabe-Ito palette that are strong enough for lines
/// come first.
pub(crate) const COLOURS: [&str; 12] = [
    "#0072b2", "#d55e00", "#009e73", "#cc6fa0", "#e69f00", "#56b4e9", "#7a4fa3", "#8a6d3b",
    "#4d4d4d", "#a3b100", "#b03a48", "#2f4b9b",
];

/// Rounds to hundredths, which keeps the document short.
pub(crate) fn px(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// `part` of `whole` along `length` pixels, to a hundredth of a pixel; 0 if `whole` is 0.
pub(crate) fn scale(part: u128, whole: u128, length: u32) -> f64 {
    // 96 bits leave room for the product and are exact far below a hundredth of a pixel.
    let shift = 32_u32.saturating_sub((part | whole).leading_zeros());
    let hundredths = (part >> shift) * u128::from(length.min(10_000_000) * 100);
    let hundredths = hundredths.checked_div(whole >> shift).unwrap_or(0);
    f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
}

/// A line of text whose baseline starts (`start`), is centred (`middle`) or ends (`end`) at `x`.
pub(crate) fn text(x: f64, y: f64, size: f64, anchor: &str, content: &str) -> Element {
    let mut element = Element::new("text");
    element.assign("x", px(x));
    element.assign("y", px(y));
    element.assign("font-size", size);
    if anchor != "start" {
        element.assign("text-anchor", anchor);
    }
    element.append(Text::new(printable(content)));
    element
}

/// The same, reading upwards and centred at (`x`, `y`).
pub(crate) fn upward_text(x: f64, y: f64, size: f64, content: &str) -> Element {
    let mut element = text(x, y, size, "middle", content);
    element.assign("transform", format!("rotate(-90 {} {})", px(x), px(y)));
    element
}

/// A part of a line of text.
pub(crate) fn span(content: &str) -> Element {
    let mut element = Element::new("tspan");
    element.append(Text::new(printable(content)));
    element
}

/// The tooltip of the element that it is appended to.
pub(crate) fn tooltip(content: &str) -> Element {
    let mut element = Element::new("title");
    element.append(Text::new(printable(content)));
    element
}

/// A rectangle without attributes of its own other than its place.
pub(crate) fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Element {
    let mut element = Element::new("rect");
    element.assign("x", px(x));
    element.assign("y", px(y));
    element.assign("width", px(width));
    element.assign("height", px(height));
    element
}

/// A straight line.
pub(crate) fn line(from: (f64, f64), to: (f64, f64), stroke: &str) -> Element {
    let mut element = Element::new("line");
    element.assign("x1", px(from.0));
    element.assign("y1", px(from.1));
    element.assign("x2", px(to.0));
    element.assign("y2", px(to.1));
    element.assign("stroke", stroke);
    element
}

/// The element with one more attribute.
pub(crate) fn with(mut element: Element, name: &str, value: &str) -> Element {
    element.assign(name, value);
    element
}

/// A generous estimate of a text's width: no font is at hand to measure it.
pub(crate) fn text_width(content: &str, size: f64) -> f64 {
    content.chars().map(|c| character_width(c) * size).sum()
}

/// Width in ems in a wide sans-serif font, so that narrower fonts leave room rather than overlap.
fn character_width(c: char) -> f64 {
    match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '-' | '/' | '"' => 0.46,
        'm' | 'w' | '%' | '…' => 1.0,
        _ if c.is_ascii_lowercase() || c.is_ascii_digit() => 0.64,
        _ if c.is_ascii() => 0.86,
        _ => 1.0,
    }
}

/// `content`, cut with an ellipsis where it would be wider than `width`.
pub(crate) fn fitted(content: &str, size: f64, width: f64) -> String {
    if text_width(content, size) <= width {
        return content.to_owned();
    }
    let mut used = text_width("…", size);
    let kept = content.chars().take_while(|c| {
        used += character_width(*c) * size;
        used <= width
    });
    kept.chain(['…']).collect()
}

/// `content` on one line and without the characters that XML 1.0 excludes even when escaped.
pub(crate) fn printable(content: &str) -> String {
    let excluded = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    content.replace(excluded, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_is_exact_to_a_hundredth_and_total() {
        let exactly = |part, whole, expected: f64| {
            assert!((scale(part, whole, 1080) - expected).abs() < 1e-9, "{part} of {whole}");
        };
        exactly(1, 2, 540.0);
        exactly(1, 3, 360.0);
        exactly(5, 0, 0.0);
        exactly(0, 0, 0.0);
        exactly(u128::MAX, u128::MAX, 1080.0);
        exactly(u128::MAX / 2, u128::MAX, 539.99);
        assert!(scale(u128::MAX, 1, u32::MAX).is_finite());
    }

    #[test]
    fn characters_outside_xml_are_replaced_and_markup_is_escaped() {
        let element = text(0.0, 0.0, 11.0, "start", "a\u{0}<b> & \"c\"\u{1b}").to_string();
        assert!(element.contains("a\u{fffd}&lt;b&gt; &amp; \"c\"\u{fffd}"), "{element}");
    }

    #[test]
    fn long_text_is_cut_at_the_width() {
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        let cut = fitted(&"x".repeat(1000), 10.0, 100.0);
        assert!(cut.ends_with('…') && text_width(&cut, 10.0) <= 100.0, "{cut}");
    }
}
