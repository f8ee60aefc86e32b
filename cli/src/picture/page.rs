//! What stands on every page: title, legend, headings and notes.

use svg::Document;
use svg::node::Node;
use svg::node::element::{Definitions, Element, Group};

use super::axis::inside;
use super::draw::{
    INK, LEFT, RIGHT, SECONDARY, WIDTH, fitted, printable, rectangle, span, text, text_width, with,
};

/// The title of the picture.
pub(crate) fn title(into: &mut Group, content: &str) {
    let heading = text(LEFT, 36.0, 20.0, "start", &fitted(content, 20.0 * BOLD, RIGHT - LEFT));
    into.append(with(heading, "font-weight", "bold"));
}

/// Draws a swatch for each text and its colour below the title, in as many rows as it needs;
/// returns where the panels begin.
pub(crate) fn legend<'a>(
    into: &mut Group,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> f64 {
    let size = 12.5;
    let (mut x, mut y) = (LEFT, 62.0);
    let mut empty = true;
    for (label, fill) in entries {
        empty = false;
        let width = 20.0 + text_width(label, size);
        if x > LEFT && x + width > RIGHT {
            (x, y) = (LEFT, y + 22.0);
        }
        let swatch = rectangle(x, y - 11.0, 14.0, 14.0);
        into.append(with(swatch, "fill", fill));
        into.append(text(x + 20.0, y, size, "start", label));
        x += width + 12.0;
    }
    if empty { y } else { y + 28.0 }
}

/// The heading of a panel: its name, a summary that is cut where there is no room, and a warning
/// that is not.
pub(crate) fn heading(into: &mut Group, y: f64, name: &str, summary: &str, warning: &str) {
    let (name_size, size) = (16.0, 13.0);
    let width = RIGHT - LEFT;
    let name = fitted(name, name_size * BOLD, width / 2.0);
    let taken = text_width(&name, name_size * BOLD) + text_width(warning, size) + 14.0;
    let summary = fitted(summary, size, width - taken) + warning;
    let mut heading = Element::new("text");
    heading.assign("x", LEFT);
    heading.assign("y", y + 16.0);
    heading.assign("font-size", name_size);
    heading.append(with(span(&name), "font-weight", "bold"));
    let summary = with(span(&summary), "dx", "10");
    heading.append(with(with(summary, "font-size", "13"), "fill", SECONDARY));
    into.append(heading);
}

/// A remark in the middle of the page.
pub(crate) fn note(y: f64, content: &str) -> Element {
    let middle = inside(f64::midpoint(LEFT, RIGHT), text_width(content, 13.0));
    with(text(middle, y, 13.0, "middle", content), "fill", SECONDARY)
}

/// The whole document.
pub(crate) fn finish(
    title: &str,
    height: f64,
    definitions: Option<Definitions>,
    body: Group,
) -> String {
    let mut document = Document::new()
        .set("width", WIDTH)
        .set("height", height)
        .set("viewBox", (0, 0, WIDTH, height))
        .set("font-family", "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif")
        .set("fill", INK)
        .set("aria-label", printable(title));
    if let Some(definitions) = definitions {
        document.append(definitions);
    }
    let ground = with(rectangle(0.0, 0.0, WIDTH.into(), height), "fill", "#ffffff");
    let mut written = document.add(ground).add(body).to_string();
    written.push('\n');
    written
}

/// Height of the heading of a panel.
pub(crate) const HEADING_HEIGHT: f64 = 26.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.1;
