//! What only version 2 has: controllers that are passed on, subtrees that are given away, and
//! groups with processes in them that have no groups with controllers inside.
//!
//! Each refusal says what can be done. That is done here, word for word, and then it works.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use apportion_host::Unavailable;
use rustix::fs::{XattrFlags, setxattr};

use super::role::{Tried, try_groups};
use super::text;
use crate::groups::busy::{Running, busy};

/// A user has groups where root has given a subtree away, there only, and not before.
pub(crate) fn delegation() -> Result<(), String> {
    let subtree = Subtree::new(true)?;
    let refused = refusal(NOBODY, &subtree.0)?;
    expect(&refused.why, &["user 65534 may not", TOP])?;
    follow(&refused, "chown ")?;
    had(NOBODY, &subtree.0, &subtree.0)
}

/// With systemd, groups are made only where it has said so.
pub(crate) fn delegation_by_systemd() -> Result<(), String> {
    let _systemd = Systemd::new()?;
    let subtree = Subtree::new(true)?;
    let refused = refusal(ROOT, &subtree.0)?;
    expect(&refused.why, &["systemd has not delegated", "/delegated"])?;
    expect(&refused.fix, &["`systemd-run --scope -p Delegate=yes ", "`Delegate=yes`"])?;
    let refused = refusal(NOBODY, &subtree.0)?;
    expect(&refused.fix, &["`systemd-run --user --scope -p Delegate=yes "])?;

    // What systemd does with `Delegate=yes` and `User=nobody`.
    give(&subtree.0)?;
    setxattr(&subtree.0, "trusted.delegate", b"1", XattrFlags::empty()).map_err(text)?;
    setxattr(&subtree.0, "user.delegate", b"1", XattrFlags::empty()).map_err(text)?;
    had(ROOT, &subtree.0, &subtree.0)?;
    had(NOBODY, &subtree.0, &subtree.0)
}

/// A group has only the controllers that the one above it passes on.
pub(crate) fn controller_not_passed_on() -> Result<(), String> {
    let _systemd = Systemd::new()?;
    let subtree = Subtree::new(false)?;
    give(&subtree.0)?;
    setxattr(&subtree.0, "user.delegate", b"1", XattrFlags::empty()).map_err(text)?;
    let refused = refusal(NOBODY, &subtree.0)?;
    expect(&refused.what, &["cpu"])?;
    expect(&refused.why, &["is not in /sys/fs/cgroup/cgroup.subtree_control"])?;
    follow(&refused, "echo +cpu > /sys/fs/cgroup/cgroup.subtree_control")?;
    had(NOBODY, &subtree.0, &subtree.0)
}

/// A group with processes in it has no groups with controllers inside. Our own process makes way;
/// others are not ours to move.
pub(crate) fn no_internal_processes() -> Result<(), String> {
    let subtree = Subtree::new(true)?;
    give(&subtree.0)?;
    let other = Running(busy().stdout(Stdio::null()).spawn().map_err(text)?);
    fs::write(subtree.0.join("cgroup.procs"), other.0.id().to_string()).map_err(text)?;
    let refused = refusal(NOBODY, &subtree.0)?;
    expect(&refused.why, &[&format!("process {} is in {TOP}", other.0.id())])?;
    follow(&refused, "mkdir -p ")?;
    let others = subtree.0.join("others");
    let inside = fs::read_to_string(others.join("cgroup.procs")).map_err(text)?;
    if inside.trim_end() != other.0.id().to_string() {
        return Err(format!("expected the other process in {}: {inside}", others.display()));
    }
    had(NOBODY, &others, &subtree.0)
}

/// A group directly below the root, which is removed with what is in it.
struct Subtree(PathBuf);

impl Subtree {
    /// With the controllers of the CPU and of memory, or without any.
    fn new(has_controllers: bool) -> Result<Self, String> {
        let sign = if has_controllers { '+' } else { '-' };
        let control = Path::new("/sys/fs/cgroup/cgroup.subtree_control");
        let change = if has_controllers { PASSED_ON } else { ALL };
        for name in change {
            fs::write(control, format!("{sign}{name}")).map_err(text)?;
        }
        fs::create_dir(TOP).map_err(text)?;
        Ok(Self(TOP.into()))
    }
}

impl Drop for Subtree {
    fn drop(&mut self) {
        // Of those that are left, the next check that needs them absent will tell.
        let _ = fs::remove_dir(self.0.join("others"));
        let _ = fs::remove_dir(&self.0);
        for name in ALL {
            let _ = fs::write("/sys/fs/cgroup/cgroup.subtree_control", format!("-{name}"));
        }
    }
}

/// What makes a machine one with systemd, as `sd_booted(3)` sees it.
struct Systemd;

impl Systemd {
    fn new() -> Result<Self, String> {
        fs::create_dir_all("/run/systemd/system").map_err(text)?;
        Ok(Self)
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        // The check after it would fail, and say why.
        let _ = fs::remove_dir("/run/systemd/system");
    }
}

/// Gives a subtree away, as the kernel's `admin-guide/cgroup-v2.rst` says under "Delegation".
fn give(folder: &Path) -> Result<(), String> {
    let names = ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"];
    let give = |name| chown(folder.join(name), Some(NOBODY), Some(NOBODY));
    names.into_iter().try_for_each(give).map_err(|error: io::Error| text(error))
}

fn refusal(user: u32, folder: &Path) -> Result<Unavailable, String> {
    match try_groups(user, folder)? {
        Tried::Unavailable(unavailable) => Ok(unavailable),
        Tried::Had(place) => Err(format!("user {user} had groups in {}", place.display())),
    }
}

fn had(user: u32, folder: &Path, expected: &Path) -> Result<(), String> {
    match try_groups(user, folder)? {
        Tried::Had(place) if place == expected => Ok(()),
        other => Err(format!("user {user} in {}: {other:?}", folder.display())),
    }
}

fn expect(found: &str, parts: &[&str]) -> Result<(), String> {
    let missing = parts.iter().find(|part| !found.contains(**part));
    missing.map_or(Ok(()), |part| Err(format!("expected `{part}` in: {found}")))
}

/// Does what a refusal says: the line between the first two backticks, which begins so.
fn follow(refused: &Unavailable, begin: &str) -> Result<(), String> {
    let line = refused.fix.split('`').nth(1).unwrap_or_default();
    if !line.starts_with(begin) {
        return Err(format!("expected `{begin}` in: {}", refused.fix));
    }
    let output =
        Command::new("sh").args(["-c", line]).env("PATH", "/bin").output().map_err(text)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("`{line}`: {said}")) }
}

const TOP: &str = "/sys/fs/cgroup/delegated";
const PASSED_ON: &[&str] = &["cpu", "memory"];
const ALL: &[&str] = &["cpu", "cpuset", "memory", "io", "pids"];
const ROOT: u32 = 0;
const NOBODY: u32 = 65_534;
