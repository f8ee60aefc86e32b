//! Groups whose owner is gone.

use std::path::PathBuf;

use rustix::io::Errno;
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
    let mut stale: Vec<(PathBuf, PathBuf)> = Vec::new();
    for mount in &survey.mounts {
        if !matches!(mount.kind.as_str(), "cgroup" | "cgroup2") || mount.is_read_only() {
            continue;
        }
        let top = system.path(&mount.point);
        let mut folders = vec![top.clone()];
        while let Some(folder) = folders.pop() {
            let owner = folder.file_name().and_then(|name| Owner::parse(name.to_str()?));
            if owner.is_some_and(|owner| owner.is_gone(system)) {
                stale.push((folder, top.clone()));
            } else {
                folders.extend(tasks::inside(&folder));
            }
        }
    }
    let mut swept = Swept::default();
    let us = getpid().as_raw_pid().unsigned_abs();
    let stopped: Vec<_> = stale.iter().map(|(folder, _)| tasks::NoMore::new(folder)).collect();
    for (folder, top) in stale {
        let result = if tasks::holds_us(&folder) {
            // Started inside the group of an owner that died. Whoever ends us, ends it; what is in
            // groups beside ours need not wait.
            for inner in tasks::inside(&folder) {
                if !tasks::holds_us(&inner) && !inner.ends_with(tasks::ADOPTED) {
                    // What is left of it is told with the whole.
                    let _ = tasks::kill(&inner, &top).and_then(|()| tasks::remove(&inner));
                }
            }
            let path = folder.clone();
            Err(Error::NotRemoved { path, tasks: vec![us], errno: Errno::BUSY })
        } else {
            tasks::kill(&folder, &top).and_then(|()| tasks::remove(&folder))
        };
        match result {
            Ok(()) => swept.removed.push(folder),
            Err(error) => swept.failed.push(error),
        }
    }
    drop(stopped);
    Ok(swept)
}
