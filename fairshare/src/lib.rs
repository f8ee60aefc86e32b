#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers are below 2^32, as all claims are; sums are checked before they are cut"
)]
#![expect(clippy::inline_always, reason = "measured: a pass takes a nanosecond for each claim")]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod accounts;
mod claim;
mod cpus;
mod decay;
mod divide;
mod division;
mod error;
mod fill;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
mod rules;
mod share;
#[cfg(feature = "testkit")]
pub mod testkit;
mod tree;

pub use accounts::{AccountId, Accounts, FairShare};
pub use claim::{Claim, Weight};
pub use cpus::{Cpus, Run};
pub use decay::HalfLife;
pub use divide::divide;
pub use division::{ClaimId, Division};
pub use error::Error;
pub use rules::{Overbooking, Reading, Rules};
pub use share::{Bound, Level, Share};
pub use tree::{NodeId, Tree};
