//! A heap of nodes with eight children each: a sift looks at neighbours in memory.

use alloc::vec::Vec;
use core::fmt::Debug;

use crate::node::{Nodes, first};

const ARITY: usize = 8;

/// Least key first. Each node knows its position, so any can be taken out.
#[derive(Clone, Debug)]
pub(crate) struct Heap<By: Key> {
    entries: Vec<By::Entry>,
}

/// What a heap is ordered by.
pub(crate) trait Key: Clone + Debug {
    /// The number of a node, with the key or as much of it as is not read from the node.
    type Entry: Copy + Debug;

    fn id(entry: Self::Entry) -> u32;

    fn before(nodes: &Nodes, a: Self::Entry, b: Self::Entry) -> bool;
}

/// Counters, on a circle; remainders; numbers.
#[derive(Clone, Debug)]
pub(crate) struct ByCounter;

impl Key for ByCounter {
    type Entry = u32;

    #[inline(always)]
    fn id(id: u32) -> u32 {
        id
    }

    #[inline(always)]
    fn before(nodes: &Nodes, a: u32, b: u32) -> bool {
        first(nodes, a, b)
    }
}

/// Times; numbers.
#[derive(Clone, Debug)]
pub(crate) struct ByTime;

impl Key for ByTime {
    type Entry = (u64, u32);

    #[inline(always)]
    fn id((_, id): (u64, u32)) -> u32 {
        id
    }

    #[inline(always)]
    fn before(_: &Nodes, a: (u64, u32), b: (u64, u32)) -> bool {
        a < b
    }
}

impl<By: Key> Default for Heap<By> {
    fn default() -> Self {
        Self { entries: Vec::new() }
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

    /// The numbers of all nodes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|&entry| By::id(entry))
    }

    /// Nobody is left.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
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
        if position > 0 && By::before(nodes, entry, self.entries[(position - 1) / ARITY]) {
            self.rise(nodes, position, entry);
        } else {
            self.sink(nodes, position, entry);
        }
    }

    #[inline(always)]
    fn rise(&mut self, nodes: &mut Nodes, mut position: usize, entry: By::Entry) {
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
    fn sink(&mut self, nodes: &mut Nodes, mut position: usize, entry: By::Entry) {
        loop {
            let begin = position * ARITY + 1;
            let end = self.entries.len().min(begin + ARITY);
            if begin >= end {
                break;
            }
            let mut least = begin;
            for child in begin + 1..end {
                if By::before(nodes, self.entries[child], self.entries[least]) {
                    least = child;
                }
            }
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
    fn put(&mut self, nodes: &mut Nodes, position: usize, entry: By::Entry) {
        self.entries[position] = entry;
        nodes.positions[By::id(entry) as usize] = position as u32;
    }
}
