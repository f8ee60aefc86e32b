#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod assignment;
mod check;
mod decision;
mod error;
mod fit;
mod id;
mod instance;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
mod vector;

pub use assignment::Assignment;
pub use check::{Flaw, check, check_vectors};
pub use decision::{Decision, Placement, RunnerUp};
pub use error::Error;
pub use fit::Fit;
pub use id::{BinId, ItemId};
pub use instance::Instance;
pub use vector::{Measure, Norm, Scale, Scored, VectorBins, VectorFit};
