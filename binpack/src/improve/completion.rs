//! Bin completion: an exhaustive search for a packing into a given number of bins.

use alloc::vec;
use alloc::vec::Vec;

use super::problem::{Part, Problem, add, take};

/// Depth first over bins: the largest item left goes in the next bin, with every set of items beside
/// it that is not dominated, the fullest first. A set is dominated if some of its items can be
/// replaced by one that is left, is at least as large together, and fits: whatever is possible with
/// the set is then possible with the other one. What all bins together may leave free bounds what
/// each may.
///
/// *Source:* Korf, *An improved algorithm for optimal bin packing*, IJCAI 2003; Martello and Toth,
/// *Knapsack Problems*, 1990, chapter 8, for the dominance.
#[derive(Clone, Debug)]
pub(super) struct Completion {
    left: Vec<u32>,
    pub(super) bins: Vec<Vec<Part>>,
    levels: Vec<Level>,
    /// How many bins there may be.
    most: usize,
    /// What may still be left free, in all bins together.
    slack: u128,
    /// Whether no set of items has been left out but dominated ones.
    pub(super) whole: bool,
}

#[derive(Clone, Debug)]
struct Level {
    options: Vec<Filling>,
    next: usize,
}

#[derive(Clone, Debug)]
struct Filling {
    free: u64,
    bin: Vec<Part>,
}

/// Where the search stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// There is more to search.
    Going,
    /// A packing was found.
    Found,
    /// There is none, if the search was whole.
    None,
}

impl Completion {
    /// Searches for a packing of the items `left` into at most `most` bins.
    pub(super) fn new(problem: &Problem, left: Vec<u32>, most: usize) -> Self {
        let load: u128 = left
            .iter()
            .zip(&problem.sizes)
            .map(|(left, size)| u128::from(*left) * u128::from(*size))
            .sum();
        let room = most as u128 * u128::from(problem.capacity);
        let possible = load <= room;
        Self {
            left,
            bins: Vec::new(),
            levels: Vec::new(),
            most: if possible { most } else { 0 },
            slack: room.saturating_sub(load),
            whole: true,
        }
    }

    /// One bin, forth or back.
    pub(super) fn step(&mut self, problem: &Problem, work: &mut u64) -> Outcome {
        if self.levels.len() == self.bins.len() {
            let Some(seed) = self.left.iter().position(|left| *left > 0) else {
                return Outcome::Found;
            };
            *work += 4 * self.left.len() as u64 + 20;
            let options = if self.bins.len() + problem.bound(&self.left) > self.most {
                Vec::new()
            } else {
                self.options(problem, seed, work)
            };
            self.levels.push(Level { options, next: 0 });
        } else if let Some(bin) = self.bins.pop() {
            *work += 20;
            // Back from a bin that led nowhere.
            for part in &bin {
                self.left[part.kind] += part.copies;
            }
            let load = problem.load(&bin);
            self.slack += u128::from(problem.capacity) - load;
        }
        let Some(level) = self.levels.last_mut() else { return Outcome::None };
        let Some(filling) = level.options.get_mut(level.next) else {
            self.levels.pop();
            return if self.levels.is_empty() { Outcome::None } else { Outcome::Going };
        };
        level.next += 1;
        self.slack -= u128::from(filling.free);
        take(&mut self.left, &filling.bin);
        self.bins.push(core::mem::take(&mut filling.bin));
        Outcome::Going
    }

    fn options(&mut self, problem: &Problem, seed: usize, work: &mut u64) -> Vec<Filling> {
        let slack = u64::try_from(self.slack).unwrap_or(u64::MAX);
        let mut search = Search {
            problem,
            left: &self.left,
            seed,
            slack,
            smallest: self.left.iter().rposition(|left| *left > 0).map_or(0, |k| problem.sizes[k]),
            found: Vec::new(),
            visited: 0,
        };
        self.whole &= search.run();
        *work += search.visited;
        let mut options = search.found;
        *work += 30 * options.len() as u64;
        options.sort_by_key(|filling| filling.free);
        options
    }
}

struct Search<'a> {
    problem: &'a Problem,
    left: &'a [u32],
    seed: usize,
    /// The most that a bin may leave free.
    slack: u64,
    smallest: u64,
    found: Vec<Filling>,
    visited: u64,
}

impl Search<'_> {
    /// Finds every filling that is not dominated, or as many as are allowed: then `false`.
    fn run(&mut self) -> bool {
        let sizes = &self.problem.sizes;
        let mut used = vec![0_u32; self.left.len()];
        let mut chosen: Vec<usize> = vec![self.seed];
        used[self.seed] = 1;
        let mut free = self.problem.capacity - sizes[self.seed];
        let mut kind = self.seed;
        loop {
            while kind < sizes.len() {
                self.visited += 1;
                if sizes[kind] > free {
                    self.visited += 3;
                    kind += sizes[kind..].partition_point(|size| *size > free);
                    continue;
                }
                let rest = free - sizes[kind];
                if rest > self.slack && rest < self.smallest {
                    // Neither full enough nor room for another: go on to those that leave room.
                    let Some(most) = free.checked_sub(self.smallest) else { break };
                    kind += sizes[kind..].partition_point(|size| *size > most).max(1);
                    continue;
                }
                if used[kind] < self.left[kind] {
                    used[kind] += 1;
                    chosen.push(kind);
                    free = rest;
                } else {
                    kind += 1;
                }
            }
            if free <= self.slack && !self.dominated(&chosen, &used, free) {
                let mut bin: Vec<Part> = Vec::new();
                for kind in &chosen {
                    add(&mut bin, *kind, 1);
                }
                self.found.push(Filling { free, bin });
            }
            if self.visited > NODES || self.found.len() >= OPTIONS {
                return false;
            }
            if chosen.len() == 1 {
                return true;
            }
            let Some(last) = chosen.pop() else { return true };
            used[last] -= 1;
            free += sizes[last];
            kind = last + 1;
        }
    }

    /// Whether a larger item fits in place of one beside the seed, or one as large, or larger, in
    /// place of several.
    fn dominated(&mut self, chosen: &[usize], used: &[u32], free: u64) -> bool {
        let beside: Vec<u64> = chosen[1..].iter().map(|kind| self.problem.sizes[*kind]).collect();
        let subsets = if beside.len() <= SUBSETS { 1_u32 << beside.len() } else { 0 };
        let several = (1..subsets).filter(|subset| !subset.is_power_of_two()).map(|subset| {
            let inside = beside.iter().enumerate().filter(|(place, _)| subset >> place & 1 == 1);
            inside.map(|(_, size)| size).sum::<u64>()
        });
        beside.iter().any(|size| self.fits_instead(size + 1, size.saturating_add(free), used))
            || several.into_iter().any(|sum| self.fits_instead(sum, sum.saturating_add(free), used))
    }

    /// Whether an item is left of which the size is in this range.
    fn fits_instead(&mut self, least: u64, most: u64, used: &[u32]) -> bool {
        let sizes = &self.problem.sizes;
        self.visited += 4;
        let first = sizes.partition_point(|size| *size > most);
        let range = sizes[first..].iter().take_while(|size| **size >= least).count();
        let mut kinds = first..first + range;
        self.visited += range as u64;
        kinds.any(|kind| used[kind] < self.left[kind])
    }
}

/// The most steps for the sets of a bin, the most sets, and the most items beside the largest of
/// which all subsets are looked at.
const NODES: u64 = 20_000;
const OPTIONS: usize = 1_000;
const SUBSETS: usize = 8;
