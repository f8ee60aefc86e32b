//! `apportion run` with control groups of version 2, in a guest whose kernel has them. Each check of
//! the guest is a test here.

#[cfg(target_os = "linux")]
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "other commands need more of it")]
mod common;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
#[path = "../run/machine.rs"]
#[expect(dead_code, reason = "the tests of version 1 need more of it")]
mod machine;
#[cfg(target_os = "linux")]
#[path = "../run/measured.rs"]
mod measured;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use apportion_testbed::guest::{self, Suite};

    guest::begin();
    Suite {
        needs: ("cgroup-v2-guest", "`run` with version 2"),
        cache: &std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest"),
        modules: &[],
        programs: &inside::PROGRAMS,
        checks: inside::checks(),
    }
    .run()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
