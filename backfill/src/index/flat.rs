use alloc::vec::{Drain, Vec};

use super::{Entry, narrow};
use crate::window::Window;

/// A sorted vector, scanned.
#[derive(Clone, Debug)]
pub(crate) struct Flat<K> {
    entries: Vec<Entry<K>>,
    /// The processors of each entry again: close together, so that a scan passes over many at once.
    widths: Vec<u32>,
}

impl<K: Ord + Clone> Flat<K> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), widths: Vec::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<K>> {
        self.entries.first()
    }

    pub(super) fn iter(&self) -> core::slice::Iter<'_, Entry<K>> {
        self.entries.iter()
    }

    pub(super) fn drain(&mut self) -> Drain<'_, Entry<K>> {
        self.widths.clear();
        self.entries.drain(..)
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        // New jobs mostly come last: in order of submission always.
        if self.entries.last().is_none_or(|last| last.is_before(&entry.key, entry.sequence)) {
            self.widths.push(entry.processors);
            self.entries.push(entry);
        } else {
            self.insert_within(entry);
        }
    }

    fn insert_within(&mut self, entry: Entry<K>) {
        let at = self.position(&entry.key, entry.sequence);
        self.widths.insert(at, entry.processors);
        self.entries.insert(at, entry);
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        let first = self.entries.first().is_some_and(|entry| entry.sequence == sequence);
        let at = if first { 0 } else { self.position(key, sequence) };
        debug_assert!(self.entries.get(at).is_some_and(|entry| entry.sequence == sequence));
        self.take(at);
    }

    #[inline]
    pub(super) fn find(&self, from: usize, window: &impl Window) -> Option<usize> {
        let widest = narrow(window.widest());
        let mut at = from;
        for chunk in self.widths.get(from..)?.chunks(CHUNK) {
            // Without a way out, so that it is done for several at a time.
            if chunk.iter().fold(false, |any, &width| any | (width <= widest)) {
                for &width in chunk {
                    if width <= widest && window.admits(width.into(), self.entries[at].length) {
                        return Some(at);
                    }
                    at += 1;
                }
            } else {
                at += chunk.len();
            }
        }
        None
    }

    #[inline]
    pub(super) fn take(&mut self, at: usize) -> Entry<K> {
        self.widths.remove(at);
        self.entries.remove(at)
    }

    fn position(&self, key: &K, sequence: u64) -> usize {
        self.entries.partition_point(|entry| entry.is_before(key, sequence))
    }
}

/// Widths looked at together.
const CHUNK: usize = 16;
