//! How a new process begins its life where it belongs.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, LinkNameSpaceType, move_into_link_name_space, sched_setaffinity};

/// What a new process does between `fork` and `exec`, so that it never runs a single instruction
/// of its program anywhere else.
#[derive(Debug, Default)]
pub struct Entrance {
    pub(crate) steps: Vec<Step>,
}

impl Entrance {
    /// This one's steps, then those of another.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self
    }
}

#[derive(Debug)]
pub(crate) enum Step {
    /// Writes `0`, which means itself, to the list of tasks of a control group. With its path.
    Join(OwnedFd, PathBuf),
    /// Takes a nice level.
    Nice(i32),
    /// Stays on these CPUs.
    Affinity(Box<CpuSet>),
    /// Enters a network namespace.
    Network(OwnedFd),
    /// Writes its number to a pipe, so that who keeps the group knows of it.
    Announce(OwnedFd),
}

impl Step {
    /// Takes the step. Runs between `fork` and `exec`: only system calls, no allocation, no lock.
    pub(crate) fn run(&self) -> Result<(), Errno> {
        match self {
            Self::Join(tasks, _) => rustix::io::write(tasks, b"0").map(drop),
            Self::Nice(level) => setpriority_process(None, *level),
            Self::Affinity(cpus) => sched_setaffinity(None, cpus),
            Self::Network(namespace) => {
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            }
            Self::Announce(pipe) => {
                let id = rustix::process::getpid().as_raw_pid().to_ne_bytes();
                rustix::io::write(pipe, &id).map(drop)
            }
        }
    }

    /// What it does, as an infinitive, and to what.
    pub(crate) fn describe(&self) -> (&'static str, &Path) {
        match self {
            Self::Join(_, path) => ("enter by", path),
            Self::Nice(_) => ("take a nice level", Path::new("new process")),
            Self::Affinity(_) => ("stay on its CPUs", Path::new("new process")),
            Self::Network(_) => ("enter its network", Path::new("new process")),
            Self::Announce(_) => ("announce itself", Path::new("new process")),
        }
    }
}
