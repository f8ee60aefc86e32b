//! What is checked inside of the guest.

mod adoption;
mod affinity;
mod memory;
pub(crate) mod role;
mod version2;

use apportion_host::{Cgroups, GroupControl, System};
use apportion_testbed::guest;

use crate::groups::CHECKS;

type Check = fn() -> Result<(), String>;

/// Makes the checks whose names contain what was asked for.
pub(crate) fn check(asked: &str) {
    for (name, check) in CHECKS.into_iter().filter(|(name, _)| name.contains(asked)) {
        guest::check(name, || {
            let mut control = Cgroups::open(&System::default()).map_err(text)?;
            if control.backend() != "cgroup v2" {
                return Err(format!("expected version 2, found {}", control.backend()));
            }
            check(&mut control)?;
            control.close().map_err(text)
        });
    }
    for (name, check) in OWN_CHECKS.into_iter().filter(|(name, _)| name.contains(asked)) {
        guest::check(name, check);
    }
}

/// The names of all checks.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let own = OWN_CHECKS.into_iter().map(|(name, _)| name);
    CHECKS.into_iter().map(|(name, _)| name).chain(own)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Of version 2, or of an older kernel, only.
const OWN_CHECKS: [(&str, Check); 8] = [
    ("adopted_threads", adoption::threads),
    ("adopted_process", adoption::process),
    ("affinity_kept", affinity::kept),
    ("memory_limit_binds", memory::binds),
    ("delegation", version2::delegation),
    ("delegation_by_systemd", version2::delegation_by_systemd),
    ("controller_not_passed_on", version2::controller_not_passed_on),
    ("no_internal_processes", version2::no_internal_processes),
];

/// Of the guest's kernel: the scheduler of block devices that knows weights.
pub(crate) const MODULES: &[&str] = &["bfq"];

/// For what errors say that can be done, which is done word for word.
pub(crate) const PROGRAMS: &[&str] = &["sh", "cat", "chown", "mkdir"];
