//! A thread for a vCPU, which runs it from a start to a kick.

use std::num::NonZeroU32;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::io::Errno;
use rustix::thread::gettid;

use super::clock::{monotonic, thread_cpu};
use super::{Exit, Ran, VcpuError, VcpuId};

/// What runs inside the thread.
pub(super) trait Engine: Send + 'static {
    /// Called once, in the thread, before anything else.
    fn prepare(&mut self) -> Result<(), VcpuError> {
        Ok(())
    }

    /// Runs until it is kicked or stops by itself. A kick that comes before counts.
    fn run(&mut self) -> Result<Exit, VcpuError>;
}

/// What makes an engine stop.
pub(super) trait Kick: Send + 'static {
    /// Kicks from before are over.
    fn clear(&self);

    /// The engine in the thread stops soon, or as soon as it begins.
    fn kick(&self, thread: &JoinHandle<()>);
}

/// A thread that runs an engine when it is told to.
#[derive(Debug)]
pub(super) struct Worker<K: Kick> {
    vcpu: VcpuId,
    kick: K,
    thread: Option<JoinHandle<()>>,
    orders: Option<SyncSender<Order>>,
    stops: Receiver<Stop>,
    id: NonZeroU32,
    runs: bool,
    lost: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    /// Until it is kicked or stops by itself.
    Once,
    /// Until it is kicked: when it stops by itself, it goes on at once.
    OnAndOn,
}

/// How it went, by the clocks of the thread.
#[derive(Debug)]
struct Stop {
    entered: Duration,
    left: Duration,
    cpu: Duration,
    result: Result<Exit, VcpuError>,
}

impl<K: Kick> Worker<K> {
    /// Starts a thread of that name, which then waits.
    pub(super) fn start(
        vcpu: VcpuId,
        name: String,
        kick: K,
        mut engine: impl Engine,
    ) -> Result<Self, VcpuError> {
        // One order is outstanding at most, and one answer.
        let (orders, inbox) = mpsc::sync_channel(1);
        let (outbox, stops) = mpsc::sync_channel(1);
        let (ready, is_ready) = mpsc::sync_channel(1);
        let body = move || {
            let prepared = engine.prepare().map(|()| gettid().as_raw_nonzero());
            let goes_on = prepared.is_ok();
            if ready.send(prepared).is_ok() && goes_on {
                work(&mut engine, &inbox, &outbox);
            }
        };
        let refused = |errno| VcpuError::Refused { vcpu, doing: "start its thread", errno };
        let thread = Builder::new()
            .name(name)
            .spawn(body)
            .map_err(|error| refused(Errno::from_io_error(&error).unwrap_or(Errno::AGAIN)))?;
        let id = match is_ready.recv() {
            Ok(prepared) => prepared?,
            Err(_) => return Err(VcpuError::Lost(vcpu)),
        };
        let id = NonZeroU32::try_from(id).map_err(|_| refused(Errno::SRCH))?;
        let (thread, orders) = (Some(thread), Some(orders));
        Ok(Self { vcpu, kick, thread, orders, stops, id, runs: false, lost: false })
    }

    /// The id of the thread.
    pub(super) fn id(&self) -> NonZeroU32 {
        self.id
    }

    /// Lets it run until it stops by itself or is kicked.
    pub(super) fn run_once(&mut self) -> Result<(), VcpuError> {
        self.order(Order::Once)
    }

    /// Lets it run until it is kicked.
    pub(super) fn run_on_and_on(&mut self) -> Result<(), VcpuError> {
        self.order(Order::OnAndOn)
    }

    fn order(&mut self, order: Order) -> Result<(), VcpuError> {
        if self.lost {
            return Err(VcpuError::Lost(self.vcpu));
        }
        if self.runs {
            return Err(VcpuError::RunsAlready(self.vcpu));
        }
        self.kick.clear();
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        if !sent {
            self.lost = true;
            return Err(VcpuError::Lost(self.vcpu));
        }
        self.runs = true;
        Ok(())
    }

    /// Waits until it stops by itself, at most so long; kicks it if it has not. Afterwards it does
    /// not run, or it is given up.
    pub(super) fn stop_after(&mut self, patience: Duration) -> Result<Ran, VcpuError> {
        if !self.runs {
            return Err(VcpuError::DoesNotRun(self.vcpu));
        }
        self.runs = false;
        match self.stops.recv_timeout(patience) {
            Ok(stop) => return self.account(stop, None),
            Err(RecvTimeoutError::Disconnected) => return Err(self.give_up()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let kicked = monotonic();
        if let Some(thread) = &self.thread {
            self.kick.kick(thread);
        }
        match self.stops.recv_timeout(GRACE) {
            Ok(stop) => self.account(stop, Some(kicked)),
            Err(RecvTimeoutError::Disconnected) => Err(self.give_up()),
            Err(RecvTimeoutError::Timeout) => {
                self.lost = true;
                // It may come out later: then there is nobody to join it.
                self.thread = None;
                Err(VcpuError::Stuck { vcpu: self.vcpu, waited: GRACE })
            }
        }
    }

    fn account(&mut self, stop: Stop, kicked: Option<Duration>) -> Result<Ran, VcpuError> {
        let Stop { entered, left, cpu, result } = stop;
        let exit = result.inspect_err(|_| self.lost = true)?;
        // It may have stopped by itself just before the kick.
        let kick_latency =
            kicked.filter(|_| exit == Exit::Kicked).map(|kicked| left.saturating_sub(kicked));
        Ok(Ran { cpu, wall: left.saturating_sub(entered), kick_latency, exit })
    }

    fn give_up(&mut self) -> VcpuError {
        self.lost = true;
        VcpuError::Lost(self.vcpu)
    }
}

impl<K: Kick> Drop for Worker<K> {
    fn drop(&mut self) {
        if self.runs {
            // Either way it is over.
            let _ = self.stop_after(Duration::ZERO);
        }
        // Without orders to come the thread ends.
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Follows orders until there are none to come.
fn work(engine: &mut impl Engine, inbox: &Receiver<Order>, outbox: &SyncSender<Stop>) {
    while let Ok(order) = inbox.recv() {
        let (entered, cpu_before) = (monotonic(), thread_cpu());
        let result = loop {
            let result = engine.run();
            if order == Order::Once || result != Ok(Exit::Yielded) {
                break result;
            }
        };
        let cpu = thread_cpu().saturating_sub(cpu_before);
        if outbox.send(Stop { entered, left: monotonic(), cpu, result }).is_err() {
            return;
        }
    }
}

/// How long a vCPU that was kicked may take to come out: on a machine that is very busy, its thread
/// has to wait for a CPU first.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 20 });

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const VCPU: VcpuId = VcpuId::new(3);

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

    struct Engine<F>(F);

    impl<F: FnMut() -> Result<Exit, VcpuError> + Send + 'static> super::Engine for Engine<F> {
        fn run(&mut self) -> Result<Exit, VcpuError> {
            (self.0)()
        }
    }

    fn worker(
        engine: impl FnMut() -> Result<Exit, VcpuError> + Send + 'static,
    ) -> (Worker<Flag>, Arc<AtomicBool>) {
        let flag = Arc::new(AtomicBool::new(false));
        let name = "CPU 3/TST".to_owned();
        (Worker::start(VCPU, name, Flag(Arc::clone(&flag)), Engine(engine)).unwrap(), flag)
    }

    #[test]
    fn one_that_crashes_is_lost() {
        let crashed = VcpuError::Crashed { vcpu: VCPU, exit: "Shutdown".to_owned() };
        let failure = crashed.clone();
        let (mut worker, _) = worker(move || Err(failure.clone()));
        worker.run_once().unwrap();
        assert_eq!(worker.stop_after(Duration::from_secs(9)), Err(crashed.clone()));
        assert_eq!(worker.run_once(), Err(VcpuError::Lost(VCPU)));
    }

    #[test]
    fn one_that_panics_is_lost() {
        let (mut worker, _) = worker(|| panic!("it was meant to"));
        worker.run_on_and_on().unwrap();
        assert_eq!(worker.stop_after(Duration::from_secs(9)), Err(VcpuError::Lost(VCPU)));
        assert_eq!(worker.run_once(), Err(VcpuError::Lost(VCPU)));
    }

    #[test]
    fn one_that_does_not_come_out_is_given_up() {
        let release = Arc::new(AtomicBool::new(false));
        let waits = Arc::clone(&release);
        let (mut worker, kicked) = worker(move || {
            while !waits.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            Ok(Exit::Kicked)
        });
        worker.run_once().unwrap();
        assert_eq!(worker.run_once(), Err(VcpuError::RunsAlready(VCPU)));
        let stuck = VcpuError::Stuck { vcpu: VCPU, waited: GRACE };
        assert_eq!(worker.stop_after(Duration::ZERO), Err(stuck));
        assert!(kicked.load(Ordering::Acquire));
        assert_eq!(worker.run_once(), Err(VcpuError::Lost(VCPU)));
        assert_eq!(worker.stop_after(Duration::ZERO), Err(VcpuError::DoesNotRun(VCPU)));
        drop(worker);
        release.store(true, Ordering::Release);
    }

    #[test]
    fn one_that_yields_stops_once_or_goes_on() {
        let (mut worker, _) = worker(|| Ok(Exit::Yielded));
        worker.run_once().unwrap();
        let ran = worker.stop_after(Duration::from_secs(9)).unwrap();
        assert_eq!((ran.exit, ran.kick_latency), (Exit::Yielded, None));
        assert!(ran.cpu <= ran.wall + Duration::from_millis(1));
        // A kick from before is over, and dropping it while it runs waits for it.
        let turns = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&turns);
        let mut left = 1000;
        let (mut worker, _) = self::worker(move || {
            left -= 1;
            flag.store(left < 0, Ordering::Release);
            Ok(if left < 0 { Exit::Kicked } else { Exit::Yielded })
        });
        worker.run_on_and_on().unwrap();
        drop(worker);
        assert!(turns.load(Ordering::Acquire));
    }
}
