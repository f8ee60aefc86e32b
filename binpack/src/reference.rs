//! Slow twins: the definitions, with linear scans, sharing no code with what they are compared
//! with.

mod online;
mod vector;

pub use online::{Online, Outcome};
pub use vector::{Choice, VectorBins};
