//! Tasks that are others', in version 2: threads come with their process, and all go back.

use std::fs;
use std::num::NonZeroU32;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use apportion_host::vcpu::{Behaviour, ExistingVcpu, Placed, Threads, VcpuId, VcpuPool};
use apportion_host::{Adoption, GroupControl, Holds, System, Task};

use super::text;
use crate::groups::busy::{Running, busy};

/// Two threads get 3:1, and their process is where it was afterwards.
pub(crate) fn threads() -> Result<(), String> {
    let before = groups("self")?;
    let mut pool = Threads::new(&[Behaviour::Busy; 2]).map_err(text)?;
    let rights: Vec<_> = (0..)
        .zip(pool.threads())
        .zip([3, 1])
        .map(|((number, thread), weight)| {
            let weight = NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN);
            (ExistingVcpu::own(VcpuId::new(number), thread), weight, None)
        })
        .collect();
    let control = Adoption::open(&System::default()).map_err(text)?;
    let placed = Placed::new(control, &rights, &[0]).map_err(text)?;
    if groups("self")? == before {
        return Err(format!("the process is still in {before}"));
    }
    pool.release().map_err(text)?;
    sleep(Duration::from_secs(3));
    let ran = pool.stop().map_err(text)?;
    let used: Vec<_> = ran.iter().map(|ran| ran.cpu.as_secs_f64()).collect();
    let share = used[0] / (used[0] + used[1]);
    println!("measured: adopted threads 3:1: {:.2} % of 75 % decided", 100.0 * share);
    placed.release().close().map_err(text)?;
    same(&groups("self")?, &before)?;
    if (share - 0.75).abs() > 0.02 { Err(format!("a share of {share}")) } else { Ok(()) }
}

/// A process lives on, where it was, when the control is dropped or told to kill.
pub(crate) fn process() -> Result<(), String> {
    let mut other = Running(busy().stdout(Stdio::null()).spawn().map_err(text)?);
    let id = NonZeroU32::new(other.0.id()).ok_or("no number")?;
    let before = groups(&id.to_string())?;
    for kills in [false, true] {
        let mut control = Adoption::open(&System::default()).map_err(text)?;
        let group = "guest".parse().map_err(text)?;
        control.create(&group, Holds::Processes).map_err(text)?;
        control.attach(&group, Task::Process(id)).map_err(text)?;
        if groups(&id.to_string())? == before {
            return Err(format!("it is still in {before}"));
        }
        if kills {
            control.kill(&group).map_err(text)?;
        }
        drop(control);
        if other.0.try_wait().map_err(text)?.is_some() {
            return Err("it was killed".to_owned());
        }
        if !kills {
            same(&groups(&id.to_string())?, &before)?;
        }
    }
    Ok(())
}

fn groups(process: &str) -> Result<String, String> {
    fs::read_to_string(format!("/proc/{process}/cgroup")).map_err(text)
}

fn same(found: &str, before: &str) -> Result<(), String> {
    if found == before { Ok(()) } else { Err(format!("it was in {before}, and is in {found}")) }
}
