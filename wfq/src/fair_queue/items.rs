//! Items that wait: one list for each flow, all in one slab.

use alloc::vec::Vec;

/// Places are used again, so there are never more than the most items that ever waited at a time.
#[derive(Clone, Debug)]
pub(super) struct Items<T> {
    slots: Vec<Slot<T>>,
    /// The first of the list of slots that hold nothing.
    vacant: u32,
    len: u32,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    content: Option<(u64, T)>,
    next: u32,
}

/// First in, first out.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    first: u32,
    last: u32,
    pub(super) len: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NOWHERE, last: NOWHERE, len: 0 };
}

impl<T> Items<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), vacant: NOWHERE, len: 0 }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T>>()
    }

    /// There is room: [`Capacity`](crate::Capacity) says so first.
    pub(super) fn push(&mut self, list: &mut List, cost: u64, item: T) {
        let slot = Slot { content: Some((cost, item)), next: NOWHERE };
        let place = if let Some(vacant) = self.slots.get_mut(self.vacant as usize) {
            let place = self.vacant;
            self.vacant = vacant.next;
            *vacant = slot;
            place
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        };
        match self.slots.get_mut(list.last as usize) {
            Some(before) => before.next = place,
            None => list.first = place,
        }
        list.last = place;
        list.len += 1;
        self.len += 1;
    }

    pub(super) fn pop(&mut self, list: &mut List) -> Option<(u64, T)> {
        let slot = self.slots.get_mut(list.first as usize)?;
        let content = slot.content.take();
        let next = core::mem::replace(&mut slot.next, self.vacant);
        self.vacant = core::mem::replace(&mut list.first, next);
        if next == NOWHERE {
            list.last = NOWHERE;
        }
        list.len -= 1;
        self.len -= 1;
        content
    }

    /// The costs and items of a list, in their order.
    #[cfg(feature = "serde")]
    pub(super) fn iter(&self, list: &List) -> impl Iterator<Item = (u64, &T)> {
        let slot = |place: u32| self.slots.get(place as usize);
        let slots = core::iter::successors(slot(list.first), move |before| slot(before.next));
        slots.filter_map(|slot| slot.content.as_ref().map(|(cost, item)| (*cost, item)))
    }

    /// What the first item of a list costs.
    pub(super) fn first_cost(&self, list: &List) -> Option<u64> {
        self.slots.get(list.first as usize)?.content.as_ref().map(|&(cost, _)| cost)
    }
}

/// No place: there are fewer items than this.
const NOWHERE: u32 = u32::MAX;
