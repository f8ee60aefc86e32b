//! The bins and what is in them, as an SVG document.
//!
//! Bins are columns in the order of their numbers, items are boxes in them in the order in which
//! they came, as high as they are large; what is left above is waste. Vectors have such a row of
//! columns for each dimension. Where there are too many bins, those in the middle are left out. The
//! same packing gives the same bytes, of bounded number.

mod columns;
mod scene;
mod stack;

use svg::node::Node;
use svg::node::element::Group;

use super::Source;
use super::outcome::Outcome;
use super::recipe::Recipe;
use super::report::gap;
use crate::picture::page::{self, note};
use scene::Scene;
use stack::Class;

/// Draws the packings below each other.
pub(super) fn render(recipe: &Recipe, sources: &[Source], outcomes: &[Outcome]) -> String {
    let title = format!("bins: {recipe}");
    let mut body = Group::new();
    page::title(&mut body, &title);
    let classes = Class::ALL.into_iter().map(|class| (class.label(), class.colour()));
    let mut y = page::legend(&mut body, classes.chain([("waste", WASTE)]));

    let drawn = sources.len().min(MOST_PANELS);
    for (source, outcome) in sources.iter().zip(outcomes).take(drawn) {
        let scene = Scene::new(source, outcome, MOST_COLUMNS / drawn);
        let (summary, warning) = (summary(source, outcome), warning(&scene));
        page::heading(&mut body, y, &source.name, &summary, &warning);
        y = columns::draw(&mut body, y + page::HEADING_HEIGHT, &scene) + GAP;
    }
    if drawn < sources.len() {
        let more = sources.len() - drawn;
        body.append(note(y, &format!("{more} more {} not drawn", files(more))));
        y += GAP;
    }
    page::finish(&title, y, None, body)
}

fn summary(source: &Source, outcome: &Outcome) -> String {
    let (bins, bound) = (outcome.bins(), outcome.lower_bound);
    let items = source.instance.count();
    let gap = match bins - bound {
        0 => "optimal".to_owned(),
        _ => format!("gap {}", gap(bins, bound)),
    };
    let rejected = match outcome.rejected().len() {
        0 => String::new(),
        1 => "; 1 item rejected".to_owned(),
        several => format!("; {several} items rejected"),
    };
    format!("{items} items in {bins} bins, lower bound {bound}: {gap}{rejected}")
}

/// What the picture does not show.
fn warning(scene: &Scene) -> String {
    let mut missing = Vec::new();
    if scene.left_out() > 0 {
        missing.push(format!("{} bins not drawn", scene.left_out()));
    }
    if scene.hidden > 0 {
        missing.push(format!("{} less loaded dimensions not drawn", scene.hidden));
    }
    if missing.is_empty() { String::new() } else { format!(" ({})", missing.join(", ")) }
}

fn files(count: usize) -> &'static str {
    if count == 1 { "file is" } else { "files are" }
}

const WASTE: &str = "#fbe6d8";
const GAP: f64 = 24.0;
/// Panels, columns and rows bound the document.
const MOST_PANELS: usize = 24;
const MOST_COLUMNS: usize = 2_400;

#[cfg(test)]
mod tests;
