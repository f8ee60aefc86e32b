//! Diving: fix what the relaxation is surest of, solve the rest, and so on.

use alloc::vec;
use alloc::vec::Vec;

use super::linear::worth;
use super::problem::{Part, Problem, fits, take};
use super::relaxation::{Progress, Relaxation};
use super::slack::Pass;
use crate::chance::SplitMix64;

/// A descent to a packing with a given number of bins: bins are fixed, the relaxation is solved
/// again, and if the rest no longer fits the bins that are left, they are taken back and others are
/// tried.
#[derive(Clone, Debug)]
pub(super) struct Dive {
    pub(super) relaxation: Relaxation,
    pub(super) fixed: Vec<Vec<Part>>,
    /// How many bins there may be.
    most: usize,
    levels: Vec<Level>,
    state: State,
    /// How often bins were taken back.
    pub(super) backs: usize,
}

#[derive(Clone, Debug)]
struct Level {
    left: Vec<u32>,
    /// How many bins were fixed above.
    fixed: usize,
    /// Bins to be fixed next: one of these groups, in turn.
    groups: Vec<Vec<Vec<Part>>>,
    next: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Solving, with this many pivots left.
    Solve(usize),
    /// What is left may fit: fix more.
    Fix,
    /// Fix the next group of the lowest level.
    Descend,
    Back,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Depth {
    Going,
    /// Bins were fixed, and the rest may fit the others.
    Deeper,
    /// Nothing is left.
    Bottom,
    /// There is nothing more to try.
    Failed,
}

impl Dive {
    /// From a relaxation that is solved.
    pub(super) fn new(relaxation: Relaxation, most: usize) -> Self {
        let (fixed, levels) = (Vec::new(), Vec::new());
        Self { relaxation, fixed, most, levels, state: State::Fix, backs: 0 }
    }

    /// From a relaxation that has yet to be solved.
    pub(super) fn unsolved(relaxation: Relaxation, most: usize) -> Self {
        Self { state: State::Solve(10 * PIVOTS), ..Self::new(relaxation, most) }
    }

    /// From a relaxation that is solved, beginning with a bin by chance that may be part of a
    /// solution.
    pub(super) fn elsewhere(relaxation: Relaxation, most: usize, chance: &mut SplitMix64) -> Self {
        let program = &relaxation.program;
        let mut groups = Vec::new();
        for _ in 0..10 * WIDTH {
            let pattern = &program.patterns[chance.below(program.patterns.len())];
            if groups.len() < WIDTH && worth(pattern, &program.prices) > 1.0 - NEARLY {
                groups.push(vec![pattern.clone()]);
            }
        }
        let level = Level { left: relaxation.left.clone(), fixed: 0, groups, next: 0 };
        Self { state: State::Descend, levels: vec![level], ..Self::new(relaxation, most) }
    }

    /// How many bins are left.
    pub(super) fn room(&self) -> usize {
        self.most.saturating_sub(self.fixed.len())
    }

    /// A pivot, a fixing, or a step back.
    pub(super) fn step(
        &mut self,
        problem: &Problem,
        chance: &mut Option<SplitMix64>,
        work: &mut u64,
    ) -> Depth {
        match self.state {
            State::Solve(pivots) => self.solve(problem, pivots, work),
            State::Fix => {
                let before = self.fixed.len();
                self.branch(problem, chance, work);
                self.state = State::Descend;
                if self.relaxation.left.iter().all(|left| *left == 0) {
                    Depth::Bottom
                } else if self.fixed.len() > before {
                    Depth::Deeper
                } else {
                    Depth::Going
                }
            }
            State::Descend => {
                self.descend(problem, work);
                Depth::Going
            }
            State::Back => self.back(),
        }
    }

    fn solve(&mut self, problem: &Problem, pivots: usize, work: &mut u64) -> Depth {
        #[expect(clippy::cast_precision_loss, reason = "floats only propose")]
        let enough = self.room() as f64 + WHOLE;
        if self.relaxation.program.value() <= enough {
            self.state = State::Fix;
            return Depth::Deeper;
        }
        let going = pivots > 0
            && self.relaxation.step(problem, work) == Progress::Going
            && self.relaxation.bound() <= enough;
        self.state = if going { State::Solve(pivots - 1) } else { State::Back };
        Depth::Going
    }

    fn back(&mut self) -> Depth {
        self.backs += 1;
        while let Some(level) = self.levels.last_mut() {
            self.fixed.truncate(level.fixed);
            level.next += 1;
            if level.next < level.groups.len() {
                self.state = State::Descend;
                return Depth::Going;
            }
            self.levels.pop();
        }
        Depth::Failed
    }

    /// Fixes the next group of the lowest level, and prepares to solve.
    fn descend(&mut self, problem: &Problem, work: &mut u64) {
        self.state = State::Back;
        let Some(level) = self.levels.last() else { return };
        let Some(group) = level.groups.get(level.next) else { return };
        let relaxation = &mut self.relaxation;
        relaxation.left.clone_from(&level.left);
        for bin in group {
            take(&mut relaxation.left, bin);
            self.fixed.push(bin.clone());
        }
        relaxation.program.set_demand(&relaxation.left, work);
        // What it leaves below zero, if anything, the pivots to come put right.
        relaxation.program.restore(2 * problem.kinds() + 10, work);
        if self.fixed.len() <= self.most {
            self.state = State::Solve(PIVOTS);
        }
    }

    /// Fixes the whole parts of all values, and opens a level: first those patterns together that
    /// have the largest fractions, then each of the few first alone.
    fn branch(&mut self, problem: &Problem, chance: &mut Option<SplitMix64>, work: &mut u64) {
        let left = &mut self.relaxation.left;
        let program = &self.relaxation.program;
        let mut candidates: Vec<(f64, usize)> = Vec::new();
        for (number, value) in program.solution() {
            let pattern = &program.patterns[number];
            let mut value = value + WHOLE;
            while value >= 1.0 && self.fixed.len() < self.most && fits(pattern, left) {
                take(left, pattern);
                self.fixed.push(pattern.clone());
                value -= 1.0;
            }
            if value > 2.0 * WHOLE {
                candidates.push((value, number));
            }
        }
        *work += 4 * left.len() as u64;
        candidates.retain(|(_, number)| fits(&program.patterns[*number], left));
        candidates.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        if let Some(chance) = chance {
            // Sometimes a neighbour goes first.
            for place in 1..candidates.len() {
                if chance.below(3) == 0 {
                    candidates.swap(place - 1, place);
                }
            }
        }
        let room = self.most - self.fixed.len();
        let mut rest = left.clone();
        let mut together: Vec<Vec<Part>> = Vec::new();
        for (_, number) in &candidates {
            let pattern = &program.patterns[*number];
            if together.len() < room / GROUP && fits(pattern, &rest) {
                take(&mut rest, pattern);
                together.push(pattern.clone());
            }
        }
        let mut groups: Vec<Vec<Vec<Part>>> = Vec::new();
        if together.len() > 1 {
            groups.push(together);
        }
        let alone = candidates.iter().take(WIDTH);
        groups.extend(alone.map(|(_, number)| vec![program.patterns[*number].clone()]));
        if groups.is_empty() && room > 0 {
            let mut pass = Pass::new(left.clone());
            pass.step(problem, FILL_NODES, work);
            groups.push(pass.bins);
        }
        self.levels.push(Level { left: left.clone(), fixed: self.fixed.len(), groups, next: 0 });
    }
}

/// Values this close to a whole number are whole.
const WHOLE: f64 = 1e-4;
/// Patterns worth this close to a bin may be in a solution.
const NEARLY: f64 = 1e-3;
/// The most pivots between two fixings.
const PIVOTS: usize = 200;
/// The most patterns that are tried alone on a level.
const WIDTH: usize = 4;
/// A group has one in so many of the bins that are left.
const GROUP: usize = 10;
const FILL_NODES: u64 = 5_000;
