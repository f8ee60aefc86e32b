//! Cases and laws to try packers with: for packers of your own, too, of numbers and of vectors.
//!
//! Each `check_…` plays seeded cases, or those that it is given, and returns the first law broken, as
//! a [`Violation`] with its values:
//!
//! | check | of | law |
//! |---|---|---|
//! | [`check_online`] | [`OnlinePacker`] | no bin holds more than it can in any dimension; nothing is left out that could be placed, or rejected that an empty bin could hold; no bin opens while the policy has one with room; the bin is the one that the policy says, ties included |
//! | [`check_changing`] | [`ChangingPacker`] | the same with bins that go away |
//! | [`check_ratio`] | [`OnlinePacker`] | where the fewest bins are known, there are no more than is proved |
//! | [`check_offline`] | a function | each item is placed once, no bin holds more than it can, and there are no more bins than is proved of the fewest |
//! | [`check_bounds`] | a function | the same; and what is called a lower bound is one |
//!
//! The policies are [`Fit`](crate::Fit) and [`VectorFit`](crate::VectorFit), or a [`Policy`] of your
//! own; [`Bounded`] is for packers that cannot hold large amounts. [`operations`], [`sizes`] and [`sizes_of`] are proptest strategies, [`Operations`] is a
//! `quickcheck::Arbitrary`. [`wrong`] has the negative controls.
//!
//! ```
//! use apportion_binpack::testkit::{Law, Numbered, check_changing, check_ratio, wrong};
//! use apportion_binpack::{Fit, Scale, VectorFit};
//!
//! check_changing(1, Fit::Best, |opening| Numbered::new(Fit::Best, opening))?;
//! check_ratio(1, Fit::Best, |opening| Numbered::new(Fit::Best, opening))?;
//!
//! let mistake = wrong::Mistake::LastOfEqual;
//! let wrong = |opening| wrong::Model::new(Fit::Best, opening, mistake);
//! assert_eq!(check_changing(1, Fit::Best, wrong).unwrap_err().law(), Law::Choice);
//!
//! // Vectors: alignment on machines of 64 cores and 256 GiB.
//! let fit = VectorFit::DotProduct(Scale::normalizing(&[64, 256]));
//! check_changing(1, fit, |opening| Numbered::vectors(fit, opening)).unwrap();
//! # Ok::<(), apportion_binpack::testkit::Violation>(())
//! ```
//!
//! Packers of your own, that know all items beforehand, need no adapter, and may be given instances
//! of your own:
//!
//! ```
//! use apportion_binpack::testkit::{check_bounds, check_offline, known_optima};
//! use apportion_binpack::testkit::most_bins_decreasing;
//! use apportion_binpack::{Fit, Instance, Order, l2, pack};
//!
//! let mine = |instance: &Instance| pack(instance, Fit::First, Order::Decreasing);
//! check_offline(known_optima(1), most_bins_decreasing, mine)?;
//! check_bounds(known_optima(1), |instance| (mine(instance), l2(instance)))?;
//! # Ok::<(), apportion_binpack::testkit::Violation>(())
//! ```

mod adapters;
mod cases;
mod offline;
mod online;
mod operation;
mod policy;
mod random;
mod ratio;
mod violation;
mod watch;
pub mod wrong;

pub use adapters::Numbered;
pub use cases::{CaseSize, Family, cut, items, sizes, sizes_of};
pub use offline::{CaseInstance, check_bounds, check_offline, known_optima};
pub use online::{Answer, ChangingPacker, OnlinePacker, check_changing, check_online};
pub use operation::{Operation, Operations, Scale, operations};
pub use policy::{Bounded, Policy, Rule};
pub use random::Random;
pub use ratio::{check_ratio, most_bins, most_bins_any_fit, most_bins_decreasing};
pub use violation::{Law, Violation};
