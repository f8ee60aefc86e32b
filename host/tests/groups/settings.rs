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
        let cpus = rustix_affinity(running.0.id())?;
        if cpus != [first_cpu()] {
            return Err(format!("a process of the group inside may use the CPUs {cpus:?}"));
        }
        offered(control, &inner, &Setting::Cpus(vec![cpu]))?;
        for cpus in [vec![], vec![u32::MAX], vec![cpu, 8_000]] {
            refused(control, &inner, &Setting::Cpus(cpus))?;
        }
    }
    // As far apart as weights can be: the ends of the scale, with what that makes of the shares.
    let far = [(new(control, "light")?, NonZeroU64::MIN), (outer, NonZeroU64::MAX)];
    let applied = control.set_weights(&far).map_err(text)?;
    println!("measured: weights 1 and 2^64 - 1 became {applied:?}");
    if applied[0].error <= 0.0 || applied[1].error >= 0.0 {
        return Err("what does not fit was not told".to_owned());
    }
    Ok(())
}

/// Whether the machine has it.
fn offered(
    control: &mut dyn GroupControl,
    group: &GroupPath,
    setting: &Setting,
) -> Result<bool, String> {
    match control.set(group, setting) {
        Ok(()) => {
            println!("measured: {setting:?}: read back");
            Ok(true)
        }
        Err(Error::Unavailable(unavailable)) => {
            println!("measured: {setting:?}: {unavailable}");
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

fn rustix_affinity(process: u32) -> Result<Vec<usize>, String> {
    let process = i32::try_from(process).map_err(text)?;
    let cpus = rustix::thread::sched_getaffinity(rustix::process::Pid::from_raw(process));
    let cpus = cpus.map_err(text)?;
    Ok((0..rustix::thread::CpuSet::MAX_CPU).filter(|&cpu| cpus.is_set(cpu)).collect())
}
