//! The loop of a user-space scheduler for Linux's `sched_ext`: take what the kernel queued, with
//! weights and measured runtimes; hand tasks out with a slice and a deadline; say when one that
//! wakes should preempt the one that runs. The kernel is simulated here.

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroU64;

use apportion_wfq::{Keyed, Order, Then, Weight};

type Pid = i32;

/// What the kernel tells: a task wants a CPU, after it ran for `runtime` nanoseconds, or woke.
struct QueuedTask {
    pid: Pid,
    weight: u32,
    runtime: u64,
}

/// What the kernel is told: let it run for `slice` nanoseconds; `vtime` orders its own queue.
struct DispatchedTask {
    pid: Pid,
    slice: u64,
    vtime: u64,
}

struct Policy {
    tasks: Keyed<Pid>,
    /// The one that has been dispatched, and not been heard of since.
    running: Option<Pid>,
}

impl Policy {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut tasks = Keyed::with_quantum(Order::Eevdf, SLICE)?;
        // A page fault in the scheduler would wait for the scheduler.
        tasks.reserve(64);
        Ok(Self { tasks, running: None })
    }

    /// Whether it should preempt the task that runs.
    fn enqueue(&mut self, task: &QueuedTask) -> Result<bool, Box<dyn Error>> {
        let weight = Weight::new(task.weight)?;
        if self.tasks.entity(&task.pid).is_err() {
            self.tasks.add(task.pid, weight)?;
        }
        self.tasks.set_weight(&task.pid, weight)?;
        if self.running == Some(task.pid) {
            self.running = None;
            self.tasks.charge(&task.pid, task.runtime, Then::Requeue)?;
            return Ok(false);
        }
        self.tasks.wake(&task.pid)?;
        Ok(match self.running {
            Some(running) => self.tasks.would_preempt(&task.pid, &running)?,
            None => false,
        })
    }

    /// The task that ran has blocked, or gone. One that blocked early will ask for as little again,
    /// and so be due earlier.
    fn stop(&mut self, pid: Pid, runtime: u64, exits: bool) -> Result<(), Box<dyn Error>> {
        self.running = None;
        let request = NonZeroU64::new(runtime).map_or(SLICE, |runtime| runtime.min(SLICE));
        self.tasks.set_request(&pid, request)?;
        let then = if exits { Then::Remove } else { Then::Sleep };
        Ok(self.tasks.charge(&pid, runtime, then)?)
    }

    fn dispatch(&mut self) -> Result<Option<DispatchedTask>, Box<dyn Error>> {
        let Some((&pid, pick)) = self.tasks.pick() else { return Ok(None) };
        self.running = Some(pid);
        let vtime = self.tasks.scheduler().deadline(pick.entity)?;
        Ok(Some(DispatchedTask { pid, slice: pick.slice, vtime }))
    }
}

const MILLISECOND: u64 = 1_000_000;
const SLICE: NonZeroU64 = NonZeroU64::new(4 * MILLISECOND).unwrap();

/// Sleeps for 50 ms, wants half a millisecond, and so on.
const SLEEPER: Pid = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let mut policy = Policy::new()?;
    // Three that always want more, of which the last exits after 2 s of its own.
    let weights = BTreeMap::from([(1, 100), (2, 200), (3, 400)]);
    for (&pid, &weight) in &weights {
        policy.enqueue(&QueuedTask { pid, weight, runtime: 0 })?;
    }
    let (mut now, mut wakes_at, mut woken_at) = (0, Some(50 * MILLISECOND), 0);
    let mut used: BTreeMap<Pid, u64> = BTreeMap::new();
    let (mut preemptions, mut longest_wait, mut before_exit) = (0, 0, Vec::new());
    while let Some(DispatchedTask { pid, slice, vtime }) = policy.dispatch()? {
        assert!(slice <= SLICE.get() && vtime > 0);
        let mut end = now + slice;
        if pid == SLEEPER {
            longest_wait = longest_wait.max(now - woken_at);
            end = now + MILLISECOND / 2;
            wakes_at = Some(end + 50 * MILLISECOND);
        } else if let Some(time) = wakes_at.take_if(|time| *time < end) {
            woken_at = time;
            if policy.enqueue(&QueuedTask { pid: SLEEPER, weight: 100, runtime: 0 })? {
                end = time.max(now + 1);
                preemptions += 1;
            }
        }
        let runtime = end - now;
        now = end;
        *used.entry(pid).or_default() += runtime;
        if pid == 3 && used[&pid] >= 2_000 * MILLISECOND {
            before_exit = used.values().map(|time| time / MILLISECOND).collect();
            policy.stop(pid, runtime, true)?;
        } else if pid == SLEEPER || now >= 10_000 * MILLISECOND {
            policy.stop(pid, runtime, pid != SLEEPER)?;
        } else {
            policy.enqueue(&QueuedTask { pid, weight: weights[&pid], runtime })?;
        }
    }
    let in_all: Vec<_> = used.values().map(|time| time / MILLISECOND).collect();
    println!("milliseconds when task 3 exited: {before_exit:?}; in all: {in_all:?}");
    println!("the sleeper preempted {preemptions} times, and waited {longest_wait} ns at most");
    assert_eq!(before_exit[..3], [500, 1_000, 2_000], "1:2:4");
    assert_eq!(in_all[1] - 1_000, 2 * (in_all[0] - 500), "1:2 without the third");
    assert!(longest_wait <= 2 * SLICE.get() && preemptions > 100);
    Ok(())
}
