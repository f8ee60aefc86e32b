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

pub mod apt;
mod counting;
#[cfg(feature = "guest")]
pub mod guest;
mod tamper;

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use counting::{Counting, allocations};
pub use tamper::tampered;

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

/// Reads a whole file, unpacking it when it is compressed with gzip or xz.
///
/// # Errors
///
/// What the file system or the decoder reports.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    let mut text = Vec::new();
    if bytes.starts_with(&GZIP) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text)?;
    } else if bytes.starts_with(&XZ) {
        lzma_rust2::XzReader::new(bytes.as_slice(), true).read_to_end(&mut text)?;
    } else {
        return Ok(bytes);
    }
    Ok(text)
}

/// The files in an archive, `.tar` as it is or compressed with gzip or xz, in their order there:
/// the path of each, with its folders, and its content.
///
/// # Errors
///
/// What the file system or the decoders report.
pub fn members(path: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let bytes = read(path)?;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut members = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        members.push((entry.path()?.into_owned(), content));
    }
    Ok(members)
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const XZ: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_gives_its_files_in_order() {
        let Some(folder) = data("an archive gives its files in order") else { return };
        let members = members(&folder.join("packing/bpp1d/Waescher.tar.xz")).unwrap();
        assert_eq!(members.len(), 12);
        let (path, content) = &members[0];
        assert_eq!(path, Path::new("Waescher/Waescher_TEST0005.txt"));
        assert!(content.is_ascii() && content.ends_with(b"\n"));
        assert!(members.is_sorted());
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        assert!(members(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).is_err());
        assert!(read(Path::new("no such file")).is_err());
    }
}
