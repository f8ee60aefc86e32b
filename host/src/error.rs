//! Why the world did not do what it was asked.

use std::path::PathBuf;

use rustix::io::Errno;

use crate::vcpu::VcpuError;
use crate::{GroupPath, InvalidGroupPath, QmpError, Task};

/// Something that this machine does not offer, or not to us.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what}: {why}; {fix}")]
pub struct Unavailable {
    /// What is missing, such as `cgroup controller memory`.
    pub what: String,
    /// How that was found, such as `mounted read-only on /sys/fs/cgroup/memory`.
    pub why: String,
    /// What somebody with the rights can do about it, as an instruction.
    pub fix: String,
}

/// Why the world did not do what it was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine does not offer it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A name that no group can have.
    #[error(transparent)]
    InvalidGroupPath(#[from] InvalidGroupPath),
    /// No group of this path was created, or it was removed.
    #[error("group `{0}` does not exist")]
    UnknownGroup(GroupPath),
    /// A group of this path was created before.
    #[error("group `{0}` exists already")]
    GroupExists(GroupPath),
    /// The task ended before it could be put into the group.
    #[error("{task} ended before it came into group `{group}`")]
    TaskEnded {
        /// Which task.
        task: Task,
        /// Where it was to go.
        group: GroupPath,
    },
    /// What was read back differs from what was written.
    #[error("{}: wrote `{written}`, read back `{found}`", path.display())]
    NotApplied {
        /// The file that was written.
        path: PathBuf,
        /// What was written.
        written: String,
        /// What it holds now.
        found: String,
    },
    /// A value that no kernel takes.
    #[error("{what} = {value}: expected {expected}")]
    OutOfRange {
        /// Which setting.
        what: &'static str,
        /// The value asked for.
        value: String,
        /// What would be taken.
        expected: String,
    },
    /// What is wrong with a virtual CPU.
    #[error(transparent)]
    Vcpu(#[from] VcpuError),
    /// What a QEMU did not answer, or not as it should.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// A program that cannot be executed.
    #[error("cannot start `{}`: {}", program.display(), std::io::Error::from(*errno))]
    NotStarted {
        /// The program, as it was called.
        program: PathBuf,
        /// What the system says.
        errno: Errno,
    },
    /// A group that cannot be removed, or whose processes cannot be killed.
    #[error("{}: cannot be removed: {}; tasks inside: {tasks:?}", path.display(), std::io::Error::from(*errno))]
    NotRemoved {
        /// The folder of the group.
        path: PathBuf,
        /// Tasks that are still inside, the first few.
        tasks: Vec<u32>,
        /// What the system says.
        errno: Errno,
    },
    /// A call of the system failed.
    #[error("{}: cannot {doing}: {}", path.display(), std::io::Error::from(*errno))]
    System {
        /// What was being done, as an infinitive.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system says.
        errno: Errno,
    },
}
