use alloc::vec::{Drain, Vec};

use super::Entry;
use crate::window::Window;

/// A sorted vector, scanned.
#[derive(Clone, Debug)]
pub(crate) struct Flat<K> {
    entries: Vec<Entry<K>>,
}

impl<K: Ord + Clone> Flat<K> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn first(&self) -> Option<&Entry<K>> {
        self.entries.first()
    }

    pub(super) fn iter(&self) -> core::slice::Iter<'_, Entry<K>> {
        self.entries.iter()
    }

    pub(super) fn drain(&mut self) -> Drain<'_, Entry<K>> {
        self.entries.drain(..)
    }

    #[inline]
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        // New jobs mostly come last: in order of submission always.
        if self
            .entries
            .last()
            .is_none_or(|last| last.is_before(&entry.key, entry.sequence))
        {
            self.entries.push(entry);
            return;
        }
        let at = self.position(&entry.key, entry.sequence);
        self.entries.insert(at, entry);
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        let at = self.position(key, sequence);
        debug_assert!(
            self.entries
                .get(at)
                .is_some_and(|entry| entry.sequence == sequence)
        );
        self.entries.remove(at);
    }

    #[inline]
    pub(super) fn find(&self, from: usize, window: &Window) -> Option<usize> {
        let widest = window.widest();
        let rest = self.entries.get(from..)?;
        rest.iter()
            .position(|entry| {
                entry.processors <= widest && window.admits(entry.processors, entry.length)
            })
            .map(|at| from + at)
    }

    #[inline]
    pub(super) fn take(&mut self, at: usize) -> Entry<K> {
        self.entries.remove(at)
    }

    fn position(&self, key: &K, sequence: u64) -> usize {
        self.entries
            .partition_point(|entry| entry.is_before(key, sequence))
    }
}
