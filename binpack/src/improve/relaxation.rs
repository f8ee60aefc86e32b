//! Column generation: patterns are found as the relaxation asks for them.

use alloc::vec::Vec;

use super::linear::{Program, worth};
use super::pricing::{Found, most_valuable};
use super::problem::{Part, Problem, fits, take};
use super::slack;

/// The relaxation of what is left to pack.
#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    pub(super) program: Program,
    pub(super) left: Vec<u32>,
    /// Prices at which no pattern is worth more than a bin, the best so far: what is left is worth a
    /// lower bound.
    pub(super) center: Vec<f64>,
    /// How far prices are drawn towards them.
    pull: f64,
}

/// Where the relaxation stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    /// A pivot was made.
    Going,
    /// No pattern is worth more than a bin.
    Solved,
    /// Rounding, or a search that took too long, leaves it where it is.
    Stuck,
}

impl Relaxation {
    pub(super) fn new(problem: &Problem) -> Self {
        let alone = |kind: usize| {
            let most = problem.capacity / problem.sizes[kind];
            u32::try_from(most).unwrap_or(u32::MAX).min(problem.counts[kind])
        };
        #[expect(clippy::cast_precision_loss, reason = "floats only propose")]
        let share = |size: &u64| *size as f64 / problem.capacity as f64;
        Self {
            program: Program::new(&problem.counts, alone),
            left: problem.counts.clone(),
            center: problem.sizes.iter().map(share).collect(),
            pull: PULL,
        }
    }

    /// Proposes full bins: those of a packing, and one around each kind.
    pub(super) fn seed(&mut self, problem: &Problem, bins: &[Vec<Part>], work: &mut u64) {
        for bin in bins {
            self.program.propose(bin.clone());
        }
        for kind in 0..problem.kinds() {
            let bin = slack::fill(problem, &problem.counts, Some(kind), SEED_NODES, work);
            self.program.propose(bin);
        }
    }

    /// The relaxation of what is left of another one, with its patterns and prices; `kinds` are the
    /// kinds of the other one that are left.
    pub(super) fn rest(problem: &Problem, other: &Self, kinds: &[usize], work: &mut u64) -> Self {
        let mut rest = Self::new(problem);
        let mut number = alloc::vec![0; other.left.len()];
        for (new, old) in kinds.iter().enumerate() {
            number[*old] = new;
            rest.center[new] = other.center[*old];
        }
        for pattern in other.program.patterns.iter().filter(|pattern| fits(pattern, &other.left)) {
            let renumbered = |part: &Part| Part { kind: number[part.kind], ..*part };
            rest.program.propose(pattern.iter().map(renumbered).collect());
        }
        *work += 4 * other.program.patterns.len() as u64;
        rest
    }

    /// What the items left are worth at the best prices that prove anything.
    pub(super) fn bound(&self) -> f64 {
        self.left.iter().zip(&self.center).map(|(left, price)| f64::from(*left) * price).sum()
    }

    /// One pivot.
    ///
    /// Prices jump about while few patterns are known, so patterns are searched for at prices
    /// between these and the best that prove a bound: Wentges, *Weighted Dantzig-Wolfe
    /// decomposition for linear mixed-integer programming*, International Transactions in
    /// Operational Research 4, 1997.
    pub(super) fn step(&mut self, problem: &Problem, work: &mut u64) -> Progress {
        if self.program.improve(work) {
            return Progress::Going;
        }
        loop {
            let mixed = self.program.prices.iter().zip(&self.center);
            let prices: Vec<f64> = mixed
                .map(|(price, center)| self.pull * center + (1.0 - self.pull) * price)
                .collect();
            let floor = if self.pull > 0.0 { 0.0 } else { 1.0 + GAIN };
            let Found { pattern, exhausted } =
                most_valuable(problem, &self.left, &prices, floor, NODES, work);
            let Some(pattern) = pattern else {
                if exhausted && self.pull == 0.0 {
                    self.recenter(&prices, 1.0 + GAIN);
                    return Progress::Solved;
                }
                return Progress::Stuck;
            };
            if exhausted {
                self.recenter(&prices, worth(&pattern, &prices));
            }
            if worth(&pattern, &self.program.prices) > 1.0 + GAIN {
                self.pull = (self.pull + 0.1).min(PULL);
                let entered = self.propose(problem, &prices, pattern, work);
                return if entered { Progress::Going } else { Progress::Stuck };
            }
            self.pull = if self.pull > 0.2 { self.pull - 0.2 } else { 0.0 };
        }
    }

    /// Brings a pattern in, and proposes others, of the items that are not in it, beside it.
    fn propose(
        &mut self,
        problem: &Problem,
        prices: &[f64],
        pattern: Vec<Part>,
        work: &mut u64,
    ) -> bool {
        let mut left = self.left.clone();
        take(&mut left, &pattern);
        let number = self.program.propose(pattern);
        for _ in 0..BESIDE {
            let found = most_valuable(problem, &left, prices, 0.0, BESIDE_NODES, work);
            let Some(pattern) = found.pattern else { break };
            take(&mut left, &pattern);
            if worth(&pattern, &self.program.prices) > 1.0 + GAIN {
                self.program.propose(pattern);
            }
        }
        self.program.enter_pattern(number, work)
    }

    /// Keeps prices, scaled so that no pattern is worth more than a bin, if they prove more.
    fn recenter(&mut self, prices: &[f64], most: f64) {
        let most = most.max(1.0);
        let each = self.left.iter().zip(prices);
        let sum: f64 = each.map(|(left, price)| f64::from(*left) * price.max(0.0)).sum();
        if sum / most > self.bound() {
            for (center, price) in self.center.iter_mut().zip(prices) {
                *center = price.max(0.0) / most;
            }
        }
    }
}

/// A pattern that gains less than this is not worth a pivot.
const GAIN: f64 = 1e-9;
const PULL: f64 = 0.8;
/// The most steps of a search for a pattern, of one for another beside it, and of one for a seed.
const NODES: u64 = 2_000_000;
const BESIDE_NODES: u64 = 2_000;
const SEED_NODES: u64 = 200;
/// The most patterns that are proposed beside one.
const BESIDE: usize = 12;
