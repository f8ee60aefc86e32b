//! Rules that no compiler checks.

use crate::check::WORKSPACES;
use crate::files;

pub(crate) fn run() -> Result<(), String> {
    let sources = files::sources()?;
    let mut broken = Vec::new();
    let has_ending = |path: &&String| path.rsplit_once('.').is_some_and(|(_, end)| end == "rs");
    for path in sources.iter().filter(has_ending) {
        check_source(path, &files::read(path)?, &mut broken);
    }
    let linked = files::read("no-std/Cargo.toml")?;
    for folder in files::policies()? {
        let page = files::read(&format!("{folder}/src/lib.rs"))?;
        for line in ["#![no_std]", "#![forbid(unsafe_code)]"] {
            if !page.lines().any(|found| found == line) {
                broken.push(format!("{folder}/src/lib.rs: a policy needs a line `{line}`"));
            }
        }
        let dependency = format!("path = \"../{folder}\", default-features = false");
        if !linked.contains(&dependency) {
            broken.push(format!("no-std/Cargo.toml: expected a dependency with `{dependency}`"));
        }
    }
    for workspace in WORKSPACES {
        let path = format!("{workspace}/Cargo.lock");
        let path = path.trim_start_matches("./");
        if !sources.iter().any(|source| source == path) {
            broken.push(format!("{path}: expected it to be committed"));
        }
    }
    for line in &broken {
        eprintln!("{line}");
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("rules broken: {}", broken.len())) }
}

fn check_source(path: &str, text: &str, broken: &mut Vec<String>) {
    let length = text.lines().count();
    if length > MAX_LINES {
        broken.push(format!("{path}: {length} lines, expected at most {MAX_LINES}"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for marker in MARKERS {
            if line.contains(marker) {
                broken.push(format!("{path}:{number}: found `{marker}`"));
            }
        }
    }
}

const MAX_LINES: usize = 800;

/// What must not be left in a source; in two pieces, so that this one passes.
const MARKERS: [&str; 3] =
    [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!(")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rules_are_named_with_their_place() {
        let mut broken = Vec::new();
        check_source("short.rs", &"fn f() {}\n".repeat(MAX_LINES), &mut broken);
        assert!(broken.is_empty());
        let text = format!("fn f() {{\n    {})\n}}\n", MARKERS[1]);
        check_source("a.rs", &text, &mut broken);
        check_source("long.rs", &"fn f() {}\n".repeat(MAX_LINES + 1), &mut broken);
        let marker = format!("a.rs:2: found `{}`", MARKERS[1]);
        assert_eq!(broken, [marker, "long.rs: 801 lines, expected at most 800".to_owned()]);
    }
}
