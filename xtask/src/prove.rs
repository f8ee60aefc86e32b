//! What is shown by running it.

use crate::check::DENY_WARNINGS;
use crate::command::{cargo, run};

pub(crate) fn test() -> Result<(), String> {
    run(cargo(".", &["test", "--locked", "--workspace", "--all-features", "--profile", "checked"]))
}

pub(crate) fn no_std() -> Result<(), String> {
    let lint = ["clippy", "--locked", "--release"];
    run(cargo("no-std", &[&lint[..], &DENY_WARNINGS].concat()))?;
    run(cargo("no-std", &["run", "--locked", "--release"]))
}

pub(crate) fn bench() -> Result<(), String> {
    // Bench targets only: libraries and programs would be compiled once more for nothing.
    let targets = ["bench", "--locked", "--workspace", "--bench", "*"];
    run(cargo(".", &[&targets[..], &["--", "--test"]].concat()))
}
