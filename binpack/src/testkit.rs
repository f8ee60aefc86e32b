//! Cases and laws to try packers with: for packers of your own, too.
//!
//! An online packer is adapted by the trait [`OnlinePacker`]. Each `check_…` plays seeded cases, and
//! returns the first law broken, as a [`Violation`] with its values:
//!
//! | check | law |
//! |---|---|
//! | [`check_online`] | no bin holds more than it can; nothing is left out that could be placed; no bin opens while the policy has one with room; the bin is the one that the policy says |
//! | [`check_ratio`] | where the fewest bins are known, there are no more than the literature proves |
//!
//! [`operations`] and [`sizes`] are proptest strategies, [`Operations`] is a
//! `quickcheck::Arbitrary`. [`wrong`] has the negative controls.
//!
//! ```
//! use apportion_binpack::Fit;
//! use apportion_binpack::testkit::{Law, Numbered, check_online, check_ratio, wrong};
//!
//! check_online(1, Fit::Best, |opening| Numbered::new(Fit::Best, opening))?;
//! check_ratio(1, Fit::Best, |opening| Numbered::new(Fit::Best, opening))?;
//!
//! let mistake = wrong::Mistake::LastOfEqual;
//! let wrong = |opening| wrong::Model::new(Fit::Best, opening, mistake);
//! assert_eq!(check_online(1, Fit::Best, wrong).unwrap_err().law(), Law::Choice);
//! # Ok::<(), apportion_binpack::testkit::Violation>(())
//! ```

mod adapters;
mod cases;
mod online;
mod operation;
mod random;
mod ratio;
mod violation;
pub mod wrong;

pub use adapters::Numbered;
pub use cases::{Family, cut, sizes};
pub use online::{OnlinePacker, check_online};
pub use operation::{Operation, Operations, Scale, operations};
pub use random::Random;
pub use ratio::{check_ratio, most_bins, most_bins_decreasing};
pub use violation::{Law, Violation};
