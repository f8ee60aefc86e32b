#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers of clients and places are below 2^32; words are cut on purpose"
)]
#![expect(
    clippy::inline_always,
    reason = "measured: the next draw waits for what this one returns"
)]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod chance;
mod currencies;
mod error;
mod id;
mod lottery;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
mod slots;
#[cfg(feature = "serde")]
mod snapshot;
mod stride;
#[cfg(feature = "testkit")]
pub mod testkit;
mod tree;

pub use chance::Words;
pub use currencies::{Compensation, Currencies, FundedLoser, FundedWinner, Value};
pub use error::Error;
pub use id::{ClientId, CurrencyId, Holder, TicketId};
pub use lottery::{Loser, Lottery, Winner};
pub use stride::{Stride, Turn};
