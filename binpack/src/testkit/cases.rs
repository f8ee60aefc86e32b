use alloc::vec::Vec;

use proptest::prelude::*;

use super::Random;
use crate::Size;

/// A size that cases are made of: `u64`, or `[u64; D]` for vectors.
pub trait CaseSize: Size + 'static {
    /// How many amounts it has.
    const DIMENSIONS: usize;

    /// From an amount for each dimension.
    fn from_fn(amount: impl FnMut(usize) -> u64) -> Self;
}

impl CaseSize for u64 {
    const DIMENSIONS: usize = 1;

    fn from_fn(mut amount: impl FnMut(usize) -> u64) -> Self {
        amount(0)
    }
}

impl<const D: usize> CaseSize for [u64; D] {
    const DIMENSIONS: usize = D;

    fn from_fn(amount: impl FnMut(usize) -> u64) -> Self {
        core::array::from_fn(amount)
    }
}

/// What the sizes of a case are like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// Even from 1 to the capacity, in each dimension by itself.
    Uniform,
    /// Even from 2/15 to 2/3 of the capacity in the first dimension; in each other one the same
    /// share, and up to 1/15 more or less. *Source:* after Caprara and Toth, *Lower bounds and
    /// algorithms for the 2-dimensional vector packing problem*, Discrete Applied Mathematics 111,
    /// 2001. In one dimension, these are the shares of Falkenauer's class U, *A hybrid grouping
    /// genetic algorithm for bin packing*, Journal of Heuristics 2, 1996.
    Correlated,
    /// The same, but every second dimension has what is missing to 4/5, and up to 1/15 more or less.
    /// *Source:* the same.
    Anticorrelated,
    /// Three fill a bin in every dimension, as in Falkenauer's triplets: one is of a quarter to a
    /// half, two are what is left, both above a quarter of it. Below a capacity of 8 three of any size
    /// fill it.
    Triplets,
    /// Only five different ones.
    Ties,
    /// Bins cut in pieces, of random number and sizes, which fill them in every dimension.
    Cut,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Uniform,
        Self::Correlated,
        Self::Anticorrelated,
        Self::Triplets,
        Self::Ties,
        Self::Cut,
    ];

    /// One item by itself; even, if items of the family are not made by themselves.
    pub(super) fn one<S: CaseSize>(self, random: &mut Random, capacity: &S) -> S {
        let amounts = capacity.amounts();
        if !matches!(self, Self::Correlated | Self::Anticorrelated) {
            return S::from_fn(|dimension| 1 + random.below(amounts[dimension]));
        }
        // Shares in parts of 2^32.
        let fifteenth = (1 << 32) / 15;
        let first = 2 * fifteenth + random.below(8 * fifteenth);
        S::from_fn(|dimension| {
            let opposed = self == Self::Anticorrelated && dimension % 2 == 1;
            let base = if opposed { 12 * fifteenth - first } else { first };
            let noise = if dimension == 0 { fifteenth } else { random.below(2 * fifteenth) };
            let share = (base + noise).saturating_sub(fifteenth);
            ((u128::from(amounts[dimension]) * u128::from(share)) >> 32) as u64
        })
    }

    /// A bin in one dimension, cut into this many pieces.
    fn pieces(self, random: &mut Random, capacity: u64, count: usize) -> Vec<u64> {
        if self == Self::Triplets && capacity >= 8 {
            let first = capacity / 4 + 1 + random.below(capacity / 4);
            let rest = capacity - first;
            let second = rest / 3 + random.below(rest / 3 + 1);
            return [first, second, rest - second].into();
        }
        let mut rest = capacity;
        let mut pieces = Vec::new();
        for _ in 1..count {
            let piece = random.below(rest);
            pieces.push(piece);
            rest -= piece;
        }
        pieces.push(rest);
        pieces
    }
}

/// Items that fill this many bins of this capacity exactly, shuffled: no fewer bins would do. `None`
/// if that is not a property of the family.
#[must_use]
pub fn cut<S: CaseSize>(seed: u64, family: Family, capacity: S, bins: usize) -> Option<Vec<S>> {
    if !matches!(family, Family::Triplets | Family::Cut) {
        return None;
    }
    let mut random = Random::new(seed);
    let mut sizes = Vec::new();
    for _ in 0..bins {
        let count = match family {
            Family::Triplets => 3,
            _ => 1 + random.below(6 * S::DIMENSIONS as u64) as usize,
        };
        let amounts = capacity.amounts().iter();
        let rows: Vec<Vec<u64>> =
            amounts.map(|amount| family.pieces(&mut random, *amount, count)).collect();
        sizes.extend((0..count).map(|piece| S::from_fn(|dimension| rows[dimension][piece])));
    }
    random.shuffle(&mut sizes);
    Some(sizes)
}

/// Up to this many items of a family, for bins of this capacity.
#[must_use]
pub fn items<S: CaseSize>(seed: u64, family: Family, capacity: S, count: usize) -> Vec<S> {
    if let Some(sizes) = cut(seed, family, capacity, count / 3) {
        return sizes.into_iter().take(count).collect();
    }
    let mut random = Random::new(seed);
    let ties = [(); 5].map(|()| family.one(&mut random, &capacity));
    let mut one = |_| match family {
        Family::Ties => ties[random.below(5) as usize],
        _ => family.one(&mut random, &capacity),
    };
    (0..count).map(&mut one).collect()
}

/// A capacity and sizes of a random family, up to `count` of them.
pub fn sizes<S: CaseSize>(count: usize) -> impl Strategy<Value = (S, Vec<S>)> {
    proptest::sample::select(&Family::ALL[..]).prop_flat_map(move |family| sizes_of(family, count))
}

/// The same of this family.
pub fn sizes_of<S: CaseSize>(family: Family, count: usize) -> impl Strategy<Value = (S, Vec<S>)> {
    let amount = prop_oneof![8..200_u64, 8..1_000_000_u64, 8..=u64::MAX];
    let amounts = proptest::collection::vec(amount, S::DIMENSIONS);
    (any::<u64>(), amounts, any::<bool>()).prop_flat_map(move |(seed, amounts, alike)| {
        let amount = |dimension: usize| amounts[if alike { 0 } else { dimension }];
        let capacity = S::from_fn(amount);
        let all = items(seed, family, capacity, count);
        // So that it shrinks to the few that matter.
        let most = all.len();
        let some = proptest::sample::subsequence(all, 0..=most);
        some.prop_map(move |sizes| (capacity, sizes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_fills_bins() {
        let capacity = [0, 1, 7, 8, 1_000, u64::MAX];
        for family in Family::ALL {
            let Some(sizes) = cut(1, family, capacity, 20) else { continue };
            for (dimension, amount) in capacity.iter().enumerate() {
                let sum: u128 = sizes.iter().map(|size| u128::from(size[dimension])).sum();
                assert_eq!(sum, 20 * u128::from(*amount), "{family:?}");
            }
        }
    }

    #[test]
    fn correlation_is_what_it_says() {
        for (family, sign) in [(Family::Correlated, 1), (Family::Anticorrelated, -1)] {
            for [one, other] in items(1, family, [150_u64, 1_500], 500) {
                assert!((19..=100).contains(&one), "{family:?}: {one}");
                let other = i128::from(other / 10);
                let expected = if sign > 0 { i128::from(one) } else { 120 - i128::from(one) };
                assert!((expected - other).abs() <= 11, "{family:?}: {one} {other}");
            }
        }
    }
}
