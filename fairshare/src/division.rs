//! A division that is kept while claims change.

mod bundle;
mod bundles;
#[cfg(feature = "serde")]
mod snapshot;
mod tournament;

use alloc::vec::Vec;
use core::fmt;

use bundles::Bundles;

use crate::divide::Want;
use crate::{Claim, Error, Level, Reading, Share};

/// A claim of a [`Division`]. Numbers are used again; a handle of one that has left is refused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ClaimId {
    index: u32,
    generation: u32,
}

impl ClaimId {
    /// Its number: dense from 0; of claims that are alike, the lowest has what is left over.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "claim {}.{}", self.index, self.generation)
    }
}

/// A capacity divided among claims, one of which changes at a time. What each gets is at any time
/// exactly what [`divide`](crate::divide) gives it, with the claims in order of their numbers.
///
/// Claims of equal weight are held together: all of them have the same, but for their bounds. Each
/// weight knows which unit would go to it next and which it would lose first. After a change, units
/// move one after the other, for all of a weight at once, until the sum is right again.
///
/// *Complexity*: `O(log n)` to take a claim out and put it back, and as much for each unit that moves
/// to or from a weight and for each claim that reaches a bound or leaves one. With `d` weights, a
/// change by `u` units moves some `u d / n` of them; if that is more than some `d / 8`, all weights
/// go to the new level at once instead, in `O(d)`, and only what rounding leaves is moved. If bounds
/// lie in the way again and again, all is divided anew: a change never costs more than a few
/// divisions. A share is found in `O(log n)`. The numbers of the claims of a weight lie in a list, of
/// which a part is moved when one comes or goes: 4 bytes each.
///
/// With the feature `serde` it can be saved and restored; what was tampered with is refused.
///
/// ```
/// use apportion_fairshare::{Claim, Division, Reading, Weight};
///
/// let mut division = Division::new(60, Reading::FloorOfShare);
/// let weights = [1, 2, 3].map(|weight| Claim::new(Weight::new(weight).unwrap()));
/// let [a, b, c] = weights.map(|claim| division.add(claim).unwrap());
/// let allocations = |division: &Division| [a, b, c].map(|id| division.allocation(id).unwrap());
/// assert_eq!(allocations(&division), [10, 20, 30]);
/// division.set_claim(b, weights[1].demanding(0))?;
/// assert_eq!(allocations(&division), [15, 0, 45]);
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Division {
    capacity: u64,
    reading: Reading,
    slots: Vec<Slot>,
    vacant: Vec<u32>,
    /// What is reserved for all claims together: at most the capacity.
    reserved: u64,
    bundles: Bundles,
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    claim: Claim,
    bundle: u32,
}

impl Division {
    /// A capacity, and nobody who claims it.
    #[must_use]
    pub fn new(capacity: u64, reading: Reading) -> Self {
        Self {
            capacity,
            reading,
            slots: Vec::new(),
            vacant: Vec::new(),
            reserved: 0,
            bundles: Bundles::default(),
        }
    }

    /// Of the claims given, numbered from 0 in their order. Linear time, but for sorting them.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add), of the first claim that cannot be added.
    pub fn of_claims(
        capacity: u64,
        reading: Reading,
        claims: &[Claim],
    ) -> Result<(Self, Vec<ClaimId>), Error> {
        let mut division = Self::new(capacity, reading);
        let held: Vec<_> = claims.iter().map(|claim| (0, Some(*claim))).collect();
        division.fill(&held)?;
        let ids = (0..).zip(claims).map(|(index, _)| ClaimId { index, generation: 0 });
        Ok((division, ids.collect()))
    }

    /// Adds a claim.
    ///
    /// # Errors
    ///
    /// [`Error::HardClaim`]; [`Error::ReservationAboveLimit`]; [`Error::Overbooked`] if no more can
    /// be reserved; [`Error::TooManyClaims`].
    pub fn add(&mut self, claim: Claim) -> Result<ClaimId, Error> {
        let index = self.vacant.last().copied().map_or_else(|| self.unused(), Ok)?;
        let reserved = self.reserved_with(index, &claim, None)?;
        if self.vacant.pop().is_none() {
            self.slots.push(Slot { generation: 0, held: None });
        }
        self.reserved = reserved;
        self.put(index, claim);
        self.settle();
        Ok(ClaimId { index, generation: self.slots[index as usize].generation })
    }

    /// Another claim in the place of one.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClaim`], and as [`add`](Self::add).
    pub fn set_claim(&mut self, id: ClaimId, claim: Claim) -> Result<(), Error> {
        let held = self.held(id)?;
        self.reserved = self.reserved_with(id.index, &claim, Some(&held.claim))?;
        self.bundles.remove(held.bundle, id.index, &self.want(&held.claim));
        self.put(id.index, claim);
        self.settle();
        Ok(())
    }

    /// Removes a claim, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClaim`].
    pub fn remove(&mut self, id: ClaimId) -> Result<Claim, Error> {
        let Held { claim, bundle } = self.held(id)?;
        self.reserved -= reserved_by(&claim);
        self.bundles.remove(bundle, id.index, &self.want(&claim));
        let slot = &mut self.slots[id.index()];
        slot.held = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.vacant.push(id.index);
        self.settle();
        Ok(claim)
    }

    /// Another capacity to divide.
    ///
    /// # Errors
    ///
    /// [`Error::Overbooked`] if more is reserved.
    pub fn set_capacity(&mut self, capacity: u64) -> Result<(), Error> {
        if self.reserved > capacity {
            let held = self.slots.iter().enumerate();
            let claims = held.filter(|(_, slot)| slot.reserves()).map(|(at, _)| at).collect();
            let reserved = self.reserved.into();
            return Err(Error::Overbooked { group: None, capacity, reserved, claims });
        }
        self.capacity = capacity;
        self.settle();
        Ok(())
    }

    /// What a claim gets.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClaim`].
    pub fn allocation(&self, id: ClaimId) -> Result<u64, Error> {
        let Held { claim, bundle } = self.held(id)?;
        let units = self.bundles.units(bundle, id.index, &self.want(&claim));
        Ok(match self.reading {
            Reading::FloorOfShare => units,
            Reading::ReservationFirst => units + reserved_by(&claim),
        })
    }

    /// What a claim gets, and why it is not more or less.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClaim`].
    pub fn share(&self, id: ClaimId) -> Result<Share, Error> {
        let claim = self.held(id)?.claim;
        let allocation = self.allocation(id)?;
        let level = match self.reading {
            Reading::FloorOfShare => self.level(),
            Reading::ReservationFirst => None,
        };
        let bound = Want::of(&claim).bound(allocation, level);
        Ok(Share { allocation, used: allocation, wasted: 0, bound })
    }

    /// The level up to which units have been handed out by weight; none if none have.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.bundles.level()
    }

    /// The claim itself.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClaim`].
    pub fn claim(&self, id: ClaimId) -> Result<Claim, Error> {
        self.held(id).map(|held| held.claim)
    }

    /// What there is to divide.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// What nobody gets, as all have as much as they may have and can use.
    #[must_use]
    pub fn left(&self) -> u64 {
        let first = match self.reading {
            Reading::FloorOfShare => 0,
            Reading::ReservationFirst => self.reserved,
        };
        self.capacity - first - self.bundles.handed_out()
    }

    /// How many claims there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The handles of all claims, in order.
    pub fn ids(&self) -> impl Iterator<Item = ClaimId> {
        let all = (0..).zip(&self.slots).filter(|(_, slot)| slot.held.is_some());
        all.map(|(index, slot)| ClaimId { index, generation: slot.generation })
    }

    /// Fills a division without slots, some of which may be vacant.
    fn fill(&mut self, slots: &[(u32, Option<Claim>)]) -> Result<(), Error> {
        for &(generation, claim) in slots {
            let index = self.unused()?;
            self.slots.push(Slot { generation, held: None });
            if let Some(claim) = claim {
                self.reserved = self.reserved_with(index, &claim, None)?;
                self.put(index, claim);
            }
        }
        self.divide_anew();
        Ok(())
    }

    /// A number that no claim has ever had.
    fn unused(&self) -> Result<u32, Error> {
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index < u32::MAX);
        index.ok_or(Error::TooManyClaims)
    }

    fn held(&self, id: ClaimId) -> Result<Held, Error> {
        let slot = self.slots.get(id.index()).filter(|slot| slot.generation == id.generation);
        slot.and_then(|slot| slot.held).ok_or(Error::UnknownClaim { claim: id })
    }

    /// What is reserved with a new claim, in the place of an old one perhaps.
    fn reserved_with(&self, index: u32, claim: &Claim, old: Option<&Claim>) -> Result<u64, Error> {
        if claim.is_hard() {
            return Err(Error::HardClaim);
        }
        claim.checked(index as usize)?;
        let others = self.reserved - old.map_or(0, reserved_by);
        let reserved = u128::from(others) + u128::from(reserved_by(claim));
        match u64::try_from(reserved) {
            Ok(reserved) if reserved <= self.capacity => Ok(reserved),
            _ => {
                let with = |(at, slot): &(usize, &Slot)| {
                    if *at == index as usize { reserved_by(claim) > 0 } else { slot.reserves() }
                };
                let held = self.slots.iter().enumerate().filter(with).map(|(at, _)| at);
                let new = Some(index as usize).filter(|&index| index == self.slots.len());
                let claims = held.chain(new).collect();
                let capacity = self.capacity;
                Err(Error::Overbooked { group: None, capacity, reserved, claims })
            }
        }
    }

    fn put(&mut self, index: u32, claim: Claim) {
        let bundle = self.bundles.insert(index, &self.want(&claim));
        self.slots[index as usize].held = Some(Held { claim, bundle });
    }

    /// What a claim comes to, beside what it has before all others.
    fn want(&self, claim: &Claim) -> Want {
        let want = Want::of(claim);
        match self.reading {
            Reading::FloorOfShare => want,
            Reading::ReservationFirst => {
                Want { reserved: 0, most: want.most - want.reserved, ..want }
            }
        }
    }

    fn settle(&mut self) {
        if !self.bundles.settle(self.to_divide()) {
            self.divide_anew();
        }
    }

    fn divide_anew(&mut self) {
        let held = self.slots.iter().filter_map(|slot| slot.held);
        let claims: Vec<_> = held.map(|held| (held.bundle, self.want(&held.claim))).collect();
        self.bundles.divide_anew(self.to_divide(), &claims);
    }

    /// What there is to divide by weight, floors included.
    fn to_divide(&self) -> u64 {
        match self.reading {
            Reading::FloorOfShare => self.capacity,
            Reading::ReservationFirst => self.capacity - self.reserved,
        }
    }
}

impl Slot {
    fn reserves(&self) -> bool {
        self.held.is_some_and(|held| reserved_by(&held.claim) > 0)
    }
}

/// What is reserved for a claim, as far as it can use it.
fn reserved_by(claim: &Claim) -> u64 {
    Want::of(claim).reserved
}
