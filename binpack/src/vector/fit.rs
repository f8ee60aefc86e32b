use core::fmt;

use super::scale::{Measure, Scale};
use crate::{Decision, Error, Placement, RunnerUp};

/// Which of the bins that have room for a vector gets it.
///
/// An item fits a bin if and only if the bin's residual is at least its size in every dimension. Of
/// bins that are equal to a policy, it takes the one with the lowest number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum VectorFit<const D: usize> {
    /// The bin that was used last, and no other; where bins do not open by themselves, the first
    /// that has room from there on, in the order of numbers and round to the lowest. The words are
    /// those of [`Bins`](crate::Bins).
    Next,
    /// The bin with the lowest number.
    First,
    /// The bin whose residual is smallest by this measure, before the item is in it.
    Best(Measure<D>),
    /// The bin whose residual is largest by this measure, before the item is in it.
    Worst(Measure<D>),
    /// The second bin in the order of [`Worst`](Self::Worst); the first if no other has room.
    AlmostWorst(Measure<D>),
    /// The bin whose residual is smallest by this measure with the item in it. By L1 that is
    /// [`Best`](Self::Best). *Source:* the norm-based greedy of Panigrahy, Talwar, Uyeda and
    /// Wieder, *Heuristics for vector bin packing*, 2011, section 3.
    NormBased(Measure<D>),
    /// The bin with the largest alignment: the dot product of the item's size with the residual
    /// before the item is in it, `Σ w·(u·s)·(u·r)`. *Source:* Panigrahy et al. 2011, section 3;
    /// Grandl et al., *Multi-resource packing for cluster schedulers* (Tetris), SIGCOMM 2014,
    /// section 3.2.
    DotProduct(Scale<D>),
}

impl<const D: usize> VectorFit<D> {
    /// What the policy compares when it considers a bin that has this much left for an item of this
    /// size; zero for [`Next`](Self::Next) and [`First`](Self::First). Whether the item fits does
    /// not matter here: where it does not, what would be left counts as nothing.
    ///
    /// Exact if the normalised amounts are within the limit of [`Scale`]; sums beyond 128 bits stay at
    /// the largest number. O(D).
    #[must_use]
    pub fn score(&self, size: &[u64; D], residual: &[u64; D]) -> u128 {
        match self {
            Self::Next | Self::First => 0,
            Self::Best(measure) | Self::Worst(measure) | Self::AlmostWorst(measure) => {
                measure.of(residual)
            }
            Self::NormBased(measure) => measure.of(&subtract(residual, size)),
            Self::DotProduct(scale) => {
                let term = |dimension: usize| {
                    let size = u128::from(size[dimension]);
                    let coefficient = scale.square(dimension).saturating_mul(size);
                    coefficient.saturating_mul(residual[dimension].into())
                };
                (0..D).map(term).fold(0, u128::saturating_add)
            }
        }
    }

    /// The scale by which it compares, if it does.
    #[must_use]
    pub const fn scale(&self) -> Option<&Scale<D>> {
        match self {
            Self::Next | Self::First => None,
            Self::Best(measure)
            | Self::Worst(measure)
            | Self::AlmostWorst(measure)
            | Self::NormBased(measure) => Some(&measure.scale),
            Self::DotProduct(scale) => Some(scale),
        }
    }

    /// Whether a large score is better than a small one.
    pub(super) const fn prefers_large(&self) -> bool {
        matches!(self, Self::Worst(_) | Self::AlmostWorst(_) | Self::DotProduct(_))
    }

    /// How many bins at the head of its order a decision and its runner-up depend on.
    pub(super) const fn depth(&self) -> usize {
        match self {
            Self::AlmostWorst(_) => 3,
            _ => 2,
        }
    }

    /// Whether bins of this capacity can be compared.
    pub(super) fn check(&self, capacity: &[u64; D]) -> Result<(), Error> {
        match self {
            Self::Next | Self::First => Ok(()),
            Self::Best(measure)
            | Self::Worst(measure)
            | Self::AlmostWorst(measure)
            | Self::NormBased(measure) => measure.scale.check(capacity, measure.limit()),
            Self::DotProduct(scale) => scale.check(capacity, Scale::<D>::LIMIT.into()),
        }
    }
}

impl<const D: usize> fmt::Display for VectorFit<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("next"),
            Self::First => f.write_str("first"),
            Self::Best(measure) => write!(f, "best {}", measure.norm),
            Self::Worst(measure) => write!(f, "worst {}", measure.norm),
            Self::AlmostWorst(measure) => write!(f, "almost-worst {}", measure.norm),
            Self::NormBased(measure) => write!(f, "norm-based {}", measure.norm),
            Self::DotProduct(_) => f.write_str("dot-product"),
        }
    }
}

/// What is left of a bin with an item in it, and why the bin was considered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Scored<const D: usize> {
    /// What is left, with the item in it.
    #[cfg_attr(feature = "serde", serde(with = "super::arrays"))]
    pub amounts: [u64; D],
    /// What the policy compared: [`VectorFit::score`] of the item's size and of what was left
    /// before.
    pub score: u128,
}

impl<const D: usize> From<Decision<Scored<D>>> for Decision<[u64; D]> {
    /// Without the scores.
    fn from(decision: Decision<Scored<D>>) -> Self {
        match decision {
            Decision::Place(placement) => Self::Place(Placement {
                bin: placement.bin,
                opened: placement.opened,
                residual: placement.residual.amounts,
                runner_up: placement
                    .runner_up
                    .map(|second| RunnerUp { bin: second.bin, residual: second.residual.amounts }),
            }),
            Decision::Wait => Self::Wait,
            Decision::Reject => Self::Reject,
        }
    }
}

/// `from - what` in each dimension, nothing where that is negative.
pub(super) fn subtract<const D: usize>(from: &[u64; D], what: &[u64; D]) -> [u64; D] {
    core::array::from_fn(|dimension| from[dimension].saturating_sub(what[dimension]))
}

/// Whether a size fits into what is left.
pub(super) fn fits<const D: usize>(size: &[u64; D], residual: &[u64; D]) -> bool {
    size.iter().zip(residual).all(|(size, residual)| size <= residual)
}
