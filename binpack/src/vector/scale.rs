use core::fmt;

use crate::Error;

/// How amounts of different dimensions compare: a unit for each, and a weight.
///
/// An amount `x` of dimension `d` counts `units[d] · x`, its normalised amount, and what is made of
/// that, a term of a sum or of a maximum, is multiplied by `weights[d]`. A dimension of unit or
/// weight zero has no say in the choice; an item must still fit in it.
///
/// Everything is worked out in integers, exactly, which needs a bound: the normalised capacity of
/// a bin is at most [`Scale::LIMIT`] in each dimension where amounts are multiplied with each other,
/// as by [`Norm::L2`] and the dot product, and at most [`Scale::LINEAR_LIMIT`] where they are not.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Scale<const D: usize> {
    #[cfg_attr(feature = "serde", serde(with = "super::arrays"))]
    units: [u64; D],
    #[cfg_attr(feature = "serde", serde(with = "super::arrays"))]
    weights: [u16; D],
}

impl<const D: usize> Scale<D> {
    /// The largest normalised amount where two are multiplied: 2^50.
    pub const LIMIT: u64 = 1 << 50;

    /// The largest normalised amount where they are only added up or compared: 2^104.
    pub const LINEAR_LIMIT: u128 = 1 << 104;

    /// These units, all of weight 1.
    #[must_use]
    pub const fn new(units: [u64; D]) -> Self {
        Self { units, weights: [1; D] }
    }

    /// Units by which a bin of this `capacity` counts the same in each dimension, so that sizes are
    /// normalised by capacity, as the literature has it.
    ///
    /// Exact if the least common multiple of the capacities is at most 2^46: that is what a full bin
    /// counts then. Otherwise it counts about 2^46: a unit is `2^46 / capacity`, rounded down, within
    /// `capacity` parts in 2^46: a part in 2^14 for capacities up to 2^32, but up to a half close to
    /// 2^46. With a capacity beyond 2^46, a full bin counts the least common multiple below 2^64, or
    /// else about 2^64 times the smallest capacity and at most 2^100: within a part in 2^14 if none is
    /// more than 2^50 times another. A dimension without capacity gets unit zero.
    ///
    /// Bins up to 16 times as large are within [`LIMIT`](Self::LIMIT) if no capacity is beyond 2^46,
    /// and always within [`LINEAR_LIMIT`](Self::LINEAR_LIMIT). Beyond 2^46, where amounts are
    /// multiplied, even bins of this capacity are
    /// [refused](Error::TooLargeToCompare) unless the least common multiple is at most 2^50.
    #[must_use]
    pub fn normalizing(capacity: &[u64; D]) -> Self {
        const NARROW: u64 = 1 << 46;
        let full = if capacity.iter().all(|amount| *amount <= NARROW) {
            u128::from(common_multiple(capacity, NARROW).unwrap_or(NARROW))
        } else {
            let least = capacity.iter().copied().filter(|amount| *amount > 0).min().unwrap_or(1);
            let longest = (u128::from(u64::MAX) * u128::from(least)).min(1 << 100);
            common_multiple(capacity, u64::MAX).map_or(longest, u128::from)
        };
        Self::new(capacity.map(|amount| {
            let unit = full.checked_div(amount.into()).map_or(0, |unit| unit.max(1));
            u64::try_from(unit).unwrap_or(u64::MAX)
        }))
    }

    /// The same units with these weights, which the caller knows best. Those that the literature
    /// takes from the items offline are [`Weighting`](crate::Weighting).
    #[must_use]
    pub const fn weighted(self, weights: [u16; D]) -> Self {
        Self { units: self.units, weights }
    }

    /// What an amount of 1 counts, in each dimension.
    #[must_use]
    pub const fn units(&self) -> &[u64; D] {
        &self.units
    }

    /// The weight of each dimension.
    #[must_use]
    pub const fn weights(&self) -> &[u16; D] {
        &self.weights
    }

    /// Whether bins of this capacity can be compared exactly, with normalised amounts up to `most`.
    pub(super) fn check(&self, capacity: &[u64; D], most: u128) -> Result<(), Error> {
        for (dimension, (unit, amount)) in self.units.iter().zip(capacity).enumerate() {
            let limit = most.checked_div(u128::from(*unit)).unwrap_or(u128::MAX);
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            if *amount > limit {
                return Err(Error::TooLargeToCompare { dimension, amount: *amount, limit });
            }
        }
        Ok(())
    }

    /// The weight times the unit, in a dimension.
    pub(super) fn linear(&self, dimension: usize) -> u128 {
        u128::from(self.weights[dimension]) * u128::from(self.units[dimension])
    }

    /// The weight times the square of the unit, in a dimension. Where that is beyond 128 bits, the
    /// unit is beyond the limit, so no bin has any of this dimension, and it does not matter.
    pub(super) fn square(&self, dimension: usize) -> u128 {
        self.linear(dimension).saturating_mul(self.units[dimension].into())
    }
}

/// The least common multiple of the capacities above zero, if it is at most `limit`.
pub(in crate::vector) fn common_multiple<const D: usize>(
    capacity: &[u64; D],
    limit: u64,
) -> Option<u64> {
    capacity.iter().filter(|amount| **amount > 0).try_fold(1_u64, |multiple, amount| {
        let factor = amount / greatest_common_divisor(multiple, *amount);
        multiple.checked_mul(factor).filter(|multiple| *multiple <= limit)
    })
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// How large a vector is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "the three that the literature compares")]
pub enum Norm {
    /// The sum.
    L1,
    /// The sum of squares; its root would order in the same way.
    L2,
    /// The largest.
    LInfinity,
}

impl Norm {
    /// All of them, in the order above.
    pub const ALL: [Self; 3] = [Self::L1, Self::L2, Self::LInfinity];

    /// The norm of these amounts: `Σ w·u·x`, `Σ w·(u·x)²` or `max w·u·x`, for unit `u` and weight
    /// `w` of each dimension. Exact if the normalised amounts are within the limit of [`Scale`]; sums
    /// beyond 128 bits stay at the largest number.
    #[must_use]
    pub fn of<const D: usize>(self, scale: &Scale<D>, amounts: &[u64; D]) -> u128 {
        let term = |dimension: usize| {
            let amount = u128::from(amounts[dimension]);
            match self {
                Self::L1 | Self::LInfinity => scale.linear(dimension).saturating_mul(amount),
                Self::L2 => scale.square(dimension).saturating_mul(amount).saturating_mul(amount),
            }
        };
        match self {
            Self::L1 | Self::L2 => (0..D).map(term).fold(0, u128::saturating_add),
            Self::LInfinity => (0..D).map(term).max().unwrap_or(0),
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::LInfinity => "Linf",
        })
    }
}

/// A norm of normalised, weighted amounts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Measure<const D: usize> {
    /// What is made of the amounts.
    pub norm: Norm,
    /// What they count.
    pub scale: Scale<D>,
}

impl<const D: usize> Measure<D> {
    /// The norm of these amounts.
    #[must_use]
    pub fn of(&self, amounts: &[u64; D]) -> u128 {
        self.norm.of(&self.scale, amounts)
    }

    /// The largest normalised amount with which it is exact.
    pub(super) fn limit(&self) -> u128 {
        match self.norm {
            Norm::L1 | Norm::LInfinity => Scale::<D>::LINEAR_LIMIT,
            Norm::L2 => Scale::<D>::LIMIT.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bin_counts_the_same_in_each_dimension_whatever_it_holds() {
        for (capacity, bits) in [
            ([64, 262_144], 40),
            ([3, 7_000_000_001], 13),
            ([u64::MAX, u64::MAX], 40),
            ([u64::MAX, 1 << 20], 14),
            ([1 << 46, 100], 30),
            ([(1 << 46) + 1, 100], 40),
            ([1 << 48, 100], 40),
            ([1 << 50, 3], 40),
            ([(1 << 50) - 1, 3_000_001], 30),
            ([1 << 51, 3], 12),
            ([u64::MAX, u64::MAX - 1], 30),
        ] {
            let scale = Scale::normalizing(&capacity);
            let [one, other] = [0, 1].map(|dimension| {
                u128::from(scale.units()[dimension]) * u128::from(capacity[dimension])
            });
            assert!(one.abs_diff(other) <= one.max(other) >> bits, "{capacity:?}: {one} {other}");
            assert!(scale.check(&capacity, Scale::<2>::LINEAR_LIMIT >> 4).is_ok(), "{capacity:?}");
        }
        assert_eq!(Scale::normalizing(&[u64::MAX, 1]).units(), &[1, u64::MAX]);
        assert_eq!(Scale::normalizing(&[u64::MAX, 0]).units(), &[1, 0]);
    }
}
