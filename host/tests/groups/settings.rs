//! That what is told is what is read back, or is refused.

use std::num::NonZeroU64;

use apportion_host::{Error, GroupControl, GroupPath, Setting};

use super::busy::{Running, first_cpu};
use super::{new, text};

/// Memory, CPUs and weights of block devices; where the machine does not have one, that is told.
pub(crate) fn read_back(control: &mut dyn GroupControl) -> Result<(), String> {
    let outer = new(control, "outer")?;
    let inner = new(control, "outer/inner")?;
    let running = Running::start(control, &inner)?;
    offered(control, &outer, &Setting::Memory(Some((64 << 20) + 1)))?;
    offered(control, &outer, &Setting::Memory(None))?;
    offered(control, &outer, &Setting::IoWeight(300))?;
    refused(control, &outer, &Setting::IoWeight(0))?;
    refused(control, &outer, &Setting::IoWeight(1_001))?;
    refused(control, &outer, &Setting::Memory(Some(1)))?;
    let cpu = u32::try_from(first_cpu()).map_err(text)?;
    if offered(control, &outer, &Setting::Cpus(vec![cpu]))? {
        let cpus = affinity(running.0.id())?;
        if cpus != [first_cpu()] {
            return Err(format!("a process of the group inside may use the CPUs {cpus:?}"));
        }
        offered(control, &inner, &Setting::Cpus(vec![cpu]))?;
        for cpus in [vec![], vec![u32::MAX], vec![cpu, 8_000]] {
            refused(control, &inner, &Setting::Cpus(cpus))?;
        }
    }
    nested_cpus(control)?;
    // As far apart as weights can be: the ends of the scale, with what that makes of the shares.
    let far = [(new(control, "light")?, NonZeroU64::MIN), (outer, NonZeroU64::MAX)];
    let applied = control.set_weights(&far).map_err(text)?;
    println!("measured: weights 1 and 2^64 - 1 became {applied:?}");
    if applied[0].error <= 0.0 || applied[1].error >= 0.0 {
        return Err("what does not fit was not told".to_owned());
    }
    Ok(())
}

/// A group inside keeps what it was told: the one outside cannot take it away, and all stays.
fn nested_cpus(control: &mut dyn GroupControl) -> Result<(), String> {
    let all = affinity(std::process::id())?;
    let [first, second, ..] = all.as_slice() else {
        println!("unavailable: CPUs of nested groups, with one CPU");
        return Ok(());
    };
    let [first, second] = [*first, *second].map(|cpu| u32::try_from(cpu).unwrap_or(0));
    let outer = new(control, "cpus")?;
    let [told, follows] = ["cpus/told", "cpus/follows"].map(|name| new(control, name));
    let [told, follows] = [told?, follows?];
    if !offered(control, &told, &Setting::Cpus(vec![second]))? {
        return Ok(());
    }
    let running = Running::start(control, &follows)?;
    control.set(&outer, &Setting::Cpus(vec![first, second])).map_err(text)?;
    if control.backend() == "cgroup v1" {
        refused(control, &outer, &Setting::Cpus(vec![first]))?;
        control.set(&follows, &Setting::Cpus(vec![first, second])).map_err(text)?;
    }
    control.set(&follows, &Setting::Cpus(vec![first])).map_err(text)?;
    let cpus = affinity(running.0.id())?;
    let expected = vec![usize::try_from(first).unwrap_or(0)];
    if cpus == expected { Ok(()) } else { Err(format!("expected CPU {first}, found {cpus:?}")) }
}

/// Whether the machine has it.
fn offered(
    control: &mut dyn GroupControl,
    group: &GroupPath,
    setting: &Setting,
) -> Result<bool, String> {
    match control.set(group, setting) {
        Ok(()) => {
            println!("read back: {setting:?}");
            Ok(true)
        }
        Err(Error::Unavailable(unavailable)) => {
            println!("unavailable: {setting:?}: {unavailable}");
            Ok(false)
        }
        Err(error) => Err(format!("{setting:?}: {error}")),
    }
}

fn refused(
    control: &mut dyn GroupControl,
    group: &GroupPath,
    setting: &Setting,
) -> Result<(), String> {
    match control.set(group, setting) {
        Ok(()) => Err(format!("{setting:?} was taken")),
        Err(_) => Ok(()),
    }
}

fn affinity(process: u32) -> Result<Vec<usize>, String> {
    let process = i32::try_from(process).map_err(text)?;
    let cpus = rustix::thread::sched_getaffinity(rustix::process::Pid::from_raw(process));
    let cpus = cpus.map_err(text)?;
    Ok((0..rustix::thread::CpuSet::MAX_CPU).filter(|&cpu| cpus.is_set(cpu)).collect())
}
