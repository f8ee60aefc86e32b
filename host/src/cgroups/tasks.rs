//! Tasks that come into groups, and groups that lose their tasks and go.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

use super::affinity::Kept;
use super::tree::Tree;
use crate::hierarchy::Version;
use crate::mountinfo::{self, Membership};
use crate::owner::{PREFIX, Stat};
use crate::{Error, GroupPath, Task, files};

/// Puts a task into a group in every hierarchy, and looks whether it is there: the kernel takes
/// one that is about to end, and leaves it where it was. If one hierarchy refuses, the task goes
/// back in the others.
pub(crate) fn attach(
    trees: &[Tree],
    group: &GroupPath,
    domain: Option<&GroupPath>,
    task: Task,
) -> Result<(), Error> {
    let (id, list) = match task {
        Task::Process(id) => (id.get(), "cgroup.procs"),
        Task::Thread(id) => (id.get(), "tasks"),
    };
    let ended = || Error::TaskEnded { task, group: group.clone() };
    let Some(before) = memberships(id) else { return Err(ended()) };
    let kept = Kept::by(trees, task);
    for (index, tree) in trees.iter().enumerate() {
        let folder = tree.folder(group);
        let result = match (tree.place.version, task) {
            (Version::V2, Task::Process(_)) => {
                // Into a group of threads only from the group of their processes.
                let domain = domain.filter(|domain| *domain != group);
                let first = domain.map(|domain| tree.folder(domain).join(list));
                first
                    .map_or(Ok(()), |path| files::write(&path, &id.to_string()))
                    .and_then(|()| files::write(&folder.join(list), &id.to_string()))
            }
            (Version::V2, Task::Thread(_)) => {
                files::write(&folder.join("cgroup.threads"), &id.to_string())
            }
            (Version::V1, _) => files::write(&folder.join(list), &id.to_string()),
        };
        let result = result.and_then(|()| verify(tree, &folder, id));
        if let Err(error) = result {
            if files::errno(&error) == Some(Errno::SRCH) || has_ended(id) {
                return Err(ended());
            }
            for tree in &trees[..=index] {
                give_back(tree, &before, id, list);
            }
            return Err(error);
        }
    }
    kept.restore().inspect_err(|_| {
        for tree in trees {
            give_back(tree, &before, id, list);
        }
    })
}

/// Looks whether a task is in the group of a folder.
fn verify(tree: &Tree, folder: &Path, id: u32) -> Result<(), Error> {
    let now = memberships(id).unwrap_or_default();
    let found = membership(tree, &now).map_or("", |line| line.group.as_str());
    if tree.place.folder_of(found).is_some_and(|found| found == folder) {
        return Ok(());
    }
    Err(Error::NotApplied {
        path: PathBuf::from(format!("/proc/{id}/cgroup")),
        written: tree.place.group(folder),
        found: found.to_owned(),
    })
}

/// The folder of the group that a task was in.
pub(crate) fn folder(tree: &Tree, before: &[Membership]) -> Option<PathBuf> {
    membership(tree, before).and_then(|line| tree.place.folder_of(&line.group))
}

fn give_back(tree: &Tree, before: &[Membership], id: u32, list: &str) {
    let list = if tree.place.version == Version::V2 { "cgroup.procs" } else { list };
    if let Some(folder) = folder(tree, before) {
        // If that fails too, the error that led here says what went wrong.
        let _ = files::write(&folder.join(list), &id.to_string());
    }
}

/// The line of a hierarchy.
pub(super) fn membership<'a>(tree: &Tree, lines: &'a [Membership]) -> Option<&'a Membership> {
    lines.iter().find(|line| match tree.place.version {
        Version::V1 => tree
            .controllers
            .iter()
            .any(|controller| line.controllers.iter().any(|name| name == controller.name_v1())),
        Version::V2 => line.is_unified(),
    })
}

/// Where a task is; `None` if it has ended.
pub(crate) fn memberships(id: u32) -> Option<Vec<Membership>> {
    let text = fs::read_to_string(format!("/proc/{id}/cgroup")).ok()?;
    (!has_ended(id)).then(|| mountinfo::memberships(&text))
}

fn has_ended(id: u32) -> bool {
    // Of the thread itself: `/proc/ID/stat` is about all threads of its process.
    let text = fs::read_to_string(format!("/proc/{id}/task/{id}/stat"));
    text.ok().and_then(|text| Stat::parse(&text)).is_none_or(Stat::has_ended)
}

/// Kills all processes with a task in the group of a folder or in groups inside, and waits until
/// there is none. Tasks of our own are put into the group of `home` instead.
pub(crate) fn kill(folder: &Path, home: &Path) -> Result<(), Error> {
    kill_at_once(folder);
    for round in 0..ROUNDS {
        let folders = all(folder);
        let mut left = Vec::new();
        let mut failure = Errno::BUSY;
        for folder in &folders {
            for id in ids(folder) {
                left.push(id);
                if let Err(errno) = end(folder, home, id) {
                    failure = errno;
                }
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        if round + 1 == ROUNDS {
            left.truncate(TOLD);
            let path = folder.to_owned();
            return Err(Error::NotRemoved { path, tasks: left, errno: failure });
        }
        sleep(pause(round));
    }
    Ok(())
}

/// Lets the kernel kill everything at once, so that nothing is started meanwhile, where it can: in
/// version 2 since Linux 5.14, and not with threads of our own inside, or what was adopted.
fn kill_at_once(folder: &Path) {
    let switch = folder.join("cgroup.kill");
    if switch.exists() && !holds_us(folder) && !is_adopted(folder) {
        // Whether that has worked is seen by what is left.
        let _ = files::write(&switch, "1");
    }
}

/// Whether a thread of our own is in the group of a folder, or in one inside.
pub(crate) fn holds_us(folder: &Path) -> bool {
    let own = Some(getpid().as_raw_pid().unsigned_abs());
    all(folder).iter().flat_map(|folder| ids(folder)).any(|task| process_of(task) == own)
}

/// Keeps the tasks of a group from starting others, until it is dropped; unless some are our own, or
/// adopted.
#[derive(Debug)]
pub(crate) struct NoMore {
    path: PathBuf,
    before: Option<String>,
}

impl NoMore {
    pub(crate) fn new(folder: &Path) -> Self {
        let path = folder.join("pids.max");
        let before = files::read(&path).ok();
        let before = before.filter(|_| !holds_us(folder) && !is_adopted(folder));
        let before = before.filter(|_| files::write(&path, "0").is_ok());
        Self { path, before }
    }
}

impl Drop for NoMore {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // If the group is gone, so is its limit.
            let _ = files::write(&self.path, before.trim_end());
        }
    }
}

/// Kills the process of a task of a group, or takes it out if it is our own.
fn end(folder: &Path, home: &Path, task: u32) -> Result<(), Errno> {
    let Some(process) = process_of(task) else { return Ok(()) };
    if process == getpid().as_raw_pid().unsigned_abs() || is_adopted(folder) {
        return go_home(home, task, process);
    }
    let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return Err(Errno::SRCH);
    };
    // Once the process is held, its number cannot become another's: look again whether it is one
    // of the group.
    match pidfd_open(process, PidfdFlags::empty()) {
        Ok(held) if ids(folder).contains(&task) => pidfd_send_signal(&held, Signal::KILL),
        Ok(_) | Err(Errno::SRCH) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Whether the tasks in the group of a folder were there before us, and have to outlive it.
fn is_adopted(folder: &Path) -> bool {
    folder.ancestors().any(|folder| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX)) && folder.join(ADOPTED).is_dir()
    })
}

/// Puts a thread that is not to be killed into the group of `home`; in version 2, its process.
fn go_home(home: &Path, task: u32, process: u32) -> Result<(), Errno> {
    let tasks = home.join("tasks");
    let result = if tasks.exists() {
        files::write(&tasks, &task.to_string())
    } else {
        files::write(&home.join("cgroup.procs"), &process.to_string())
    };
    result.map_err(|error| files::errno(&error).unwrap_or(Errno::IO))
}

/// Moves all processes of a group to another one.
pub(crate) fn move_all(from: &Path, to: &Path) -> Result<(), Error> {
    // Some may start others meanwhile.
    for _ in 0..ROUNDS {
        let ids = ids(from);
        if ids.is_empty() {
            break;
        }
        for id in ids {
            match files::write(&to.join("cgroup.procs"), &id.to_string()) {
                Err(error) if files::errno(&error) != Some(Errno::SRCH) => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The process that a task belongs to.
fn process_of(task: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{task}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
}

/// The tasks of a group: threads in version 1 and in groups of threads, else processes.
pub(crate) fn ids(folder: &Path) -> Vec<u32> {
    for name in ["tasks", "cgroup.threads", "cgroup.procs"] {
        if let Ok(text) = fs::read_to_string(folder.join(name)) {
            return text.lines().filter_map(|line| line.parse().ok()).collect();
        }
    }
    Vec::new()
}

/// Removes the group of a folder and all groups inside, from the inmost outwards. Where the kernel
/// says that it is busy, tries again for [`ROUNDS`]: tasks that were killed take a moment to go,
/// and a worker thread of the kernel that a virtual machine started stays as long as the machine.
pub(crate) fn remove(folder: &Path) -> Result<(), Error> {
    for round in 0..ROUNDS {
        let mut failure = None;
        let mut folders = all(folder);
        folders.reverse();
        // A mark goes last, and stays as long as there is anything that it protects.
        folders.sort_by_key(|inner| (inner == folder, inner.ends_with(ADOPTED)));
        for folder in &folders {
            if failure.is_some() && folder.ends_with(ADOPTED) {
                continue;
            }
            match fs::remove_dir(folder) {
                Ok(()) => {}
                Err(error) => match Errno::from_io_error(&error).unwrap_or(Errno::IO) {
                    Errno::NOENT => {}
                    errno => {
                        failure.get_or_insert((folder.clone(), errno));
                    }
                },
            }
        }
        match failure {
            None => return Ok(()),
            Some((_, Errno::BUSY | Errno::NOTEMPTY)) if round + 1 < ROUNDS => sleep(pause(round)),
            Some((path, errno)) => {
                let mut tasks = ids(&path);
                tasks.truncate(TOLD);
                return Err(Error::NotRemoved { path, tasks, errno });
            }
        }
    }
    Ok(())
}

/// A folder and all folders inside it, outer ones first.
pub(crate) fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(folder) = found.get(next) {
        found.extend(inside(folder));
        next += 1;
    }
    found
}

/// The folders directly in a folder, in order of their names. Links are not followed.
pub(crate) fn inside(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    found.sort_unstable();
    found
}

/// The names of all that is in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Longer and longer, and some 3 s in all.
fn pause(round: u32) -> Duration {
    Duration::from_millis((1 << round.min(5)).min(25))
}

/// Marks the groups of an owner as those of tasks that are others'. No path of a group leads there.
pub(crate) const ADOPTED: &str = ".adopted";
/// How often something is tried that may have to wait for others.
const ROUNDS: u32 = 125;
/// How many tasks an error names.
const TOLD: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stays_as_long_as_what_it_protects() {
        let root = tempfile::tempdir().unwrap();
        let top = root.path().join("top");
        for inner in [ADOPTED, "-first", "vcpus/0"] {
            fs::create_dir_all(top.join(inner)).unwrap();
        }
        // What cannot be removed, here, is a folder with a file in it.
        let file = top.join("-first/file");
        fs::write(&file, "").unwrap();
        assert!(matches!(remove(&top), Err(Error::NotRemoved { .. })));
        assert!(top.join(ADOPTED).is_dir() && !top.join("vcpus").exists());
        fs::remove_file(file).unwrap();
        assert_eq!(remove(&top), Ok(()));
        assert!(!top.exists());
    }
}
