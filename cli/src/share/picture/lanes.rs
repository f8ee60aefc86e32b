//! How far each entity was ahead or behind: a lane for each, all to the same scale.

use std::fmt::Write;

use svg::node::Node;
use svg::node::element::Group;

use super::super::tally::Tally;
use super::super::trace::Trace;
use super::{colour, label, stroked};
use crate::picture::axis::{Axis, compact};
use crate::picture::draw::{
    FRAME, GRID, LEFT, RIGHT, SECONDARY, line, px, scale, text, tooltip, with,
};
use crate::picture::plot::{AXIS_HEIGHT, Place, SMALL, frame, outline};

/// Draws from `y` on; returns where it ends. No lag of any policy in the picture is further from
/// zero than `furthest`.
pub(super) fn draw(
    into: &mut Group,
    y: f64,
    axis: Axis,
    trace: &Trace,
    tally: &Tally,
    furthest: u128,
) -> f64 {
    let caption = "lag: quanta ahead of the ideal (above the line) or behind it (below)";
    into.append(with(text(LEFT, y + 14.0, SMALL, "start", caption), "fill", SECONDARY));
    let lanes = u32::try_from(trace.lags.len()).unwrap_or(0);
    let all = Place { top: y + 22.0, height: LANE * lanes };
    frame(into, all, axis, "time, in quanta");
    let parts = tally.weight().unsigned_abs();
    let unit = Unit::of(furthest, parts);
    for slot in 0..trace.lags.len() {
        let colour = colour(trace, slot);
        let lane = Lane { axis, middle: all.top + step(slot) + MIDDLE, unit, parts };
        if slot > 0 {
            let top = lane.middle - MIDDLE;
            into.append(line((LEFT, top), (RIGHT, top), FRAME));
        }
        lane.mark(into);
        let name = text(LEFT - 36.0, lane.middle + 4.0, SMALL, "end", &label(trace, slot));
        into.append(with(with(name, "font-weight", "bold"), "fill", colour));
        let mut drawn = match trace.shown.get(slot) {
            Some(&index) if trace.is_exact() => {
                stroked(&lane.curve(trace, slot, tally.entities()[index].weight), colour, "1.4")
            }
            _ => {
                let band = stroked(&lane.band(trace, slot), colour, "0.8");
                with(with(band, "fill", colour), "fill-opacity", "0.45")
            }
        };
        let lags = trace.lags[slot].iter();
        let (least, largest) =
            lags.fold((0, 0), |range: (i128, i128), lag| (range.0.min(lag.0), range.1.max(lag.1)));
        let range = format!("{} to {} quanta", lane.written(least), lane.written(largest));
        drawn.append(tooltip(&format!("{}: lag from {range}", label(trace, slot))));
        into.append(drawn);
    }
    outline(into, all);
    all.bottom() + AXIS_HEIGHT
}

/// One lane.
#[derive(Clone, Copy, Debug)]
struct Lane {
    axis: Axis,
    middle: f64,
    unit: Unit,
    /// A quantum.
    parts: u128,
}

/// The lag at the two marks of a lane, above its middle and below.
#[derive(Clone, Copy, Debug)]
struct Unit {
    halves: u64,
    /// What half a lane stands for.
    most: u128,
}

impl Unit {
    /// The largest round lag that does not exceed the furthest, which must have room.
    fn of(furthest: u128, parts: u128) -> Self {
        let most = furthest.max(parts / 2).max(1);
        let halves = u64::try_from(most.saturating_mul(2) / parts.max(1)).unwrap_or(u64::MAX);
        let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
        let round = powers.flat_map(|power| [2, 4, 10].map(|two| power.saturating_mul(two)));
        Self { halves: round.take_while(|&round| round <= halves).last().unwrap_or(1), most }
    }

    fn label(self) -> String {
        if self.halves == 1 { "0.5".to_owned() } else { compact(self.halves / 2) }
    }
}

impl Lane {
    fn y(self, lag: i128) -> f64 {
        let away = scale(lag.unsigned_abs(), self.unit.most, REACH);
        px(if lag < 0 { self.middle + away } else { self.middle - away })
    }

    /// The line of the ideal, and a mark on either side.
    fn mark(self, into: &mut Group) {
        let unit = self.unit.label();
        let away = u128::from(self.unit.halves).saturating_mul(self.parts) / 2;
        let away = i128::try_from(away).unwrap_or(i128::MAX);
        for (lag, sign) in [(away, "+"), (-away, "−")] {
            let y = self.y(lag);
            into.append(line((LEFT, y), (RIGHT, y), GRID));
            let label = text(LEFT - 6.0, y + 3.5, TINY, "end", &format!("{sign}{unit}"));
            into.append(with(label, "fill", SECONDARY));
        }
        into.append(line((LEFT, self.middle), (RIGHT, self.middle), IDEAL));
    }

    /// The lag of an entity of this weight from quantum to quantum.
    fn curve(self, trace: &Trace, slot: usize, weight: u64) -> String {
        let parts = i128::try_from(self.parts).unwrap_or(i128::MAX);
        let mut path = String::new();
        for (&edge, &served) in trace.edges.iter().zip(&trace.served[slot]) {
            let lag = i128::from(served) * parts - i128::from(edge) * i128::from(weight);
            let command = if path.is_empty() { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(path, "{command}{} {}", px(self.axis.x(edge)), self.y(lag));
        }
        path
    }

    /// All values that a lag had in each stretch.
    fn band(self, trace: &Trace, slot: usize) -> String {
        let lags = &trace.lags[slot];
        let x = |edge: usize| px(self.axis.x(trace.edges[edge]));
        let mut path = format!("M{} {}", x(0), self.y(0));
        for (stretch, lags) in lags.iter().enumerate() {
            let _ = write!(path, "V{}H{}", self.y(lags.1), x(stretch + 1));
        }
        for (stretch, lags) in lags.iter().enumerate().rev() {
            let _ = write!(path, "V{}H{}", self.y(lags.0), x(stretch));
        }
        path.push('Z');
        path
    }

    /// A lag in quanta.
    fn written(self, lag: i128) -> String {
        let thousandths = lag.unsigned_abs().saturating_mul(1_000) / self.parts.max(1);
        let sign = if lag < 0 { "−" } else { "" };
        format!("{sign}{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    }
}

/// How far below the first lane another lies.
fn step(slot: usize) -> f64 {
    u32::try_from(slot).map_or(0.0, |slot| f64::from(slot * LANE))
}

const LANE: u32 = 50;
const MIDDLE: f64 = 25.0;
/// What is furthest does not touch the next lane.
const REACH: u32 = 21;
const TINY: f64 = 9.5;
/// Between the grid and the frame.
const IDEAL: &str = "#b4b4b4";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within_reach() {
        for (furthest, label) in
            [(0, "0.5"), (59, "0.5"), (99, "0.5"), (100, "1"), (499, "2"), (4_950, "20")]
        {
            let unit = Unit::of(furthest, 100);
            assert_eq!(unit.label(), label, "{furthest}");
            assert!(u128::from(unit.halves) * 50 <= unit.most);
        }
    }
}
