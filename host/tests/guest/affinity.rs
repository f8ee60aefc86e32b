//! That tasks keep to their CPUs where the kernel, one before 6.2, forgets that.

use std::thread::sleep;
use std::time::Duration;

use apportion_host::{Cgroups, GroupControl, GroupPath, Holds, Setting, System, Task};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::text;
use crate::groups::busy::{Running, busy};

/// What was told to keep to a CPU does so in its group, however it came there, unless the group
/// does not have that CPU.
pub(crate) fn kept() -> Result<(), String> {
    let before = sched_getaffinity(None).map_err(text)?;
    let mut second = CpuSet::new();
    second.set(1);
    sched_setaffinity(None, &second).map_err(text)?;
    let result = kept_by_children();
    sched_setaffinity(None, &before).map_err(text)?;
    result
}

fn kept_by_children() -> Result<(), String> {
    let mut control = Cgroups::open(&System::default()).map_err(text)?;
    let [both, first]: [GroupPath; 2] =
        [("both").parse().map_err(text)?, ("first").parse().map_err(text)?];
    control.create(&both, Holds::Processes).map_err(text)?;
    control.create(&first, Holds::Processes).map_err(text)?;
    control.set(&first, &Setting::Cpus(vec![0])).map_err(text)?;

    expect("started in a group", &Running::start(&control, &both)?, 1)?;
    expect("started in a group without it", &Running::start(&control, &first)?, 0)?;
    let moved = Running(busy().spawn().map_err(text)?);
    let task = Task::Process(moved.0.id().try_into().map_err(text)?);
    control.attach(&both, task).map_err(text)?;
    expect("put into a group", &moved, 1)?;
    control.attach(&first, task).map_err(text)?;
    expect("put into a group without it", &moved, 0)?;
    control.close().map_err(text)
}

fn expect(what: &str, process: &Running, cpu: usize) -> Result<(), String> {
    // It begins by choosing the first CPU that it may use.
    sleep(Duration::from_millis(100));
    let id = i32::try_from(process.0.id()).map_err(text)?;
    let cpus = sched_getaffinity(Pid::from_raw(id)).map_err(text)?;
    let found: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| cpus.is_set(cpu)).collect();
    if found == [cpu] {
        Ok(())
    } else {
        Err(format!("{what}: expected CPU {cpu}, found {found:?}"))
    }
}
