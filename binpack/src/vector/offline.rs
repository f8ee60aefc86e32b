//! Vectors, all known beforehand: heuristics, bounds, and what improves on them.

mod bin_centric;
mod bounds;
mod exchange;
mod heuristic;
mod improver;
mod item_centric;
mod search;
mod weighting;

pub use bounds::vector_lower_bound;
pub use heuristic::{BinScore, ItemFit, VectorHeuristic, vector_portfolio};
pub use improver::VectorImprover;
pub use weighting::Weighting;

/// With more items than this, nothing is done that looks at items again and again.
const MANY_ITEMS: usize = 5_000;
