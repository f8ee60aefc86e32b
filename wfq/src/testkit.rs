//! Checks that a scheduler shares service by weight: for schedulers of your own, too.
//!
//! [`check`] plays random operations on anything that implements [`ProportionalShare`], and returns
//! the first law broken, as a [`Violation`] with its values; [`check_groups`], [`check_limits`] and
//! [`check_all`] take schedulers that offer more. A [`Profile`] says which laws a scheduler is to
//! keep. All laws are checked from outside, in integers, without any slack: who runs, with which
//! weight, and what it used, is all that they look at, and the bounds are reached. Counters and a
//! virtual time are checked of schedulers that tell them.
//!
//! [`Adapted`] makes something to check of a scheduler whose [`Calls`] are named, a line each; the
//! example `check_another` does so.
//!
//! [`operations`] is a proptest strategy, and [`Operations`] a `quickcheck::Arbitrary`, for tests
//! that shrink; a [`Driver`] plays them. [`wrong`] has the negative controls.
//!
//! ```
//! use apportion_wfq::reference::Twin;
//! use apportion_wfq::testkit::{Profile, check, check_all, wrong};
//!
//! let report = check(Profile::start_time(), Twin::start_time)?;
//! assert_eq!(report.tightest, 1000); // the bound was reached, and not exceeded
//! check_all(Profile::eevdf(10).operations(10_000), || Twin::eevdf(10))?;
//!
//! let wrong = || wrong::Model::new(wrong::Mistake::LetsSleepersCatchUp);
//! assert!(check(Profile::start_time(), wrong).is_err());
//! # Ok::<(), apportion_wfq::testkit::Failure>(())
//! ```

mod adapted;
mod beside;
mod budget;
mod check;
mod counter;
mod driver;
mod episode;
mod fairness;
mod isolation;
mod numbered;
mod operation;
mod owed;
mod profile;
mod random;
mod subject;
mod traits;
mod violation;
pub mod wrong;

pub use adapted::{Adapted, Calls};
pub use check::{Report, check, check_all, check_groups, check_limits, check_subject};
pub use counter::Counter;
pub use driver::Driver;
pub use episode::{Episode, Offers};
pub use isolation::check_isolation;
pub use numbered::Numbered;
pub use operation::{Operation, Operations, operations};
pub use profile::{Law, Profile};
pub use subject::{Capped, Full, Grouped, Plain, Subject};
pub use traits::{Hierarchical, Limited, LimitedGroups, ProportionalShare};
pub use violation::{CounterFault, Failure, Fault, Member, Violation};
