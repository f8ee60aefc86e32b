//! How far chance carries an entity from its ideal in a lottery.

use std::fmt::Write;

use svg::node::Node;
use svg::node::element::{Element, Group};

use super::super::tally::{Entity, Tally};
use crate::picture::axis::Axis;
use crate::picture::draw::{px, tooltip, with};
use crate::picture::plot::Place;

/// Draws the band of an entity, in a plot of at most `most` quanta: after `t` of them, wins are
/// binomial, with mean `t p` and variance `t p (1 - p)`; 95 of 100 are within 1.96 deviations.
pub(super) fn draw(
    into: &mut Group,
    place: Place,
    (axis, most): (Axis, u128),
    (label, colour): (&str, &str),
    entity: &Entity,
    tally: &Tally,
) {
    let band = Band::new(entity.weight, tally.weight());
    let y = |quanta: f64| {
        #[expect(clippy::cast_precision_loss, reason = "drawn for people")]
        let height = quanta / most as f64 * f64::from(place.height);
        px(place.bottom() - height.clamp(0.0, place.height.into()))
    };
    // The edges are parabolas: closer together where they are steep.
    let at = |step: u64| {
        let (square, all) = (u128::from(step * step), u128::from(STEPS * STEPS));
        u64::try_from(u128::from(axis.to) * square / all).unwrap_or(axis.to)
    };
    let mut path = String::new();
    let upper = (0..=STEPS).map(|step| (at(step), 1.0));
    let lower = (0..=STEPS).rev().map(|step| (at(step), -1.0));
    for (time, side) in upper.chain(lower) {
        let command = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{} {}", px(axis.x(time)), y(band.edge(time, side)));
    }
    let area = with(with(Element::new("path"), "d", &(path + "Z")), "fill", colour);
    let mut area = with(area, "fill-opacity", "0.14");
    let [low, high] = [-1.0, 1.0].map(|side| band.edge(axis.to, side));
    area.append(tooltip(&format!("{label}: band at the end: {low:.1} to {high:.1} quanta")));
    into.append(area);
}

/// The highest that the band of an entity gets, in whole quanta.
pub(super) fn highest(entity: &Entity, tally: &Tally) -> u128 {
    let edge = Band::new(entity.weight, tally.weight()).edge(tally.played(), 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is not below 0"
    )]
    let edge = edge.ceil() as u128;
    edge
}

/// By the chance of a win.
struct Band(f64);

impl Band {
    fn new(weight: u64, all: i128) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "drawn for people")]
        Self(weight as f64 / all as f64)
    }

    /// The upper or the lower edge after so many quanta, no less than none and no more than all.
    fn edge(&self, time: u64, side: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "drawn for people")]
        let time = time as f64;
        let deviation = (time * self.0 * (1.0 - self.0)).sqrt();
        (time * self.0 + side * 1.96 * deviation).clamp(0.0, time)
    }
}

const STEPS: u64 = 40;
