//! What is shown by running it.

use clap::Args;

use crate::check::DENY_WARNINGS;
use crate::command::{cargo, run};
use crate::suite::{self, SUITE};

/// How long the laws are played.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Operations on all configurations of fair queues together
    #[arg(long, default_value_t = Options::BRIEF.operations)]
    operations: u64,
    /// Trees of claims to divide
    #[arg(long, default_value_t = Options::BRIEF.trees)]
    trees: u64,

    /// Seeds of lotteries, two million draws each
    #[arg(long, default_value_t = Options::BRIEF.seeds)]
    seeds: u64,
}

impl Options {
    pub(crate) const BRIEF: Self = Self { operations: 100_000_000, trees: 1_000_000, seeds: 200 };
}

pub(crate) fn test() -> Result<(), String> {
    // Those that need the machine have a part of their own.
    let mut programs = cargo(".", &[&SUITE[..], &["--lib", "--bins"]].concat());
    programs.args(suite::other_programs()?.iter().flat_map(|name| ["--test", name]));
    run(programs)?;
    run(cargo(".", &[&SUITE[..], &["--doc"]].concat()))
}

pub(crate) fn laws(options: Options) -> Result<(), String> {
    // Names of examples are unique in a workspace: all lie in one folder.
    for (package, example, count) in [
        ("apportion-wfq", "wfq_laws", options.operations),
        ("apportion-fairshare", "fairshare_laws", options.trees),
        ("apportion-lottery", "lottery_laws", options.seeds),
    ] {
        let build = ["run", "--locked", "--release", "--package", package];
        let count = count.to_string();
        run(cargo(".", &[&build[..], &["--example", example, "--", &count]].concat()))?;
    }
    Ok(())
}

pub(crate) fn no_std() -> Result<(), String> {
    let lint = ["clippy", "--locked", "--release"];
    run(cargo("no-std", &[&lint[..], &DENY_WARNINGS].concat()))?;
    run(cargo("no-std", &["run", "--locked", "--release"]))
}

pub(crate) fn bench() -> Result<(), String> {
    // Bench targets only, in the profile and with the features of the tests: what they stand on is
    // compiled already.
    let targets = ["bench", "--locked", "--workspace", "--all-features", "--bench", "*"];
    run(cargo(".", &[&targets[..], &["--profile", "checked", "--", "--test"]].concat()))
}
