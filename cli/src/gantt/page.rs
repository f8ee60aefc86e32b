//! The whole picture: title, legend and panels.

use svg::Document;
use svg::node::Node;
use svg::node::element::{Element, Group};

use super::axis::{TimeAxis, inside};
use super::chart::{self, AXIS_HEIGHT, Place};
use super::draw::{
    INK, LEFT, RIGHT, SECONDARY, WIDTH, definitions, fitted, printable, rectangle, span, text,
    text_width, with,
};
use super::window::{self, Window};
use super::{Category, Panel, Segment};

/// See [`super::render`].
pub(super) fn document(title: &str, panels: &[Panel]) -> String {
    let panels: Vec<Panel> = panels.iter().map(ordered).collect();
    let categories = occurring(&panels);
    let mut body = Group::new();
    let heading = text(LEFT, 36.0, 20.0, "start", &fitted(title, 20.0 * BOLD, RIGHT - LEFT));
    body.append(with(heading, "font-weight", "bold"));
    let mut y = legend(&mut body, &categories, 62.0);

    let segments = || panels.iter().flat_map(|panel| &panel.segments);
    let from = segments().map(|segment| segment.start).min().unwrap_or(0);
    let to = segments().map(|segment| segment.end).max().unwrap_or(0);
    let axis = TimeAxis { origin: from, from, to };
    let largest = panels.iter().map(|panel| panel.segments.len()).max().unwrap_or(0);
    let most = (RECTANGLES / panels.len().max(1)).max(2 * SMALL_REPLAY);
    if panels.is_empty() {
        body.append(note(y + 20.0, "nothing to draw"));
        y += 40.0;
    }
    if largest <= SMALL_REPLAY {
        for panel in &panels {
            y = small(&mut body, y, panel, axis, most);
        }
    } else {
        // Where very many jobs run at once, even a short window holds more of them.
        let mut numbers = DETAIL.into_iter().filter(|number| *number <= most);
        let window = numbers.find_map(|number| window::choose(&panels, number));
        for panel in &panels {
            y = large(&mut body, y, panel, axis, window, most);
        }
    }
    finish(title, y, &categories, body)
}

fn finish(title: &str, height: f64, categories: &[Category], body: Group) -> String {
    let mut document = Document::new()
        .set("width", WIDTH)
        .set("height", height)
        .set("viewBox", (0, 0, WIDTH, height))
        .set("font-family", "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif")
        .set("fill", INK)
        .set("aria-label", printable(title));
    if categories.contains(&Category::Preemptible) {
        document.append(definitions());
    }
    let ground = with(rectangle(0.0, 0.0, WIDTH.into(), height), "fill", "#ffffff");
    let mut written = document.add(ground).add(body).to_string();
    written.push('\n');
    written
}

fn small(into: &mut Group, y: f64, panel: &Panel, axis: TimeAxis, most: usize) -> f64 {
    let place = Place { top: y + HEADING_HEIGHT, height: GANTT_HEIGHT };
    let incomplete = chart::gantt(into, place, axis, panel, &panel.segments, most);
    heading(into, y, panel, incomplete);
    if panel.segments.is_empty() {
        into.append(note(between_ticks(place), "no jobs"));
    }
    place.bottom() + AXIS_HEIGHT + GAP
}

fn large(
    into: &mut Group,
    y: f64,
    panel: &Panel,
    axis: TimeAxis,
    window: Option<Window>,
    most: usize,
) -> f64 {
    let overview = Place { top: y + HEADING_HEIGHT + 18.0, height: OVERVIEW_HEIGHT };
    let detail = Place { top: overview.bottom() + AXIS_HEIGHT + 12.0, height: DETAIL_HEIGHT };
    if let Some(window) = window {
        into.append(zoom(overview, detail, axis, window));
    }
    chart::utilisation(into, overview, axis, panel, window);
    let Some(window) = window else {
        heading(into, y, panel, 0);
        into.append(note(
            overview.bottom() + AXIS_HEIGHT + 12.0,
            "too many jobs at once for a detail",
        ));
        return overview.bottom() + AXIS_HEIGHT + 24.0 + GAP;
    };
    let shown = |segment: &Segment| segment.overlaps(window.from, window.to);
    let segments: Vec<Segment> = panel.segments.iter().copied().filter(shown).collect();
    let axis = TimeAxis { from: window.from, to: window.to, ..axis };
    let incomplete = chart::gantt(into, detail, axis, panel, &segments, most);
    heading(into, y, panel, incomplete);
    if segments.is_empty() {
        into.append(note(between_ticks(detail), "no jobs in this window"));
    }
    detail.bottom() + AXIS_HEIGHT + GAP
}

/// The shape that leads from the window in the overview to the detail.
fn zoom(overview: Place, detail: Place, axis: TimeAxis, window: Window) -> Element {
    let (from, to) = (axis.x(window.from), axis.x(window.to));
    let (high, low) = (overview.bottom(), detail.top);
    let points = format!("{from:.2},{high} {to:.2},{high} {RIGHT},{low} {LEFT},{low}");
    let shape = with(Element::new("polygon"), "points", &points);
    with(shape, "fill", "#efefef")
}

fn heading(into: &mut Group, y: f64, panel: &Panel, incomplete: usize) {
    let (name_size, size) = (16.0, 13.0);
    let width = RIGHT - LEFT;
    let name = fitted(&panel.title, name_size * BOLD, width / 2.0);
    let warning = match incomplete {
        0 => String::new(),
        1 => " (1 segment not drawn in full)".to_owned(),
        more => format!(" ({more} segments not drawn in full)"),
    };
    let taken = text_width(&name, name_size * BOLD) + text_width(&warning, size) + 14.0;
    let summary = fitted(&panel.summary, size, width - taken) + &warning;
    let mut heading = Element::new("text");
    heading.assign("x", LEFT);
    heading.assign("y", y + 16.0);
    heading.assign("font-size", name_size);
    heading.append(with(span(&name), "font-weight", "bold"));
    let summary = with(span(&summary), "dx", "10");
    heading.append(with(with(summary, "font-size", "13"), "fill", SECONDARY));
    into.append(heading);
}

/// Draws the legend from `y` on, in as many rows as it needs; returns where the panels begin.
fn legend(into: &mut Group, categories: &[Category], y: f64) -> f64 {
    let size = 12.5;
    let (mut x, mut y) = (LEFT, y);
    for category in categories {
        let width = 20.0 + text_width(category.label(), size);
        if x > LEFT && x + width > RIGHT {
            (x, y) = (LEFT, y + 22.0);
        }
        let swatch = rectangle(x, y - 11.0, 14.0, 14.0);
        into.append(with(swatch, "fill", category.fill()));
        into.append(text(x + 20.0, y, size, "start", category.label()));
        x += width + 12.0;
    }
    if categories.is_empty() { y } else { y + 28.0 }
}

/// A height at which no grid line crosses a text.
fn between_ticks(place: Place) -> f64 {
    place.top + f64::from(place.height) * 0.45
}

fn note(y: f64, content: &str) -> Element {
    let middle = inside(f64::midpoint(LEFT, RIGHT), text_width(content, 13.0));
    with(text(middle, y, 13.0, "middle", content), "fill", SECONDARY)
}

fn occurring(panels: &[Panel]) -> Vec<Category> {
    let occurs = |category: &Category| {
        let mut segments = panels.iter().flat_map(|panel| &panel.segments);
        segments.any(|segment| segment.category == *category)
    };
    Category::ALL.into_iter().filter(occurs).collect()
}

fn ordered(panel: &Panel) -> Panel {
    let segments = panel.segments.iter().map(|segment| segment.ordered()).collect();
    Panel { segments, ..panel.clone() }
}

/// Up to this many segments in the largest panel, every segment is drawn.
const SMALL_REPLAY: usize = 400;
/// Segments that a detail may hold, the legible number first.
const DETAIL: [usize; 3] = [200, 700, 2_400];
/// Bounds the document: segments may fall apart into many runs.
const RECTANGLES: usize = 6_000;

/// How much wider bold letters are.
const BOLD: f64 = 1.1;
const HEADING_HEIGHT: f64 = 26.0;
const GANTT_HEIGHT: u32 = 280;
const OVERVIEW_HEIGHT: u32 = 132;
const DETAIL_HEIGHT: u32 = 260;
const GAP: f64 = 22.0;
