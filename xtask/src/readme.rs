//! What a reader meets first.

use crate::command::root;
use crate::files;

pub(crate) fn run() -> Result<(), String> {
    let text = files::read("README.md")?;
    for command in COMMANDS {
        if !text.lines().any(|line| line.trim_start().starts_with(command)) {
            return Err(format!("README.md: expected a line `{command}`"));
        }
    }
    let policies = files::policies()?;
    for folder in files::libraries()? {
        let page = format!("{folder}/README.md");
        if !policies.contains(&folder) && !root().join(&page).is_file() {
            continue;
        }
        files::read(&page)?;
        let source = format!("{folder}/src/lib.rs");
        if !files::read(&source)?.lines().any(|line| line == INCLUDED) {
            return Err(format!("{source}: expected a line `{INCLUDED}`"));
        }
    }
    Ok(())
}

/// What a newcomer types first.
const COMMANDS: [&str; 2] = ["cargo run --release -- replay", "cargo xtask ci"];

/// The README of a crate is its page, so that its examples are tested.
const INCLUDED: &str = "#![doc = include_str!(\"../README.md\")]";
