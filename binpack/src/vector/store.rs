use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::fit::{fits, subtract};
use super::narrow::Narrow;
use crate::id::RETIRED;
use crate::{BinId, Error};

/// The bins: what they can hold and what is left of each, their numbers and generations.
#[derive(Clone, Debug)]
pub(super) struct Store<const D: usize> {
    slots: Vec<Slot<D>>,
    /// What is left, by number; nothing where there is no bin.
    residuals: Vec<[u64; D]>,
    narrow: Narrow<D>,
    /// Numbers of bins that went away, to be given out again.
    holes: BinaryHeap<Reverse<u32>>,
    /// How many bins there are of each capacity.
    capacities: BTreeMap<[u64; D], u32>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Slot<const D: usize> {
    pub(super) generation: u32,
    /// `None` where the bin went away.
    pub(super) capacity: Option<[u64; D]>,
}

impl<const D: usize> Store<D> {
    pub(super) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            residuals: Vec::new(),
            narrow: Narrow::new(),
            holes: BinaryHeap::new(),
            capacities: BTreeMap::new(),
            count: 0,
        }
    }

    /// The handle that the next bin will get.
    pub(super) fn next_id(&self) -> Result<BinId, Error> {
        if let Some(Reverse(number)) = self.holes.peek() {
            let generation = self.slots[*number as usize].generation;
            return Ok(BinId { number: *number, generation });
        }
        match u32::try_from(self.slots.len()) {
            Ok(number) if number < u32::MAX => Ok(BinId { number, generation: 0 }),
            _ => Err(Error::TooManyBins),
        }
    }

    pub(super) fn add(&mut self, capacity: [u64; D]) -> Result<BinId, Error> {
        let id = self.next_id()?;
        let slot = Slot { generation: id.generation, capacity: Some(capacity) };
        if self.holes.pop().is_some() {
            self.slots[id.number()] = slot;
            self.residuals[id.number()] = capacity;
        } else {
            self.slots.push(slot);
            self.residuals.push(capacity);
        }
        *self.capacities.entry(capacity).or_default() += 1;
        self.count += 1;
        if self.narrow.widen(&capacity) {
            for number in 0..self.slots.len() {
                self.refresh(number);
            }
        } else {
            self.refresh(id.number());
        }
        Ok(id)
    }

    pub(super) fn remove(&mut self, bin: BinId) -> Result<[u64; D], Error> {
        let capacity = self.capacity(bin).ok_or(Error::UnknownBin { bin })?;
        let held = subtract(&capacity, &self.residuals[bin.number()]);
        self.vacate(bin.number());
        self.residuals[bin.number()] = [0; D];
        self.refresh(bin.number());
        if let Some(count) = self.capacities.get_mut(&capacity) {
            *count -= 1;
            if *count == 0 {
                self.capacities.remove(&capacity);
            }
        }
        self.count -= 1;
        Ok(held)
    }

    /// Empties a slot. A number whose generations are used up is not given out again.
    fn vacate(&mut self, number: usize) {
        let slot = &mut self.slots[number];
        slot.capacity = None;
        slot.generation = slot.generation.saturating_add(1);
        if slot.generation != RETIRED {
            self.holes.push(Reverse(number as u32));
        }
    }

    #[cfg(feature = "serde")]
    /// A slot as a snapshot has it, with what is left of its bin.
    pub(super) fn restore(&mut self, slot: Slot<D>, residual: [u64; D]) -> Result<(), Error> {
        let number = self.slots.len();
        if u32::try_from(number).is_ok_and(|number| number < u32::MAX) {
            let vacant = slot.capacity.is_none();
            self.slots.push(slot);
            self.residuals.push(residual);
            if let Some(capacity) = slot.capacity {
                *self.capacities.entry(capacity).or_default() += 1;
                self.count += 1;
                self.narrow.widen(&capacity);
            } else if vacant && slot.generation != RETIRED {
                self.holes.push(Reverse(number as u32));
            }
            Ok(())
        } else {
            Err(Error::TooManyBins)
        }
    }

    #[cfg(feature = "serde")]
    /// Works the narrow copy out anew.
    pub(super) fn refresh_all(&mut self) {
        for number in 0..self.slots.len() {
            self.refresh(number);
        }
    }

    fn refresh(&mut self, number: usize) {
        let present = self.slots[number].capacity.is_some();
        self.narrow.set(number, present.then_some(&self.residuals[number]));
    }

    /// Sets what is left of a bin that is there.
    pub(super) fn set_residual(&mut self, number: usize, residual: [u64; D]) {
        self.residuals[number] = residual;
        self.narrow.set(number, Some(&residual));
    }

    pub(super) fn capacity(&self, bin: BinId) -> Option<[u64; D]> {
        let slot = self.slots.get(bin.number())?;
        slot.capacity.filter(|_| slot.generation == bin.generation)
    }

    pub(super) fn id(&self, number: usize) -> BinId {
        BinId { number: number as u32, generation: self.slots[number].generation }
    }

    /// What is left of the bin with this number, if it has room for a size.
    pub(super) fn room(&self, number: usize, size: &[u64; D]) -> Option<&[u64; D]> {
        let residual = self.residuals.get(number)?;
        (fits(size, residual) && self.slots[number].capacity.is_some()).then_some(residual)
    }

    pub(super) fn residual(&self, number: usize) -> &[u64; D] {
        &self.residuals[number]
    }

    pub(super) fn slots(&self) -> &[Slot<D>] {
        &self.slots
    }

    pub(super) const fn narrow(&self) -> &Narrow<D> {
        &self.narrow
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Whether a size fits a bin that is there, if it were empty. O(D) for each capacity.
    pub(super) fn could_hold(&self, size: &[u64; D]) -> bool {
        self.capacities.keys().any(|capacity| fits(size, capacity))
    }
}
