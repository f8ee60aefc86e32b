//! What a claimant brings: a weight, and bounds on what it gets.

use crate::Error;

/// A weight, or a number of shares: a whole number from 1 to 2^32 - 1.
///
/// ```
/// use apportion_fairshare::{Error, Weight};
///
/// assert_eq!(Weight::new(1_024)?.get(), 1_024);
/// assert_eq!(Weight::new(0), Err(Error::WeightOutOfRange { weight: 0 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u64", into = "u64"))]
pub struct Weight(u32);

impl Weight {
    /// The least weight.
    pub const MIN: Self = Self(1);
    /// The greatest weight. With it, no product of amounts and weights needs more than 128 bits.
    pub const MAX: Self = Self(u32::MAX);

    /// A weight.
    ///
    /// # Errors
    ///
    /// [`Error::WeightOutOfRange`] unless it is from 1 to 2^32 - 1.
    pub fn new(weight: u64) -> Result<Self, Error> {
        match u32::try_from(weight) {
            Ok(weight @ 1..) => Ok(Self(weight)),
            _ => Err(Error::WeightOutOfRange { weight }),
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for Weight {
    type Error = Error;

    fn try_from(weight: u64) -> Result<Self, Error> {
        Self::new(weight)
    }
}

impl From<Weight> for u64 {
    fn from(weight: Weight) -> Self {
        weight.0.into()
    }
}

/// A claim on a part of a capacity. All amounts are in the unit of the capacity.
///
/// A demand or a limit of `u64::MAX` is none: nobody can have more.
///
/// ```
/// use apportion_fairshare::{Claim, Weight};
///
/// let claim = Claim::new(Weight::new(2)?).reserving(10).limited_to(40).demanding(25);
/// assert_eq!((claim.reservation(), claim.limit(), claim.demand()), (10, 40, 25));
/// assert!(!claim.is_hard());
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Claim {
    weight: Weight,
    hard: bool,
    reservation: u64,
    limit: u64,
    demand: u64,
}

impl Claim {
    /// A claim by weight alone: nothing reserved, no limit, and it can use everything.
    #[must_use]
    pub const fn new(weight: Weight) -> Self {
        Self { weight, hard: false, reservation: 0, limit: u64::MAX, demand: u64::MAX }
    }

    /// With a reservation: the least it gets, as far as it can use it. What it cannot use is lent.
    #[must_use]
    pub const fn reserving(self, reservation: u64) -> Self {
        Self { reservation, ..self }
    }

    /// With a limit: the most it may get, even if nobody else wants the rest.
    #[must_use]
    pub const fn limited_to(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// With a demand: the most it can use. Others may have the rest of its share.
    #[must_use]
    pub const fn demanding(self, demand: u64) -> Self {
        Self { demand, ..self }
    }

    /// With a hard allocation: its weight's share of the whole, kept within its reservation and its
    /// limit, whatever it demands. Nobody else ever gets it: what it does not use is wasted.
    #[must_use]
    pub const fn hard(self) -> Self {
        Self { hard: true, ..self }
    }

    /// Its weight among its siblings.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// What is reserved for it.
    #[must_use]
    pub const fn reservation(&self) -> u64 {
        self.reservation
    }

    /// The most it may get.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// The most it can use.
    #[must_use]
    pub const fn demand(&self) -> u64 {
        self.demand
    }

    /// Whether its allocation is hard.
    #[must_use]
    pub const fn is_hard(&self) -> bool {
        self.hard
    }

    /// As it is, if its bounds do not contradict each other. `claim` says which it is.
    pub(crate) fn checked(&self, claim: usize) -> Result<(), Error> {
        let Self { reservation, limit, .. } = *self;
        if reservation > limit {
            return Err(Error::ReservationAboveLimit { claim, reservation, limit });
        }
        Ok(())
    }
}
