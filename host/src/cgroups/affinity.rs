//! The CPUs that tasks keep to, when they come into another group.
//!
//! Kernels before 6.2 forget, when a task comes into another set of CPUs, that it was told to keep
//! to some of them (`sched_setaffinity(2)`), and let it use the whole set. So that is told anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::tree::Tree;
use super::{cpuset, tasks};
use crate::hierarchy::{Controller, Version};
use crate::{Error, Task, files};

/// Tasks, and the CPUs that each keeps to.
#[derive(Debug, Default)]
pub(crate) struct Kept(Vec<(u32, BTreeSet<u32>)>);

impl Kept {
    /// What a task, or each thread of it, keeps to, by its own choice and not that of its group.
    pub(crate) fn by(trees: &[Tree], task: Task) -> Self {
        let threads = match task {
            Task::Thread(id) => vec![id.get()],
            Task::Process(id) => {
                let names = tasks::names(Path::new(&format!("/proc/{id}/task")));
                names.iter().filter_map(|name| name.parse().ok()).collect()
            }
        };
        let keeps = |id| Some((id, kept(trees, id)?));
        Self(threads.into_iter().filter_map(keeps).collect())
    }

    /// Lets each keep to what it kept to, as far as the group has that. One that has ended, or
    /// whose group has none of its CPUs, is left alone.
    pub(crate) fn restore(&self) -> Result<(), Error> {
        for (id, kept) in &self.0 {
            let (Some(process), Some(now)) = (pid(*id), affinity(*id)) else { continue };
            let wanted: BTreeSet<u32> = kept.intersection(&now).copied().collect();
            if wanted.is_empty() || wanted == now {
                continue;
            }
            match sched_setaffinity(Some(process), &set(&wanted)) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(errno) => {
                    let path = format!("/proc/{id}");
                    return Err(files::system("keep to its CPUs", Path::new(&path), errno));
                }
            }
        }
        Ok(())
    }
}

/// What a process that is started by this thread has to keep to in the group of a folder, because
/// the thread does; `None`, if there is nothing to tell.
pub(crate) fn for_child(trees: &[Tree], tree: &Tree, folder: &Path) -> Option<CpuSet> {
    let own = rustix::thread::gettid().as_raw_pid().unsigned_abs();
    let kept = kept(trees, own)?;
    let wanted = kept.intersection(&effective(tree, folder)?).copied().collect::<BTreeSet<_>>();
    (!wanted.is_empty()).then(|| set(&wanted))
}

/// The tree with the sets of CPUs.
pub(crate) fn tree(trees: &[Tree]) -> Option<&Tree> {
    trees.iter().find(|tree| tree.controllers.contains(&Controller::Cpuset))
}

/// `None`, if the task may use all CPUs that its group has.
fn kept(trees: &[Tree], id: u32) -> Option<BTreeSet<u32>> {
    let tree = tree(trees)?;
    let lines = tasks::memberships(id)?;
    let group = tasks::membership(tree, &lines)?;
    let given = effective(tree, &tree.place.folder_of(&group.group)?)?;
    affinity(id).filter(|kept| *kept != given)
}

/// The CPUs of a group, or of the nearest one outside that has a set.
fn effective(tree: &Tree, folder: &Path) -> Option<BTreeSet<u32>> {
    let name = match tree.place.version {
        Version::V1 => "cpuset.effective_cpus",
        Version::V2 => "cpuset.cpus.effective",
    };
    let mut outwards =
        folder.ancestors().take_while(|folder| folder.starts_with(&tree.place.mount));
    let text = outwards.find_map(|folder| fs::read_to_string(folder.join(name)).ok())?;
    Some(cpuset::parse(&text))
}

fn affinity(id: u32) -> Option<BTreeSet<u32>> {
    let cpus = sched_getaffinity(Some(pid(id)?)).ok()?;
    let numbers = (0..).zip(0..CpuSet::MAX_CPU);
    Some(numbers.filter(|&(_, cpu)| cpus.is_set(cpu)).map(|(number, _)| number).collect())
}

fn set(cpus: &BTreeSet<u32>) -> CpuSet {
    let mut set = CpuSet::new();
    for cpu in cpus.iter().filter_map(|&cpu| usize::try_from(cpu).ok()) {
        set.set(cpu);
    }
    set
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
