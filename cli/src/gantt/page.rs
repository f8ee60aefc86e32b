//! The whole picture: title, legend and panels.

use svg::node::Node;
use svg::node::element::{Element, Group};

use super::chart;
use super::fill::definitions;
use super::window::{self, Window};
use super::{Category, Panel, Segment};
use crate::picture::axis::{Axis, Unit};
use crate::picture::draw::{LEFT, RIGHT, with};
use crate::picture::page::{self, HEADING_HEIGHT, note};
use crate::picture::plot::{AXIS_HEIGHT, Place};

/// See [`super::render`].
pub(super) fn document(title: &str, mut panels: Vec<Panel>) -> String {
    for segment in panels.iter_mut().flat_map(|panel| &mut panel.segments) {
        *segment = segment.ordered();
    }
    let categories = occurring(&panels);
    let mut body = Group::new();
    page::title(&mut body, title);
    let entries = categories.iter().map(|category| (category.label(), category.fill()));
    let mut y = page::legend(&mut body, entries);

    let segments = || panels.iter().flat_map(|panel| &panel.segments);
    let from = segments().map(|segment| segment.start).min().unwrap_or(0);
    let to = segments().map(|segment| segment.end).max().unwrap_or(0);
    let axis = Axis { unit: Unit::Seconds, origin: from, from, to };
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
    let hatched = categories.contains(&Category::Preemptible);
    page::finish(title, y, hatched.then(definitions), body)
}

fn small(into: &mut Group, y: f64, panel: &Panel, axis: Axis, most: usize) -> f64 {
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
    axis: Axis,
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
    let axis = Axis { from: window.from, to: window.to, ..axis };
    let incomplete = chart::gantt(into, detail, axis, panel, &segments, most);
    heading(into, y, panel, incomplete);
    if segments.is_empty() {
        into.append(note(between_ticks(detail), "no jobs in this window"));
    }
    detail.bottom() + AXIS_HEIGHT + GAP
}

/// The shape that leads from the window in the overview to the detail.
fn zoom(overview: Place, detail: Place, axis: Axis, window: Window) -> Element {
    let (from, to) = (axis.x(window.from), axis.x(window.to));
    let (high, low) = (overview.bottom(), detail.top);
    let points = format!("{from:.2},{high} {to:.2},{high} {RIGHT},{low} {LEFT},{low}");
    let shape = with(Element::new("polygon"), "points", &points);
    with(shape, "fill", "#efefef")
}

fn heading(into: &mut Group, y: f64, panel: &Panel, incomplete: usize) {
    let warning = match incomplete {
        0 => String::new(),
        1 => " (1 segment not drawn in full)".to_owned(),
        more => format!(" ({more} segments not drawn in full)"),
    };
    page::heading(into, y, &panel.title, &panel.summary, &warning);
}

/// A height at which no grid line crosses a text.
fn between_ticks(place: Place) -> f64 {
    place.top + f64::from(place.height) * 0.45
}

fn occurring(panels: &[Panel]) -> Vec<Category> {
    let occurs = |category: &Category| {
        let mut segments = panels.iter().flat_map(|panel| &panel.segments);
        segments.any(|segment| segment.category == *category)
    };
    Category::ALL.into_iter().filter(occurs).collect()
}

/// Up to this many segments in the largest panel, every segment is drawn.
const SMALL_REPLAY: usize = 400;
/// Segments that a detail may hold, the legible number first.
const DETAIL: [usize; 3] = [200, 700, 2_400];
/// Bounds the document: segments may fall apart into many runs.
const RECTANGLES: usize = 6_000;

const GANTT_HEIGHT: u32 = 280;
const OVERVIEW_HEIGHT: u32 = 132;
const DETAIL_HEIGHT: u32 = 260;
const GAP: f64 = 22.0;
