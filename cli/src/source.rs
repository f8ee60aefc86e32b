//! What a command reads: a file, or standard input by the name `-`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::output::{self, Error};

/// The name of what is at `path`, for people, and its bytes; `expected` says what they should be.
pub(crate) fn open(path: &Path, expected: &str) -> Result<(String, Box<dyn Read>), Error> {
    if path.as_os_str() == "-" {
        return Ok(("standard input".to_owned(), Box::new(io::stdin().lock())));
    }
    let name = path.display().to_string();
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Error::input(name, format!("expected {expected}, found a folder")));
    }
    match File::open(path) {
        Ok(file) => Ok((name, Box::new(file))),
        Err(error) => Err(unreadable(&name, expected, &error)),
    }
}

/// Nothing of what should have been there can be had.
pub(crate) fn unreadable(name: &str, expected: &str, error: &io::Error) -> Error {
    Error::input(name, format!("expected {expected}: {}", output::reason(error)))
}
