//! Slow twins: the definitions, with linear scans, sharing no code with what they are compared
//! with.

mod heuristic;
mod online;
mod optimum;
mod vector;

pub use heuristic::pack_vectors;
pub use online::{Online, Outcome};
pub use optimum::fewest_bins;
pub use vector::{Choice, VectorBins};
