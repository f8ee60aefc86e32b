//! Virtual CPUs that run quantum by quantum: a policy picks who enters, and is told what it used.
//!
//! [`schedule`] is the loop. It asks [`Turns`] who is next, lets a [`VcpuRunner`] run that vCPU for
//! a quantum, and charges the CPU time that its thread used, not the time that passed: on a machine
//! that others use too, the one is what the vCPU had, the other is not. One vCPU runs at a time, as
//! on one CPU.
//!
//! | runner | what runs |
//! |---|---|
//! | `Kvm` (feature `kvm`) | tiny guests of its own, each vCPU in a thread that enters `KVM_RUN` |
//! | [`Threads`] | threads that are busy, where there is no `/dev/kvm` |
//! | [`Simulated`] | nothing, in virtual time, by a script: for tests |
//!
//! | turns | what decides |
//! |---|---|
//! | [`FairTurns`] | `apportion-wfq`, with hard limits |
//! | [`LotteryTurns`] | `apportion-lottery`, with compensation for who stops early |
//! | [`StrideTurns`] | its deterministic twin |
//!
//! The other way is to let the kernel do it: [`Placed`] puts the threads of vCPUs, also those that a
//! QEMU runs already ([`vcpus_of_machine`], [`vcpus_of_process`]), into groups with weights and
//! limits, where all run at once.

mod behaviour;
mod clock;
mod error;
mod existing;
#[cfg(feature = "kvm")]
mod kvm;
mod latencies;
mod pinned;
mod placed;
mod pool;
mod report;
mod schedule;
mod simulated;
mod threads;
mod turns;
mod worker;

use std::fmt::{self, Display};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::Error;

pub use behaviour::Behaviour;
pub use error::VcpuError;
pub use existing::{ExistingVcpu, vcpus_of_machine, vcpus_of_process};
#[cfg(feature = "kvm")]
pub use kvm::{Kvm, TinyGuest};
pub use latencies::Latencies;
pub use pinned::Pinned;
pub use placed::Placed;
pub use report::{Report, VcpuReport};
pub use schedule::{Interrupted, Until, schedule};
pub use simulated::{Call, Simulated};
pub use threads::Threads;
pub use turns::{FairTurns, LotteryTurns, Member, Next, StrideTurns, Turns};

/// A vCPU of a runner, by number from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VcpuId(u32);

impl VcpuId {
    /// The vCPU of that number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl Display for VcpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vCPU {}", self.0)
    }
}

/// What runs vCPUs, one quantum at a time, and the clock that it goes by.
pub trait VcpuRunner {
    /// Runs a vCPU until the quantum is over or it stops by itself, whichever comes first. When it
    /// returns, no vCPU runs.
    ///
    /// # Errors
    ///
    /// [`VcpuError::UnknownVcpu`]; [`VcpuError::Crashed`] or [`VcpuError::Stuck`], after which the
    /// vCPU cannot be run again; what the system says.
    fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, Error>;

    /// The time since some fixed moment; it never goes back.
    fn now(&self) -> Duration;

    /// Leaves the CPU idle for a while.
    fn sleep(&mut self, duration: Duration);

    /// How much work the guest has done on a vCPU, in turns of its loop, if it can be told.
    fn work(&self, vcpu: VcpuId) -> Option<u64>;
}

/// A runner whose vCPUs have threads, which can also run all at once.
pub trait VcpuPool: VcpuRunner {
    /// Lets all of them run at once, until they are stopped; who stops by itself goes on.
    ///
    /// # Errors
    ///
    /// [`VcpuError::RunsAlready`], [`VcpuError::Lost`]; then none runs.
    fn release(&mut self) -> Result<(), Error>;

    /// Stops all of them, and says what each has had since it was released.
    ///
    /// # Errors
    ///
    /// [`VcpuError::DoesNotRun`], [`VcpuError::Crashed`], [`VcpuError::Stuck`],
    /// [`VcpuError::Lost`].
    fn stop(&mut self) -> Result<Vec<Ran>, Error>;

    /// The ids of the threads, by number of their vCPUs.
    fn threads(&self) -> Vec<NonZeroU32>;
}

/// What became of a quantum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "runners of others make it")]
pub struct Ran {
    /// The CPU time that the thread of the vCPU used.
    pub cpu: Duration,
    /// The time from entering to leaving.
    pub wall: Duration,
    /// How long after the kick the vCPU was out, if it was kicked.
    pub kick_latency: Option<Duration>,
    /// Why it is out.
    pub exit: Exit,
}

/// Why a vCPU no longer runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "runners of others make it")]
pub enum Exit {
    /// It was told to stop: the quantum is over.
    Kicked,
    /// It stopped early, as it had nothing to do: it halted, or asked for a device.
    Yielded,
}
