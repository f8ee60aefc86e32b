use alloc::vec::Vec;
use core::{iter, mem};

use crate::id::RETIRED;
use crate::index::NONE;
use crate::{BinId, Error, ItemId};

/// The items by number, and a list of those of each bin that goes through them.
#[derive(Clone, Debug)]
pub(super) struct Items<S> {
    slots: Vec<Slot<S>>,
    /// By number of bin: the item that was placed last.
    heads: Vec<u32>,
    /// The number that is free since the shortest time; its `next` is the one before.
    vacant: u32,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot<S> {
    /// Nothing where no item is.
    held: Option<Held<S>>,
    generation: u32,
    /// In the list of its bin, or in that of free numbers.
    next: u32,
    previous: u32,
}

/// What is known of an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<S> {
    pub(super) bin: BinId,
    pub(super) size: S,
}

impl<S: Copy> Items<S> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), heads: Vec::new(), vacant: NONE, count: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    pub(super) fn check_room(&self) -> Result<(), Error> {
        let has_room = self.vacant != NONE || self.slots.len() < NONE as usize;
        if has_room { Ok(()) } else { Err(Error::TooManyItems) }
    }

    pub(super) fn find(&self, item: ItemId) -> Result<Held<S>, Error> {
        let slot = self.slots.get(item.number());
        let held =
            slot.filter(|slot| slot.generation == item.generation).and_then(|slot| slot.held);
        held.ok_or(Error::UnknownItem { item })
    }

    /// There must be room.
    #[inline]
    pub(super) fn add(&mut self, bin: BinId, size: S) -> ItemId {
        let number = self.vacant;
        let item = match self.slots.get(number as usize) {
            Some(slot) => {
                self.vacant = slot.next;
                ItemId { number, generation: slot.generation }
            }
            None => ItemId { number: self.slots.len() as u32, generation: 0 },
        };
        self.join(item, bin, size);
        item
    }

    /// An item gets a number that no other has, at most one more than the last.
    #[inline]
    pub(super) fn join(&mut self, item: ItemId, bin: BinId, size: S) {
        if bin.number() >= self.heads.len() {
            self.heads.resize(bin.number() + 1, NONE);
        }
        let next = mem::replace(&mut self.heads[bin.number()], item.number);
        if next != NONE {
            self.slots[next as usize].previous = item.number;
        }
        let held = Some(Held { bin, size });
        let slot = Slot { held, generation: item.generation, next, previous: NONE };
        match self.slots.get_mut(item.number()) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
        self.count += 1;
    }

    /// It must be there.
    #[inline]
    pub(super) fn remove(&mut self, number: usize) {
        let slot = &mut self.slots[number];
        let Some(Held { bin, .. }) = slot.held.take() else { return };
        let (next, previous) = (slot.next, slot.previous);
        slot.generation = slot.generation.saturating_add(1);
        slot.next = NONE;
        if slot.generation != RETIRED {
            slot.next = mem::replace(&mut self.vacant, number as u32);
        }
        if next != NONE {
            self.slots[next as usize].previous = previous;
        }
        if previous == NONE {
            self.heads[bin.number()] = next;
        } else {
            self.slots[previous as usize].next = next;
        }
        self.count -= 1;
    }

    /// The items of a bin, the last placed first.
    pub(super) fn of(&self, bin: usize) -> impl Iterator<Item = (ItemId, Held<S>)> + '_ {
        let mut at = self.heads.get(bin).copied().unwrap_or(NONE);
        iter::from_fn(move || {
            let slot = self.slots.get(at as usize)?;
            let item = ItemId { number: at, generation: slot.generation };
            at = slot.next;
            Some((item, slot.held?))
        })
    }
}

#[cfg(feature = "serde")]
impl<S: Copy> Items<S> {
    /// How many numbers of bins there may be items in.
    pub(super) fn bins(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn generations(&self) -> Vec<u32> {
        self.slots.iter().map(|slot| slot.generation).collect()
    }

    /// The numbers without an item, that which is used next at the end.
    pub(super) fn vacant(&self) -> Vec<u32> {
        let first = (self.vacant != NONE).then_some(self.vacant);
        let next = |number: &u32| Some(self.slots[*number as usize].next);
        let mut vacant: Vec<u32> =
            iter::successors(first, |number| next(number).filter(|next| *next != NONE)).collect();
        vacant.reverse();
        vacant
    }

    /// One more number, without an item.
    pub(super) fn push_vacant(&mut self, generation: u32) {
        self.slots.push(Slot { held: None, generation, next: NONE, previous: NONE });
    }

    /// Which numbers are used next. They must be there, each once.
    pub(super) fn set_vacant(&mut self, vacant: &[u32]) {
        for number in vacant {
            self.slots[*number as usize].next = mem::replace(&mut self.vacant, *number);
        }
    }
}
