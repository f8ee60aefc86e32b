#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

use alloc::vec::Vec;

use super::Entry;
use crate::window::Window;

/// A sorted vector, scanned.
#[derive(Clone, Debug)]
pub(crate) struct Flat<K> {
    entries: Vec<Entry<K>>,
    /// What lies before has left: the first of the queue goes without the others moving up.
    front: usize,
    /// No job is narrower.
    narrowest: u32,
}

impl<K: Ord + Clone> Flat<K> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), front: 0, narrowest: u32::MAX }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.entries.len() - self.front
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<K>> {
        self.entries.get(self.front)
    }

    pub(super) fn iter(&self) -> core::slice::Iter<'_, Entry<K>> {
        self.entries[self.front..].iter()
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        if self.front == self.entries.len() || self.front >= GAP {
            self.close_gap();
        }
        self.narrowest = self.narrowest.min(entry.processors);
        // New jobs mostly come last: in order of submission always.
        if self.entries.last().is_none_or(|last| last.is_before(&entry.key, entry.sequence)) {
            self.entries.push(entry);
        } else {
            self.insert_within(entry);
        }
    }

    fn insert_within(&mut self, entry: Entry<K>) {
        let at = self.position(&entry.key, entry.sequence);
        self.entries.insert(at, entry);
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        let is_first = self.first().is_some_and(|entry| entry.sequence == sequence);
        let at = if is_first { self.front } else { self.position(key, sequence) };
        debug_assert!(self.entries.get(at).is_some_and(|entry| entry.sequence == sequence));
        self.take(at);
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(super) fn may_fit(&self, free: u64) -> bool {
        u64::from(self.narrowest) <= free
    }

    /// The place of the first job from place `from` on that the window admits.
    #[inline]
    pub(super) fn find(&mut self, from: usize, window: &impl Window) -> Option<usize> {
        let from = from.max(self.front);
        let mut at = from;
        let mut narrowest = u32::MAX;
        for chunk in self.entries.get(from..)?.chunks(CHUNK) {
            // Which of them are admitted, as bits: nobody can foretell, so no branch asks for each.
            let mut admitted = 0u32;
            for (bit, entry) in chunk.iter().enumerate() {
                let admits = window.admits(entry.processors.into(), entry.length);
                admitted |= u32::from(admits) << bit;
                narrowest = narrowest.min(entry.processors);
            }
            if admitted != 0 {
                return Some(at + admitted.trailing_zeros() as usize);
            }
            at += chunk.len();
        }
        if from == self.front {
            self.narrowest = narrowest;
        }
        None
    }

    #[inline]
    pub(super) fn take(&mut self, at: usize) -> Entry<K> {
        if at > self.front {
            return self.entries.remove(at);
        }
        let entry = self.entries[at].clone();
        self.front += 1;
        entry
    }

    /// Closes the gap at the front. Not while a scan holds a place.
    fn close_gap(&mut self) {
        self.entries.drain(..self.front);
        self.front = 0;
        if self.entries.is_empty() {
            self.narrowest = u32::MAX;
        }
    }

    /// Never in the gap at the front: what has left from there stood before all that has not.
    fn position(&self, key: &K, sequence: u64) -> usize {
        let live = &self.entries[self.front..];
        self.front + live.partition_point(|entry| entry.is_before(key, sequence))
    }
}

/// Jobs looked at together.
const CHUNK: usize = 16;
/// The longest gap at the front.
const GAP: usize = 64;
