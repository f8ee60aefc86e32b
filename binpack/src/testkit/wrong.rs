//! Negative controls: packers that make one mistake each.
//!
//! A kit is worth what it refuses. Each [`Mistake`] tells which law it breaks; without one the
//! [`Model`] is a plain packer that keeps all of them.

use alloc::vec::Vec;

use super::OnlinePacker;
use crate::Fit;
use crate::reference::{Online, Outcome};

/// What a [`Model`] does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// Nothing.
    Nothing,
    /// An item is taken for one smaller: a bin gets one too many.
    /// [`Law::Capacity`](super::Law::Capacity).
    OffByOne,
    /// An item that fills a bin to the last unit is thought not to fit.
    /// [`Law::EveryItem`](super::Law::EveryItem), or
    /// [`Law::AnyFit`](super::Law::AnyFit) where another bin opens.
    Strict,
    /// A bin in which something was placed is never looked at again once it is half full.
    /// [`Law::AnyFit`](super::Law::AnyFit).
    ClosesEarly,
    /// Of bins with equal residuals, or of those that fit, the last is chosen, not the first.
    /// [`Law::Choice`](super::Law::Choice).
    LastOfEqual,
    /// What has left is not noticed.
    /// [`Law::EveryItem`](super::Law::EveryItem) or [`Law::AnyFit`](super::Law::AnyFit).
    ForgetsDepartures,
    /// Every item gets a bin of its own.
    /// [`Law::Ratio`](super::Law::Ratio).
    OneEach,
}

/// A packer, small and slow, with a [`Mistake`].
#[derive(Clone, Debug)]
pub struct Model {
    mistake: Mistake,
    twin: Online,
}

impl Model {
    /// No bins; with a capacity of those that open, or none that does.
    #[must_use]
    pub const fn new(fit: Fit, opening: Option<u64>, mistake: Mistake) -> Self {
        Self { mistake, twin: Online::new(fit, opening) }
    }

    /// What the twin says of an item of this size, and what is placed then is of another.
    fn place_as(&mut self, taken_for: u64, size: u64) -> Option<usize> {
        let Outcome::Place { bin: (bin, _), .. } = self.twin.place(taken_for) else {
            return None;
        };
        if taken_for != size {
            self.set(bin, |residual| residual.saturating_add(taken_for).saturating_sub(size));
        }
        Some(bin)
    }

    fn set(&mut self, bin: usize, change: impl FnOnce(u64) -> u64) {
        if let Some(Some((capacity, residual))) = self.twin.bins.get_mut(bin) {
            *residual = change(*residual).min(*capacity);
        }
    }

    fn last_of_equal(&mut self, size: u64) -> Option<usize> {
        let Outcome::Place { bin: (bin, left), opened: false, .. } = self.twin.choose(size) else {
            return self.place_as(size, size);
        };
        let residuals: Vec<Option<u64>> =
            self.twin.bins.iter().map(|bin| bin.map(|(_, residual)| residual)).collect();
        let others = residuals.iter().enumerate().rev();
        let by_number = matches!(self.twin.fit, Fit::First | Fit::Next);
        let mut fits = others.filter(|(_, residual)| {
            residual.is_some_and(
                |residual| if by_number { residual >= size } else { residual == left + size },
            )
        });
        let last = fits.next().map_or(bin, |(last, _)| last);
        self.set(last, |residual| residual - size);
        self.twin.last = last;
        Some(last)
    }
}

impl OnlinePacker for Model {
    fn add(&mut self, capacity: u64) -> usize {
        self.twin.add(capacity)
    }

    fn place(&mut self, size: u64) -> Option<usize> {
        match self.mistake {
            Mistake::Nothing | Mistake::ForgetsDepartures => self.place_as(size, size),
            Mistake::OffByOne => self.place_as(size.saturating_sub(1), size),
            Mistake::Strict => self.place_as(size.saturating_add(1), size),
            Mistake::ClosesEarly => {
                let bin = self.place_as(size, size)?;
                self.set(bin, |residual| if residual <= size { 0 } else { residual });
                Some(bin)
            }
            Mistake::LastOfEqual => self.last_of_equal(size),
            Mistake::OneEach => {
                let capacity = self.twin.opening.filter(|capacity| size <= *capacity)?;
                Some(self.twin.add(capacity))
            }
        }
    }

    fn release(&mut self, bin: usize, size: u64) {
        if self.mistake != Mistake::ForgetsDepartures {
            self.set(bin, |residual| residual.saturating_add(size));
        }
    }
}
