//! A few nodes, and their order in one word.

use crate::node::{Nodes, before, first};

/// How many there can be: slots have numbers of four bits.
pub(crate) const FEW: usize = 16;

const SLOT_BITS: usize = 4;

/// The nodes lie in slots, and know them. To put one in its place takes no branches that depend on
/// counters, as nobody could foresee those.
#[derive(Clone, Debug, Default)]
pub(crate) struct Few {
    counters: [u64; FEW],
    ids: [u32; FEW],
    len: usize,
    /// The slots by counter, remainder and number of their nodes; the first in the lowest bits.
    order: u64,
}

impl Few {
    #[inline(always)]
    fn slot(&self, rank: usize) -> usize {
        (self.order >> (rank * SLOT_BITS)) as usize % FEW
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u32> {
        if self.len == 0 { None } else { Some(self.ids[self.slot(0)]) }
    }

    /// Puts in another, if there is room.
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        nodes.positions[id as usize] = self.len as u32;
        self.ids[self.len] = id;
        self.len += 1;
        self.rank(nodes, self.len - 1, id, nodes[id as usize].counter);
    }

    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        let slot = nodes.positions[id as usize] as usize;
        self.unrank(slot);
        self.len -= 1;
        if slot < self.len {
            // The last slot moves to the gap.
            let rank = self.rank_of(self.len);
            self.order ^= ((self.len ^ slot) as u64) << (rank * SLOT_BITS);
            self.counters[slot] = self.counters[self.len];
            self.ids[slot] = self.ids[self.len];
            nodes.positions[self.ids[slot] as usize] = slot as u32;
        }
    }

    /// Puts a node in its place that has another counter now: this one, as to read it from the node
    /// would make a processor wait.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &Nodes, id: u32, counter: u64) {
        let slot = nodes.positions[id as usize] as usize % FEW;
        if slot == self.slot(0) {
            self.order >>= SLOT_BITS;
        } else {
            self.unrank(slot);
        }
        self.rank(nodes, slot, id, counter);
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self, nodes: &mut Nodes) -> Option<u32> {
        let id = self.first()?;
        self.remove(nodes, id);
        Some(id)
    }

    #[inline(never)]
    fn unrank(&mut self, slot: usize) {
        let shift = self.rank_of(slot) * SLOT_BITS;
        let below = self.order & !(u64::MAX << shift);
        self.order = self.order >> SLOT_BITS & u64::MAX << shift | below;
    }

    fn rank_of(&self, slot: usize) -> usize {
        (0..FEW).find(|&rank| self.slot(rank) == slot).unwrap_or_default()
    }

    /// Adds a slot to the order, which has all others.
    #[inline(always)]
    fn rank(&mut self, nodes: &Nodes, slot: usize, id: u32, counter: u64) {
        let others = self.len - 1;
        let mut rank = others;
        if others > 0 && !self.is_before(nodes, self.slot(others - 1), id, counter) {
            let counters = &self.counters[..self.len];
            rank = counters.iter().filter(|&&other| before(other, counter)).count();
            // What the slot still has counts, too. To store the counter first would make a
            // processor wait, which looks at several counters at once.
            rank -= usize::from(before(self.counters[slot], counter));
            while self.is_tied_before(nodes, self.slot(rank), id, counter) {
                rank += 1;
            }
        }
        self.counters[slot] = counter;
        let shift = rank * SLOT_BITS;
        let below = self.order & !(u64::MAX << shift);
        self.order = (self.order ^ below) << SLOT_BITS | (slot as u64) << shift | below;
    }

    /// Whether a slot comes before a node with some counter.
    #[inline(always)]
    fn is_before(&self, nodes: &Nodes, slot: usize, id: u32, counter: u64) -> bool {
        before(self.counters[slot], counter) || self.is_tied_before(nodes, slot, id, counter)
    }

    #[inline(always)]
    fn is_tied_before(&self, nodes: &Nodes, slot: usize, id: u32, counter: u64) -> bool {
        self.counters[slot] == counter && first(nodes, self.ids[slot], id)
    }
}
