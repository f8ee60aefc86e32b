//! What the compiler and its companions say of the sources.

use crate::command::{cargo, run};

/// The folders of all workspaces.
pub(crate) const WORKSPACES: [&str; 3] = [".", "fuzz", "no-std"];

pub(crate) fn fmt() -> Result<(), String> {
    WORKSPACES.iter().try_for_each(|folder| run(cargo(folder, &["fmt", "--all", "--check"])))
}

/// `fuzz` and `no-std` are linted by the parts that build them.
pub(crate) fn clippy() -> Result<(), String> {
    let all = ["clippy", "--locked", "--workspace", "--all-targets", "--all-features"];
    run(cargo(".", &[&all[..], &DENY_WARNINGS].concat()))?;
    // Without tests: what they need turns features on.
    run(cargo(".", &[&["clippy", "--locked", "--workspace"], &DENY_WARNINGS[..]].concat()))
}

pub(crate) fn doc() -> Result<(), String> {
    let arguments = ["doc", "--locked", "--workspace", "--no-deps", "--all-features"];
    let mut command = cargo(".", &arguments);
    command.env("RUSTDOCFLAGS", "-Dwarnings");
    run(command)
}

/// The end of a call of clippy.
pub(crate) const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];
