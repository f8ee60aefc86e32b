//! Vectors, all known beforehand: heuristics, bounds, and what improves on them.

mod bin_centric;
mod bounds;
mod heuristic;
mod item_centric;
mod weighting;

pub use bounds::vector_lower_bound;
pub use heuristic::{BinScore, ItemFit, VectorHeuristic, portfolio};
pub use weighting::Weighting;
