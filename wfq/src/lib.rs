#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers and positions are below 2^32, as all nodes are; counters lie on a circle"
)]
#![expect(clippy::inline_always, reason = "measured: a turn is a few dozen instructions")]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod contest;
mod error;
mod fair_queue;
mod id;
mod keyed;
mod limit;
mod node;
mod queue;
mod rate;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
mod scheduler;
#[cfg(feature = "serde")]
mod snapshot;
mod table;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use error::Error;
pub use fair_queue::{Capacity, FairQueue, Refusal, Refused, Served, Ticket};
pub use id::{EntityId, GroupId, Member, Weight};
pub use keyed::{Keyed, KeyedError};
pub use limit::Limit;
pub use rate::MAX_CHARGE;
pub use scheduler::{Activity, Counter, Order, Pick, Scheduler, Then};
