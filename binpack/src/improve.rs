//! The improver: from a packing by rules to one with fewer bins, and to a proof that there is none.

mod attempt;
mod completion;
mod dive;
mod linear;
mod pricing;
mod problem;
mod proof;
mod relaxation;
mod slack;

use alloc::boxed::Box;
use alloc::vec::Vec;

use attempt::{Attempt, Verdict};
use completion::{Completion, Outcome};
use problem::{Part, Problem};
use relaxation::{Progress, Relaxation};
use slack::Pass;

use crate::chance::SplitMix64;
use crate::{Assignment, Flaw, Instance, check, l2, portfolio};

/// Looks for a packing with fewer bins, for as many steps as one gives it.
///
/// In turn: minimum bin slack; bin completion; column generation, which also proves a lower bound;
/// and then, again and again, dives through its relaxation with bin completion at the bottom. It
/// begins with the best packing that a rule makes, or with one of the caller's.
///
/// ```
/// use apportion_binpack::{Improver, Instance};
///
/// let instance = Instance::new(100, vec![50, 40, 34, 34, 33, 33, 33, 33, 10])?;
/// let mut improver = Improver::new(&instance);
/// assert_eq!(improver.bins(), 4);
/// assert!(improver.run(1_000)); // there is nothing left to do
/// assert_eq!((improver.bins(), improver.lower_bound()), (3, 3));
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
///
/// *Steps:* one is about a thousand elementary operations, a few microseconds. How many are given
/// decides what comes out, not the machine: the same instance and as many steps give the same
/// packing, however they are divided over calls. Work comes in pieces, so a call may take somewhat
/// more than it was given; [`steps`](Self::steps) says how many were taken in all.
///
/// *Floating point:* the relaxation is solved in it, to propose bins and prices. Packings and bounds
/// are made of integers, and every bound is proved in them.
///
/// *Sources:* Fleszar and Hindi 2002 (minimum bin slack); Korf 2003 (bin completion); Gilmore and
/// Gomory 1961 (column generation); diving as in Wäscher and Gau, *Heuristics for the integer
/// one-dimensional cutting stock problem*, OR Spektrum 18, 1996, and Belov and Scheithauer, *A
/// branch-and-cut-and-price algorithm*, EJOR 171, 2006.
///
/// *Complexity:* memory is O(k² + n) for k different sizes, n items. With more than 1,024 different
/// sizes there is no relaxation, and the improver ends after bin completion.
#[derive(Clone, Debug)]
pub struct Improver {
    problem: Problem,
    best: Assignment,
    lower_bound: usize,
    proof: Proof,
    work: u64,
    stage: Stage,
    attempts: u64,
}

/// What shows that no packing has fewer bins than [`Improver::lower_bound`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Proof {
    /// [`l2`].
    Sizes,
    /// A price for each size, in parts of 2^32, at which no bin's contents are worth more than 2^32:
    /// there are as many bins at least as all items together are worth.
    Prices(Vec<(u64, u64)>),
    /// A search through all packings with one bin less.
    Search,
}

#[derive(Clone, Debug)]
enum Stage {
    Slack(Pass),
    /// With the work at which it ends.
    Complete(Completion, u64),
    Relax(Box<Relaxation>),
    /// Between two attempts.
    Root(Box<Relaxation>),
    Attempt(Box<Relaxation>, Box<Attempt>),
    Done,
}

impl Improver {
    /// Begins with the best of all rules. O(n log n).
    #[must_use]
    pub fn new(instance: &Instance) -> Self {
        Self::begin(instance, portfolio(instance).0)
    }

    /// Begins with a packing that one has.
    ///
    /// # Errors
    ///
    /// What [`check`] finds wrong with it.
    pub fn with_packing(instance: &Instance, packing: Assignment) -> Result<Self, Flaw> {
        check(instance, &packing)?;
        Ok(Self::begin(instance, packing))
    }

    fn begin(instance: &Instance, best: Assignment) -> Self {
        let problem = Problem::new(instance);
        let stage = Stage::Slack(Pass::new(problem.counts.clone()));
        let lower_bound = l2(instance);
        let proof = Proof::Sizes;
        Self { problem, best, lower_bound, proof, work: 0, stage, attempts: 0 }
    }

    /// Goes on for this many steps, or until there is nothing left to do: then `true`.
    pub fn run(&mut self, steps: u64) -> bool {
        let end = self.steps().saturating_add(steps);
        while !self.is_done() && self.steps() < end {
            self.step();
        }
        self.is_done()
    }

    /// Whether there is nothing left to do: the packing is optimal, or nothing more can be tried.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_optimal() || matches!(self.stage, Stage::Done)
    }

    /// Whether it is proved that no packing has fewer bins.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.best.bins() == self.lower_bound
    }

    /// How many bins the best packing so far has.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.best.bins()
    }

    /// The best packing so far.
    #[must_use]
    pub fn assignment(&self) -> &Assignment {
        &self.best
    }

    /// No packing has fewer bins than this.
    #[must_use]
    pub fn lower_bound(&self) -> usize {
        self.lower_bound
    }

    /// What shows that.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// How many steps were taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.work / WORK_PER_STEP
    }

    /// A piece of work.
    fn step(&mut self) {
        self.stage = match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Slack(pass) => self.slack(pass),
            Stage::Complete(completion, end) => self.complete(completion, end),
            Stage::Relax(relaxation) => self.relax(relaxation),
            Stage::Root(root) => self.attempt(root),
            Stage::Attempt(root, mut attempt) => match attempt.step(&mut self.work) {
                Verdict::Going => Stage::Attempt(root, attempt),
                Verdict::Failed => Stage::Root(root),
                Verdict::Found(bins) => {
                    self.keep(&bins);
                    Stage::Root(root)
                }
            },
            Stage::Done => Stage::Done,
        };
        if self.is_done() {
            // The next whole step, which no piece before had reached: as many lead here again.
            self.work = (self.steps() + 1) * WORK_PER_STEP;
        }
    }

    fn keep(&mut self, bins: &[Vec<Part>]) {
        if bins.len() < self.best.bins() {
            self.best = self.problem.assignment(bins);
        }
    }

    fn slack(&mut self, mut pass: Pass) -> Stage {
        if pass.step(&self.problem, SLACK_NODES, &mut self.work) {
            return Stage::Slack(pass);
        }
        self.keep(&pass.bins);
        self.search()
    }

    /// Begins a search for a packing with as many bins as the bound allows.
    fn search(&self) -> Stage {
        let counts = self.problem.counts.clone();
        let completion = Completion::new(&self.problem, counts, self.lower_bound);
        Stage::Complete(completion, self.work + SEARCH_WORK)
    }

    fn complete(&mut self, mut completion: Completion, end: u64) -> Stage {
        match completion.step(&self.problem, &mut self.work) {
            Outcome::Going if self.work < end => return Stage::Complete(completion, end),
            Outcome::None if completion.whole => {
                self.lower_bound += 1;
                self.proof = Proof::Search;
                return self.search();
            }
            Outcome::Going | Outcome::None => {}
            Outcome::Found => self.keep(&completion.bins),
        }
        if self.problem.kinds() > MOST_KINDS {
            return Stage::Done;
        }
        let mut relaxation = Relaxation::new(&self.problem);
        let bins = self.problem.bins_of(&self.best);
        relaxation.seed(&self.problem, &bins, &mut self.work);
        Stage::Relax(Box::new(relaxation))
    }

    fn relax(&mut self, mut relaxation: Box<Relaxation>) -> Stage {
        // More pivots cannot raise the bound to another whole number.
        let enough = at_least(relaxation.bound()).max(self.lower_bound);
        let solved = at_least(relaxation.program.value()) <= enough || self.work > RELAX_WORK;
        if !solved && relaxation.step(&self.problem, &mut self.work) == Progress::Going {
            return Stage::Relax(relaxation);
        }
        let center = &relaxation.center;
        if let Some(proved) = proof::prove(&self.problem, center, PROOF_NODES, &mut self.work)
            && proved.bins > self.lower_bound
        {
            self.lower_bound = proved.bins;
            self.proof = Proof::Prices(proved.prices);
        }
        Stage::Root(relaxation)
    }

    /// Begins an attempt: at the bound, or, in turn, at one bin less than there are now.
    fn attempt(&mut self, root: Box<Relaxation>) -> Stage {
        self.attempts += 1;
        let one_less = self.best.bins() - 1;
        let most = if self.attempts.is_multiple_of(2) { one_less } else { self.lower_bound };
        let chance = (self.attempts > 1).then_some(SplitMix64 { state: self.attempts });
        let backs = BACKS + usize::try_from(self.attempts).unwrap_or(usize::MAX) / 4;
        let attempt = Attempt::new(&self.problem, &root, most, backs, chance);
        Stage::Attempt(root, Box::new(attempt))
    }
}

/// A number of bins, from a value that rounding may have moved.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the conversion to an integer saturates; numbers of bins are below 2^32"
)]
fn at_least(value: f64) -> usize {
    let whole = value as usize;
    whole + usize::from(value - whole as f64 > 1e-6)
}

const WORK_PER_STEP: u64 = 1 << 10;
const SLACK_NODES: u64 = 5_000;
const SEARCH_WORK: u64 = 200_000;
/// The relaxation of all items may take this much work, and the proof this many steps of its search.
const RELAX_WORK: u64 = 200_000_000;
const PROOF_NODES: u64 = 10_000_000;
/// The dense basis of more kinds would take more than a few megabytes.
const MOST_KINDS: usize = 1_024;
/// How often the first attempts may take bins back.
const BACKS: usize = 10;
