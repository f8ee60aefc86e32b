use std::collections::VecDeque;
use std::time::Duration;

use super::{Exit, Ran, VcpuError, VcpuId, VcpuRunner};
use crate::Error;

/// A runner in virtual time that records what it is asked for and does what a script says: for
/// tests of what is above it.
///
/// Without a script every vCPU uses the whole quantum, and its CPU all the time.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    now: Duration,
    vcpus: u32,
    script: VecDeque<Result<Ran, Error>>,
    calls: Vec<Call>,
}

/// A quantum that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// When.
    pub at: Duration,
    /// Of which vCPU.
    pub vcpu: VcpuId,
    /// How long it might run.
    pub quantum: Duration,
    /// What became of it.
    pub result: Result<Ran, Error>,
}

impl Simulated {
    /// So many vCPUs, at time 0.
    #[must_use]
    pub fn new(vcpus: u32) -> Self {
        Self { vcpus, ..Self::default() }
    }

    /// What becomes of the next quantum that the script says nothing about yet. Time passes by
    /// [`Ran::wall`], however long the quantum is; an error takes none.
    pub fn then(&mut self, result: Result<Ran, Error>) -> &mut Self {
        self.script.push_back(result);
        self
    }

    /// What was asked for, in order.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}

impl VcpuRunner for Simulated {
    fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, Error> {
        let result = if vcpu.number() >= self.vcpus {
            Err(VcpuError::UnknownVcpu(vcpu).into())
        } else {
            self.script.pop_front().unwrap_or(Ok(Ran {
                cpu: quantum,
                wall: quantum,
                kick_latency: Some(Duration::ZERO),
                exit: Exit::Kicked,
            }))
        };
        self.calls.push(Call { at: self.now, vcpu, quantum, result: result.clone() });
        if let Ok(ran) = &result {
            self.now = self.now.saturating_add(ran.wall);
        }
        result
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn sleep(&mut self, duration: Duration) {
        self.now = self.now.saturating_add(duration);
    }

    /// None is done.
    fn work(&self, _: VcpuId) -> Option<u64> {
        None
    }
}
