//! Control groups of version 1, as this machine has them.
//!
//! One after the other, in one process, which is also what its busy processes run. What is created
//! lies in groups of our own, and is gone at the end, also when a test fails.

#[path = "groups/mod.rs"]
mod groups;

use std::process::ExitCode;

use apportion_host::{Cgroups, Controller, System, Version};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    groups::busy::become_what_was_asked();
    let mut arguments = Arguments::from_args();
    // They would measure each other.
    arguments.test_threads = Some(1);
    let trials = groups::CHECKS.map(|(name, check)| {
        Trial::test(name, move || {
            let Some(mut control) = control(name) else { return Ok(()) };
            check(&mut control)?;
            Ok(control.close().map_err(|error| error.to_string())?)
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// A control of version 1; `None`, after the line `not run: …`, if this machine has none.
fn control(who: &str) -> Option<Cgroups> {
    let why = match Cgroups::open(&System::default()) {
        Ok(control) => match control.version(Controller::Cpu) {
            Ok(Version::V1) => return Some(control),
            other => format!("the controller of the CPU is in {other:?}"),
        },
        Err(error) => error.to_string(),
    };
    apportion_testbed::not_run("cgroup-v1", who, &why);
    None
}
