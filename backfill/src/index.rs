//! The waiting jobs in an order, with the question a backfill scan asks: which is the first that
//! this window admits?

#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

mod bplus_tree;
mod flat;
mod tree;

use bplus_tree::BPlusTree;
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

impl<K: Clone> Entry<K> {
    fn place(&self) -> (K, u64) {
        (self.key.clone(), self.sequence)
    }
}

impl<K: Ord> Entry<K> {
    pub(crate) fn is_before(&self, key: &K, sequence: u64) -> bool {
        (&self.key, self.sequence) < (key, sequence)
    }
}

/// Short queues are scanned (nothing beats a walk over a hundred neighbours); long ones are asked
/// through a tree, so that no question costs more than O(log n log s), s being the number of jobs
/// of which none is both narrower and shorter than another, or O(log n) in the order of lengths.
#[derive(Clone, Debug)]
pub(crate) struct Index<K> {
    /// Whether candidates are looked for in an order other than that of lengths.
    by_frontier: bool,
    form: Form<K>,
}

#[derive(Clone, Debug)]
enum Form<K> {
    Flat(Flat<K>),
    /// For a search in any order.
    Tree(Tree<K>),
    /// For one in the order of lengths, or for none.
    Places(BPlusTree<K>),
}

/// Where a scan goes on: nothing before it is admitted by a window no wider than the last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor(usize);

impl<K: Ord + Clone> Index<K> {
    pub(crate) fn new(by_frontier: bool) -> Self {
        Self { by_frontier, form: Form::Flat(Flat::new()) }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.form {
            Form::Flat(flat) => flat.len(),
            Form::Tree(tree) => tree.len(),
            Form::Places(places) => places.len(),
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
            Form::Tree(tree) => tree.insert(entry),
            Form::Places(places) => places.insert(entry),
        }
    }

    /// Takes out the job at `key` and `sequence`, which must be there.
    #[inline]
    pub(crate) fn remove(&mut self, key: &K, sequence: u64) {
        match &mut self.form {
            Form::Flat(flat) => flat.remove(key, sequence),
            Form::Tree(tree) => {
                tree.remove(key, sequence);
                self.shorten();
            }
            Form::Places(places) => {
                places.remove(key, sequence);
                self.shorten();
            }
        }
    }

    #[inline]
    pub(crate) fn first(&self) -> Option<&Entry<K>> {
        match &self.form {
            Form::Flat(flat) => flat.first(),
            Form::Tree(tree) => tree.first(),
            Form::Places(places) => places.first(),
        }
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(crate) fn may_fit(&self, free: u64) -> bool {
        match &self.form {
            Form::Flat(flat) => flat.may_fit(free),
            Form::Tree(tree) => tree.admits(&Hole::unbounded(free)),
            Form::Places(places) => places.has_any_up_to(free),
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
            Form::Tree(tree) => {
                let entry = tree.take(window)?;
                *cursor = Cursor(0);
                self.shorten();
                Some(entry)
            }
            Form::Places(places) => {
                let entry = places.take(window)?;
                *cursor = Cursor(0);
                self.shorten();
                Some(entry)
            }
        }
    }

    /// All jobs, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<K>> {
        let (flat, tree, places) = match &self.form {
            Form::Flat(flat) => (Some(flat.iter()), None, None),
            Form::Tree(tree) => (None, Some(tree.iter()), None),
            Form::Places(places) => (None, None, Some(places.iter())),
        };
        let flat = flat.into_iter().flatten();
        flat.chain(tree.into_iter().flatten()).chain(places.into_iter().flatten())
    }

    #[cold]
    fn lengthen(&mut self) {
        let entries = self.iter().cloned();
        self.form = if self.by_frontier {
            let mut tree = Tree::new();
            entries.for_each(|entry| tree.insert(entry));
            Form::Tree(tree)
        } else {
            let mut places = BPlusTree::new();
            entries.for_each(|entry| places.insert(entry));
            Form::Places(places)
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
            let (mut flat, mut tree, mut places) = (Flat::new(), Tree::new(), BPlusTree::new());
            let mut held: Vec<(u64, u64)> = Vec::new();
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
                        tree.insert(entry);
                        places.insert(entry);
                        held.push((key, sequence));
                    }
                    5 if !held.is_empty() => {
                        let at = usize::try_from(processors + length).unwrap() * 31 % held.len();
                        let (key, sequence) = held.swap_remove(at);
                        flat.remove(&key, sequence);
                        tree.remove(&key, sequence);
                        places.remove(&key, sequence);
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
                            prop_assert_eq!(tree.admits(&window), by_scan.is_some());
                            let by_tree = tree.take(&window).map(|entry| entry.sequence);
                            prop_assert_eq!(by_tree, by_scan);
                            let at = held.iter().position(|held| Some(held.1) == by_scan);
                            let taken = at.map(|at| held.remove(at));
                            if by_length {
                                let by_tree_of_places = places.take(&window).map(|entry| entry.sequence);
                                prop_assert_eq!(by_tree_of_places, by_scan);
                            } else if let Some((key, sequence)) = taken {
                                places.remove(&key, sequence);
                            }
                        }
                    }
                }
                let fits = flat.iter().any(|entry| u64::from(entry.processors) <= processors);
                prop_assert_eq!(places.has_any_up_to(processors), fits);
                let place = |entry: &Entry<u64>| entry.sequence;
                prop_assert_eq!([tree.len(), places.len()], [flat.len(); 2]);
                let first = flat.first().map(place);
                prop_assert_eq!([tree.first().map(place), places.first().map(place)], [first; 2]);
            }
            let place = |entry: &Entry<u64>| entry.sequence;
            prop_assert!(tree.iter().map(place).eq(flat.iter().map(place)));
            prop_assert!(places.iter().map(place).eq(flat.iter().map(place)));
        }
    }
}
