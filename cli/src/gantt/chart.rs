//! The two kinds of plots: segments on processors, and processors busy over time.

use std::fmt::Write;

use svg::node::Node;
use svg::node::element::{Element, Group};

use super::fill::HATCH_GROUND;
use super::lanes::{self, Run};
use super::utilisation::{self, Utilisation};
use super::window::Window;
use super::{Category, Panel, Segment};
use crate::picture::axis::{Axis, compact, count_ticks, duration};
use crate::picture::draw::{
    INK, LEFT, RIGHT, line, px, rectangle, scale, text, text_width, tooltip, with,
};
use crate::picture::plot::{Place, SMALL, amounts, frame, outline};

/// Draws `segments` on the processors of `panel`, at most about `most` rectangles. Returns how many
/// segments are not there in full.
pub(super) fn gantt(
    into: &mut Group,
    place: Place,
    axis: Axis,
    panel: &Panel,
    segments: &[Segment],
    most: usize,
) -> usize {
    frame(into, place, axis, &since(axis));
    let share = |tick| scale(u128::from(tick), u128::from(panel.processors), place.height);
    let ticks = count_ticks(panel.processors);
    let ticks = ticks.into_iter().map(|tick| (share(tick), compact(tick)));
    amounts(into, place, "processors", ticks);

    let lanes = lanes::assign(segments, panel.processors);
    let mut left = most;
    let mut incomplete = 0;
    let mut labels = Group::new().set("pointer-events", "none").set("fill", INK);
    let mut fills = Category::ALL.map(|category| Group::new().set("fill", category.fill()));
    for (segment, runs) in segments.iter().zip(&lanes) {
        let placed: u64 = runs.iter().map(|run| run.count).sum();
        if placed < segment.processors || runs.len() > left {
            incomplete += 1;
        }
        let runs = &runs[..runs.len().min(left)];
        left -= runs.len();
        let boxes: Vec<_> =
            runs.iter().map(|run| area(place, axis, panel, segment, *run)).collect();
        for area in &boxes {
            area.write(segment, &mut labels);
        }
        if let Some(drawn) = rectangles(&boxes, &describe(segment, axis.origin)) {
            // `Category::ALL` holds every category.
            let group = Category::ALL.iter().position(|c| *c == segment.category).unwrap_or(0);
            fills[group].append(drawn);
        }
    }
    let mut all = Group::new().set("stroke", "#ffffff").set("stroke-width", 0.7);
    fills.into_iter().filter(has_children).for_each(|group| all.append(group));
    into.append(all);
    if has_children(&labels) {
        into.append(labels);
    }
    outline(into, place);
    incomplete
}

/// Draws the share of processors busy over time, stacked by category, and marks the window.
pub(super) fn utilisation(
    into: &mut Group,
    place: Place,
    axis: Axis,
    panel: &Panel,
    window: Option<Window>,
) {
    frame(into, place, axis, &since(axis));
    // Room above the capacity line makes it visible as a line.
    let full = place.height * 10 / 11;
    let ticks = [0_u32, 25, 50, 75, 100];
    let ticks = ticks.map(|percent| (scale(percent.into(), 100, full), format!("{percent} %")));
    amounts(into, place, "processors busy", ticks.into_iter());

    let measured = utilisation::measure(&panel.segments, axis.from, axis.to, BINS);
    stack(into, place, full, &measured, axis, panel.processors);
    let capacity = place.bottom() - f64::from(full);
    let capacity = line((LEFT, capacity), (RIGHT, capacity), INK);
    into.append(with(capacity, "stroke-dasharray", "5 3"));
    if let Some(window) = window {
        let (from, to) = (axis.x(window.from), axis.x(window.to));
        let band = rectangle(from, place.top, (to - from).max(1.5), place.height.into());
        let band = with(with(band, "fill", INK), "fill-opacity", "0.16");
        let mut band = with(with(band, "stroke", INK), "stroke-width", "1");
        let caption = limits(window, axis.origin);
        band.append(tooltip(&caption));
        into.append(band);
        let half = text_width(&caption, SMALL) / 2.0;
        let middle = f64::midpoint(from, to).min(RIGHT - half).max(LEFT + half);
        into.append(text(middle, place.top - 5.0, SMALL, "middle", &caption));
    }
    outline(into, place);
}

/// The window's limits in words, in long windows without the seconds.
fn limits(window: Window, origin: u64) -> String {
    let step = if window.to - window.from < 7_200 { 1 } else { 60 };
    let written = |time: u64| duration(time.saturating_sub(origin) / step * step);
    let [from, to] = [window.from, window.to].map(written);
    format!("detail: {from} to {to}")
}

/// Where a run of a segment's processors is drawn.
#[derive(Clone, Copy, Debug)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn element(self) -> Element {
        let drawn = rectangle(self.x, self.y, self.width, self.height);
        // A white outline would leave nothing of a sliver.
        let sliver = self.width < 2.5 || self.height < 2.5;
        if sliver { with(drawn, "stroke", "none") } else { drawn }
    }

    fn write(self, segment: &Segment, labels: &mut Group) {
        let label = segment.job.to_string();
        if self.height >= 13.0 && self.width >= text_width(&label, SMALL) + 4.0 {
            let (x, y) = (self.x + self.width / 2.0, self.y + self.height / 2.0 + 4.0);
            let label = text(x, y, SMALL, "middle", &label);
            labels.append(match segment.category {
                Category::Preemptible => haloed(label, HATCH_GROUND),
                _ => label,
            });
        }
    }
}

/// Text that the lines below it do not disturb.
fn haloed(label: Element, colour: &str) -> Element {
    let label = with(with(label, "stroke", colour), "stroke-width", "4");
    with(with(label, "stroke-linejoin", "round"), "paint-order", "stroke")
}

fn has_children(group: &Group) -> bool {
    group.get_children().is_some_and(|children| !children.is_empty())
}

fn area(place: Place, axis: Axis, panel: &Panel, segment: &Segment, run: Run) -> Area {
    let up = |count| scale(count, u128::from(panel.processors), place.height);
    let low = u128::from(run.first);
    let (low, high) = (up(low), up(low + u128::from(run.count)));
    let (start, end) = (axis.x(segment.start), axis.x(segment.end));
    let width = (end - start).max(NARROWEST);
    let height = (high - low).max(LOWEST);
    Area {
        x: start.min(RIGHT - width),
        y: (place.bottom() - high).min(place.bottom() - height),
        width,
        height,
    }
}

/// One element for all runs of a segment, so that they share the tooltip.
fn rectangles(boxes: &[Area], description: &str) -> Option<Element> {
    let mut drawn = match boxes {
        [] => return None,
        [only] => only.element(),
        several => {
            let mut group = Element::new("g");
            for area in several {
                group.append(area.element());
            }
            group
        }
    };
    drawn.append(tooltip(description));
    Some(drawn)
}

fn describe(segment: &Segment, origin: u64) -> String {
    let count = segment.processors;
    let plural = if count == 1 { "" } else { "s" };
    format!(
        "job {}: {count} processor{plural}, from {} for {}; {}",
        segment.job,
        duration(segment.start.saturating_sub(origin)),
        match segment.end - segment.start {
            0 => "0 s".to_owned(),
            seconds => duration(seconds),
        },
        segment.category.label(),
    )
}

/// The title of the time axis.
fn since(axis: Axis) -> String {
    format!("time since the first start (second {} of the trace)", axis.origin)
}

/// One stepped area per category, on top of each other.
fn stack(
    into: &mut Group,
    place: Place,
    full: u32,
    measured: &Utilisation,
    axis: Axis,
    processors: u64,
) {
    let bins = measured.edges.windows(2).map(|edge| u128::from(edge[1] - edge[0]));
    let capacity: Vec<u128> = bins.map(|seconds| seconds * u128::from(processors)).collect();
    let x: Vec<f64> = measured.edges.iter().map(|edge| axis.x(*edge)).collect();
    let highest = f64::from(place.height);
    let mut below = vec![0_u128; capacity.len()];
    for (category, work) in Category::ALL.into_iter().zip(&measured.work) {
        let total = work.iter().fold(0, |sum: u128, work| sum.saturating_add(*work));
        if total == 0 {
            continue;
        }
        let above: Vec<u128> = below.iter().zip(work).map(|(a, b)| a.saturating_add(*b)).collect();
        let y = |sums: &[u128], bin: usize| {
            let height = scale(sums[bin], capacity[bin], full).min(highest);
            px(place.bottom() - height)
        };
        let mut path = format!("M{} {}", px(x[0]), y(&below, 0));
        let mut draw = |command, value| {
            // Writing to a string cannot fail.
            let _ = write!(path, "{command}{value}");
        };
        for bin in 0..capacity.len() {
            draw('V', y(&above, bin));
            draw('H', px(x[bin + 1]));
        }
        for bin in (0..capacity.len()).rev() {
            draw('V', y(&below, bin));
            draw('H', px(x[bin]));
        }
        path.push('Z');
        let mut element = with(Element::new("path"), "fill", category.fill());
        element.assign("d", path);
        let whole = capacity.iter().fold(0, |sum: u128, work| sum.saturating_add(*work));
        let share = scale(total, whole, 100);
        element.append(tooltip(&format!("{}: {share:.1} % of the capacity", category.label())));
        into.append(element);
        below = above;
    }
}

const BINS: u64 = 300;
/// A short segment is drawn this wide, to be seen at all. A low one is only made visible where it
/// is alone: neighbours on thousands of processors would hide each other.
const NARROWEST: f64 = 1.0;
const LOWEST: f64 = 0.25;
