//! Nodes that are served next, sorted once.

use alloc::vec::Vec;

use crate::node::{NIL, Nodes, Reading, distance};

/// By counter, remainder and number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    /// `NIL` for those taken out, but never at `next`.
    ids: Vec<u32>,
    /// The place of the first that is left.
    next: usize,
}

impl Due {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.ids.reserve(nodes.saturating_sub(self.ids.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.ids.capacity() * size_of::<u32>()
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u32> {
        self.ids.get(self.next).copied()
    }

    /// Begins anew.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.next = 0;
    }

    /// Adds one more; [`sort`](Self::sort) follows.
    #[inline(always)]
    pub(crate) fn push(&mut self, id: u32) {
        self.ids.push(id);
    }

    /// Begins anew, with nodes by keys: the lower part of a counter, and a number below that.
    #[inline(always)]
    pub(crate) fn fill(&mut self, nodes: &mut Nodes, keys: &mut [u64]) {
        sort(keys);
        self.clear();
        self.ids.extend(keys.iter().map(|&key| key as u32));
        let (mut last, mut last_key, mut is_sorted) = (Reading::new(0), u64::MAX, true);
        for (position, &key) in (0..).zip(&*keys) {
            nodes.positions[key as u32 as usize] = position;
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

    /// Sorts, and tells the nodes their positions. `alike`: only the numbers can differ.
    #[inline(never)]
    pub(crate) fn sort(&mut self, nodes: &mut Nodes, alike: bool) {
        if alike {
            self.ids.sort_unstable();
        } else {
            self.ids.sort_unstable_by(|&a, &b| {
                let [x, y] = [a, b].map(|id| &nodes[id as usize]);
                distance(y.counter, x.counter)
                    .cmp(&0)
                    .then_with(|| y.breaks_tie(b, x, a).cmp(&x.breaks_tie(a, y, b)))
            });
        }
        for (position, &id) in (0..).zip(&self.ids) {
            nodes.positions[id as usize] = position;
        }
    }

    #[inline(always)]
    pub(crate) fn remove_first(&mut self) {
        self.next += 1;
        while self.ids.get(self.next) == Some(&NIL) {
            self.next += 1;
        }
    }

    /// Takes out a node by its position, which is not that of the first.
    pub(crate) fn remove(&mut self, position: u32) {
        self.ids[position as usize] = NIL;
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let id = self.first()?;
        self.remove_first();
        Some(id)
    }
}

/// Sorts keys: a few without branches that depend on them, as those could not be foreseen.
#[inline(always)]
fn sort(keys: &mut [u64]) {
    if keys.len() > INSERTED {
        return keys.sort_unstable();
    }
    for end in 1..keys.len() {
        let (sorted, rest) = keys.split_at_mut(end);
        for key in sorted {
            (*key, rest[0]) = ((*key).min(rest[0]), (*key).max(rest[0]));
        }
    }
}

/// So few are sorted by insertion.
const INSERTED: usize = 8;
