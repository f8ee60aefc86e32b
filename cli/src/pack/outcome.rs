//! What came out for one file.

use std::time::Duration;

use apportion_binpack::{Assignment, Flaw};

use super::Source;
use crate::output::Error;

/// A packing that was checked, and what is known of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) assignment: Assignment,
    pub(super) lower_bound: usize,
    /// Of the assignment, in the order in which items came.
    pub(super) hash: u64,
    /// The order in which items came.
    pub(super) order: Vec<usize>,
    /// Steps of the improver, if it was asked.
    pub(super) steps: Option<u64>,
    pub(super) took: Duration,
}

impl Outcome {
    pub(super) fn bins(&self) -> usize {
        self.assignment.bins()
    }

    /// Whether the lower bound proves it.
    pub(super) fn is_optimal(&self) -> bool {
        self.bins() == self.lower_bound
    }

    /// Items that are larger than a bin.
    pub(super) fn rejected(&self) -> Vec<usize> {
        self.assignment.left_out().collect()
    }
}

/// What the independent checker has found: a packing that fails it is never shown.
pub(super) fn refused(source: &Source, flaw: Flaw) -> Error {
    Error::input(&source.name, format!("expected a packing, found a fault of the packer: {flaw}"))
}
