use core::cmp::Ordering;

use crate::Weight;

/// What a claimant gets, and why it is not more or less.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Share {
    /// What it gets.
    pub allocation: u64,
    /// What it can use of that; of a group, what its members can use.
    pub used: u64,
    /// What nobody uses: the rest of a hard allocation; of a group, what its members waste.
    pub wasted: u64,
    /// What holds its allocation where it is.
    pub bound: Bound,
}

/// What holds an allocation where it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Bound {
    /// Its weight: with more capacity it would get more, with more weight as well.
    Weight,
    /// Its reservation: by weight it would get less.
    Reservation,
    /// Its limit: it could use more.
    Limit,
    /// Its demand: it has all it can use.
    Demand,
    /// Its allocation is hard.
    Hard,
}

impl Bound {
    /// The word for it: `weight`, `reservation`, `limit`, `demand` or `hard`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Reservation => "reservation",
            Self::Limit => "limit",
            Self::Demand => "demand",
            Self::Hard => "hard",
        }
    }
}

/// The level λ up to which the water stands, in units per unit of weight: the last unit handed out
/// by weight, counted at its middle. `half_units / (2 weight)`, exactly.
///
/// Whoever is held by its weight alone has `λ w` units, to within half a unit, or one in a tie.
/// Levels are compared as fractions.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// How many units came before that one, for the claim that got it.
    pub(crate) before: u64,
    pub(crate) weight: u32,
}

impl Level {
    /// The middle of the unit that follows `units` others, for a claim of this weight.
    pub(crate) fn of_next(units: u64, weight: u32) -> Self {
        Self { before: units, weight }
    }

    /// The middle of the last of `units`; not of none.
    pub(crate) fn of_last(units: u64, weight: u32) -> Self {
        Self { before: units - 1, weight }
    }

    /// Units, in halves: an odd number.
    #[must_use]
    pub fn half_units(self) -> u128 {
        2 * u128::from(self.before) + 1
    }

    /// The weight that they are for.
    #[must_use]
    pub fn weight(self) -> Weight {
        Weight::new(self.weight.into()).unwrap_or(Weight::MIN)
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        // Below 2^65 times below 2^32.
        let one = self.half_units() * u128::from(other.weight);
        one.cmp(&(other.half_units() * u128::from(self.weight)))
    }
}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Level {}
