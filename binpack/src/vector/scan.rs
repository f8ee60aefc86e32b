use core::ops::Range;

use super::bound::{Bound, NO_ROOM};
use super::fit::VectorFit;
use super::narrow::LANES;
use super::scorer::Scorer;
use super::store::Store;

/// A bin with room, as a policy sees it: the greater the better.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Candidate {
    /// The score, or its complement if small ones are better.
    key: u128,
    /// The complement of the number: of equal bins the lowest is the best.
    rank: u32,
}

impl Candidate {
    /// Better than any bin.
    pub(super) const UNBEATEN: Self = Self { key: u128::MAX, rank: u32::MAX };

    pub(super) const fn new(score: u128, number: u32, prefers_large: bool) -> Self {
        Self { key: if prefers_large { score } else { !score }, rank: !number }
    }

    /// Of bins that differ only in the turn they have.
    pub(super) const fn nth(turn: u128, number: usize) -> Self {
        Self { key: !turn, rank: !(number as u32) }
    }

    pub(super) const fn number(self) -> usize {
        !self.rank as usize
    }

    pub(super) const fn score(self, prefers_large: bool) -> u128 {
        if prefers_large { self.key } else { !self.key }
    }
}

/// The first few candidates in the order of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaders {
    candidates: [Option<Candidate>; MOST],
    depth: usize,
}

/// What a decision depends on at most.
const MOST: usize = 3;

impl Leaders {
    pub(super) const fn new(depth: usize) -> Self {
        Self { candidates: [None; MOST], depth }
    }

    /// Takes a candidate in, if it is one of the first. None may come twice.
    pub(super) fn offer(&mut self, candidate: Candidate) {
        let mut next = Some(candidate);
        for place in &mut self.candidates[..self.depth] {
            // `None` is less than any candidate.
            if next > *place {
                core::mem::swap(place, &mut next);
            }
        }
    }

    /// The last of them, once there are enough: who is worse need not be offered.
    pub(super) fn last(&self) -> Option<Candidate> {
        self.candidates[self.depth - 1]
    }

    pub(super) const fn candidates(&self) -> &[Option<Candidate>; MOST] {
        &self.candidates
    }
}

/// The first bins in the order of a policy, of those that have room.
///
/// Bounds are worked out for a group of blocks first. The most promising block is then looked at
/// exactly, so that only a few others need to be. O(bins · D), without an allocation.
pub(super) fn leaders<const D: usize>(
    store: &Store<D>,
    fit: &VectorFit<D>,
    size: &[u64; D],
) -> Leaders {
    let mut leaders = Leaders::new(fit.depth());
    let Some(bound) = Bound::new(fit, size, store.narrow()) else { return leaders };
    let mut exact = Exact::new(store, fit, size);
    for (group, blocks) in store.narrow().blocks().chunks(GROUP).enumerate() {
        let mut best = [NO_ROOM; GROUP];
        let mut promising = 0;
        for (index, block) in blocks.iter().enumerate() {
            best[index] = bound.peak(block);
            if best[index] > best[promising] {
                promising = index;
            }
        }
        let rest = (0..blocks.len()).filter(|index| *index != promising);
        for index in core::iter::once(promising).chain(rest) {
            let least = leaders
                .last()
                .map_or(NO_ROOM + 1, |last| bound.least_grade(last.score(fit.prefers_large())));
            if best[index] < least {
                continue;
            }
            let first = (group * GROUP + index) * LANES;
            for (lane, grade) in bound.grades(&blocks[index]).into_iter().enumerate() {
                if grade >= least
                    && let Some(candidate) = exact.candidate(first + lane)
                {
                    leaders.offer(candidate);
                }
            }
        }
    }
    leaders
}

/// Blocks whose bounds are kept at a time.
const GROUP: usize = 64;

/// The first two bins that have room, in the order of numbers from this one on, and then from the
/// lowest. O(bins · D), and no further than the second.
pub(super) fn first_two<const D: usize>(store: &Store<D>, size: &[u64; D], from: usize) -> Leaders {
    let mut leaders = Leaders::new(2);
    let Some(bound) = Bound::new(&VectorFit::First, size, store.narrow()) else { return leaders };
    let blocks = store.narrow().blocks();
    let mut look = |turn: u128, numbers: Range<usize>| {
        let begin = numbers.start / LANES;
        for (index, block) in blocks.iter().enumerate().skip(begin) {
            let room = bound.room(block);
            if index * LANES >= numbers.end || leaders.last().is_some() {
                return;
            }
            if room == [0; LANES] {
                continue;
            }
            for (lane, room) in room.into_iter().enumerate() {
                let number = index * LANES + lane;
                if room != 0 && numbers.contains(&number) && store.room(number, size).is_some() {
                    leaders.offer(Candidate::nth(turn, number));
                }
            }
        }
    };
    look(0, from..usize::MAX);
    look(1, 0..from);
    leaders
}

/// Scores, worked out exactly.
pub(super) struct Exact<'a, const D: usize> {
    pub(super) store: &'a Store<D>,
    pub(super) fit: &'a VectorFit<D>,
    pub(super) size: &'a [u64; D],
    scorer: Scorer<D>,
    /// What was left of the last bin, and its score: neighbours are often alike.
    last: Option<(&'a [u64; D], u128)>,
}

impl<'a, const D: usize> Exact<'a, D> {
    pub(super) fn new(store: &'a Store<D>, fit: &'a VectorFit<D>, size: &'a [u64; D]) -> Self {
        Self { store, fit, size, scorer: Scorer::new(fit, size), last: None }
    }

    /// The bin with this number, if it has room.
    pub(super) fn candidate(&mut self, number: usize) -> Option<Candidate> {
        let residual = self.store.room(number, self.size)?;
        let score = match self.last {
            Some((last, score)) if last == residual => score,
            _ => self.scorer.score(residual),
        };
        self.last = Some((residual, score));
        Some(Candidate::new(score, number as u32, self.fit.prefers_large()))
    }
}
