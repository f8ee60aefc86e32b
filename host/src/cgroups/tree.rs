//! The folders of all groups in one hierarchy.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::getpid;

use super::{cpuset, tasks};
use crate::hierarchy::{Controller, Place, Version};
use crate::unified::{name, words};
use crate::{Error, GroupPath, Holds, files};

/// The groups in one hierarchy.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) place: Place,
    pub(crate) controllers: Vec<Controller>,
    /// The folder with all groups.
    pub(crate) top: PathBuf,
    /// Where our own process is, and goes back to.
    pub(crate) home: PathBuf,
    /// What was enabled for the groups of the place, and is disabled at the end.
    enabled: Vec<&'static str>,
    opened: bool,
}

impl Tree {
    pub(crate) fn new(place: Place, name: &str) -> Self {
        let top = place.folder.join(name);
        let home = if place.crowded { top.join(ASIDE) } else { place.own.clone() };
        Self { place, controllers: Vec::new(), top, home, enabled: Vec::new(), opened: false }
    }

    pub(crate) fn add(&mut self, controller: Controller) {
        if !self.controllers.contains(&controller) {
            self.controllers.push(controller);
        }
    }

    /// Makes the folder with all groups, and in version 2 sees to it that they have controllers.
    pub(crate) fn open(&mut self) -> Result<(), Error> {
        make(&self.top)?;
        self.opened = true;
        match self.place.version {
            Version::V1 => self.inherit_cpus(&self.top),
            Version::V2 => self.open_v2(),
        }
    }

    fn open_v2(&mut self) -> Result<(), Error> {
        if self.place.crowded {
            make(&self.home)?;
            let id = getpid().as_raw_pid().to_string();
            files::write(&self.home.join("cgroup.procs"), &id)?;
        }
        let names = self.names(|_| true);
        let present = words(&self.place.folder.join(CONTROL));
        let missing: Vec<_> =
            names.iter().copied().filter(|name| !present.iter().any(|word| word == name)).collect();
        enable(&self.place.folder, &missing)?;
        self.enabled = missing;
        enable(&self.top, &names)
    }

    /// The folder of a group.
    pub(crate) fn folder(&self, group: &GroupPath) -> PathBuf {
        self.top.join(group.as_str())
    }

    /// Makes the folder of a group. If that fails, it is not there.
    pub(crate) fn create(&self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        let folder = self.folder(group);
        let parent = group.parent().map_or_else(|| self.top.clone(), |parent| self.folder(&parent));
        if self.place.version == Version::V2 && holds == Holds::Processes {
            enable(&parent, &self.names(|_| true))?;
        }
        make(&folder)?;
        let made = match (self.place.version, holds) {
            (Version::V1, _) => self.inherit_cpus(&folder),
            (Version::V2, Holds::Processes) => Ok(()),
            // Only a group of threads may have controllers where processes are, so first of all
            // it has to become one.
            (Version::V2, Holds::Threads) => {
                files::put(&folder.join("cgroup.type"), "threaded", |found| found == "threaded")
                    .and_then(|_| enable(&parent, &self.names(Controller::is_threaded)))
            }
        };
        if made.is_err() {
            // It is new and empty; the error that matters is the other.
            let _ = fs::remove_dir(&folder);
        }
        made
    }

    /// A set of CPUs of version 1 begins without any, and takes no tasks.
    fn inherit_cpus(&self, folder: &Path) -> Result<(), Error> {
        if self.controllers.contains(&Controller::Cpuset) {
            cpuset::inherit(folder)?;
        }
        Ok(())
    }

    /// Removes a group with all groups inside it.
    pub(crate) fn remove(&self, group: &GroupPath) -> Result<(), Error> {
        tasks::remove(&self.folder(group))
    }

    /// Kills what is in the groups, and removes all that was made.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        if !self.opened {
            return Ok(());
        }
        self.opened = false;
        let mut result = Ok(());
        let mark = self.top.join(tasks::ADOPTED);
        for folder in tasks::inside(&self.top) {
            if folder != self.home && folder != mark {
                result = result.and(tasks::kill(&folder, &self.home));
                result = result.and(tasks::remove(&folder));
            }
        }
        if self.place.crowded {
            // First: what is beside the groups is not to be killed, and we are there.
            result = result.and(self.come_back());
        }
        result = result.and(tasks::kill(&self.top, &self.place.own));
        result = result.and(tasks::remove(&self.top));
        if !self.place.crowded && tasks::inside(&self.place.folder).is_empty() {
            self.disable();
        }
        result
    }

    /// Goes back to the group that we were in, with what we have started beside the groups. That
    /// takes a group whose groups have no controllers.
    fn come_back(&mut self) -> Result<(), Error> {
        for name in self.names(|_| true) {
            let _ = files::write(&self.top.join(CONTROL), &format!("-{name}"));
        }
        self.disable();
        tasks::move_all(&self.home, &self.place.own)
    }

    /// Disables what was enabled for the groups of the place. The kernel refuses where somebody
    /// uses it, and then it should stay.
    fn disable(&mut self) {
        for name in std::mem::take(&mut self.enabled) {
            let _ = files::write(&self.place.folder.join(CONTROL), &format!("-{name}"));
        }
    }

    /// What version 2 calls the controllers, each once.
    fn names(&self, filter: impl Fn(Controller) -> bool) -> Vec<&'static str> {
        let mut names: Vec<_> = self
            .controllers
            .iter()
            .filter(|&&controller| filter(controller))
            .map(|&controller| name(controller))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Makes a folder.
fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir(folder).map_err(|error| files::failed("create", folder, &error))
}

/// Lets the groups in a group have controllers.
fn enable(folder: &Path, names: &[&'static str]) -> Result<(), Error> {
    let control = folder.join(CONTROL);
    let has = |text: &str| {
        names.iter().all(|name| text.split_ascii_whitespace().any(|word| word == *name))
    };
    if names.is_empty() || has(&files::read(&control)?) {
        return Ok(());
    }
    let text: Vec<String> = names.iter().map(|name| format!("+{name}")).collect();
    match files::put(&control, &text.join(" "), has) {
        Err(Error::System { errno: Errno::BUSY, path, .. }) => {
            Err(files::system("give groups controllers beside processes by", &path, Errno::BUSY))
        }
        other => other.map(drop),
    }
}

/// Where our own process goes in version 2, so that the group it was in may have groups. No path
/// of a group leads there.
const ASIDE: &str = ".self";

const CONTROL: &str = "cgroup.subtree_control";
