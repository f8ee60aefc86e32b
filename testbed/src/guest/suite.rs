//! A test program whose checks are made in a guest.

use std::fmt;
use std::mem;
use std::panic::UnwindSafe;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::inside::{check, is_inside};
use super::machine::Guest;
use crate::not_run;

/// A check by its name, which says why it has failed.
pub struct Check {
    name: &'static str,
    act: Box<dyn FnOnce() -> Result<(), String> + UnwindSafe>,
}

impl Check {
    /// A check that does this.
    pub fn new(
        name: &'static str,
        act: impl FnOnce() -> Result<(), String> + UnwindSafe + 'static,
    ) -> Self {
        Self { name, act: Box::new(act) }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Checks that are made in a guest, each of which is a test of the program on the machine.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The name by which `APPORTION_REQUIRE` asks for it, and who needs it.
    pub needs: (&'a str, &'a str),
    /// Where kernels are kept.
    pub cache: &'a Path,
    /// Of the guest's kernel, loaded there with those that they need.
    pub modules: &'a [&'a str],
    /// Those of this machine that are there: in `/bin`, or at the same path if that is absolute.
    pub programs: &'a [&'a str],
    /// In the order in which they are made, each with a name of its own.
    pub checks: Vec<Check>,
}

impl Suite<'_> {
    /// In a guest, makes the checks whose names contain the first argument. On the machine, boots the
    /// guest, and is a test program with a test for each check. The guest keeps to the last CPU, so
    /// that others can measure on the first.
    #[must_use]
    pub fn run(self) -> ExitCode {
        if is_inside() {
            let asked = std::env::args().nth(1).unwrap_or_default();
            for Check { name, act } in self.checks {
                if name.contains(&asked) {
                    check(name, act);
                }
            }
            return ExitCode::SUCCESS;
        }
        let arguments = Arguments::from_args();
        let asked = arguments.filter.as_deref().unwrap_or_default();
        let trials = if arguments.list {
            self.named(asked).map(|name| Trial::test(name, || Ok(()))).collect()
        } else {
            keep_to_last_cpu();
            match Guest::prepare(self.cache) {
                Ok(guest) => self.trials(&guest, asked),
                Err(why) => {
                    not_run(self.needs.0, self.needs.1, &why);
                    Vec::new()
                }
            }
        };
        libtest_mimic::run(&arguments, trials).exit_code()
    }

    fn trials(&self, guest: &Guest, asked: &str) -> Vec<Trial> {
        let said = match guest.boot(&[asked], self.modules, self.programs, WITHIN) {
            Ok(said) => said,
            Err(why) => return vec![Trial::test("boot", || Err(Failed::from(why)))],
        };
        for line in said.lines().iter().filter(|line| line.starts_with("measured: ")) {
            println!("{line}");
        }
        let mut is_quiet = true;
        let trial = |name| {
            let verdict = said.verdict(name);
            if verdict.is_err() && mem::take(&mut is_quiet) {
                println!("the guest's console:\n{}", said.console().join("\n"));
            }
            Trial::test(name, || verdict.map_err(Failed::from))
        };
        self.named(asked).map(trial).collect()
    }

    fn named(&self, asked: &str) -> impl Iterator<Item = &'static str> {
        self.checks.iter().map(|check| check.name).filter(move |name| name.contains(asked))
    }
}

fn keep_to_last_cpu() {
    let cpus = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    let mut last = CpuSet::new();
    if let Some(cpu) = (0..CpuSet::MAX_CPU).rev().find(|&cpu| cpus.is_set(cpu)) {
        last.set(cpu);
        // If that fails, the guest runs anywhere.
        let _ = sched_setaffinity(None, &last);
    }
}

/// All checks take a third of that on an idle machine; on a busy one they are slower, and measure
/// again what is off.
const WITHIN: Duration = Duration::from_mins(3);
