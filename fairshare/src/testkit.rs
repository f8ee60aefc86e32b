//! Checks that a capacity is divided fairly: for dividers of your own, too.
//!
//! [`check`] has anything that divides answer thousands of generated cases, and returns the first
//! law broken, with its values. [`check_division`] and [`check_tree`] are certificates: they tell of
//! any one answer, of any size, whether it is max–min fair, without solving anything. The laws are
//! checked in integers, without slack.
//!
//! [`claims`] and [`trees`] are proptest strategies, [`Claims`] and [`Nodes`] are
//! `quickcheck::Arbitrary`; [`wrong`] has the negative controls.
//!
//! ```
//! use apportion_fairshare::testkit::{Law, Profile, check, wrong};
//! use apportion_fairshare::{Rules, divide};
//!
//! let report = check(&Profile::half_units(), |capacity, claims| {
//!     divide(capacity, claims, Rules::default()).unwrap().iter().map(|s| s.allocation).collect()
//! })?;
//! assert!(report.brute_forced > 100);
//!
//! let failure = check(&Profile::any_divisor(), wrong::largest_remainder).unwrap_err();
//! assert_eq!(failure.violation.law(), Law::MoreCapacity);
//! # Ok::<(), apportion_fairshare::testkit::Failure>(())
//! ```

mod cases;
mod check;
mod laws;
mod tree;
mod violation;
pub mod wrong;

pub use cases::{Cases, Claims, Nodes, claims, trees};
pub use check::{Failure, Profile, Report, check};
pub use laws::{Rounding, brute_force, check_division};
pub use tree::check_tree;
pub use violation::{Law, Violation};
