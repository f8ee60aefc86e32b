use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::monotonic;
use super::pool::Pool;
use super::worker::{Engine, Kick, Worker};
use super::{Behaviour, Exit, Ran, VcpuError, VcpuId, VcpuPool, VcpuRunner};
use crate::Error;

/// Busy threads in the place of vCPUs, for machines without KVM.
///
/// They are kicked as vCPUs are, but for the signal: outside of a guest a thread can look at the
/// flag by itself. Their names are those that QEMU gives to emulated vCPUs, `CPU 0/TCG`.
#[derive(Debug)]
pub struct Threads {
    pool: Pool<Flag>,
    work: Vec<Arc<AtomicU64>>,
}

impl Threads {
    /// Starts a thread for each vCPU; they wait.
    ///
    /// # Errors
    ///
    /// [`VcpuError::Refused`] if the system has no room for threads.
    pub fn new(behaviours: &[Behaviour]) -> Result<Self, Error> {
        let mut workers = Vec::new();
        let mut work = Vec::new();
        for (number, &behaviour) in (0..).zip(behaviours) {
            let counter = Arc::new(AtomicU64::new(0));
            let stop = Arc::new(AtomicBool::new(false));
            let pause = behaviour.stops_after().map(NonZeroU64::from);
            let engine = Busy { stop: Arc::clone(&stop), work: Arc::clone(&counter), pause };
            let name = format!("CPU {number}/TCG");
            workers.push(Worker::start(VcpuId::new(number), name, Flag(stop), engine)?);
            work.push(counter);
        }
        Ok(Self { pool: Pool::new(workers), work })
    }
}

impl VcpuRunner for Threads {
    fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, Error> {
        Ok(self.pool.run_for(vcpu, quantum)?)
    }

    fn now(&self) -> Duration {
        monotonic()
    }

    fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn work(&self, vcpu: VcpuId) -> Option<u64> {
        self.work.get(vcpu.index()).map(|work| work.load(Ordering::Relaxed))
    }
}

impl VcpuPool for Threads {
    fn release(&mut self) -> Result<(), Error> {
        Ok(self.pool.release()?)
    }

    fn stop(&mut self) -> Result<Vec<Ran>, Error> {
        Ok(self.pool.stop()?)
    }

    fn threads(&self) -> Vec<NonZeroU32> {
        self.pool.threads()
    }
}

#[derive(Debug)]
struct Flag(Arc<AtomicBool>);

impl Kick for Flag {
    fn clear(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn kick(&self, _: &JoinHandle<()>) {
        self.0.store(true, Ordering::Release);
    }
}

struct Busy {
    stop: Arc<AtomicBool>,
    work: Arc<AtomicU64>,
    pause: Option<NonZeroU64>,
}

impl Engine for Busy {
    fn run(&mut self) -> Result<Exit, VcpuError> {
        while !self.stop.load(Ordering::Acquire) {
            let done = self.work.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            if self.pause.is_some_and(|pause| done.is_multiple_of(pause.get())) {
                return Ok(Exit::Yielded);
            }
        }
        Ok(Exit::Kicked)
    }
}
