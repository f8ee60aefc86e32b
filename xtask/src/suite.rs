//! The test programs of the workspace. All parts compile the same packages with the same features, as
//! otherwise most of it would be compiled once for each part.

use std::collections::BTreeSet;

use crate::command::root;
use crate::files;

/// How all of them are compiled.
pub(crate) const SUITE: [&str; 6] =
    ["test", "--locked", "--workspace", "--all-features", "--profile", "checked"];

/// Those which need the machine as it is.
pub(crate) fn real_programs() -> Result<BTreeSet<String>, String> {
    let mut names = programs("host")?;
    names.extend(REAL_OF_CLI.map(str::to_owned));
    Ok(names)
}

/// All others. A name stands for all programs of that name, in whichever package.
pub(crate) fn other_programs() -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for folder in files::list(".")? {
        if root().join(&folder).join("tests").is_dir() && folder != "host" {
            names.extend(programs(&folder)?);
        }
    }
    let real = real_programs()?;
    let own = names.difference(&real).cloned().collect();
    names.retain(|name| real.contains(name));
    if names.iter().any(|name| !REAL_OF_CLI.contains(&name.as_str())) {
        return Err(format!("tests of `host` have names of others: {names:?}"));
    }
    Ok(own)
}

/// The test programs in a folder of a package.
fn programs(folder: &str) -> Result<BTreeSet<String>, String> {
    let path = format!("{folder}/tests");
    let mut names = BTreeSet::new();
    for entry in files::list(&path)? {
        if let Some(name) = entry.strip_suffix(".rs") {
            names.insert(name.to_owned());
        } else if root().join(&path).join(&entry).join("main.rs").is_file() {
            names.insert(entry);
        }
    }
    Ok(names)
}

/// Tests of the program that need the machine, too.
const REAL_OF_CLI: [&str; 3] = ["run", "run_v2", "vcpus"];
