//! Checks that a lottery is fair, to the last ticket: for lotteries of your own, too.
//!
//! A lottery is adapted by a trait for what it offers: [`Draws`], [`Tickets`], [`Inverse`],
//! [`Compensates`], [`Funds`], and [`Turns`] for its deterministic twin. Each `check_…` plays
//! seeded cases and returns the first law broken, as a [`Violation`] with its values:
//!
//! | check | law |
//! |---|---|
//! | [`check_enumeration`] | each client has exactly the numbers of its tickets, counted through |
//! | [`check_chances`] | wins are as tickets, by chi-square in both directions; the same words give the same winners; who has no tickets never wins |
//! | [`check_losers`] | losses are as `(1 - t / T) / (n - 1)` |
//! | [`check_compensation`] | who uses a part of its quantum gets its share all the same, and no more |
//! | [`check_currencies`] | values add up to the base exactly; one currency's inflation is nobody else's |
//! | [`check_turns`] | of two clients, neither gets more than a quantum ahead of its share |
//!
//! Chance may break a statistical law of a lottery that keeps it: with a probability below 10^-9.
//! [`holdings`] and [`operations`] are proptest strategies, [`Operations`] is a
//! `quickcheck::Arbitrary`. [`wrong`] has the negative controls.
//!
//! ```
//! use apportion_lottery::testkit::{Clients, Law, check_chances, check_enumeration, wrong};
//!
//! check_enumeration(1, Clients::default)?;
//! check_chances(1, Clients::default)?;
//!
//! let wrong = || wrong::Model::new(wrong::Mistake::ModuloBias);
//! assert_eq!(check_chances(1, wrong).unwrap_err().law(), Law::Chances);
//! # Ok::<(), apportion_lottery::testkit::Violation>(())
//! ```

mod adapters;
mod chances;
mod funding;
mod operation;
mod random;
mod traits;
mod turns;
mod violation;
pub mod wrong;

pub use adapters::{Clients, Funded, Strides};
pub use chances::{
    Fit, check_chances, check_compensation, check_enumeration, check_losers, chi_square, critical,
};
pub use funding::check_currencies;
pub use operation::{Operation, Operations, holdings, operations};
pub use random::Random;
pub use traits::{Compensates, Draws, Funds, Inverse, Tickets, Turns};
pub use turns::check_turns;
pub use violation::{Law, Violation};
