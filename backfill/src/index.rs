//! The waiting jobs in an order, with the question a backfill scan asks: which is the first that
//! this window admits?

#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

mod bplus_tree;
mod fifo;
mod flat;
mod treap;

use core::cmp::Ordering;

use bplus_tree::BPlusTree;
use fifo::Fifo;
use flat::Flat;
use treap::Treap;

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

impl<K: Clone> Entry<K> {
    fn place(&self) -> (K, u64) {
        (self.key.clone(), self.sequence)
    }
}

impl<K: Ord> Entry<K> {
    pub(crate) fn is_before(&self, key: &K, sequence: u64) -> bool {
        (&self.key, self.sequence) < (key, sequence)
    }

    fn cmp(&self, other: &Self) -> Ordering {
        (&self.key, self.sequence).cmp(&(&other.key, other.sequence))
    }
}

/// Short queues are scanned (nothing beats a walk over a hundred neighbours); long ones are asked
/// through a tree, so that no question costs more than O(log n log s), s being the number of jobs
/// of which none is both narrower and shorter than another, or O(log n) in the order of lengths.
#[derive(Clone, Debug)]
pub(crate) struct Index<K> {
    search: Search,
    form: Form<K>,
}

/// In which order candidates are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Search {
    /// They are not looked for: there is another index for that.
    None,
    /// In that of lengths.
    ByLength,
    /// In any other.
    ByKey,
}

#[derive(Clone, Debug)]
#[repr(u8)] // A tag of its own is read faster than one hidden in a field.
enum Form<K> {
    Flat(Flat<K>),
    /// For no search, in order of submission.
    Fifo(Fifo<K>),
    /// For a search in any order.
    Treap(Treap<K>),
    /// For one in the order of lengths, or for none in any order.
    BPlusTree(BPlusTree<K>),
}

/// Where a scan goes on: nothing before it is admitted by a window no wider than the last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor(usize);

impl<K: Ord + Clone> Index<K> {
    pub(crate) fn new(search: Search) -> Self {
        Self { search, form: Form::Flat(Flat::new()) }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.form {
            Form::Flat(flat) => flat.len(),
            Form::Fifo(fifo) => fifo.len(),
            Form::Treap(treap) => treap.len(),
            Form::BPlusTree(tree) => tree.len(),
        }
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, entry: Entry<K>) {
        match &mut self.form {
            Form::Flat(flat) => {
                flat.insert(entry);
                if flat.len() > LONG {
                    self.lengthen();
                }
            }
            Form::Fifo(fifo) => fifo.insert(entry),
            Form::Treap(treap) => treap.insert(entry),
            Form::BPlusTree(tree) => tree.insert(entry),
        }
    }

    /// Takes out a job, which must be there.
    #[inline]
    pub(crate) fn remove(&mut self, entry: &Entry<K>) {
        match &mut self.form {
            Form::Flat(flat) => flat.remove(&entry.key, entry.sequence),
            Form::Fifo(fifo) => {
                fifo.remove(entry.sequence);
                self.shorten();
            }
            Form::Treap(treap) => {
                treap.remove(&entry.key, entry.sequence);
                self.shorten();
            }
            Form::BPlusTree(tree) => {
                tree.remove(entry);
                self.shorten();
            }
        }
    }

    #[inline]
    pub(crate) fn first(&self) -> Option<&Entry<K>> {
        match &self.form {
            Form::Flat(flat) => flat.first(),
            Form::Fifo(fifo) => fifo.first(),
            Form::Treap(treap) => treap.first(),
            Form::BPlusTree(tree) => tree.first(),
        }
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(crate) fn may_fit(&self, free: u64) -> bool {
        match &self.form {
            Form::Flat(flat) => flat.may_fit(free),
            Form::Fifo(fifo) => fifo.len() > 0,
            Form::Treap(treap) => treap.admits(&Hole::unbounded(free)),
            Form::BPlusTree(tree) => tree.has_any_up_to(free),
        }
    }

    /// Takes out the first job from `cursor` on that `window` admits. The window of the next call
    /// must be no wider.
    #[inline]
    pub(crate) fn take(&mut self, cursor: &mut Cursor, window: &impl Window) -> Option<Entry<K>> {
        match &mut self.form {
            Form::Flat(flat) => {
                let at = flat.find(cursor.0, window)?;
                *cursor = Cursor(at);
                Some(flat.take(at))
            }
            // Not searched.
            Form::Fifo(_) => None,
            Form::Treap(treap) => {
                let entry = treap.take(window)?;
                *cursor = Cursor(0);
                self.shorten();
                Some(entry)
            }
            Form::BPlusTree(tree) => {
                let entry = tree.take(window)?;
                *cursor = Cursor(0);
                self.shorten();
                Some(entry)
            }
        }
    }

    /// All jobs, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<K>> {
        let (mut flat, mut fifo, mut treap, mut tree) = (None, None, None, None);
        match &self.form {
            Form::Flat(form) => flat = Some(form.iter()),
            Form::Fifo(form) => fifo = Some(form.iter()),
            Form::Treap(form) => treap = Some(form.iter()),
            Form::BPlusTree(form) => tree = Some(form.iter()),
        }
        let flat = flat.into_iter().flatten().chain(fifo.into_iter().flatten());
        flat.chain(treap.into_iter().flatten()).chain(tree.into_iter().flatten())
    }

    #[cold]
    fn lengthen(&mut self) {
        // Keys that say nothing leave the order of submission.
        let by_submission = size_of::<K>() == 0;
        let entries = self.iter().cloned();
        self.form = match self.search {
            Search::ByKey => {
                let mut treap = Treap::new();
                entries.for_each(|entry| treap.insert(entry));
                Form::Treap(treap)
            }
            Search::None if by_submission => {
                let mut fifo = Fifo::new();
                entries.for_each(|entry| fifo.insert(entry));
                Form::Fifo(fifo)
            }
            Search::None | Search::ByLength => {
                let mut tree = BPlusTree::new(self.search == Search::ByLength);
                entries.for_each(|entry| tree.insert(entry));
                Form::BPlusTree(tree)
            }
        };
    }

    fn shorten(&mut self) {
        if self.len() < SHORT {
            let mut flat = Flat::new();
            self.iter().for_each(|entry| flat.insert(entry.clone()));
            self.form = Form::Flat(flat);
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

    use crate::window::Steps;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The trees answer as the scan does, whatever comes and goes: with small numbers, and with
        /// ones that a scan looks at only roughly at first; in any order, and in that of lengths.
        #[test]
        fn trees_and_scan_agree(
            large in proptest::bool::ANY,
            by_length in proptest::bool::ANY,
            steps in proptest::collection::vec(
                (0u8..8, 0u64..9, 1u64..30, 1u64..30, 0u64..30), 1..1500,
            ),
        ) {
            let (mut flat, mut treap, mut tree) =
                (Flat::new(), Treap::new(), BPlusTree::new(by_length));
            let mut held: Vec<Entry<u64>> = Vec::new();
            for (sequence, (step, key, processors, length, hole)) in (0u64..).zip(steps) {
                let scaled = |number: u64, bits: u32| if large { number << bits } else { number };
                let (processors, length) = (scaled(processors, 27), scaled(length, 29));
                let hole = scaled(hole, 29);
                let key = if by_length { length } else { key };
                match step {
                    0..5 => {
                        let processors = narrow(processors);
                        let entry = Entry { key, sequence, processors, length, slot: 0 };
                        flat.insert(entry);
                        treap.insert(entry);
                        tree.insert(entry);
                        held.push(entry);
                    }
                    5 if !held.is_empty() => {
                        let at = usize::try_from(processors + length).unwrap() * 31 % held.len();
                        let entry = held.swap_remove(at);
                        flat.remove(&entry.key, entry.sequence);
                        treap.remove(&entry.key, entry.sequence);
                        tree.remove(&entry);
                    }
                    _ => {
                        let extra = length.min(processors) / 2;
                        let mut window = Steps::default();
                        window.push(hole, processors);
                        if step == 7 {
                            window.push(hole + length, extra.midpoint(processors));
                        }
                        window.push(u64::MAX, extra);
                        let mut cursor = Cursor::default();
                        for _ in 0..3 {
                            let by_scan = flat.find(cursor.0, &window).map(|at| {
                                cursor = Cursor(at);
                                flat.take(at).sequence
                            });
                            prop_assert_eq!(treap.admits(&window), by_scan.is_some());
                            let by_treap = treap.take(&window).map(|entry| entry.sequence);
                            prop_assert_eq!(by_treap, by_scan);
                            let at = held.iter().position(|held| Some(held.sequence) == by_scan);
                            let taken = at.map(|at| held.remove(at));
                            if by_length {
                                let by_bplus_tree = tree.take(&window).map(|entry| entry.sequence);
                                prop_assert_eq!(by_bplus_tree, by_scan);
                            } else if let Some(entry) = taken {
                                tree.remove(&entry);
                            }
                        }
                    }
                }
                let fits = flat.iter().any(|entry| u64::from(entry.processors) <= processors);
                if by_length {
                    prop_assert_eq!(tree.has_any_up_to(processors), fits);
                }
                let place = |entry: &Entry<u64>| entry.sequence;
                prop_assert_eq!([treap.len(), tree.len()], [flat.len(); 2]);
                let first = flat.first().map(place);
                prop_assert_eq!([treap.first().map(place), tree.first().map(place)], [first; 2]);
            }
            let place = |entry: &Entry<u64>| entry.sequence;
            prop_assert!(treap.iter().map(place).eq(flat.iter().map(place)));
            prop_assert!(tree.iter().map(place).eq(flat.iter().map(place)));
        }
    }
}
