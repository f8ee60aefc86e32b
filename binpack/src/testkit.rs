//! Cases and laws to try packers with: for packers of your own, too.

mod operation;
mod random;

pub use operation::{Operation, Operations, Scale, operations};
pub use random::Random;
