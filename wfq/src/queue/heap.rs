//! A heap of nodes with eight children each: a sift looks at neighbours in memory.

use alloc::vec::Vec;
use core::fmt::Debug;

use crate::node::{Nodes, first};

const ARITY: usize = 8;

/// Least key first. Each node knows its position, so any can be taken out.
///
/// Saved as the numbers of its nodes, in its own order.
#[derive(Clone, Debug)]
pub(crate) struct Heap<By: Key> {
    entries: Vec<By::Entry>,
    pub(crate) by: By,
}

/// What a heap is ordered by.
pub(crate) trait Key: Clone + Debug + Default {
    /// The number of a node, with the key or as much of it as is not read from the node.
    type Entry: Copy + Debug;

    fn id(entry: Self::Entry) -> u32;

    fn before(&self, nodes: &Nodes, a: Self::Entry, b: Self::Entry) -> bool;

    /// Which of as many children as there can be is the least.
    #[inline(always)]
    fn least(&self, nodes: &Nodes, children: &[Self::Entry; ARITY]) -> usize {
        least_of_any(self, nodes, children)
    }
}

/// Counters, on a circle; remainders; numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByCounter;

impl Key for ByCounter {
    type Entry = u32;

    #[inline(always)]
    fn id(id: u32) -> u32 {
        id
    }

    #[inline(always)]
    fn before(&self, nodes: &Nodes, a: u32, b: u32) -> bool {
        first(nodes, a, b)
    }
}

/// Deadlines, on a circle, with parts; numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByDeadline {
    /// Where on the circle to begin: no counter lies before that, and so no deadline.
    pub(crate) origin: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) counter: u64,
    /// Of a unit of the counter, in 2^-32.
    pub(crate) part: u32,
    pub(crate) id: u32,
}

impl Deadline {
    /// A number that grows with deadline, part and number.
    #[inline(always)]
    fn rank(self, origin: u64) -> u128 {
        let low = u64::from(self.part) << 32 | u64::from(self.id);
        u128::from(self.counter.wrapping_sub(origin)) << 64 | u128::from(low)
    }
}

impl Key for ByDeadline {
    type Entry = Deadline;

    #[inline(always)]
    fn id(deadline: Deadline) -> u32 {
        deadline.id
    }

    #[inline(always)]
    fn before(&self, _: &Nodes, a: Deadline, b: Deadline) -> bool {
        a.rank(self.origin) < b.rank(self.origin)
    }

    /// Nobody could foresee which: so there are no branches, and short chains of comparisons.
    #[inline(always)]
    fn least(&self, _: &Nodes, children: &[Deadline; ARITY]) -> usize {
        let rank = |place: usize| (children[place].rank(self.origin), place);
        let less = |a: (u128, usize), b: (u128, usize)| if b.0 < a.0 { b } else { a };
        let low = less(less(rank(0), rank(1)), less(rank(2), rank(3)));
        let high = less(less(rank(4), rank(5)), less(rank(6), rank(7)));
        less(low, high).1
    }
}

/// Times; numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByTime;

impl Key for ByTime {
    type Entry = (u64, u32);

    #[inline(always)]
    fn id((_, id): (u64, u32)) -> u32 {
        id
    }

    #[inline(always)]
    fn before(&self, _: &Nodes, a: (u64, u32), b: (u64, u32)) -> bool {
        a < b
    }
}

impl<By: Key> Default for Heap<By> {
    fn default() -> Self {
        Self { entries: Vec::new(), by: By::default() }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Heap<ByDeadline> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Heap<ByDeadline> {
    /// Deadlines are still to be [restored](Heap::restore).
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::deserialize(deserializer)?;
        let entries = ids.into_iter().map(|id| Deadline { counter: 0, part: 0, id }).collect();
        Ok(Self { entries, by: ByDeadline::default() })
    }
}

impl<By: Key> Heap<By> {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.entries.reserve(nodes.saturating_sub(self.entries.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<By::Entry>()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<By::Entry> {
        self.entries.first().copied()
    }

    /// The nodes, in the order of the heap.
    #[cfg(feature = "serde")]
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|&entry| By::id(entry))
    }

    /// Tells an entry its key, and its node where it is.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, nodes: &mut Nodes, position: u32, entry: By::Entry) {
        self.put(nodes, position as usize, entry);
    }

    /// Whether nobody comes before the one above: entries that were restored may be in any order.
    #[cfg(feature = "serde")]
    pub(crate) fn is_ordered(&self, nodes: &Nodes) -> bool {
        let below = self.entries.iter().enumerate().skip(1);
        let mut pairs = below.map(|(at, &entry)| (self.entries[(at - 1) / ARITY], entry));
        pairs.all(|(above, entry)| !self.by.before(nodes, entry, above))
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        self.entries.pop().map(By::id)
    }

    #[inline]
    pub(crate) fn push(&mut self, nodes: &mut Nodes, entry: By::Entry) {
        self.entries.push(entry);
        self.rise(nodes, self.entries.len() - 1, entry);
    }

    /// Takes out the entry at a position that a node remembered.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, position: u32) {
        let position = position as usize;
        let Some(last) = self.entries.pop() else { return };
        if position < self.entries.len() {
            self.settle(nodes, position, last);
        }
    }

    /// Gives the node at a position another key.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut Nodes, position: u32, entry: By::Entry) {
        self.settle(nodes, position as usize, entry);
    }

    #[inline(always)]
    fn settle(&mut self, nodes: &mut Nodes, position: usize, entry: By::Entry) {
        if position > 0 && self.by.before(nodes, entry, self.entries[(position - 1) / ARITY]) {
            self.rise(nodes, position, entry);
        } else {
            self.sink(nodes, position, entry);
        }
    }

    #[inline(always)]
    fn rise(&mut self, nodes: &mut Nodes, mut position: usize, entry: By::Entry) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if !self.by.before(nodes, entry, self.entries[parent]) {
                break;
            }
            self.put(nodes, position, self.entries[parent]);
            position = parent;
        }
        self.put(nodes, position, entry);
    }

    #[inline(always)]
    fn sink(&mut self, nodes: &mut Nodes, mut position: usize, entry: By::Entry) {
        loop {
            let begin = position * ARITY + 1;
            let end = self.entries.len().min(begin + ARITY);
            let Some(children) = self.entries.get(begin..end) else { break };
            if children.is_empty() {
                break;
            }
            let least = begin
                + match children.try_into() {
                    Ok(children) => self.by.least(nodes, children),
                    Err(_) => least_of_any(&self.by, nodes, children),
                };
            let found = self.entries[least];
            if self.by.before(nodes, entry, found) {
                break;
            }
            self.put(nodes, position, found);
            position = least;
        }
        self.put(nodes, position, entry);
    }

    #[inline(always)]
    fn put(&mut self, nodes: &mut Nodes, position: usize, entry: By::Entry) {
        self.entries[position] = entry;
        nodes.positions[By::id(entry) as usize] = position as u32;
    }
}

#[inline(always)]
fn least_of_any<By: Key>(by: &By, nodes: &Nodes, entries: &[By::Entry]) -> usize {
    let less = |a, b| if by.before(nodes, entries[b], entries[a]) { b } else { a };
    (0..entries.len()).reduce(less).unwrap_or_default()
}
