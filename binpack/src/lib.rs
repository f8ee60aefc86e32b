#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![expect(clippy::cast_possible_truncation, reason = "numbers of bins and items are below 2^32")]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod assignment;
mod bins;
mod bounds;
mod chance;
mod check;
mod decision;
mod error;
mod fit;
mod id;
mod improve;
mod index;
mod instance;
mod order;
mod pack;
mod packer;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
#[cfg(feature = "serde")]
mod snapshot;
#[cfg(feature = "testkit")]
pub mod testkit;
mod vector;

pub use assignment::Assignment;
pub use bins::Bins;
pub use bounds::{l1, l2};
pub use check::{Flaw, check, check_vectors};
pub use decision::{Decision, Placement, RunnerUp};
pub use error::Error;
pub use fit::Fit;
pub use id::{BinId, ItemId};
pub use improve::{Improver, Proof};
pub use instance::Instance;
pub use order::Order;
pub use pack::{pack, portfolio};
pub use packer::{BinSet, Departure, ItemDecision, Packer, Size};
pub use vector::{
    BinScore, ItemFit, Measure, Norm, Scale, Scored, VectorBins, VectorFit, VectorHeuristic,
    VectorImprover, VectorInstance, Weighting, vector_lower_bound, vector_portfolio,
};
