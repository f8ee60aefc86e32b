//! What is checked inside of the guest.

mod adoption;
mod affinity;
mod memory;
pub(crate) mod role;
mod version2;

use apportion_host::{Cgroups, GroupControl, System};
use apportion_testbed::guest::Check;

use crate::groups::CHECKS;

type Own = fn() -> Result<(), String>;

/// What every control of groups has to achieve, and what only version 2 has.
pub(crate) fn checks() -> Vec<Check> {
    let common = CHECKS.into_iter().map(|(name, check)| {
        Check::new(name, move || {
            let mut control = Cgroups::open(&System::default()).map_err(text)?;
            if control.backend() != "cgroup v2" {
                return Err(format!("expected version 2, found {}", control.backend()));
            }
            check(&mut control)?;
            control.close().map_err(text)
        })
    });
    common.chain(OWN_CHECKS.map(|(name, check)| Check::new(name, check))).collect()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Of version 2, or of an older kernel, only.
const OWN_CHECKS: [(&str, Own); 8] = [
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
