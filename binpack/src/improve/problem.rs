//! The instance as the improver sees it: sizes, the largest first, and how many items have each.

use alloc::vec;
use alloc::vec::Vec;

use crate::assignment::LEFT_OUT;
use crate::bounds::l2_of;
use crate::{Assignment, Instance, Order};

/// Items of the same size are of one kind: which is which does not matter until the end.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) capacity: u64,
    /// The size of each kind, decreasing, above zero and at most the capacity.
    pub(super) sizes: Vec<u64>,
    /// How many items there are of each kind, above zero.
    pub(super) counts: Vec<u32>,
    /// The items, the largest first: those of kind 0, then those of kind 1, and so on.
    items: Vec<u32>,
    /// Items of size zero, which fit any bin.
    weightless: Vec<u32>,
    /// How many items there are, those too large for a bin included.
    total: usize,
}

impl Problem {
    pub(super) fn new(instance: &Instance) -> Self {
        let capacity = instance.capacity();
        let mut problem = Self {
            capacity,
            sizes: Vec::new(),
            counts: Vec::new(),
            items: Vec::new(),
            weightless: Vec::new(),
            total: instance.sizes().len(),
        };
        for item in Order::Decreasing.arrange(instance.sizes()) {
            let size = instance.sizes()[item];
            #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^32 items")]
            let item = item as u32;
            if size > capacity {
                continue;
            }
            if size == 0 {
                problem.weightless.push(item);
                continue;
            }
            problem.items.push(item);
            if problem.sizes.last() == Some(&size) {
                if let Some(count) = problem.counts.last_mut() {
                    *count += 1;
                }
            } else {
                problem.sizes.push(size);
                problem.counts.push(1);
            }
        }
        problem
    }

    /// The kinds that are left, as a problem of its own, and which they were.
    pub(super) fn rest(&self, left: &[u32]) -> (Self, Vec<usize>) {
        let origin: Vec<usize> = (0..self.kinds()).filter(|kind| left[*kind] > 0).collect();
        let rest = Self {
            capacity: self.capacity,
            sizes: origin.iter().map(|kind| self.sizes[*kind]).collect(),
            counts: origin.iter().map(|kind| left[*kind]).collect(),
            items: Vec::new(),
            weightless: Vec::new(),
            total: 0,
        };
        (rest, origin)
    }

    pub(super) fn kinds(&self) -> usize {
        self.sizes.len()
    }

    /// What is in a bin.
    pub(super) fn load(&self, bin: &[Part]) -> u128 {
        let load = |part: &Part| u128::from(self.sizes[part.kind]) * u128::from(part.copies);
        bin.iter().map(load).sum()
    }

    /// A lower bound on the bins for the items `left`: Martello and Toth's `L2`. O(kinds).
    pub(super) fn bound(&self, left: &[u32]) -> usize {
        l2_of(self.capacity, self.sizes.iter().copied().zip(left.iter().copied()))
    }

    /// The kinds that are in each bin of an assignment.
    pub(super) fn bins_of(&self, assignment: &Assignment) -> Vec<Vec<Part>> {
        let mut bins = vec![Vec::new(); assignment.bins()];
        let mut items = self.items.iter();
        for (kind, count) in self.counts.iter().enumerate() {
            for item in items.by_ref().take(*count as usize) {
                if let Some(bin) = assignment.bin_of(*item as usize) {
                    add(&mut bins[bin], kind, 1);
                }
            }
        }
        bins.retain(|bin| !bin.is_empty());
        bins
    }

    /// Tells the items of each kind apart again: those in front go in the bins in front.
    pub(super) fn assignment(&self, bins: &[Vec<Part>]) -> Assignment {
        let mut bin_of = vec![LEFT_OUT; self.total];
        let mut next = Vec::with_capacity(self.kinds());
        let mut start = 0;
        for count in &self.counts {
            next.push(start);
            start += *count as usize;
        }
        for (bin, parts) in (0_u32..).zip(bins) {
            for part in parts {
                let first = next[part.kind];
                next[part.kind] += part.copies as usize;
                for item in &self.items[first..next[part.kind]] {
                    bin_of[*item as usize] = bin;
                }
            }
        }
        for item in &self.weightless {
            bin_of[*item as usize] = 0;
        }
        Assignment::from_raw(bin_of)
    }
}

/// Some items of one kind, in a bin or a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Part {
    pub(super) kind: usize,
    /// Above zero.
    pub(super) copies: u32,
}

/// Puts items of a kind into a bin whose parts are in order of kinds, none behind this one.
pub(super) fn add(bin: &mut Vec<Part>, kind: usize, copies: u32) {
    match bin.last_mut() {
        Some(last) if last.kind == kind => last.copies += copies,
        _ => bin.push(Part { kind, copies }),
    }
}

/// Whether there are enough items for a bin.
pub(super) fn fits(bin: &[Part], left: &[u32]) -> bool {
    bin.iter().all(|part| part.copies <= left[part.kind])
}

/// Takes a bin's items from those left.
pub(super) fn take(left: &mut [u32], bin: &[Part]) {
    for part in bin {
        left[part.kind] -= part.copies;
    }
}
