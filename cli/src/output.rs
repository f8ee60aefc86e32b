//! What leaves the program: whole files or none, and one line when something is wrong.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why a command gave up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{name}: {message}")]
    Input { name: String, message: String },
    #[error("{}: cannot write: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot write to standard output: {0}")]
    Print(io::Error),
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// Bad input: `name` says which, `message` where in it and what was expected.
    pub(crate) fn input(name: impl Into<String>, message: impl ToString) -> Self {
        Self::Input { name: name.into(), message: message.to_string() }
    }

    /// Whether the reader of standard output has gone, which is no error.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Says on one line what is wrong.
pub(crate) fn complain(error: &Error) {
    let line = error.to_string().replace(['\n', '\r'], " ");
    // If standard error is closed, the exit status has to do.
    let _ = writeln!(io::stderr(), "apportion: {line}");
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Print)
}

/// A file that appears whole when it is committed, and not at all before.
#[derive(Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Beside(NamedTempFile),
    /// What is not a regular file (a device, a pipe) cannot be replaced.
    Direct(Vec<u8>),
}

impl Pending {
    /// Writes `bytes` beside `path`.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let failed = |source| Error::Write { path: path.to_owned(), source };
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(Self { path: path.to_owned(), content: Content::Direct(bytes.to_vec()) });
        }
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any newly created file: the mask of the process takes away what it will.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.prefix(".apportion-").tempfile_in(folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        Ok(Self { path: path.to_owned(), content: Content::Beside(file) })
    }

    /// Puts the file in its place.
    pub(crate) fn commit(self) -> Result<(), Error> {
        let Self { path, content } = self;
        match content {
            Content::Beside(file) => {
                file.persist(&path).map_err(|error| Error::Write { path, source: error.error })?;
                Ok(())
            }
            Content::Direct(bytes) => File::options()
                .write(true)
                .open(&path)
                .and_then(|mut file| file.write_all(&bytes))
                .map_err(|source| Error::Write { path, source }),
        }
    }
}
