//! Slow twins: the definitions, with linear scans, sharing no code with what they are compared
//! with.

mod online;
mod optimum;

pub use online::{Online, Outcome};
pub use optimum::fewest_bins;
