//! The waiting jobs in an order, with the question a backfill scan asks: which is the first that
//! this window admits?

#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

mod flat;
mod tree;

use flat::Flat;
use tree::Tree;

use crate::QueuedJob;
use crate::window::{Hole, Window};

/// A waiting job, where it stands (`key`, then `sequence`) and what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    pub(crate) sequence: u64,
    pub(crate) length: u64,
    pub(crate) processors: u32,
    pub(crate) slot: u32,
}

/// A waiting job that is looked at, and what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) slot: u32,
    pub(crate) processors: u64,
    /// The time for which it is expected to need them.
    pub(crate) length: u64,
}

impl<K> Entry<K> {
    pub(crate) fn new(key: K, job: &QueuedJob, slot: u32) -> Self {
        let processors = narrow(job.submission.processors);
        Self { key, sequence: job.sequence, length: job.predicted, processors, slot }
    }

    #[inline]
    pub(crate) fn candidate(&self) -> Candidate {
        Candidate { slot: self.slot, processors: self.processors.into(), length: self.length }
    }

    /// What a window asks.
    #[inline]
    fn needs(&self) -> (u64, u64) {
        (self.processors.into(), self.length)
    }
}

/// No machine has more processors than `u32` can say, and no queued job asks for more than the
/// machine has.
#[inline]
pub(crate) fn narrow(processors: u64) -> u32 {
    u32::try_from(processors).unwrap_or(u32::MAX)
}

impl<K: Ord> Entry<K> {
    pub(crate) fn is_before(&self, key: &K, sequence: u64) -> bool {
        (&self.key, self.sequence) < (key, sequence)
    }
}

/// Short queues are scanned (nothing beats a walk over a hundred neighbours); long ones are asked
/// through a tree, so that no question costs more than O(log n log s), s being the number of jobs
/// of which none is both narrower and shorter than another.
#[derive(Clone, Debug)]
pub(crate) enum Index<K> {
    Flat(Flat<K>),
    Tree(Tree<K>),
}

/// Where a scan goes on: nothing before it is admitted by a window no wider than the last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor(usize);

impl<K: Ord + Clone> Index<K> {
    pub(crate) fn new() -> Self {
        Self::Flat(Flat::new())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Flat(flat) => flat.len(),
            Self::Tree(tree) => tree.len(),
        }
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, entry: Entry<K>) {
        match self {
            Self::Flat(flat) => {
                flat.insert(entry);
                if flat.len() > LONG {
                    self.lengthen();
                }
            }
            Self::Tree(tree) => tree.insert(entry),
        }
    }

    /// Takes out the job at `key` and `sequence`, which must be there.
    #[inline]
    pub(crate) fn remove(&mut self, key: &K, sequence: u64) {
        match self {
            Self::Flat(flat) => flat.remove(key, sequence),
            Self::Tree(tree) => {
                tree.remove(key, sequence);
                self.shorten();
            }
        }
    }

    #[inline]
    pub(crate) fn first(&self) -> Option<&Entry<K>> {
        match self {
            Self::Flat(flat) => flat.first(),
            Self::Tree(tree) => tree.first(),
        }
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(crate) fn may_fit(&self, free: u64) -> bool {
        match self {
            Self::Flat(flat) => flat.may_fit(free),
            Self::Tree(tree) => tree.admits(&Hole::unbounded(free)),
        }
    }

    /// Takes out the first job from `cursor` on that `window` admits. The window of the next call
    /// must be no wider.
    #[inline]
    pub(crate) fn take(&mut self, cursor: &mut Cursor, window: &impl Window) -> Option<Entry<K>> {
        match self {
            Self::Flat(flat) => {
                let at = flat.find(cursor.0, window)?;
                *cursor = Cursor(at);
                Some(flat.take(at))
            }
            Self::Tree(tree) => {
                let entry = tree.take(window)?;
                *cursor = Cursor(0);
                self.shorten();
                Some(entry)
            }
        }
    }

    /// All jobs, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<K>> {
        let (flat, tree) = match self {
            Self::Flat(flat) => (Some(flat.iter()), None),
            Self::Tree(tree) => (None, Some(tree.iter())),
        };
        flat.into_iter().flatten().chain(tree.into_iter().flatten())
    }

    #[cold]
    fn lengthen(&mut self) {
        if let Self::Flat(flat) = self {
            *self = Self::Tree(flat.iter().cloned().collect());
        }
    }

    fn shorten(&mut self) {
        if let Self::Tree(tree) = self
            && tree.len() < SHORT
        {
            let mut flat = Flat::new();
            for entry in tree.iter() {
                flat.insert(entry.clone());
            }
            *self = Self::Flat(flat);
        }
    }
}

/// More jobs than this are kept in a tree. The measured break-even with a scan lies between 300 and
/// 1,000.
const LONG: usize = 512;
/// Fewer jobs than this go back to a scan. Far from `LONG`, so that a queue at the border does not
/// change to and fro.
const SHORT: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The tree answers as the scan does, whatever comes and goes: with small numbers, and with
        /// ones that a scan looks at only roughly at first.
        #[test]
        fn tree_and_scan_agree(
            large in proptest::bool::ANY,
            steps in proptest::collection::vec(
                (0u8..8, 0u64..9, 1u64..30, 1u64..30, 0u64..30), 1..1500,
            ),
        ) {
            let (mut flat, mut tree) = (Flat::new(), Tree::from_iter([]));
            let mut held: Vec<(u64, u64)> = Vec::new();
            for (sequence, (step, key, processors, length, hole)) in (0u64..).zip(steps) {
                let scaled = |number: u64, bits: u32| if large { number << bits } else { number };
                let (processors, length) = (scaled(processors, 27), scaled(length, 29));
                let hole = scaled(hole, 29);
                match step {
                    0..5 => {
                        let processors = narrow(processors);
                        let entry = Entry { key, sequence, processors, length, slot: 0 };
                        flat.insert(entry);
                        tree.insert(entry);
                        held.push((key, sequence));
                    }
                    5 if !held.is_empty() => {
                        let at = usize::try_from(processors + length).unwrap() * 31 % held.len();
                        let (key, sequence) = held.swap_remove(at);
                        flat.remove(&key, sequence);
                        tree.remove(&key, sequence);
                    }
                    _ => {
                        let extra = length.min(processors) / 2;
                        let window = Hole { length: hole, free: processors, extra };
                        let mut cursor = Cursor::default();
                        for _ in 0..3 {
                            let by_scan = flat.find(cursor.0, &window).map(|at| {
                                cursor = Cursor(at);
                                flat.take(at).sequence
                            });
                            prop_assert_eq!(tree.admits(&window), by_scan.is_some());
                            let by_tree = tree.take(&window).map(|entry| entry.sequence);
                            prop_assert_eq!(by_tree, by_scan);
                            held.retain(|held| Some(held.1) != by_scan);
                        }
                    }
                }
                prop_assert_eq!(tree.len(), flat.len());
                let place = |entry: &Entry<u64>| entry.sequence;
                prop_assert_eq!(tree.first().map(place), flat.first().map(place));
            }
            let place = |entry: &Entry<u64>| entry.sequence;
            prop_assert!(tree.iter().map(place).eq(flat.iter().map(place)));
        }
    }
}
