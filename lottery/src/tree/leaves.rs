use alloc::vec::Vec;

use super::Found;

/// Slots in a leaf.
pub(super) const WIDTH: usize = 64;

/// Sums are of 32 bits as long as no leaf has 2^31 tickets, and all of a leaf are compared with a
/// few vector instructions; else of 64 bits, from then on.
#[derive(Clone, Debug)]
pub(super) enum Leaves {
    Narrow(Vec<Leaf<i32>>),
    Wide(Vec<Leaf<u64>>),
}

/// Side by side, as in a large lottery each page of memory that is touched takes longer than all of
/// the search.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Leaf<T> {
    /// Tickets of the first slot, of the first two, and so on.
    sums: [T; WIDTH],
    /// What the slots are to their owner.
    tags: [u16; WIDTH],
}

macro_rules! either {
    ($self:expr, $leaves:ident => $result:expr) => {
        match $self {
            Leaves::Narrow($leaves) => $result,
            Leaves::Wide($leaves) => $result,
        }
    };
}

impl Default for Leaves {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Leaves {
    pub(super) fn count(&self) -> usize {
        either!(self, leaves => leaves.len())
    }

    pub(super) fn slots(&self) -> usize {
        self.count() * WIDTH
    }

    pub(super) fn reserve(&mut self, slots: usize) {
        let additional = slots.saturating_sub(self.slots()).div_ceil(WIDTH);
        // Without room, the leaves are made as they are needed.
        let _ = either!(self, leaves => leaves.try_reserve(additional));
    }

    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Narrow(leaves) => leaves.capacity() * size_of::<Leaf<i32>>(),
            Self::Wide(leaves) => leaves.capacity() * size_of::<Leaf<u64>>(),
        }
    }

    /// One more leaf, empty.
    pub(super) fn push(&mut self) {
        either!(self, leaves => leaves.push(Leaf { sums: [0; WIDTH], tags: [0; WIDTH] }));
    }

    #[inline]
    pub(super) fn tickets(&self, slot: usize) -> u64 {
        either!(self, leaves => leaves[slot / WIDTH].tickets(slot % WIDTH))
    }

    #[inline]
    pub(super) fn tag(&self, slot: usize) -> u16 {
        either!(self, leaves => leaves[slot / WIDTH].tags[slot % WIDTH])
    }

    pub(super) fn tag_mut(&mut self, slot: usize) -> &mut u16 {
        either!(self, leaves => &mut leaves[slot / WIDTH].tags[slot % WIDTH])
    }

    /// Adds to the tickets of a slot, modulo 2^64.
    #[inline]
    pub(super) fn add(&mut self, slot: usize, change: u64) {
        let (leaf, at) = (slot / WIDTH, slot % WIDTH);
        if let Self::Narrow(leaves) = self {
            let leaf = &mut leaves[leaf];
            let sum = widen(leaf.sums[WIDTH - 1]).wrapping_add(change);
            if i32::try_from(sum).is_ok() {
                leaf.add(at, change as i32);
                return;
            }
            self.widen();
        }
        if let Self::Wide(leaves) = self {
            for sum in &mut leaves[leaf].sums[at..] {
                *sum = sum.wrapping_add(change);
            }
        }
    }

    /// The slot of a leaf that has the ticket of this number among all of the leaf, and the number
    /// among its own.
    #[inline(always)]
    pub(super) fn find(&self, leaf: usize, ticket: u64) -> Found {
        either!(self, leaves => {
            let (at, before) = leaves[leaf].find(ticket);
            let tag = leaves[leaf].tags[at];
            Found { slot: leaf * WIDTH + at, tag, ticket: ticket - before }
        })
    }

    #[cold]
    fn widen(&mut self) {
        if let Self::Narrow(leaves) = self {
            let wide = |leaf: &Leaf<i32>| Leaf { sums: leaf.sums.map(widen), tags: leaf.tags };
            *self = Self::Wide(leaves.iter().map(wide).collect());
        }
    }
}

impl Leaf<i32> {
    #[inline]
    fn tickets(&self, at: usize) -> u64 {
        widen(self.sums[at] - self.before(at))
    }

    #[inline]
    fn add(&mut self, at: usize, change: i32) {
        let at = (at as u32).cast_signed();
        for (slot, sum) in (0..).zip(&mut self.sums) {
            *sum = sum.wrapping_add(if slot >= at { change } else { 0 });
        }
    }

    #[inline]
    fn find(&self, ticket: u64) -> (usize, u64) {
        let ticket = ticket as i32;
        let before: i32 = self.sums.iter().map(|&sum| i32::from(sum <= ticket)).sum();
        let at = before.cast_unsigned() as usize % WIDTH;
        (at, widen(self.before(at)))
    }

    /// Tickets of the slots before, without a branch, which would be mispredicted.
    #[inline]
    fn before(&self, at: usize) -> i32 {
        let sum = self.sums[at.wrapping_sub(1) % WIDTH];
        core::hint::select_unpredictable(at == 0, 0, sum)
    }
}

impl Leaf<u64> {
    #[inline]
    fn tickets(&self, at: usize) -> u64 {
        self.sums[at] - if at == 0 { 0 } else { self.sums[at - 1] }
    }

    #[inline]
    fn find(&self, ticket: u64) -> (usize, u64) {
        let at = self.sums.partition_point(|&sum| sum <= ticket) % WIDTH;
        (at, if at == 0 { 0 } else { self.sums[at - 1] })
    }
}

/// Of a sum, which is not negative.
fn widen(sum: i32) -> u64 {
    u64::from(sum.cast_unsigned())
}
