//! What must not be left behind on the machine: processes, control groups, networks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of control groups and networks of this project that are there now.
pub(crate) fn found() -> Result<BTreeSet<PathBuf>, String> {
    let mut found = BTreeSet::new();
    let mounts = fs::read_to_string("/proc/self/mountinfo")
        .map_err(|error| format!("/proc/self/mountinfo: {error}"))?;
    for mount in mounts.lines().filter_map(control_groups) {
        search(&mount, &mut found);
    }
    for folder in ["/run/netns", "/sys/class/net"] {
        found.extend(entries(Path::new(folder)).filter(|path| is_ours(path)));
    }
    Ok(found)
}

/// Those which nobody owns who still runs: another run of the project may go on beside this one.
pub(crate) fn without_owner(found: BTreeSet<PathBuf>) -> Vec<PathBuf> {
    found.into_iter().filter(|path| path.exists() && !owner_lives(path)).collect()
}

/// Processes that were started with this variable in their environment, and what each runs.
pub(crate) fn processes(variable: &str, value: &str) -> Vec<String> {
    let mark = format!("{variable}={value}");
    let carries = |path: &PathBuf| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let name = |path: PathBuf| {
        let words = fs::read(path.join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        format!("process {}: {}", path.file_name().unwrap_or_default().display(), words.trim())
    };
    entries(Path::new("/proc")).filter(carries).map(name).collect()
}

/// Where a line of mountinfo says that control groups are mounted.
fn control_groups(line: &str) -> Option<PathBuf> {
    let (place, kind) = line.split_once(" - ")?;
    let is_one = ["cgroup", "cgroup2"].contains(&kind.split(' ').next()?);
    is_one.then(|| place.split(' ').nth(4).map(PathBuf::from))?
}

fn search(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    // Links lead to other hierarchies, which have mounts of their own.
    let is_folder = |path: &PathBuf| path.is_dir() && !path.is_symlink();
    for path in entries(folder).filter(is_folder) {
        if is_ours(&path) {
            found.insert(path);
        } else {
            search(&path, found);
        }
    }
}

/// What is in a folder; nothing, if it cannot be read or is gone.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_ours(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

/// Names of groups begin with `apportion-PID-START`: the process, and when it started, in ticks of the
/// clock. The interface of a network tells its process in the last word of its alias.
fn owner_lives(path: &Path) -> bool {
    if let Ok(alias) = fs::read_to_string(path.join("ifalias")) {
        return alias.split_whitespace().next_back().is_some_and(|id| started(id).is_some());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut numbers = name.trim_start_matches(PREFIX).split(['-', '.']);
    let (Some(process), Some(start)) = (numbers.next(), numbers.next()) else { return false };
    started(process).as_deref() == Some(start)
}

/// When a process was started, as the system counts it.
fn started(process: &str) -> Option<String> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything; field 22 is the 20th after it.
    line.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

const PREFIX: &str = "apportion-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_control_groups_are_told_from_others() {
        let v1 = "36 30 0:31 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu";
        assert_eq!(control_groups(v1), Some(PathBuf::from("/sys/fs/cgroup/cpu")));
        let v2 = "31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        assert_eq!(control_groups(v2), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(control_groups("30 24 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro"), None);
        assert_eq!(control_groups(""), None);
    }

    #[test]
    fn an_owner_is_known_by_its_number_and_its_start() {
        let id = std::process::id();
        let start = started("self").unwrap();
        assert!(owner_lives(Path::new(&format!("/x/apportion-{id}-{start}"))));
        assert!(!owner_lives(Path::new(&format!("/x/apportion-{id}-1{start}"))));
        assert!(!owner_lives(Path::new("/x/apportion-trial")));
    }

    #[test]
    fn a_process_is_known_by_its_mark() {
        let mark = std::process::id().to_string();
        let mut command = std::process::Command::new("sleep");
        let mut child = command.arg("60").env("APPORTION_MARKED", &mark).spawn().unwrap();
        // A process begins before its environment is in place.
        let looks = (0..200).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            processes("APPORTION_MARKED", &mark)
        });
        let found = looks.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [format!("process {}: sleep 60", child.id())]);
        assert_eq!(processes("APPORTION_MARKED", &mark), [""; 0]);
    }

    #[test]
    fn a_group_without_an_owner_is_left_behind() {
        let folder = std::env::temp_dir().join(format!("xtask-leftovers-{}", std::process::id()));
        let names = ["a/apportion-1-0", "b/apportion-x", "c/d", "e/apportion-self-0.1"];
        for name in names {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let mut found = BTreeSet::new();
        search(&folder, &mut found);
        let left = without_owner(found);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, [names[0], names[1], names[3]].map(|name| folder.join(name)));
    }
}
