//! Small files of the kernel, read and written whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use rustix::io::Errno;

use crate::Error;

/// What a file holds. What is no UTF-8 is replaced.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| failed("read", path, &error))
}

/// Opens a file that exists, to write to it.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new().write(true).open(path).map_err(|error| failed("open", path, &error))
}

/// Writes to a file that exists, in a single call, as the kernel wants it. A signal that comes
/// meanwhile is no reason to give up, unless they never end.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = open(path)?;
    let mut attempts = 0;
    loop {
        match file.write(text.as_bytes()) {
            Ok(length) if length == text.len() => return Ok(()),
            Ok(_) => return Err(system("write all to", path, Errno::IO)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted && attempts < 100 => {
                attempts += 1;
            }
            Err(error) => return Err(failed("write to", path, &error)),
        }
    }
}

/// Writes to a file, reads it back, and compares by `same`, which is given what the file holds.
pub(crate) fn put(
    path: &Path,
    text: &str,
    same: impl FnOnce(&str) -> bool,
) -> Result<String, Error> {
    write(path, text)?;
    let found = read(path)?.trim_end().to_owned();
    if same(&found) {
        Ok(found)
    } else {
        Err(Error::NotApplied { path: path.to_owned(), written: text.to_owned(), found })
    }
}

pub(crate) fn failed(doing: &'static str, path: &Path, error: &io::Error) -> Error {
    system(doing, path, Errno::from_io_error(error).unwrap_or(Errno::IO))
}

pub(crate) fn system(doing: &'static str, path: &Path, errno: Errno) -> Error {
    Error::System { doing, path: path.to_owned(), errno }
}

/// What the system said, if it was the system.
pub(crate) fn errno(error: &Error) -> Option<Errno> {
    match error {
        Error::System { errno, .. } => Some(*errno),
        _ => None,
    }
}
