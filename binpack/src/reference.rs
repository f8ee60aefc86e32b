//! Slow twins: the definitions, with linear scans, sharing no code with what they are compared
//! with.

mod online;

pub use online::{Online, Outcome};
