//! Groups whose owner is gone.

use std::path::{Path, PathBuf};

use rustix::process::getpid;

use crate::cgroups::tasks;
use crate::hierarchy::Survey;
use crate::owner::Owner;
use crate::{Error, System};

/// What a sweep has done.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Folders that were removed, with all in them.
    pub removed: Vec<PathBuf>,
    /// Why others, whose owner is gone too, are still there.
    pub failed: Vec<Error>,
}

/// Removes the groups of all owners that are gone, wherever they are in the hierarchies that are
/// mounted, and kills what is left in them. No other group is touched. Several sweeps at a time do
/// no harm, and owners that are there are left alone.
///
/// # Errors
///
/// [`Error::System`], if the mounts cannot be read. What else fails is in [`Swept`].
pub fn sweep(system: &System) -> Result<Swept, Error> {
    let survey = Survey::new(system)?;
    let mut swept = Swept::default();
    for mount in &survey.mounts {
        if !matches!(mount.kind.as_str(), "cgroup" | "cgroup2") || mount.is_read_only() {
            continue;
        }
        let mut folders = vec![system.path(&mount.point)];
        while let Some(folder) = folders.pop() {
            let owner = folder.file_name().and_then(|name| Owner::parse(name.to_str()?));
            if !owner.is_some_and(|owner| owner.is_gone(system)) {
                folders.extend(tasks::inside(&folder));
                continue;
            }
            let home = system.path(&mount.point);
            if tasks::all(&folder).iter().any(|folder| holds_us(folder)) {
                // Started inside the group of an owner that died. Whoever ends us, ends it.
                let errno = rustix::io::Errno::BUSY;
                swept.failed.push(Error::NotRemoved { path: folder, tasks: vec![us()], errno });
                continue;
            }
            // Where it counts tasks: in another hierarchy they may start others until the sweep
            // comes there.
            let _stopped = tasks::NoMore::new(&folder);
            match tasks::kill(&folder, &home).and_then(|()| tasks::remove(&folder)) {
                Ok(()) => swept.removed.push(folder),
                Err(error) => swept.failed.push(error),
            }
        }
    }
    Ok(swept)
}

fn holds_us(folder: &Path) -> bool {
    tasks::ids(folder).contains(&us())
}

fn us() -> u32 {
    getpid().as_raw_pid().unsigned_abs()
}
