use core::fmt;

use super::{CaseSize, most_bins, most_bins_any_fit, most_bins_decreasing};
use crate::{Fit, Measure, Norm, Scale, Size, VectorFit};

/// A policy whose laws the kit knows: [`Fit`], [`VectorFit`], or one of your own.
pub trait Policy: Copy + fmt::Debug {
    /// What an item needs, and a bin has.
    type Size: CaseSize;

    /// Which of the bins that have room is chosen, by their scores.
    fn rule(&self) -> Rule;

    /// What is compared: the score of a bin that has room for a size, and this residual before.
    fn score(&self, size: &Self::Size, residual: &Self::Size) -> u128;

    /// The largest capacity that can be compared, in this dimension. No larger ones are played; items
    /// may still be larger.
    fn largest_capacity(&self, dimension: usize) -> u64 {
        let _ = dimension;
        u64::MAX
    }

    /// The largest amount that an item is played with, in this dimension. [`Bounded`] bounds both.
    fn largest_size(&self, dimension: usize) -> u64 {
        let _ = dimension;
        u64::MAX
    }

    /// The most bins that open where `optimum` would do, in any order of items.
    fn most_bins(&self, optimum: usize) -> usize {
        most_bins_any_fit(Self::Size::DIMENSIONS, optimum)
    }

    /// The same for items from the largest to the smallest, if more is known then.
    fn most_bins_decreasing(&self, optimum: usize) -> Option<usize> {
        let _ = optimum;
        None
    }
}

/// Which bin is chosen, of those that have room; of equal ones that with the lowest number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The bin that was used last, or that joined since; where bins do not open, the first from there
    /// on, in the order of numbers and round to the lowest.
    Last,
    /// The lowest number.
    Lowest,
    /// The smallest score.
    Smallest,
    /// The largest score.
    Largest,
    /// The second in the order of [`Largest`](Self::Largest); the first if no other has room.
    SecondLargest,
}

/// A policy for packers that cannot hold large amounts: no capacity or size above a bound is played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "these two are what it is")]
pub struct Bounded<P> {
    /// The policy.
    pub policy: P,
    /// The largest amount, in any dimension.
    pub largest: u64,
}

impl<P: Policy> Policy for Bounded<P> {
    type Size = P::Size;

    fn rule(&self) -> Rule {
        self.policy.rule()
    }

    fn score(&self, size: &P::Size, residual: &P::Size) -> u128 {
        self.policy.score(size, residual)
    }

    fn largest_capacity(&self, dimension: usize) -> u64 {
        self.policy.largest_capacity(dimension).min(self.largest)
    }

    fn largest_size(&self, dimension: usize) -> u64 {
        self.policy.largest_size(dimension).min(self.largest)
    }

    fn most_bins(&self, optimum: usize) -> usize {
        self.policy.most_bins(optimum)
    }

    fn most_bins_decreasing(&self, optimum: usize) -> Option<usize> {
        self.policy.most_bins_decreasing(optimum)
    }
}

impl Policy for Fit {
    type Size = u64;

    fn rule(&self) -> Rule {
        match self {
            Self::Next => Rule::Last,
            Self::First => Rule::Lowest,
            Self::Best => Rule::Smallest,
            Self::Worst => Rule::Largest,
            Self::AlmostWorst => Rule::SecondLargest,
        }
    }

    fn score(&self, _size: &u64, residual: &u64) -> u128 {
        u128::from(*residual)
    }

    fn most_bins(&self, optimum: usize) -> usize {
        most_bins(*self, optimum)
    }

    fn most_bins_decreasing(&self, optimum: usize) -> Option<usize> {
        (*self == Self::First).then(|| most_bins_decreasing(optimum))
    }
}

impl<const D: usize> Policy for VectorFit<D> {
    type Size = [u64; D];

    fn rule(&self) -> Rule {
        match self {
            Self::Next => Rule::Last,
            Self::First => Rule::Lowest,
            Self::Best(_) | Self::NormBased(_) => Rule::Smallest,
            Self::Worst(_) | Self::DotProduct(_) => Rule::Largest,
            Self::AlmostWorst(_) => Rule::SecondLargest,
        }
    }

    fn score(&self, size: &[u64; D], residual: &[u64; D]) -> u128 {
        match self {
            Self::Next | Self::First => 0,
            Self::Best(measure) | Self::Worst(measure) | Self::AlmostWorst(measure) => {
                norm(measure, residual)
            }
            Self::NormBased(measure) => norm(
                measure,
                &core::array::from_fn(|dimension| residual[dimension] - size[dimension]),
            ),
            Self::DotProduct(scale) => {
                let pairs = size.iter().zip(residual).enumerate();
                let terms = pairs.map(|(dimension, (size, residual))| {
                    weight(scale, dimension)
                        * counted(scale, dimension, *size)
                        * counted(scale, dimension, *residual)
                });
                terms.sum()
            }
        }
    }

    fn largest_capacity(&self, dimension: usize) -> u64 {
        let (scale, limit) = match self {
            Self::Next | Self::First => return u64::MAX,
            Self::Best(measure)
            | Self::Worst(measure)
            | Self::AlmostWorst(measure)
            | Self::NormBased(measure) => match measure.norm {
                Norm::L1 | Norm::LInfinity => (&measure.scale, Scale::<D>::LINEAR_LIMIT),
                Norm::L2 => (&measure.scale, Scale::<D>::LIMIT.into()),
            },
            Self::DotProduct(scale) => (scale, Scale::<D>::LIMIT.into()),
        };
        let most = limit.checked_div(scale.units()[dimension].into());
        most.and_then(|most| u64::try_from(most).ok()).unwrap_or(u64::MAX)
    }
}

fn norm<const D: usize>(measure: &Measure<D>, amounts: &[u64; D]) -> u128 {
    let terms = amounts.iter().enumerate().map(|(dimension, amount)| {
        let counted = counted(&measure.scale, dimension, *amount);
        let power = if measure.norm == Norm::L2 { counted * counted } else { counted };
        weight(&measure.scale, dimension) * power
    });
    if measure.norm == Norm::LInfinity { terms.max().unwrap_or(0) } else { terms.sum() }
}

fn counted<const D: usize>(scale: &Scale<D>, dimension: usize, amount: u64) -> u128 {
    u128::from(scale.units()[dimension]) * u128::from(amount)
}

fn weight<const D: usize>(scale: &Scale<D>, dimension: usize) -> u128 {
    scale.weights()[dimension].into()
}

/// Whether a size fits into what is left.
pub(super) fn fits<S: Size>(size: &S, residual: &S) -> bool {
    size.amounts().iter().zip(residual.amounts()).all(|(size, residual)| size <= residual)
}
