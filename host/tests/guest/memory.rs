//! That a limit of memory binds.

use std::os::unix::process::ExitStatusExt;

use apportion_host::{Cgroups, Entrance, GroupControl, GroupPath, Holds, Setting, System, spawn};

use super::role::eat;
use super::text;
use crate::groups::busy::Running;

/// What takes 64 MiB ends well without a limit, and within 96 MiB; within 32 MiB the kernel kills it.
pub(crate) fn binds() -> Result<(), String> {
    let mut control = Cgroups::open(&System::default()).map_err(text)?;
    let group: GroupPath = "limited".parse().map_err(text)?;
    control.create(&group, Holds::Processes).map_err(text)?;
    let mut ended = Vec::new();
    for limit in [None, Some(96 << 20), Some(32 << 20)] {
        control.set(&group, &Setting::Memory(limit)).map_err(text)?;
        let entrance: Entrance = control.entrance(&group).map_err(text)?;
        let mut running = Running(spawn(eat(64), entrance).map_err(text)?);
        ended.push(running.0.wait().map_err(text)?);
    }
    control.close().map_err(text)?;
    match ended.as_slice() {
        [free, enough, little]
            if free.success() && enough.success() && little.signal() == Some(9) =>
        {
            Ok(())
        }
        other => Err(format!("without a limit, 96 MiB, 32 MiB: {other:?}")),
    }
}
