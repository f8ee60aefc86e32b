//! Control groups of version 1, as this machine has them.
//!
//! One after the other, in one process, which is also what its busy processes run. What is created
//! lies in groups of our own, and is gone at the end, also when a test fails.

#[path = "groups/mod.rs"]
mod groups;
#[path = "machine/mod.rs"]
#[expect(dead_code, reason = "only its user is needed")]
mod machine;

use std::process::ExitCode;
use std::time::Duration;

use apportion_host::{
    Cgroups, Controller, CpuLimit, Error, GroupControl, GroupPath, Holds, Setting, System, Version,
};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    groups::busy::become_what_was_asked();
    let mut arguments = Arguments::from_args();
    // They would measure each other.
    arguments.test_threads = Some(1);
    let checks = groups::CHECKS.into_iter().chain(OWN);
    let trials = checks.map(|(name, check)| {
        Trial::test(name, move || {
            let Some(mut control) = control(name) else { return Ok(()) };
            check(&mut control)?;
            Ok(control.close().map_err(|error| error.to_string())?)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// In version 1 a group inside cannot be given more than the one outside has. What is refused
/// leaves the limit that was there.
fn limits_within_limits(control: &mut dyn GroupControl) -> Result<(), String> {
    let [outer, inner]: [GroupPath; 2] =
        ["outer", "outer/inner"].map(|path| path.parse().expect("a path of a group"));
    let limit = |percent| {
        let period = Duration::from_millis(100);
        let quota = Duration::from_millis(percent);
        Setting::CpuLimit(Some(CpuLimit { quota, period, burst: quota / 2 }))
    };
    let text = |error: Error| error.to_string();
    for (group, percent) in [(&outer, 20), (&inner, 10)] {
        control.create(group, Holds::Processes).map_err(text)?;
        control.set(group, &limit(percent)).map_err(text)?;
    }
    match control.set(&inner, &limit(30)) {
        Err(Error::System { path, .. }) => {
            let folder = path.parent().expect("a file of a group");
            let [quota, burst] = ["cpu.cfs_quota_us", "cpu.cfs_burst_us"]
                .map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default());
            println!("measured: 30 % within 20 % refused, left at {} us", quota.trim_end());
            let left = quota == "10000\n" && burst == "5000\n";
            if left { Ok(()) } else { Err(format!("left at {quota}, {burst}")) }
        }
        other => Err(format!("more than the group outside has: {other:?}")),
    }
}

/// Whoever may not create groups is told so, and what would help.
fn no_rights(_: &mut dyn GroupControl) -> Result<(), String> {
    let open = || Cgroups::open(&System::default());
    let Some(result) = machine::as_nobody(open) else { return Ok(()) };
    match result {
        Err(Error::Unavailable(unavailable)) if unavailable.fix.contains("`chown 65534 /") => {
            println!("measured: {unavailable}");
            Ok(())
        }
        other => Err(format!("a user without rights: {other:?}")),
    }
}

/// What is only seen in version 1.
const OWN: [(&str, groups::Check); 2] =
    [("limits_within_limits", limits_within_limits), ("no_rights", no_rights)];

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
