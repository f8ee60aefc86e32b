//! The frame of a plot: where it lies, grid and labels.

use svg::node::Node;
use svg::node::element::Group;

use super::axis::{Axis, inside};
use super::draw::{
    FRAME, GRID, LEFT, PLOT_WIDTH, RIGHT, SECONDARY, line, rectangle, text, text_width,
    upward_text, with,
};

/// Where a plot lies: its upper edge and its height, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) top: f64,
    pub(crate) height: u32,
}

impl Place {
    pub(crate) fn bottom(self) -> f64 {
        self.top + f64::from(self.height)
    }
}

/// Height that the ticks and the title of the horizontal axis take below a plot.
pub(crate) const AXIS_HEIGHT: f64 = 38.0;

/// Background, grid, labels and title of the horizontal axis.
pub(crate) fn frame(into: &mut Group, place: Place, axis: Axis, title: &str) {
    let ground = rectangle(LEFT, place.top, PLOT_WIDTH.into(), place.height.into());
    into.append(with(ground, "fill", "#fbfbfb"));
    for tick in axis.ticks(SMALL) {
        into.append(line((tick.x, place.top), (tick.x, place.bottom()), GRID));
        into.append(line((tick.x, place.bottom()), (tick.x, place.bottom() + 4.0), FRAME));
        let middle = inside(tick.x, text_width(&tick.label, SMALL));
        into.append(text(middle, place.bottom() + 16.0, SMALL, "middle", &tick.label));
    }
    let title = text(f64::midpoint(LEFT, RIGHT), place.bottom() + 31.0, SMALL, "middle", title);
    into.append(with(title, "fill", SECONDARY));
}

/// Labels and grid of the vertical axis, each at its height in pixels.
pub(crate) fn amounts(
    into: &mut Group,
    place: Place,
    title: &str,
    ticks: impl Iterator<Item = (f64, String)>,
) {
    let mut widest = 0.0_f64;
    for (height, label) in ticks {
        widest = widest.max(text_width(&label, SMALL));
        let y = place.bottom() - height;
        into.append(line((LEFT - 4.0, y), (LEFT, y), FRAME));
        into.append(line((LEFT, y), (RIGHT, y), GRID));
        into.append(text(LEFT - 8.0, y + 4.0, SMALL, "end", &label));
    }
    let middle = place.top + f64::from(place.height) / 2.0;
    let x = (LEFT - 16.0 - widest).clamp(12.0, 34.0);
    into.append(with(upward_text(x, middle, SMALL, title), "fill", SECONDARY));
}

/// The line around a plot.
pub(crate) fn outline(into: &mut Group, place: Place) {
    let outline = rectangle(LEFT, place.top, PLOT_WIDTH.into(), place.height.into());
    into.append(with(with(outline, "fill", "none"), "stroke", FRAME));
}

/// The size of letters in a plot.
pub(crate) const SMALL: f64 = 11.5;
