//! How a new process begins its life where it belongs.

use std::os::fd::OwnedFd;

/// What a new process does between `fork` and `exec`, so that it never runs a single instruction
/// of its program anywhere else.
#[derive(Debug, Default)]
pub struct Entrance {
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) enum Step {
    /// Writes `0`, which means itself, to the list of tasks of a control group.
    Join(OwnedFd),
    /// Enters a network namespace.
    Network(OwnedFd),
}
