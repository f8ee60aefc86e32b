//! Control groups of version 2, in a guest: a kernel under emulation that has them, whatever this
//! machine has. Each check of the guest is a test here.

#[path = "groups/mod.rs"]
mod groups;
#[path = "guest/mod.rs"]
mod inside;

use std::path::Path;
use std::process::ExitCode;

use apportion_testbed::guest::{self, Suite};

fn main() -> ExitCode {
    guest::begin();
    groups::busy::become_what_was_asked();
    inside::role::play_if_asked();
    Suite {
        needs: ("cgroup-v2-guest", "control groups of version 2"),
        cache: &Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest"),
        modules: inside::MODULES,
        programs: inside::PROGRAMS,
        checks: inside::checks(),
    }
    .run()
}
