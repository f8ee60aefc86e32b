//! What a division amounts to: for people and for programs.

use std::fmt::Write as _;

use apportion_fairshare::Share;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::spec::Spec;

#[derive(Serialize)]
struct Document<'a> {
    allocations: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    allocation: u64,
    used: u64,
    wasted: u64,
    bound: &'static str,
}

/// One document on one line.
pub(super) fn json(spec: &Spec, shares: &[Share]) -> String {
    let allocations = spec.claims.iter().zip(shares).map(|(claim, share)| {
        let Share { allocation, used, wasted, bound, .. } = *share;
        Row { name: &claim.path, allocation, used, wasted, bound: bound.name() }
    });
    let document = Document { allocations: allocations.collect() };
    // Numbers and words can always be written.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

/// A table, members below their groups.
pub(super) fn table(name: &str, spec: &Spec, shares: &[Share]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "claim",
        "weight",
        "reserved",
        "limit",
        "demand",
        "allocation",
        "used",
        "wasted",
        "bound",
    ]);
    let some = |amount: u64| if amount == u64::MAX { String::new() } else { amount.to_string() };
    for (claim, share) in spec.claims.iter().zip(shares) {
        let reserved = claim.claim.reservation();
        // Deeper than that, nobody counts blanks.
        let indent = "  ".repeat(claim.depth.min(DEEPEST));
        table.add_row([
            format!("{indent}{}", claim.name),
            claim.claim.weight().get().to_string(),
            if reserved == 0 { String::new() } else { reserved.to_string() },
            some(claim.claim.limit()),
            some(claim.claim.demand()),
            share.allocation.to_string(),
            share.used.to_string(),
            if share.wasted == 0 { String::new() } else { share.wasted.to_string() },
            share.bound.name().to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(7) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{name}: a capacity of {}\n", spec.capacity);
    if !spec.claims.is_empty() {
        text.push('\n');
        for line in table.lines() {
            // Every line begins with the padding of the first column.
            text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
            text.push('\n');
        }
    }
    let top = || spec.claims.iter().zip(shares).filter(|(claim, _)| claim.depth == 0);
    let given: u64 = top().map(|(_, share)| share.allocation).sum();
    let wasted: u64 = top().map(|(_, share)| share.wasted).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nused {}, wasted {wasted}, left {}",
        given - wasted,
        spec.capacity - given
    );
    text
}

const DEEPEST: usize = 20;
