//! Service against the ideal, and lags below it, as an SVG document.
//!
//! In a short game every quantum is drawn. A long one is cut into stretches: service is exact at
//! their limits, and a lag is drawn as the band of all values that it has in each. The same game
//! gives the same bytes, of bounded number.

mod band;
mod lanes;
mod service;

use svg::node::element::{Element, Group};

use super::name::name;
use super::policy::Policy;
use super::report::{summary, title};
use super::trace::Trace;
use super::{Game, Outcome};
use crate::picture::axis::{Axis, Unit};
use crate::picture::draw::{COLOURS, with};
use crate::picture::page;

/// Draws the outcomes below each other.
pub(super) fn render(game: &Game, outcomes: &[Outcome]) -> String {
    let title = title(game);
    let mut body = Group::new();
    page::title(&mut body, &title);
    let labels = outcomes.first().and_then(|outcome| outcome.trace.as_ref()).map(|trace| {
        let shown = trace.shown.iter();
        let label = |&i: &usize| format!("{}: weight {}", name(i), game.weights[i].get());
        shown.map(label).collect::<Vec<_>>()
    });
    let labels = labels.unwrap_or_default();
    let entries = labels.iter().map(String::as_str).zip(COLOURS);
    let others = game.weights.len() - labels.len();
    let rest = format!("rest: {others} of no greater weight");
    let rest = (others > 0).then_some((rest.as_str(), REST));
    let mut y = page::legend(&mut body, entries.chain(rest));

    let axis = Axis { unit: Unit::Quanta, origin: 0, from: 0, to: game.quanta };
    // The same for all policies, so that one can be read beside another.
    let furthest = outcomes.iter().map(|outcome| outcome.tally.furthest().1.unsigned_abs());
    let furthest = furthest.max().unwrap_or(0);
    for Outcome { policy, tally, trace, .. } in outcomes {
        let Some(trace) = trace else { continue };
        let summary = format!("largest lag {}", summary(tally));
        page::heading(&mut body, y, policy.name(), &summary, "");
        y += page::HEADING_HEIGHT;
        let banded = *policy == Policy::Lottery;
        y = service::draw(&mut body, y, axis, trace, tally, banded);
        y = lanes::draw(&mut body, y, axis, trace, tally, furthest);
        y += GAP;
    }
    page::finish(&title, y, None, body)
}

/// What is drawn at a place of the lanes: the name of an entity, or `rest`.
fn label(trace: &Trace, slot: usize) -> String {
    trace.shown.get(slot).map_or_else(|| "rest".to_owned(), |&index| name(index))
}

fn colour(trace: &Trace, slot: usize) -> &'static str {
    COLOURS[..trace.shown.len()].get(slot).copied().unwrap_or(REST)
}

/// A path without fill.
fn stroked(path: &str, colour: &str, width: &str) -> Element {
    let drawn = with(with(Element::new("path"), "d", path), "fill", "none");
    with(with(drawn, "stroke", colour), "stroke-width", width)
}

const REST: &str = "#9a9a9a";
const GAP: f64 = 22.0;

#[cfg(test)]
mod tests;
