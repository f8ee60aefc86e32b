//! Who ran when, and what everybody had received by then.

use std::fmt::Write;

use svg::node::Node;
use svg::node::element::Group;

use super::super::tally::Tally;
use super::super::trace::Trace;
use super::{band, colour, label, stroked};
use crate::picture::axis::{Axis, compact, count_ticks};
use crate::picture::draw::{
    LEFT, SECONDARY, px, rectangle, scale, text, text_width, tooltip, with,
};
use crate::picture::plot::{AXIS_HEIGHT, Place, SMALL, amounts, frame, outline};

/// Draws from `y` on, with the bands of a lottery if it is one; returns where it ends.
pub(super) fn draw(
    into: &mut Group,
    y: f64,
    axis: Axis,
    trace: &Trace,
    tally: &Tally,
    banded: bool,
) -> f64 {
    let top = if trace.is_exact() { turns(into, y, axis, trace) } else { y };
    let place = Place { top, height: HEIGHT };
    frame(into, place, axis, "time, in quanta");

    let shown = || trace.shown.iter().map(|&index| &tally.entities()[index]);
    let weight = tally.weight().unsigned_abs();
    let ideal = |own: u64| u128::from(tally.played()) * u128::from(own);
    let most = shown().map(|entity| u128::from(entity.served).max(ideal(entity.weight) / weight));
    let highest = shown().map(|entity| band::highest(entity, tally)).filter(|_| banded);
    let most = most.chain(highest).max().unwrap_or(0).max(1);
    let height = |served: u64| scale(u128::from(served), most, HEIGHT);
    let ticks = count_ticks(u64::try_from(most).unwrap_or(u64::MAX));
    let ticks = ticks.into_iter().map(|tick| (height(tick), compact(tick)));
    amounts(into, place, "quanta received", ticks);

    if banded {
        for (slot, entity) in shown().enumerate() {
            let label = label(trace, slot);
            band::draw(into, place, (axis, most), (&label, colour(trace, slot)), entity, tally);
        }
    }
    let mut ideals = Group::new().set("stroke-dasharray", "5 4");
    let mut lines = Group::new().set("stroke-linejoin", "round");
    for (slot, (entity, served)) in shown().zip(&trace.served).enumerate() {
        let colour = colour(trace, slot);
        let end = scale(ideal(entity.weight), most.saturating_mul(weight), HEIGHT);
        let (right, high) = (axis.x(axis.to), px(place.bottom() - end));
        let path = format!("M{LEFT} {}L{right} {high}", place.bottom());
        ideals.append(stroked(&path, colour, "1"));
        let mut path = String::new();
        for (&edge, &served) in trace.edges.iter().zip(served) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let y = px(place.bottom() - height(served));
            // Writing to a string cannot fail.
            let _ = write!(path, "{command}{} {y}", px(axis.x(edge)));
        }
        let mut line = stroked(&path, colour, "1.8");
        let total = format!("{} of {} quanta", entity.served, tally.played());
        line.append(tooltip(&format!("{}: {total}", label(trace, slot))));
        lines.append(line);
    }
    into.append(ideals);
    into.append(lines);
    outline(into, place);
    let caption = if banded {
        "service received; dashed: the ideal; shaded: where 95 of 100 lotteries are"
    } else {
        "service received; dashed: the ideal"
    };
    into.append(with(text(LEFT + 10.0, top + 18.0, SMALL, "start", caption), "fill", SECONDARY));
    place.bottom() + AXIS_HEIGHT
}

/// A strip of all turns, named where there is room.
fn turns(into: &mut Group, y: f64, axis: Axis, trace: &Trace) -> f64 {
    let mut names = Group::new().set("pointer-events", "none").set("fill", "#ffffff");
    let quantum = axis.x(1) - axis.x(0);
    // White outlines would leave little of narrow boxes.
    let gap = if quantum < 6.0 { 0.0 } else { 0.7 };
    let mut boxes = Group::new().set("stroke", "#ffffff").set("stroke-width", gap);
    let mut from = 0;
    for run in trace.sequence.chunk_by(|a, b| a == b) {
        let to = from + run.len() as u64;
        let slot = trace.shown.binary_search(&run[0]).unwrap_or(trace.shown.len());
        let (left, right) = (axis.x(from), axis.x(to));
        let mut drawn =
            with(rectangle(left, y, right - left, STRIP_HEIGHT), "fill", colour(trace, slot));
        let name = super::name(run[0]);
        drawn.append(tooltip(&format!("{name}: from {from} to {to}")));
        boxes.append(drawn);
        if text_width(&name, SMALL) + 2.0 <= quantum {
            for turn in from..to {
                let middle = f64::midpoint(axis.x(turn), axis.x(turn + 1));
                names.append(text(middle, y + 14.0, SMALL, "middle", &name));
            }
        }
        from = to;
    }
    into.append(text(LEFT - 8.0, y + 14.0, SMALL, "end", "runs"));
    into.append(boxes);
    into.append(names);
    y + STRIP_HEIGHT + 8.0
}

const HEIGHT: u32 = 210;
const STRIP_HEIGHT: f64 = 20.0;
