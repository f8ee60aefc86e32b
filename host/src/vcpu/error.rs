use std::num::NonZeroU32;
use std::time::Duration;

use rustix::io::Errno;

use super::VcpuId;

/// What is wrong with a vCPU, or with what was asked of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VcpuError {
    /// The runner, or the policy, has no such vCPU.
    #[error("{0} is unknown")]
    UnknownVcpu(VcpuId),
    /// It takes part already.
    #[error("{0} takes part already")]
    JoinedTwice(VcpuId),
    /// It runs already.
    #[error("{0} runs already")]
    RunsAlready(VcpuId),
    /// It does not run.
    #[error("{0} does not run")]
    DoesNotRun(VcpuId),
    /// The guest came to an end, or KVM can no longer run it.
    #[error("{vcpu} crashed: {exit}")]
    Crashed {
        /// Which one.
        vcpu: VcpuId,
        /// How it came out of KVM.
        exit: String,
    },
    /// It was kicked, and did not come out; it is given up.
    #[error("{vcpu} was kicked, and has not come out for {waited:?}")]
    Stuck {
        /// Which one.
        vcpu: VcpuId,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It crashed, got stuck or was given up before.
    #[error("{0} can no longer be run")]
    Lost(VcpuId),
    /// The kernel refused.
    #[error("{vcpu}: cannot {doing}: {}", std::io::Error::from(*errno))]
    Refused {
        /// Which one.
        vcpu: VcpuId,
        /// What was being done, as an infinitive.
        doing: &'static str,
        /// What the system says.
        errno: Errno,
    },
    /// A guest without vCPUs, or with more than one has room for.
    #[error("a guest of {vcpus} vCPUs: expected 1 to {most}")]
    VcpusOutOfRange {
        /// How many.
        vcpus: usize,
        /// The most.
        most: usize,
    },
    /// The policy knows no hard limits.
    #[error("{policy} has no hard limits: {vcpu} cannot have one")]
    NoLimits {
        /// Which policy.
        policy: &'static str,
        /// Who was to be limited.
        vcpu: VcpuId,
    },
    /// A quantum that is too short to be measured or too long to be charged.
    #[error("a quantum of {0:?}: expected 10 µs to 1 s")]
    QuantumOutOfRange(Duration),
    /// The thread is not one that can be scheduled here.
    #[error("thread {0} ended")]
    ThreadEnded(NonZeroU32),
    /// Start-time order refused.
    #[error(transparent)]
    FairQueue(#[from] apportion_wfq::Error),
    /// The lottery, or stride, refused.
    #[error(transparent)]
    Lottery(#[from] apportion_lottery::Error),
    /// Weights and limits that cannot be divided by.
    #[error(transparent)]
    FairShare(#[from] apportion_fairshare::Error),
}
