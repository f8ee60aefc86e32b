//! How to pack.

use std::fmt;
use std::time::Duration;

use apportion_binpack::{Fit, Order};

use crate::progress;

/// A rule, an order, and what the improver may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    pub(super) fit: Fit,
    pub(super) order: Order,
    pub(super) budget: Budget,
}

/// What the improver may take for a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Budget {
    /// Nothing: it is not asked.
    None,
    /// As many steps as are done in this time, that of packing included.
    Time(Duration),
    /// As many steps as this: the same packing anywhere.
    Steps(u64),
}

impl Budget {
    pub(super) fn improves(self) -> bool {
        self != Self::None
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} fit, {}", self.fit, self.order)?;
        match self.budget {
            Budget::None => Ok(()),
            Budget::Time(limit) => {
                write!(formatter, ", improved for up to {} ms each", limit.as_millis())
            }
            Budget::Steps(steps) => write!(formatter, ", improved by up to {steps} steps each"),
        }
    }
}

/// Time and steps of one file.
pub(super) struct Clock<'a> {
    begin: std::time::Instant,
    budget: Budget,
    /// In the unit of the budget: items if there is none.
    report: &'a mut dyn FnMut(u64),
}

impl<'a> Clock<'a> {
    pub(super) fn new(budget: Budget, report: &'a mut dyn FnMut(u64)) -> Self {
        Self { begin: progress::now(), budget, report }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// How many items are packed by the rule.
    pub(super) fn packed(&mut self, items: usize) {
        if self.budget == Budget::None {
            (self.report)(items as u64);
        }
    }

    /// Whether the budget allows to go on to so many steps in all, which take about as long.
    pub(super) fn allows(&mut self, steps: u64, duration: Duration) -> bool {
        match self.budget {
            Budget::None => false,
            Budget::Time(limit) => {
                let elapsed = self.elapsed();
                self.report_time(elapsed);
                elapsed.saturating_add(duration) < limit
            }
            Budget::Steps(most) => {
                (self.report)(steps.min(most));
                steps <= most
            }
        }
    }

    fn report_time(&mut self, elapsed: Duration) {
        (self.report)(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
    }

    /// Lets an improver run, in slices of steps, as far as the budget goes, of which so many are
    /// taken. `run` takes a number of steps, and returns how many were taken in all, and whether
    /// there is nothing left to do.
    pub(super) fn improve(
        &mut self,
        taken: u64,
        slice: u64,
        mut run: impl FnMut(u64) -> (u64, bool),
    ) {
        let mut taken = taken;
        loop {
            let next = match self.budget {
                Budget::None => return,
                Budget::Time(limit) => {
                    let elapsed = self.elapsed();
                    self.report_time(elapsed);
                    if elapsed < limit { slice } else { 0 }
                }
                Budget::Steps(steps) => {
                    (self.report)(taken);
                    steps.saturating_sub(taken).min(slice)
                }
            };
            if next == 0 {
                return;
            }
            let (steps, done) = run(next);
            taken = steps;
            if done {
                return;
            }
        }
    }
}
