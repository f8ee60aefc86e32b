//! Control groups of version 2, in a guest: a kernel under emulation that has them, whatever this
//! machine has. Each check of the guest is a test here.

#[path = "groups/mod.rs"]
mod groups;
#[path = "guest/mod.rs"]
mod inside;

use std::mem;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use apportion_testbed::guest::{self, Guest};
use apportion_testbed::not_run;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    guest::begin();
    groups::busy::become_what_was_asked();
    inside::role::play_if_asked();
    if guest::is_inside() {
        inside::check(&std::env::args().nth(1).unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let trials = if arguments.list {
        inside::names().map(|name| Trial::test(name, || Ok(()))).collect()
    } else {
        match Guest::prepare(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest")) {
            Ok(guest) => run(&guest, arguments.filter.as_deref().unwrap_or_default()),
            Err(why) => {
                not_run("cgroup-v2-guest", "control groups of version 2", &why);
                Vec::new()
            }
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Boots the guest, which makes the checks whose names contain what was asked for, and gives each
/// as a test with its verdict.
fn run(guest: &Guest, asked: &str) -> Vec<Trial> {
    let said = match guest.boot(&[asked], inside::MODULES, inside::PROGRAMS, WITHIN) {
        Ok(said) => said,
        Err(why) => return vec![Trial::test("boot", || Err(Failed::from(why)))],
    };
    for line in said.lines().iter().filter(|line| line.starts_with("measured: ")) {
        println!("{line}");
    }
    let mut is_quiet = true;
    let trial = |name: &'static str| {
        let verdict = said.verdict(name);
        if verdict.is_err() && mem::take(&mut is_quiet) {
            println!("the guest's console:\n{}", said.console().join("\n"));
        }
        Trial::test(name, || verdict.map_err(Failed::from))
    };
    inside::names().filter(|name| name.contains(asked)).map(trial).collect()
}

/// All checks take a third of that on an idle machine; on a busy one they are slower, and measure
/// again what is off.
const WITHIN: Duration = Duration::from_mins(3);
