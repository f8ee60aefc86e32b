//! One attempt at a packing with a given number of bins: a dive, with the rest made a smaller
//! problem on the way, and searched through when it is small.

use alloc::vec::Vec;

use super::completion::{Completion, Outcome};
use super::dive::{Depth, Dive};
use super::problem::{Part, Problem};
use super::relaxation::Relaxation;
use crate::chance::SplitMix64;

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// What is packed in the bins that are not in `done`.
    problem: Problem,
    /// Which kind of the whole problem each of its kinds is.
    origin: Vec<usize>,
    done: Vec<Vec<Part>>,
    dive: Dive,
    search: Option<Search>,
    chance: Option<SplitMix64>,
    /// How often bins may be taken back.
    backs: usize,
}

/// An exhaustive search for the rest, and how much work it may take.
#[derive(Clone, Debug)]
struct Search {
    completion: Completion,
    work: u64,
}

/// Where the attempt stands.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Going,
    Found(Vec<Vec<Part>>),
    Failed,
}

impl Attempt {
    /// With a `chance`, by another way than without.
    pub(super) fn new(
        problem: &Problem,
        root: &Relaxation,
        most: usize,
        backs: usize,
        mut chance: Option<SplitMix64>,
    ) -> Self {
        let dive = match &mut chance {
            Some(chance) => Dive::elsewhere(root.clone(), most, chance),
            None => Dive::new(root.clone(), most),
        };
        Self {
            problem: problem.clone(),
            origin: (0..problem.kinds()).collect(),
            done: Vec::new(),
            dive,
            search: None,
            chance,
            backs,
        }
    }

    /// A bounded piece of work.
    pub(super) fn step(&mut self, work: &mut u64) -> Verdict {
        if let Some(search) = &mut self.search {
            let before = *work;
            let outcome = search.completion.step(&self.problem, work);
            search.work = search.work.saturating_sub(*work - before);
            return match outcome {
                Outcome::Found => {
                    let bins = core::mem::take(&mut search.completion.bins);
                    self.found(&bins)
                }
                Outcome::Going if search.work > 0 => Verdict::Going,
                Outcome::Going | Outcome::None => {
                    self.search = None;
                    self.shrink(work);
                    Verdict::Going
                }
            };
        }
        match self.dive.step(&self.problem, &mut self.chance, work) {
            Depth::Bottom => self.found(&[]),
            Depth::Failed => Verdict::Failed,
            Depth::Going if self.dive.backs > self.backs => Verdict::Failed,
            Depth::Going => Verdict::Going,
            Depth::Deeper => {
                let room = self.dive.room();
                if room <= FEW_BINS {
                    let left = self.dive.relaxation.left.clone();
                    let completion = Completion::new(&self.problem, left, room);
                    self.search = Some(Search { completion, work: SEARCH_WORK });
                } else {
                    self.shrink(work);
                }
                Verdict::Going
            }
        }
    }

    /// All bins: those of earlier problems, those fixed, and these.
    fn found(&mut self, rest: &[Vec<Part>]) -> Verdict {
        let fixed = core::mem::take(&mut self.dive.fixed);
        self.keep(&fixed);
        self.keep(rest);
        Verdict::Found(core::mem::take(&mut self.done))
    }

    fn keep(&mut self, bins: &[Vec<Part>]) {
        let known = |part: &Part| Part { kind: self.origin[part.kind], ..*part };
        self.done.extend(bins.iter().map(|bin| bin.iter().map(known).collect::<Vec<Part>>()));
    }

    /// When many kinds are gone, the rest becomes a problem of its own: its basis is smaller, and its
    /// patterns have no more of a kind than are left. There is no way back from there.
    fn shrink(&mut self, work: &mut u64) {
        let relaxation = &self.dive.relaxation;
        let kinds = relaxation.left.iter().filter(|left| **left > 0).count();
        if 3 * kinds >= 2 * self.problem.kinds() {
            return;
        }
        let (rest, origin) = self.problem.rest(&relaxation.left);
        let relaxation = Relaxation::rest(&rest, relaxation, &origin, work);
        let (room, backs) = (self.dive.room(), self.dive.backs);
        let fixed = core::mem::take(&mut self.dive.fixed);
        self.keep(&fixed);
        self.origin = origin.into_iter().map(|kind| self.origin[kind]).collect();
        self.problem = rest;
        self.dive = Dive::unsolved(relaxation, room);
        self.dive.backs = backs;
    }
}

/// With so many bins left, the rest is searched through, for so much work.
const FEW_BINS: usize = 25;
const SEARCH_WORK: u64 = 200_000;
