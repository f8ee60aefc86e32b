use alloc::collections::{BTreeMap, BinaryHeap, VecDeque};
use alloc::vec::Vec;
use core::ops::Range;

use super::bound::{Bound, NO_ROOM};
use super::fit::VectorFit;
use super::narrow::LANES;
use super::scan::{Candidate, Exact, Leaders, leaders};
use super::store::Store;

/// What is remembered of the sizes that were asked for before.
///
/// For a size that comes again, the best bins are kept in a heap. Bins that have changed since it
/// was last asked for are looked at again and, if they are as good as the worst of those, go into
/// the heap with their new score; what the heap says of a bin is checked against the bin when it
/// comes up. So the answer is that of a scan, and it costs O(bins changed · D + log bins) as long
/// as the heap lasts.
#[derive(Clone, Debug)]
pub(super) struct Cache<const D: usize> {
    limit: usize,
    index: BTreeMap<[u64; D], usize>,
    shapes: Vec<Shape<D>>,
    /// Bins that changed lately, the oldest first, and how many changed before those.
    changes: VecDeque<u32>,
    forgotten: u64,
    /// How often any size was asked for.
    clock: u64,
    scratch: Vec<i32>,
}

#[derive(Clone, Debug)]
struct Shape<const D: usize> {
    size: [u64; D],
    /// When it was last asked for.
    used: u64,
    heap: Option<Heap>,
}

#[derive(Clone, Debug)]
struct Heap {
    candidates: BinaryHeap<Candidate>,
    /// Every bin that is as good as this is in the heap; `None`: every one that has room is.
    floor: Option<Candidate>,
    /// How many changes it knows of.
    seen: u64,
    /// How many candidates it began with.
    full: usize,
}

impl<const D: usize> Cache<D> {
    /// For at most so many sizes; none are remembered if that is zero.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            index: BTreeMap::new(),
            shapes: Vec::new(),
            changes: VecDeque::new(),
            forgotten: 0,
            clock: 0,
            scratch: Vec::new(),
        }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// Notes that a bin has changed, joined or gone away.
    pub(super) fn changed(&mut self, number: u32) {
        if self.shapes.is_empty() {
            return;
        }
        if self.changes.len() == CHANGES {
            self.changes.pop_front();
            self.forgotten += 1;
        }
        self.changes.push_back(number);
    }

    /// The first bins in the order of the policy, as a scan finds them.
    pub(super) fn leaders(
        &mut self,
        store: &Store<D>,
        fit: &VectorFit<D>,
        size: &[u64; D],
    ) -> Leaders {
        self.clock += 1;
        let Some(shape) = self.index.get(size).copied() else {
            self.remember(size);
            return leaders(store, fit, size);
        };
        let shape = &mut self.shapes[shape];
        shape.used = self.clock;
        let mut exact = Exact::new(store, fit, size);
        let now = self.forgotten + self.changes.len() as u64;
        if let Some(heap) = &mut shape.heap {
            let behind = now - heap.seen;
            if heap.seen >= self.forgotten && behind <= 64 + store.count() as u64 / 8 {
                let skipped = heap.seen - self.forgotten;
                let news = self.changes.range(skipped as usize..);
                heap.catch_up(news.map(|number| *number as usize), &mut exact);
                heap.seen = now;
                if let Some(found) = heap.leaders(&mut exact) {
                    return found;
                }
            }
        }
        let mut heap = Heap::build(&mut exact, &mut self.scratch);
        heap.seen = now;
        let found = heap.leaders(&mut exact);
        shape.heap = Some(heap);
        found.unwrap_or_else(|| leaders(store, fit, size))
    }

    /// Makes a place for a size that was not asked for lately. Its heap is built if it comes again.
    fn remember(&mut self, size: &[u64; D]) {
        if self.limit == 0 {
            return;
        }
        let shape = Shape { size: *size, used: self.clock, heap: None };
        let place = if self.shapes.len() < self.limit {
            self.shapes.push(shape);
            self.shapes.len() - 1
        } else {
            let oldest = self.shapes.iter().enumerate().min_by_key(|(_, shape)| shape.used);
            let place = oldest.map_or(0, |(place, _)| place);
            self.index.remove(&self.shapes[place].size);
            self.shapes[place] = shape;
            place
        };
        self.index.insert(*size, place);
    }
}

impl Heap {
    /// The best bins: about a sixteenth of those that have room, or all if they are few.
    fn build<const D: usize>(exact: &mut Exact<'_, D>, scratch: &mut Vec<i32>) -> Self {
        let Some(bound) = Bound::new(exact.fit, exact.size, exact.store.narrow()) else {
            return Self { candidates: BinaryHeap::new(), floor: None, seen: 0, full: 0 };
        };
        let wanted = (exact.store.count() / 16).clamp(64, 1024);
        let prefers_large = exact.fit.prefers_large();
        let least = |candidate: &Candidate| bound.least_grade(candidate.score(prefers_large));
        let threshold = threshold(exact.store, &bound, wanted, scratch);
        let mut found = Vec::new();
        let mut left_out = collect(exact, &bound, threshold..i32::MAX, &mut found);
        // A bin left out may be as good as one of those, if its grade is between the threshold and
        // the least grade of their scores.
        let lowest = found.iter().map(least).min().unwrap_or(threshold);
        if left_out && lowest < threshold {
            left_out = collect(exact, &bound, lowest..threshold, &mut found);
        }
        if left_out {
            found.retain(|candidate| least(candidate) >= lowest);
        }
        if found.len() > 2 * wanted {
            found.select_nth_unstable_by(2 * wanted - 1, |one, two| two.cmp(one));
            found.truncate(2 * wanted);
            left_out = true;
        }
        // There may have been as many as bins.
        found.shrink_to_fit();
        // Where bins are left out and none was found, nothing reaches the floor: the caller scans.
        let floor = found.iter().min().copied().unwrap_or(Candidate::UNBEATEN);
        let full = found.len();
        let candidates = BinaryHeap::from(found);
        Self { candidates, floor: left_out.then_some(floor), seen: 0, full }
    }

    /// Looks at bins that have changed.
    fn catch_up<const D: usize>(
        &mut self,
        changed: impl Iterator<Item = usize>,
        exact: &mut Exact<'_, D>,
    ) {
        for number in changed {
            if let Some(candidate) = exact.candidate(number)
                && self.floor.is_none_or(|floor| candidate >= floor)
            {
                self.candidates.push(candidate);
            }
        }
    }

    /// The first candidates, if the heap knows them.
    fn leaders<const D: usize>(&mut self, exact: &mut Exact<'_, D>) -> Option<Leaders> {
        // What is stale is dropped only when it comes up; this bounds the rest.
        if self.candidates.len() > 2 * self.full + 256 {
            return None;
        }
        let depth = exact.fit.depth();
        let mut leaders = Leaders::new(depth);
        let mut found = 0;
        let mut previous = None;
        let mut taken = [None; 3];
        while found < depth {
            let Some(candidate) = self.candidates.pop() else { break };
            let current = previous != Some(candidate)
                && exact.candidate(candidate.number()) == Some(candidate);
            if current {
                leaders.offer(candidate);
                taken[found] = Some(candidate);
                found += 1;
                previous = Some(candidate);
            }
        }
        self.candidates.extend(taken.into_iter().flatten());
        (found == depth || self.floor.is_none()).then_some(leaders)
    }
}

/// The grade that about so many bins reach, as a sample of every eighth block tells.
fn threshold<const D: usize>(
    store: &Store<D>,
    bound: &Bound<D>,
    wanted: usize,
    scratch: &mut Vec<i32>,
) -> i32 {
    let blocks = store.narrow().blocks();
    let step = if blocks.len() * LANES > 8 * wanted { 8 } else { 1 };
    scratch.clear();
    for block in blocks.iter().step_by(step) {
        scratch.extend(bound.grades(block).into_iter().filter(|grade| *grade != NO_ROOM));
    }
    let place = wanted / step;
    if place >= scratch.len() {
        return NO_ROOM + 1;
    }
    *scratch.select_nth_unstable_by(place, |one, two| two.cmp(one)).1
}

/// Adds the bins of these grades that have room. Returns whether there are bins of lower grades.
fn collect<const D: usize>(
    exact: &mut Exact<'_, D>,
    bound: &Bound<D>,
    grades: Range<i32>,
    found: &mut Vec<Candidate>,
) -> bool {
    let mut lower = false;
    for (index, block) in exact.store.narrow().blocks().iter().enumerate() {
        let peak = bound.peak(block);
        if peak < grades.start {
            lower |= peak != NO_ROOM;
            continue;
        }
        for (lane, grade) in bound.grades(block).into_iter().enumerate() {
            if grades.contains(&grade) {
                found.extend(exact.candidate(index * LANES + lane));
            }
            lower |= grade != NO_ROOM && grade < grades.start;
        }
    }
    lower
}

/// Changes that are remembered.
const CHANGES: usize = 4096;
