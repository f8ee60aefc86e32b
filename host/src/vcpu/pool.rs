//! A worker for each vCPU.

use std::num::NonZeroU32;
use std::time::Duration;

use super::worker::{Kick, Worker};
use super::{Ran, VcpuError, VcpuId};

/// The workers of a runner, by number of their vCPUs.
#[derive(Debug)]
pub(super) struct Pool<K: Kick> {
    workers: Vec<Worker<K>>,
}

impl<K: Kick> Pool<K> {
    pub(super) fn new(workers: Vec<Worker<K>>) -> Self {
        Self { workers }
    }

    pub(super) fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, VcpuError> {
        let worker = self.workers.get_mut(vcpu.index()).ok_or(VcpuError::UnknownVcpu(vcpu))?;
        worker.run_once()?;
        worker.stop_after(quantum)
    }

    /// Lets all run at once, until they are stopped. If one cannot, none runs.
    pub(super) fn release(&mut self) -> Result<(), VcpuError> {
        for index in 0..self.workers.len() {
            if let Err(error) = self.workers[index].run_on_and_on() {
                for started in &mut self.workers[..index] {
                    let _ = started.stop_after(Duration::ZERO);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Stops all, and says what each has had. All are stopped, also if one fails.
    pub(super) fn stop(&mut self) -> Result<Vec<Ran>, VcpuError> {
        let stopped: Vec<_> =
            self.workers.iter_mut().map(|worker| worker.stop_after(Duration::ZERO)).collect();
        stopped.into_iter().collect()
    }

    /// The ids of the threads.
    pub(super) fn threads(&self) -> Vec<NonZeroU32> {
        self.workers.iter().map(Worker::id).collect()
    }
}
