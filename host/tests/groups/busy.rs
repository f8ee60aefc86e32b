//! Processes and threads that want all the CPU time there is.

use std::env;
use std::hint::spin_loop;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use super::{entrance, orphans};
use apportion_host::{Entrance, GroupControl, GroupPath, Task, spawn};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};

/// To be called first in `main`: if this process was started by [`again`], it never returns.
pub(crate) fn become_what_was_asked() {
    match env::var(ASKED).as_deref() {
        Ok("burn") => {
            pin();
            burn(|| true);
        }
        Ok("parent") => {
            // Its child is killed with it, or with its group.
            if let Ok(mut child) = spawn(busy(), Entrance::default()) {
                let _ = child.wait();
            }
        }
        Ok("hop") => hop(),
        Ok("tell") => entrance::tell_where_we_are(),
        Ok("own") => orphans::own_groups_until_killed(),
        _ => return,
    }
    std::process::exit(0);
}

/// This program again, as something else: where it runs there may be no other.
pub(crate) fn again(what: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into()));
    command.env(ASKED, what).stdin(Stdio::null());
    command
}

/// A command that keeps a CPU busy, always the same one.
pub(crate) fn busy() -> Command {
    again("burn")
}

/// Starts a successor and ends, again and again: by the time that somebody wants to kill it, it is
/// another. Never more than one, and not for ever.
fn hop() {
    let count = env::var(HOPS).ok().and_then(|hops| hops.parse().ok()).unwrap_or(0_u32);
    if count < 20_000 {
        let _ = again("hop").env(HOPS, (count + 1).to_string()).spawn();
    }
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts a busy process in a group.
    pub(crate) fn start(control: &dyn GroupControl, group: &GroupPath) -> Result<Self, String> {
        let entrance = control.entrance(group).map_err(|error| error.to_string())?;
        spawn(busy(), entrance).map(Self).map_err(|error| error.to_string())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or("a process without a number")?;
        kill_process(id, signal).map_err(|error| error.to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be dead and gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Busy threads of this process, which end when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    stop: Arc<AtomicBool>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts one, and says which it is.
    #[expect(clippy::disallowed_methods, reason = "threads are what is tested")]
    pub(crate) fn start(&mut self) -> Result<Task, String> {
        let (sender, receiver) = mpsc::channel();
        let stop = Arc::clone(&self.stop);
        self.handles.push(std::thread::spawn(move || {
            pin();
            let _ = sender.send(gettid().as_raw_nonzero());
            burn(|| !stop.load(Ordering::Relaxed));
        }));
        let id = receiver.recv().map_err(|error| error.to_string())?;
        let id = id.try_into().map_err(|_| format!("thread {id}"))?;
        Ok(Task::Thread(id))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for handle in self.handles.drain(..) {
            let _ = handle.join();
        }
    }
}

fn burn(go_on: impl Fn() -> bool) {
    while go_on() {
        for _ in 0..1_000 {
            spin_loop();
        }
    }
}

/// The first CPU that we may use.
pub(crate) fn first_cpu() -> usize {
    let cpus = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::MAX_CPU).find(|&cpu| cpus.is_set(cpu)).unwrap_or(0)
}

fn pin() {
    let mut cpus = CpuSet::new();
    cpus.set(first_cpu());
    sched_setaffinity(None, &cpus).expect("a thread may stay on a CPU that it may use");
}

const HOPS: &str = "APPORTION_TEST_HOPS";
const ASKED: &str = "APPORTION_TEST_PROCESS";
