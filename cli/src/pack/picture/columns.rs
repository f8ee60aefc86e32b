//! The rows of columns of a packing.

use std::fmt::Write as _;

use svg::node::Node;
use svg::node::element::{Element, Group};

use super::WASTE;
use super::scene::{Row, Scene};
use super::stack::{Block, Class, stack};
use crate::picture::axis::{compact, count_ticks, inside};
use crate::picture::draw::{
    FRAME, GRID, INK, LEFT, PLOT_WIDTH, SECONDARY, line, px, rectangle, scale, text, text_width,
    tooltip, upward_text, with,
};
use crate::picture::plot::{Place, SMALL};

/// Draws the rows from `y` down. Returns where they end.
pub(super) fn draw(into: &mut Group, y: f64, scene: &Scene) -> f64 {
    let layout = Layout::new(scene);
    let height = if scene.rows.len() == 1 { HEIGHT } else { LOWER_HEIGHT };
    let mut top = y + MARK_HEIGHT;
    let first = top;
    let mut bottom = top;
    for row in &scene.rows {
        let place = Place { top, height };
        bottom = place.bottom();
        draw_row(into, place, layout, scene, row);
        top = bottom + ROW_GAP;
    }
    mark_bound(into, layout, scene, (first, bottom));
    numbers(into, layout, scene, bottom);
    bottom + NUMBERS_HEIGHT
}

/// Where columns are.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// From the left edge of a column to that of the next.
    step: f64,
    /// How many come before the bins that are left out.
    head: usize,
    /// The width of the place of those, if there are any.
    gap: f64,
    columns: usize,
}

impl Layout {
    fn new(scene: &Scene) -> Self {
        let columns = scene.head.len() + scene.tail.len();
        let gap = if scene.left_out() > 0 { LEFT_OUT_WIDTH } else { 0.0 };
        let step = (f64::from(PLOT_WIDTH) - gap) / count(columns.max(1));
        Self { step: step.min(WIDEST), head: scene.head.len(), gap, columns }
    }

    fn x(self, column: usize) -> f64 {
        LEFT + count(column) * self.step + if column >= self.head { self.gap } else { 0.0 }
    }

    fn right(self) -> f64 {
        LEFT + count(self.columns) * self.step + self.gap
    }

    /// The width of a column.
    fn width(self) -> f64 {
        self.step - (self.step * 0.12).min(3.0)
    }

    /// Where bin `number` begins, or would.
    fn edge(self, scene: &Scene, number: usize) -> f64 {
        if number <= scene.head.end {
            LEFT + count(number) * self.step
        } else if number < scene.tail.start {
            LEFT + count(self.head) * self.step + self.gap / 2.0
        } else {
            self.x(self.head + number - scene.tail.start)
        }
    }
}

fn draw_row(into: &mut Group, place: Place, layout: Layout, scene: &Scene, row: &Row) {
    let title = match row.dimension {
        Some(dimension) => format!("dimension {dimension}"),
        None => "size".to_owned(),
    };
    amounts(into, place, layout, row, &title);
    let mut waste = String::new();
    let mut boxes = Class::ALL.map(|_| String::new());
    let mut labels = Group::new().set("pointer-events", "none");
    let mut tips = Group::new().set("fill-opacity", "0");
    let mut labelled = false;
    for (column, sizes) in row.contents.iter().enumerate() {
        let (x, width) = (layout.x(column), layout.width());
        outline(&mut waste, x, width, place.top, place.bottom());
        for block in stack(sizes, row.capacity, place.height) {
            let (top, bottom) = (place.bottom() - block.high, place.bottom() - block.low);
            outline(&mut boxes[block.class as usize], x, width, top, bottom);
            if let Some(label) = label(&block, x, width, place) {
                labels.append(label);
                labelled = true;
            }
        }
        let number =
            if column < layout.head { column } else { scene.tail.start + column - layout.head };
        let mut tip = rectangle(x, place.top, width, place.height.into());
        tip.append(tooltip(&describe(number, sizes, row.capacity)));
        tips.append(tip);
    }
    into.append(path(&waste, WASTE));
    // Lines between boxes would hide narrow columns.
    let border = (width_of_lines(layout)).to_string();
    for (class, boxes) in Class::ALL.into_iter().zip(&boxes) {
        if !boxes.is_empty() {
            let drawn = with(path(boxes, class.colour()), "stroke", "#ffffff");
            into.append(with(drawn, "stroke-width", &border));
        }
    }
    if labelled {
        into.append(labels);
    }
    into.append(tips);
}

fn width_of_lines(layout: Layout) -> f64 {
    px((layout.width() / 12.0).min(0.8))
}

/// Grid, labels and the title of the vertical axis.
fn amounts(into: &mut Group, place: Place, layout: Layout, row: &Row, title: &str) {
    let mut widest = 0.0_f64;
    for tick in count_ticks(row.capacity) {
        let y = place.bottom() - scale(tick.into(), row.capacity.into(), place.height);
        let label = compact(tick);
        widest = widest.max(text_width(&label, SMALL));
        into.append(line((LEFT - 4.0, y), (LEFT, y), FRAME));
        into.append(line((LEFT, y), (layout.right(), y), GRID));
        into.append(text(LEFT - 8.0, y + 4.0, SMALL, "end", &label));
    }
    let middle = place.top + f64::from(place.height) / 2.0;
    let x = (LEFT - 16.0 - widest).clamp(12.0, 34.0);
    into.append(with(upward_text(x, middle, SMALL, title), "fill", SECONDARY));
}

/// The size of an item, in its box if there is room.
fn label(block: &Block, x: f64, width: f64, place: Place) -> Option<Element> {
    let label = block.size?.to_string();
    let fits = block.high - block.low >= 12.0 && width >= text_width(&label, LABEL) + 2.0;
    fits.then(|| {
        let y = place.bottom() - f64::midpoint(block.low, block.high) + 3.5;
        let label = text(x + width / 2.0, y, LABEL, "middle", &label);
        with(label, "fill", block.class.ink())
    })
}

/// The line behind which every bin is one more than the bound.
fn mark_bound(into: &mut Group, layout: Layout, scene: &Scene, (top, bottom): (f64, f64)) {
    if scene.bins == 0 {
        return;
    }
    let x = layout.edge(scene, scene.lower_bound.min(scene.bins))
        - (layout.step - layout.width()) / 2.0;
    let mark = line((x, top - 6.0), (x, bottom + 4.0), BOUND);
    let mark = with(with(mark, "stroke-width", "2"), "stroke-dasharray", "5 3");
    into.append(mark);
    let caption = format!("lower bound {}", scene.lower_bound);
    let middle = inside(x, text_width(&caption, SMALL));
    let caption = text(middle, top - 9.0, SMALL, "middle", &caption);
    into.append(with(caption, "fill", BOUND));
}

/// Numbers of bins below the columns, and how many are left out.
fn numbers(into: &mut Group, layout: Layout, scene: &Scene, bottom: f64) {
    let widest = text_width(&scene.bins.to_string(), SMALL) + 10.0;
    let steps = (0..).flat_map(|power| [1, 2, 5].map(|factor| factor * 10_usize.pow(power)));
    let step = steps.take(54).find(|step| count(*step) * layout.step >= widest).unwrap_or(1);
    for part in [scene.head.clone(), scene.tail.clone()] {
        for number in part.filter(|number| number.is_multiple_of(step)) {
            let x = layout.edge(scene, number) + layout.width() / 2.0;
            into.append(line((x, bottom), (x, bottom + 4.0), FRAME));
            into.append(text(x, bottom + 16.0, SMALL, "middle", &number.to_string()));
        }
    }
    if scene.left_out() > 0 {
        let x = layout.edge(scene, scene.head.end) + layout.gap / 2.0;
        let caption = format!("{} bins not drawn", scene.left_out());
        into.append(with(text(x, bottom + 31.0, SMALL, "middle", &caption), "fill", SECONDARY));
        into.append(text(x, bottom + 15.0, SMALL, "middle", "…"));
    }
    if scene.bins == 0 {
        into.append(with(text(LEFT + 8.0, bottom - 8.0, SMALL, "start", "no bins"), "fill", INK));
    } else {
        let title = with(text(LEFT, bottom + 31.0, SMALL, "start", "bin"), "fill", SECONDARY);
        into.append(title);
    }
}

fn describe(number: usize, sizes: &[u64], capacity: u64) -> String {
    let load: u128 = sizes.iter().copied().map(u128::from).sum();
    let (count, plural) = (sizes.len(), if sizes.len() == 1 { "" } else { "s" });
    let waste = u128::from(capacity).saturating_sub(load);
    let mut text =
        format!("bin {number}: {count} item{plural}, {load} of {capacity}, waste {waste}:");
    for size in sizes.iter().take(MOST_LISTED) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {size}");
    }
    if count > MOST_LISTED {
        text.push_str(" …");
    }
    text
}

/// Adds a rectangle to a path.
fn outline(path: &mut String, x: f64, width: f64, top: f64, bottom: f64) {
    let [left, right, top, bottom] = [x, x + width, top, bottom].map(px);
    let _ = write!(path, "M{left} {bottom}V{top}H{right}V{bottom}Z");
}

fn path(outlines: &str, colour: &str) -> Element {
    with(with(Element::new("path"), "d", outlines), "fill", colour)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a few hundred columns; bounds are cut to their number"
)]
fn count(number: usize) -> f64 {
    number as f64
}

const BOUND: &str = "#b5341c";
/// The height of a single row, and of one of several.
const HEIGHT: u32 = 200;
const LOWER_HEIGHT: u32 = 110;
const ROW_GAP: f64 = 12.0;
/// The room above for the bound's caption, and below for the numbers of bins.
const MARK_HEIGHT: f64 = 24.0;
const NUMBERS_HEIGHT: f64 = 36.0;
const LEFT_OUT_WIDTH: f64 = 120.0;
/// Of a few bins each would be as wide as a house.
const WIDEST: f64 = 64.0;
const LABEL: f64 = 9.5;
const MOST_LISTED: usize = 24;
