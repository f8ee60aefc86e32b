//! Nodes that are served next, sorted once.

use alloc::vec::Vec;

use crate::node::{Nodes, Reading, distance};

/// By counter, remainder and number. Those who have moved on or left since are passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    ids: Vec<u32>,
    /// The place of the first that has not been passed.
    next: usize,
    has_stale: bool,
}

impl Due {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.ids.reserve(nodes.saturating_sub(self.ids.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.ids.capacity() * size_of::<u32>()
    }

    /// Those who have not been passed.
    pub(crate) fn ids(&self) -> &[u32] {
        self.ids.get(self.next..).unwrap_or_default()
    }

    /// The first of those who are still due, when all others before it are passed.
    #[inline(always)]
    pub(crate) fn first(&mut self, is_due: impl Fn(u32) -> bool) -> Option<u32> {
        loop {
            let &id = self.ids.get(self.next)?;
            if !self.has_stale || is_due(id) {
                return Some(id);
            }
            self.next += 1;
        }
    }

    /// One of those due moves on or leaves. Tells whether nothing stale is left behind, as it was the
    /// first.
    #[inline(always)]
    pub(crate) fn pass(&mut self, id: u32) -> bool {
        let is_first = self.ids.get(self.next) == Some(&id);
        self.next += usize::from(is_first);
        self.has_stale |= !is_first;
        is_first
    }

    /// Whether others than those passed may have moved on or left.
    #[inline(always)]
    pub(crate) fn has_stale(&self) -> bool {
        self.has_stale
    }

    /// Begins anew.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.next = 0;
        self.has_stale = false;
    }

    /// Adds one more; [`sort`](Self::sort) follows.
    #[inline(always)]
    pub(crate) fn push(&mut self, id: u32) {
        self.ids.push(id);
    }

    /// Begins anew, with nodes by sorted keys: the lower part of a counter, and a number below that.
    #[inline(always)]
    pub(crate) fn fill(&mut self, nodes: &Nodes, keys: &[u64]) {
        self.clear();
        self.ids.extend(keys.iter().map(|&key| key as u32));
        let (mut last, mut last_key, mut is_sorted) = (Reading::new(0), u64::MAX, true);
        for &key in keys {
            // Of all, tie or not: who is served next had better be in the cache.
            let reading = nodes[key as u32 as usize].reading();
            let is_tie = (key ^ last_key) >> u32::BITS == 0;
            is_sorted &= !is_tie | reading.has_part_of(last);
            (last, last_key) = (reading, key);
        }
        if !is_sorted {
            self.sort(nodes, false);
        }
    }

    /// Sorts. `alike`: only the numbers can differ.
    #[inline(never)]
    pub(crate) fn sort(&mut self, nodes: &Nodes, alike: bool) {
        if alike {
            return self.ids.sort_unstable();
        }
        self.ids.sort_unstable_by(|&a, &b| {
            let [x, y] = [a, b].map(|id| &nodes[id as usize]);
            distance(y.counter, x.counter)
                .cmp(&0)
                .then_with(|| y.breaks_tie(b, x, a).cmp(&x.breaks_tie(a, y, b)))
        });
    }

    /// Drops all but one of those who are there several times; tells how many.
    #[inline(never)]
    pub(crate) fn drop_repeated(&mut self) -> usize {
        let all = self.ids.len();
        self.ids.dedup();
        all - self.ids.len()
    }

    /// Drops those who are not due any more.
    pub(crate) fn retain(&mut self, mut is_due: impl FnMut(u32) -> bool) {
        self.ids.drain(..self.next);
        self.ids.retain(|&id| is_due(id));
        self.next = 0;
        self.has_stale = false;
    }
}
