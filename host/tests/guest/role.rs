//! Parts that this program plays as a process of its own.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};

use apportion_host::{Cgroups, Error, System, Unavailable};

use super::text;
use crate::groups;

/// To be called first in `main`: a process that was started for a part plays it, and ends.
pub(crate) fn play_if_asked() {
    let asked = env::var(PART).unwrap_or_default();
    let done = match asked.split_once(' ') {
        None if asked.is_empty() => return,
        Some(("enter", rest)) => enter(rest),
        Some(("eat", mebibytes)) => touch(mebibytes),
        _ => use_groups(),
    };
    match done {
        Ok(()) => exit(0),
        Err(why) => {
            println!("{FAILED}{why}");
            exit(1)
        }
    }
}

/// What it was like to have groups, as `user`, for a process that begins in the group of a folder.
pub(crate) fn try_groups(user: u32, folder: &Path) -> Result<Tried, String> {
    let mut command = Command::new("/proc/self/exe");
    command.env(PART, format!("enter {user} {}", folder.display())).stdin(Stdio::null());
    let output = command.output().map_err(text)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let of = |word| said.lines().find_map(|line| line.strip_prefix(word)).map(str::to_owned);
    match (of(PLACE), of(WHAT), of(WHY), of(FIX)) {
        (Some(place), ..) if output.status.success() => Ok(Tried::Had(place.into())),
        (None, Some(what), Some(why), Some(fix)) => {
            Ok(Tried::Unavailable(Unavailable { what, why, fix }))
        }
        _ => Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// A command that takes so many mebibytes of memory, and ends.
pub(crate) fn eat(mebibytes: usize) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.env(PART, format!("eat {mebibytes}")).stdin(Stdio::null());
    command
}

fn touch(mebibytes: &str) -> Result<(), String> {
    let count: usize = mebibytes.parse().map_err(text)?;
    let memory = std::hint::black_box(vec![1_u8; count << 20]);
    if memory.iter().all(|&byte| byte == 1) { Ok(()) } else { Err("not what was written".into()) }
}

/// How a process fared.
#[derive(Debug)]
pub(crate) enum Tried {
    /// It had groups, in this folder.
    Had(PathBuf),
    /// It was told why not.
    Unavailable(Unavailable),
}

/// Goes into the group of a folder, and becomes a user's.
fn enter(rest: &str) -> Result<(), String> {
    let (user, folder) = rest.split_once(' ').ok_or("expected a user and a folder")?;
    let user = user.parse().map_err(text)?;
    fs::write(Path::new(folder).join("cgroup.procs"), "0").map_err(text)?;
    let mut command = Command::new("/proc/self/exe");
    command.env(PART, "use").uid(user).gid(user);
    Err(text(command.exec()))
}

/// Creates groups with processes in them, and says where.
fn use_groups() -> Result<(), String> {
    let mut control = match Cgroups::open(&System::default()) {
        Ok(control) => control,
        Err(Error::Unavailable(Unavailable { what, why, fix })) => {
            println!("{WHAT}{what}\n{WHY}{why}\n{FIX}{fix}");
            return Ok(());
        }
        Err(error) => return Err(text(error)),
    };
    let name = control.owner().to_string();
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), &name, &mut found);
    let [place] = found.as_slice() else {
        return Err(format!("expected one folder of groups, found {found:?}"));
    };
    groups::kill_and_remove(&mut control)?;
    control.close().map_err(text)?;
    if place.exists() {
        return Err(format!("{} is still there", place.display()));
    }
    println!("{PLACE}{}", place.parent().unwrap_or(place).display());
    Ok(())
}

/// Where folders of a name are.
pub(crate) fn search(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if entry.file_name() == name {
                found.push(entry.path());
            }
            search(&entry.path(), name, found);
        }
    }
}

const PART: &str = "APPORTION_TEST_PART";
const PLACE: &str = "place: ";
const WHAT: &str = "what: ";
const WHY: &str = "why: ";
const FIX: &str = "fix: ";
const FAILED: &str = "failed: ";
