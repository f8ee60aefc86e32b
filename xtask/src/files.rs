//! The files of the workspace.

use std::fs;
use std::process::Command;

use crate::command::root;

/// A file of the workspace as text.
pub(crate) fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The names of what is in a folder, sorted.
pub(crate) fn list(folder: &str) -> Result<Vec<String>, String> {
    let failed = |error| format!("{folder}: {error}");
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join(folder)).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The folders of the libraries of the main workspace.
pub(crate) fn libraries() -> Result<Vec<String>, String> {
    let mut folders = list(".")?;
    folders.retain(|folder| root().join(folder).join("src/lib.rs").is_file());
    Ok(folders)
}

/// The folders of the policy crates: whatever is not known to be something else.
pub(crate) fn policies() -> Result<Vec<String>, String> {
    let mut folders = libraries()?;
    folders.retain(|folder| !OTHERS.contains(&folder.as_str()));
    Ok(folders)
}

/// The files that git knows, or would add.
pub(crate) fn sources() -> Result<Vec<String>, String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.current_dir(root()).output();
    let output = output.map_err(|error| format!("`git` cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`git ls-files`: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut paths: Vec<String> = names.split_terminator('\0').map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    // A file that was deleted, but not yet from the index.
    paths.retain(|path| root().join(path).is_file());
    Ok(paths)
}

/// Libraries that are no policies.
const OTHERS: [&str; 6] = ["benches", "cli", "host", "python", "testbed", "xtask"];
