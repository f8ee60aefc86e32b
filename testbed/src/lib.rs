//! What a test needs of the machine it runs on.
//!
//! A test that needs something a machine may lack asks for it here. If it is there, the test runs.
//! If it is absent, one line `not run: …` goes to standard error, past the capture of the test
//! harness, and the test returns. If the environment variable `APPORTION_REQUIRE` (names,
//! comma-separated) names it, its absence fails the test instead.
//!
//! ```
//! let Some(folder) = apportion_testbed::data("the doc example") else { return };
//! assert!(folder.is_dir());
//! ```

#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Whether `APPORTION_REQUIRE` names `what`.
#[must_use]
pub fn required(what: &str) -> bool {
    env::var("APPORTION_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| name.trim() == what))
}

/// Says that `who` was not run because `what` is missing, for the reason `why`.
///
/// # Panics
///
/// If `APPORTION_REQUIRE` names `what`: then its absence is a failure.
pub fn not_run(what: &str, who: &str, why: &str) {
    assert!(!required(what), "{who} needs `{what}`, which APPORTION_REQUIRE names, but {why}");
    // Straight to the stream: the harness captures what the print macros write. A closed stream
    // loses only the line.
    let _ = writeln!(io::stderr(), "not run: {who}: {why}");
}

/// The folder of shared traces, instances and golden results: `APPORTION_DATA`, by default
/// `../shared/data` beside the workspace. `None`, after the line `not run: …`, if there is none.
///
/// # Panics
///
/// If it is absent and `APPORTION_REQUIRE` names `data`.
#[must_use]
pub fn data(who: &str) -> Option<PathBuf> {
    let folder = env::var_os("APPORTION_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    not_run("data", who, &format!("no folder {} (set APPORTION_DATA)", folder.display()));
    None
}

/// Reads a whole file, unpacking it when it is compressed with gzip.
///
/// # Errors
///
/// What the file system or the decoder reports.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text)?;
    Ok(text)
}
