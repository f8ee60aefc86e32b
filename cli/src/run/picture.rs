//! Achieved against decided shares over time, as an SVG document.

use std::fmt::Write;
use std::time::Duration;

use svg::node::Node;
use svg::node::element::{Element, Group};

use super::record::{Record, Samples, ratio, share};
use super::report::percent;
use super::spec::Spec;
use crate::picture::axis::{Axis, Unit};
use crate::picture::draw::{COLOURS, px, tooltip, with};
use crate::picture::page;
use crate::picture::plot::{AXIS_HEIGHT, Place, amounts, frame, outline};

/// Draws the commands that have samples: below each other in lanes of their own, all to the same
/// scale.
pub(super) fn render(title: &str, spec: &Spec, record: &Record, samples: &Samples) -> String {
    let mut body = Group::new();
    page::title(&mut body, title);
    let entries = [("achieved", COLOURS[0]), ("decided (line)", INK)];
    let mut y = page::legend(&mut body, entries.into_iter());
    let last = samples.ends.last().copied().unwrap_or_default();
    let axis = Axis { unit: Unit::Milliseconds, origin: 0, from: 0, to: milliseconds(last).max(1) };
    let lanes: Vec<Lane> = (0..samples.commands).map(|at| Lane::of(samples, record, at)).collect();
    let highest = lanes.iter().map(Lane::highest).fold(0.0, f64::max);
    // In tenths of all CPUs, rounded up.
    let most = (highest * 10.0 - 0.05).ceil().clamp(1.0, 10.0) / 10.0;
    for (at, lane) in lanes.iter().enumerate() {
        let command = &spec.commands[at];
        let summary = format!(
            "weight {}, decided {}, achieved {}",
            command.rights.weight.get(),
            percent(record.decided(at)),
            percent(record.achieved(at))
        );
        page::heading(&mut body, y, &command.name, &summary, "");
        y += page::HEADING_HEIGHT;
        let place = Place { top: y, height: HEIGHT };
        lane.draw(&mut body, place, axis, most, &command.name);
        y = place.bottom() + AXIS_HEIGHT + GAP;
    }
    let others = spec.commands.len() - samples.commands;
    if others > 0 {
        body.append(page::note(y, &format!("and {others} other commands")));
        y += 20.0;
    }
    page::finish(title, y, None, body)
}

/// Shares of a command, window by window.
struct Lane {
    ends: Vec<u64>,
    /// What it had, and what was decided for it, of 1.
    shares: Vec<(f64, f64)>,
}

impl Lane {
    fn of(samples: &Samples, record: &Record, at: usize) -> Self {
        let mut shares = Vec::new();
        for (ends, values) in samples.ends.windows(2).zip(samples.values.windows(2)) {
            let time = ends[1].saturating_sub(ends[0]);
            let (before, after) = (values[0][at], values[1][at]);
            let had = share(after.0.saturating_sub(before.0), time, record.capacity());
            let whole = u128::from(record.capacity()) * time.as_nanos();
            shares.push((had, ratio(after.1.saturating_sub(before.1), whole)));
        }
        Self { ends: samples.ends.iter().copied().map(milliseconds).collect(), shares }
    }

    fn highest(&self) -> f64 {
        self.shares.iter().map(|shares| shares.0.max(shares.1)).fold(0.0, f64::max)
    }

    fn draw(&self, into: &mut Group, place: Place, axis: Axis, most: f64, name: &str) {
        frame(into, place, axis, "time since the commands were started");
        let height = |share: f64| (share / most).clamp(0.0, 1.0) * f64::from(place.height);
        let ticks = [0.0, 0.5, 1.0].map(|part| {
            let share = part * most * 100.0;
            let digits = usize::from(share.fract() != 0.0);
            (height(part * most), format!("{share:.digits$} %"))
        });
        amounts(into, place, "share of the CPUs", ticks.into_iter());
        let x = |at: usize| px(axis.x(self.ends[at]));
        let steps = |of: fn(&(f64, f64)) -> f64| {
            let mut path = String::new();
            for (at, shares) in self.shares.iter().enumerate() {
                let y = px(place.bottom() - height(of(shares)));
                // Writing to a string cannot fail.
                let _ = match at {
                    0 => write!(path, "M{} {y}H{}", x(0), x(1)),
                    _ => write!(path, "V{y}H{}", x(at + 1)),
                };
            }
            path
        };
        if !self.shares.is_empty() {
            let bottom = px(place.bottom());
            let area = format!("{}V{bottom}H{}Z", steps(|shares| shares.0), x(0));
            let mut achieved = with(with(Element::new("path"), "d", &area), "fill", COLOURS[0]);
            achieved.append(tooltip(&format!("{name}: achieved")));
            into.append(with(achieved, "fill-opacity", "0.55"));
            let decided = with(Element::new("path"), "d", &steps(|shares| shares.1));
            let decided = with(with(decided, "fill", "none"), "stroke", INK);
            let mut decided = with(decided, "stroke-width", "1.6");
            decided.append(tooltip(&format!("{name}: decided")));
            into.append(decided);
        }
        outline(into, place);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Of the decided shares.
const INK: &str = crate::picture::draw::INK;
const HEIGHT: u32 = 90;
const GAP: f64 = 14.0;
/// As many as are drawn.
pub(super) const MOST_DRAWN: usize = 24;
