//! Slow twins: the definitions, with linear scans, sharing no code with what they are compared with.

mod vector;

pub use vector::{Choice, VectorBins};
