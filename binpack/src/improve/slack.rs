//! Minimum bin slack: one bin at a time, the fullest that the items left can make.

use alloc::vec::Vec;

use super::problem::{Part, Problem, take};

/// Fills one bin with `seed`, if any, and items that are `left`, as full as can be found by at most
/// `nodes` steps of a depth-first search, larger items first. Adds its steps to `work`.
///
/// *Source:* Gupta and Ho, *A new heuristic algorithm for the one-dimensional bin-packing problem*,
/// Production Planning and Control 10, 1999; with the largest item as the seed: Fleszar and Hindi,
/// *New heuristics for one-dimensional bin-packing*, Computers and Operations Research 29, 2002.
pub(super) fn fill(
    problem: &Problem,
    left: &[u32],
    seed: Option<usize>,
    nodes: u64,
    work: &mut u64,
) -> Vec<Part> {
    let mut free = problem.capacity;
    let mut kinds = Vec::new();
    if let Some(seed) = seed {
        free -= problem.sizes[seed];
    }
    for (kind, left) in left.iter().enumerate() {
        let left = left - u32::from(seed == Some(kind));
        if left > 0 && problem.sizes[kind] <= free {
            kinds.push(Kind { number: kind, size: problem.sizes[kind], left, rest: 0 });
        }
    }
    let mut rest = 0_u64;
    for kind in kinds.iter_mut().rev() {
        rest = rest.saturating_add(kind.size.saturating_mul(u64::from(kind.left)));
        kind.rest = rest;
    }
    *work += left.len() as u64;
    let mut parts = search(&kinds, free, nodes, work);
    if let Some(seed) = seed {
        match parts.iter_mut().find(|part| part.kind >= seed) {
            Some(part) if part.kind == seed => part.copies += 1,
            _ => {
                let place = parts.partition_point(|part| part.kind < seed);
                parts.insert(place, Part { kind: seed, copies: 1 });
            }
        }
    }
    parts
}

struct Kind {
    number: usize,
    size: u64,
    left: u32,
    /// The sum of all items from this kind on, at most 2^64 - 1.
    rest: u64,
}

fn search(kinds: &[Kind], mut free: u64, nodes: u64, work: &mut u64) -> Vec<Part> {
    // The place of a kind, and how many of it are in the bin.
    let mut chosen: Vec<(usize, u32)> = Vec::new();
    let mut best: Vec<(usize, u32)> = Vec::new();
    let mut least_free = free;
    let mut place = 0;
    let mut visited = 0;
    loop {
        while let Some(kind) = kinds.get(place) {
            visited += 1;
            if kind.size > free {
                let smaller = kinds[place..].partition_point(|kind| kind.size > free);
                place += smaller;
                continue;
            }
            if free.saturating_sub(kind.rest) >= least_free {
                break;
            }
            #[expect(clippy::cast_possible_truncation, reason = "at most `left`")]
            let copies = (free / kind.size).min(u64::from(kind.left)) as u32;
            chosen.push((place, copies));
            free -= kind.size * u64::from(copies);
            place += 1;
        }
        if free < least_free {
            least_free = free;
            best.clone_from(&chosen);
        }
        if least_free == 0 || visited > nodes {
            break;
        }
        let Some((top, copies)) = chosen.pop() else { break };
        free += kinds[top].size;
        if copies > 1 {
            chosen.push((top, copies - 1));
        }
        place = top + 1;
    }
    *work += visited;
    best.into_iter().map(|(place, copies)| Part { kind: kinds[place].number, copies }).collect()
}

/// A whole packing in this way, a bin at a time.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) left: Vec<u32>,
    pub(super) bins: Vec<Vec<Part>>,
    /// No kind before this one is left.
    first: usize,
}

impl Pass {
    pub(super) fn new(left: Vec<u32>) -> Self {
        Self { left, bins: Vec::new(), first: 0 }
    }

    /// Fills the next bin; tells whether there was anything left.
    pub(super) fn step(&mut self, problem: &Problem, nodes: u64, work: &mut u64) -> bool {
        while self.left.get(self.first) == Some(&0) {
            self.first += 1;
        }
        if self.first == self.left.len() {
            return false;
        }
        let bin = fill(problem, &self.left, Some(self.first), nodes, work);
        take(&mut self.left, &bin);
        self.bins.push(bin);
        true
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::Instance;

    #[test]
    fn the_fullest_bin_is_found() {
        let problem = Problem::new(&Instance::new(100, vec![60, 33, 30, 20, 20, 11]).unwrap());
        let mut work = 0;
        let bin = fill(&problem, &problem.counts, Some(0), 1_000, &mut work);
        assert_eq!(problem.load(&bin), 100);
        assert!(work > 0);
    }
}
