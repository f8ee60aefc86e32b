//! A heap of nodes with eight children each: a sift looks at neighbours in memory.

use alloc::vec::Vec;
use core::fmt::Debug;
use core::marker::PhantomData;

use crate::node::{Node, before, distance};

const ARITY: usize = 8;

/// Least key first. Each node knows its position, so any can be taken out.
///
/// Saved as the numbers of its nodes, in its own order: keys on a circle may be so far apart that
/// which comes first depends on that.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<u32>", into = "Vec<u32>", bound = "By: Clone"))]
pub(crate) struct Heap<By> {
    entries: Vec<Entry>,
    by: PhantomData<By>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    key: u64,
    /// Of a unit of the key, in 2^-32; not used by all.
    part: u32,
    id: u32,
}

/// What a heap is ordered by.
pub(crate) trait Key: Clone + Debug {
    fn before(nodes: &[Node], a: Entry, b: Entry) -> bool;

    /// Which of as many children as there can be is the least.
    #[inline(always)]
    fn least(nodes: &[Node], children: &[Entry; ARITY]) -> usize {
        least_of_any::<Self>(nodes, children)
    }
}

/// Counters, on a circle; remainders; numbers.
#[derive(Clone, Debug)]
pub(crate) struct ByCounter;

impl Key for ByCounter {
    #[inline(always)]
    fn before(nodes: &[Node], a: Entry, b: Entry) -> bool {
        before(a.key, b.key) || a.key == b.key && crate::node::first(nodes, a.id, b.id)
    }
}

/// Deadlines, on a circle, with parts; numbers.
#[derive(Clone, Debug)]
pub(crate) struct ByDeadline;

impl Key for ByDeadline {
    #[inline(always)]
    fn before(_: &[Node], a: Entry, b: Entry) -> bool {
        Self::rank(a, b.key) < Self::rank(b, b.key)
    }

    /// Nobody could foresee which: so there are no branches, and short chains of comparisons.
    #[inline(always)]
    fn least(_: &[Node], children: &[Entry; ARITY]) -> usize {
        let reference = children[0].key;
        let rank = |place: usize| (Self::rank(children[place], reference), place);
        let less = |a: (i128, usize), b: (i128, usize)| if b.0 < a.0 { b } else { a };
        let low = less(less(rank(0), rank(1)), less(rank(2), rank(3)));
        let high = less(less(rank(4), rank(5)), less(rank(6), rank(7)));
        less(low, high).1
    }
}

impl ByDeadline {
    /// A number that grows with deadline, part and number, and is comparable for the same
    /// reference.
    #[inline(always)]
    fn rank(entry: Entry, reference: u64) -> i128 {
        let low = u64::from(entry.part) << 32 | u64::from(entry.id);
        i128::from(distance(reference, entry.key)) << 64 | i128::from(low)
    }
}

/// Times; numbers.
#[derive(Clone, Debug)]
pub(crate) struct ByTime;

impl Key for ByTime {
    #[inline(always)]
    fn before(_: &[Node], a: Entry, b: Entry) -> bool {
        (a.key, a.id) < (b.key, b.id)
    }
}

impl<By> Default for Heap<By> {
    fn default() -> Self {
        Self { entries: Vec::new(), by: PhantomData }
    }
}

#[cfg(feature = "serde")]
impl<By> From<Heap<By>> for Vec<u32> {
    fn from(heap: Heap<By>) -> Self {
        heap.entries.iter().map(|entry| entry.id).collect()
    }
}

#[cfg(feature = "serde")]
impl<By> From<Vec<u32>> for Heap<By> {
    /// Keys are still to be [restored](Heap::restore).
    fn from(ids: Vec<u32>) -> Self {
        let entries = ids.into_iter().map(|id| Entry { key: 0, part: 0, id }).collect();
        Self { entries, by: PhantomData }
    }
}

impl<By: Key> Heap<By> {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.entries.reserve(nodes.saturating_sub(self.entries.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The least key, and its node.
    #[inline(always)]
    pub(crate) fn first(&self) -> Option<(u64, u32)> {
        self.entries.first().map(|entry| (entry.key, entry.id))
    }

    /// The nodes, in the order of the heap.
    #[cfg(feature = "serde")]
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|entry| entry.id)
    }

    /// Tells an entry its key, and its node where it is.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, nodes: &mut [Node], position: u32, key: u64, part: u32) {
        let id = self.entries[position as usize].id;
        self.put(nodes, position as usize, Entry { key, part, id });
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        self.entries.pop().map(|entry| entry.id)
    }

    #[inline]
    pub(crate) fn push(&mut self, nodes: &mut [Node], key: u64, part: u32, id: u32) {
        let entry = Entry { key, part, id };
        self.entries.push(entry);
        self.rise(nodes, self.entries.len() - 1, entry);
    }

    /// Takes out the entry at a position that a node remembered.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut [Node], position: u32) {
        let position = position as usize;
        let Some(last) = self.entries.pop() else { return };
        if position < self.entries.len() {
            self.settle(nodes, position, last);
        }
    }

    /// Gives the entry at a position another key.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut [Node], position: u32, key: u64, part: u32) {
        let position = position as usize;
        let id = self.entries[position].id;
        self.settle(nodes, position, Entry { key, part, id });
    }

    #[inline(always)]
    fn settle(&mut self, nodes: &mut [Node], position: usize, entry: Entry) {
        if position > 0 && By::before(nodes, entry, self.entries[(position - 1) / ARITY]) {
            self.rise(nodes, position, entry);
        } else {
            self.sink(nodes, position, entry);
        }
    }

    #[inline(always)]
    fn rise(&mut self, nodes: &mut [Node], mut position: usize, entry: Entry) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if !By::before(nodes, entry, self.entries[parent]) {
                break;
            }
            self.put(nodes, position, self.entries[parent]);
            position = parent;
        }
        self.put(nodes, position, entry);
    }

    #[inline(always)]
    fn sink(&mut self, nodes: &mut [Node], mut position: usize, entry: Entry) {
        loop {
            let begin = position * ARITY + 1;
            let end = self.entries.len().min(begin + ARITY);
            let Some(children) = self.entries.get(begin..end) else { break };
            if children.is_empty() {
                break;
            }
            let least = begin
                + match children.try_into() {
                    Ok(children) => By::least(nodes, children),
                    Err(_) => least_of_any::<By>(nodes, children),
                };
            let found = self.entries[least];
            if By::before(nodes, entry, found) {
                break;
            }
            self.put(nodes, position, found);
            position = least;
        }
        self.put(nodes, position, entry);
    }

    #[inline(always)]
    fn put(&mut self, nodes: &mut [Node], position: usize, entry: Entry) {
        self.entries[position] = entry;
        nodes[entry.id as usize].previous = position as u32;
    }
}

#[inline(always)]
fn least_of_any<By: Key>(nodes: &[Node], entries: &[Entry]) -> usize {
    let less = |a, b| if By::before(nodes, entries[b], entries[a]) { b } else { a };
    (0..entries.len()).reduce(less).unwrap_or_default()
}
