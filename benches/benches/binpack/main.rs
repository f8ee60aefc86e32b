//! One placement and one departure of a random item, at a load of 80 %, beside what one would write
//! without a library: a sorted set of (residual, number) and a linear scan. First-fit-decreasing of
//! a million items beside one stable sort of them. All shared instances by ten heuristics.

#![expect(
    clippy::cast_possible_truncation,
    reason = "there are at most a million bins, and eight times as many items"
)]

mod churn;
mod offline;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let rows = churn::measure(&mut criterion);
    offline::measure(&mut criterion);
    criterion.final_summary();
    for row in rows {
        println!("{row}");
    }
    offline::report();
}
