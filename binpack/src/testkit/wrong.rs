//! Negative controls: packers that make one mistake each.
//!
//! A kit is worth what it refuses. Each [`Mistake`] tells which laws it breaks; without one the
//! [`Model`] is a plain packer that keeps all of them. Those that [`pack`] makes are of packers to
//! which all items are known beforehand.

mod offline;

use alloc::vec::Vec;

use super::policy::fits;
use super::watch::{Bin, Watch, combine};
use super::{Answer, CaseSize, ChangingPacker, Law, OnlinePacker, Policy, Rule};
use crate::Size;

pub use offline::{PackingMistake, claim_optimal, pack};

/// What a [`Model`] does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// Nothing.
    Nothing,
    /// An item is taken for one smaller: a bin gets one too many.
    OffByOne,
    /// Of vectors, only the first dimension is looked at to see whether an item fits.
    FirstDimension,
    /// All bins that join are taken for as large as the first.
    OneCapacity,
    /// A bin that joins gets the number of the one before.
    SameNumber,
    /// An item that fills a bin to the last unit is thought not to fit.
    Strict,
    /// A bin in which something was placed is never looked at again once it is half full.
    ClosesEarly,
    /// Of bins with equal scores, or of those that fit, the last is chosen, not the first.
    LastOfEqual,
    /// Of vectors, the sums of residuals are compared, whatever the policy says.
    PlainSum,
    /// What has to wait is rejected.
    RejectsForNow,
    /// What no bin could hold has to wait.
    WaitsForever,
    /// What has left is not noticed.
    ForgetsDepartures,
    /// Bins that went away are still used.
    KeepsRemoved,
    /// A bin that has the number of one that went away gets what was left of that, if that is less.
    Inherits,
    /// Every item gets a bin of its own.
    OneEach,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Nothing,
        Self::OffByOne,
        Self::FirstDimension,
        Self::OneCapacity,
        Self::SameNumber,
        Self::Strict,
        Self::ClosesEarly,
        Self::LastOfEqual,
        Self::PlainSum,
        Self::RejectsForNow,
        Self::WaitsForever,
        Self::ForgetsDepartures,
        Self::KeepsRemoved,
        Self::Inherits,
        Self::OneEach,
    ];

    /// The laws of which it breaks one: which comes first depends on the case.
    #[must_use]
    pub const fn laws(self) -> &'static [Law] {
        match self {
            Self::Nothing => &[],
            Self::OffByOne | Self::SameNumber => &[Law::Capacity],
            // What does not fit may be the first of which the second is chosen.
            Self::FirstDimension => &[Law::Capacity, Law::Choice],
            Self::Strict | Self::ClosesEarly | Self::ForgetsDepartures | Self::Inherits => {
                &[Law::EveryItem, Law::AnyFit, Law::Choice]
            }
            Self::OneCapacity | Self::KeepsRemoved => {
                &[Law::Capacity, Law::EveryItem, Law::AnyFit, Law::Choice]
            }
            Self::LastOfEqual | Self::PlainSum => &[Law::Choice],
            Self::RejectsForNow | Self::WaitsForever => &[Law::EveryItem],
            Self::OneEach => &[Law::Ratio],
        }
    }
}

/// A packer, small and slow, with a [`Mistake`].
#[derive(Clone, Debug)]
pub struct Model<F: Policy> {
    mistake: Mistake,
    watch: Watch<F>,
    /// What was left of bins that went away, by number.
    gone: Vec<(usize, F::Size)>,
}

impl<F: Policy> Model<F> {
    /// No bins; with a capacity of those that open, or none that does.
    #[must_use]
    pub const fn new(fit: F, opening: Option<F::Size>, mistake: Mistake) -> Self {
        Self { mistake, watch: Watch::new(fit, opening), gone: Vec::new() }
    }

    fn open(&mut self, capacity: F::Size) -> usize {
        let holes = (0..self.watch.bins.len()).find(|number| self.watch.is_free(*number));
        let number = holes.unwrap_or(self.watch.bins.len());
        self.watch.open(number, capacity);
        let heritage = self.gone.iter().rev().find(|(gone, _)| *gone == number).copied();
        if let (Mistake::Inherits, Some((_, left))) = (self.mistake, heritage)
            && let Some(bin) = self.watch.bin(number)
        {
            bin.residual = combine(&bin.residual, &left, u64::min);
        }
        number
    }

    /// Chooses of the bins with room for the size that an item is taken for, and puts it there.
    fn place_as(&mut self, taken_for: F::Size, size: &F::Size) -> Answer {
        let room = |bin: &Bin<F::Size>| self.has_room(&taken_for, &bin.residual);
        let score = |bin: &Bin<F::Size>| self.score(size, &bin.residual);
        let chosen = match self.mistake {
            Mistake::OneEach => None,
            Mistake::LastOfEqual => self.last_of_equal(size),
            _ => self.watch.choose(room, score),
        };
        let opens = self.watch.opening.filter(|capacity| self.has_room(&taken_for, capacity));
        let Some(bin) = chosen.or_else(|| opens.map(|capacity| self.open(capacity))) else {
            let holds = self.watch.there().any(|(_, bin)| fits(size, &bin.capacity));
            return match self.mistake {
                Mistake::RejectsForNow => Answer::Reject,
                Mistake::WaitsForever => Answer::Wait,
                _ if holds => Answer::Wait,
                _ => Answer::Reject,
            };
        };
        self.watch.put(bin, size);
        Answer::Bin(bin)
    }

    fn has_room(&self, size: &F::Size, residual: &F::Size) -> bool {
        match self.mistake {
            Mistake::FirstDimension => size.amounts().first() <= residual.amounts().first(),
            _ => fits(size, residual),
        }
    }

    fn score(&self, size: &F::Size, residual: &F::Size) -> u128 {
        if self.mistake == Mistake::PlainSum {
            return residual.amounts().iter().map(|amount| u128::from(*amount)).sum();
        }
        // What is thought to fit may not.
        self.watch.policy.score(&combine(size, residual, u64::min), residual)
    }

    fn last_of_equal(&self, size: &F::Size) -> Option<usize> {
        let first = self.watch.expected(size)?;
        let score = |bin: &Bin<F::Size>| self.watch.policy.score(size, &bin.residual);
        let by_number = matches!(self.watch.policy.rule(), Rule::Last | Rule::Lowest);
        let best = self.watch.bins[first].as_ref().map(score);
        let mut bins = self.watch.there().rev().filter(|(_, bin)| fits(size, &bin.residual));
        bins.find(|(_, bin)| by_number || Some(score(bin)) == best).map(|(number, _)| number)
    }
}

impl<F: Policy> OnlinePacker<F::Size> for Model<F> {
    fn add(&mut self, capacity: F::Size) -> usize {
        let first = self.watch.there().next().map(|(_, bin)| bin.capacity);
        match (self.mistake, first) {
            (Mistake::OneCapacity, Some(first)) => self.open(first),
            (Mistake::SameNumber, Some(_)) => self.open(capacity).saturating_sub(1),
            _ => self.open(capacity),
        }
    }

    fn place(&mut self, size: F::Size) -> Answer {
        let changed = |change: fn(u64, u64) -> u64| {
            F::Size::from_fn(|dimension| change(size.amounts()[dimension], 1))
        };
        let taken_for = match self.mistake {
            Mistake::OffByOne => changed(u64::saturating_sub),
            Mistake::Strict => changed(u64::saturating_add),
            _ => size,
        };
        let answer = self.place_as(taken_for, &size);
        if let (Mistake::ClosesEarly, Answer::Bin(bin)) = (self.mistake, answer)
            && let Some(bin) = self.watch.bin(bin)
            && fits(&bin.residual, &size)
        {
            bin.residual = F::Size::from_fn(|_| 0);
        }
        answer
    }

    fn release(&mut self, bin: usize, size: F::Size) {
        if self.mistake != Mistake::ForgetsDepartures {
            self.watch.take(bin, &size);
        }
    }
}

impl<F: Policy> ChangingPacker<F::Size> for Model<F> {
    fn remove(&mut self, bin: usize) {
        if self.mistake != Mistake::KeepsRemoved
            && let Some(gone) = self.watch.bins[bin].take()
        {
            self.gone.push((bin, gone.residual));
        }
    }
}
