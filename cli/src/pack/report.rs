//! What the packings amount to: for people, for programs, item by item.

use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::Source;
use super::outcome::Outcome;
use super::recipe::{Budget, Recipe};

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    items: u64,
    bins: usize,
    lower_bound: usize,
    optimal: bool,
    assignment_hash: String,
    ms: f64,
    rejected: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,
}

impl<'a> Row<'a> {
    fn new(source: &'a Source, outcome: &Outcome) -> Self {
        Self {
            file: &source.file,
            items: source.instance.count(),
            bins: outcome.bins(),
            lower_bound: outcome.lower_bound,
            optimal: outcome.is_optimal(),
            assignment_hash: hash(outcome),
            ms: milliseconds(outcome.took),
            rejected: outcome.rejected(),
            steps: outcome.steps,
        }
    }
}

/// One document.
pub(super) fn json(sources: &[Source], outcomes: &[Outcome]) -> String {
    let pairs = sources.iter().zip(outcomes);
    let rows: Vec<Row<'_>> = pairs.map(|(source, outcome)| Row::new(source, outcome)).collect();
    // Numbers and strings can always be written.
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}

/// The bin of each item.
pub(super) fn assignment(outcome: &Outcome) -> String {
    let mut text = "item,bin\n".to_owned();
    for item in 0..outcome.assignment.items() {
        // Writing to a string cannot fail.
        let _ = match outcome.assignment.bin_of(item) {
            Some(bin) => writeln!(text, "{item},{bin}"),
            None => writeln!(text, "{item},"),
        };
    }
    text
}

/// A line for each file, and what there is to say below.
pub(super) fn table(recipe: &Recipe, sources: &[Source], outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["file", "items", "bins", "lower bound", "gap", "packed in"];
    if recipe.budget.improves() {
        header.push("steps");
    }
    header.push("assignment");
    table.set_header(header);
    for (source, outcome) in sources.iter().zip(outcomes) {
        let mut row = vec![
            source.name.clone(),
            source.instance.count().to_string(),
            outcome.bins().to_string(),
            outcome.lower_bound.to_string(),
            gap(outcome.bins(), outcome.lower_bound),
            format!("{:.1} ms", milliseconds(outcome.took)),
        ];
        row.extend(outcome.steps.map(|steps| steps.to_string()));
        row.push(hash(outcome));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{recipe}\n\n");
    for line in table.lines() {
        // Every line begins with the padding of the first column.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text.push('\n');
    if let [_, _, ..] = outcomes {
        text.push_str(&sums(outcomes));
    }
    if let Budget::Time(_) = recipe.budget {
        text.push_str(&again(outcomes));
    }
    for (source, outcome) in sources.iter().zip(outcomes) {
        text.push_str(&rejections(source, &outcome.rejected()));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// By how many bins the packing may be too large: `optimal`, or `3 (6.1 %)`.
pub(super) fn gap(bins: usize, bound: usize) -> String {
    if bins == bound {
        return "optimal".to_owned();
    }
    let more = bins - bound;
    #[expect(clippy::cast_precision_loss, reason = "printed for people")]
    let percent = more as f64 * 100.0 / bound as f64;
    format!("{more} ({percent:.1} %)")
}

fn sums(outcomes: &[Outcome]) -> String {
    let bins: usize = outcomes.iter().map(Outcome::bins).sum();
    let bound: usize = outcomes.iter().map(|outcome| outcome.lower_bound).sum();
    let optimal = outcomes.iter().filter(|outcome| outcome.is_optimal()).count();
    let took: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    format!(
        "in all: {bins} bins, lower bound {bound}, {optimal} of {} optimal, {:.1} ms\n",
        outcomes.len(),
        milliseconds(took)
    )
}

/// How to get the same packings again, as time is never the same.
fn again(outcomes: &[Outcome]) -> String {
    match outcomes {
        [Outcome { steps: Some(steps), .. }] => {
            format!("{steps} steps; the same packing again: --improve-steps {steps}\n")
        }
        _ => "the same packing of a file again: its steps as --improve-steps\n".to_owned(),
    }
}

/// Items that no bin can hold, the first of them by size.
fn rejections(source: &Source, rejected: &[usize]) -> String {
    let mut text = String::new();
    let mut named = rejected.iter().take(MOST_NAMED).peekable();
    let capacity = source.instance.capacity();
    // The iterator runs once, whatever the number of items.
    for (item, sizes) in source.instance.items().enumerate() {
        let Some(next) = named.peek() else { break };
        if **next == item {
            named.next();
            let (size, most) = (amounts(sizes), amounts(capacity));
            let _ = writeln!(
                text,
                "rejected: {}: item {item} of size {size}, larger than a bin of {most}",
                source.name
            );
        }
    }
    if rejected.len() > MOST_NAMED {
        let more = rejected.len() - MOST_NAMED;
        let _ = writeln!(text, "rejected: {}: {more} more; --json names them all", source.name);
    }
    text
}

/// `7`, or `(7, 9)`.
fn amounts(amounts: &[u64]) -> String {
    match amounts {
        [amount] => amount.to_string(),
        several => {
            let written: Vec<String> = several.iter().map(u64::to_string).collect();
            format!("({})", written.join(", "))
        }
    }
}

fn hash(outcome: &Outcome) -> String {
    format!("{:016x}", outcome.hash)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

const MOST_NAMED: usize = 8;
