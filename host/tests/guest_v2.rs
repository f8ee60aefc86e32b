//! Control groups of version 2, in a guest: a kernel under emulation that has them, whatever this
//! machine has. Each check of the guest is a test here.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, mem};

use apportion_testbed::guest::{self, Guest};
use apportion_testbed::not_run;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    guest::begin();
    if guest::is_inside() {
        check_all();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    if arguments.list {
        trials.extend(CHECKS.iter().map(|(name, _)| Trial::test(*name, || Ok(()))));
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let guest = match Guest::prepare(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest")) {
        Ok(guest) => guest,
        Err(why) => {
            not_run("cgroup-v2-guest", "control groups of version 2", &why);
            return ExitCode::SUCCESS;
        }
    };
    let asked = arguments.filter.as_deref().unwrap_or_default();
    let mut quiet = true;
    match guest.boot(&[asked], &[], Duration::from_mins(1)) {
        Ok(said) => {
            let measured = said.lines().iter().filter(|line| line.starts_with("measured: "));
            measured.for_each(|line| println!("{line}"));
            for (name, _) in CHECKS.iter().filter(|(name, _)| name.contains(asked)) {
                let result = said.verdict(name);
                if result.is_err() && mem::take(&mut quiet) {
                    println!("the guest's console:\n{}", said.console().join("\n"));
                }
                trials.push(Trial::test(*name, || result.map_err(Failed::from)));
            }
        }
        Err(why) => trials.push(Trial::test("boot", || Err(why.into()))),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Inside: the checks whose names contain what was asked for.
fn check_all() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    for (name, check) in CHECKS.iter().filter(|(name, _)| name.contains(&filter)) {
        guest::check(name, check);
    }
}

fn weights_can_be_set() -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let top = Path::new("/sys/fs/cgroup");
    let controllers = fs::read_to_string(top.join("cgroup.controllers")).map_err(failed)?;
    if !controllers.split_whitespace().any(|name| name == "cpu") {
        return Err(format!("expected `cpu` among the controllers: {controllers}"));
    }
    fs::write(top.join("cgroup.subtree_control"), "+cpu").map_err(failed)?;
    let group = top.join("apportion-trial");
    fs::create_dir(&group).map_err(failed)?;
    fs::write(group.join("cpu.weight"), "200").map_err(failed)?;
    let found = fs::read_to_string(group.join("cpu.weight")).map_err(failed)?;
    fs::remove_dir(&group).map_err(failed)?;
    if found.trim() == "200" { Ok(()) } else { Err(format!("read back {found}")) }
}

/// Name and check.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[("weights_can_be_set", weights_can_be_set)];
