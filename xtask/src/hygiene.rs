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
    let manifests = WORKSPACES.map(|workspace| format!("{workspace}/Cargo.toml"));
    let mut stated = Vec::new();
    for path in manifests {
        let text = files::read(&path)?;
        stated.push((path, text));
    }
    check_rust_versions(&stated, &mut broken);
    for line in &broken {
        eprintln!("{line}");
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("rules broken: {}", broken.len())) }
}

/// A workspace cannot take over what another one says: all have to say the same. Each is a path and
/// the text found there.
fn check_rust_versions(manifests: &[(String, String)], broken: &mut Vec<String>) {
    let versions = manifests.iter().map(|(path, text)| {
        let stated = text.lines().find_map(|line| line.strip_prefix("rust-version = "));
        (path, stated.unwrap_or("none"))
    });
    let mut first = None;
    for (path, version) in versions {
        let expected = *first.get_or_insert(version);
        if version != expected {
            broken.push(format!("{path}: rust-version is {version}, expected {expected}"));
        }
    }
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
    fn rust_versions_have_to_agree() {
        let manifest = |path: &str, line: &str| (path.to_owned(), format!("[package]\n{line}\n"));
        let stated = manifest("Cargo.toml", "rust-version = \"1.95\"");
        let mut broken = Vec::new();
        check_rust_versions(&[stated.clone(), stated.clone()], &mut broken);
        assert!(broken.is_empty());
        let older = manifest("fuzz/Cargo.toml", "rust-version = \"1.94\"");
        let silent = manifest("no-std/Cargo.toml", "edition = \"2024\"");
        check_rust_versions(&[stated, older, silent], &mut broken);
        let older = "fuzz/Cargo.toml: rust-version is \"1.94\", expected \"1.95\"";
        let silent = "no-std/Cargo.toml: rust-version is none, expected \"1.95\"";
        assert_eq!(broken, [older, silent]);
    }

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
