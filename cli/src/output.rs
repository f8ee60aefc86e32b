//! What leaves the program: whole files or none, and one line when something is wrong.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why a command gave up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{name}: {message}")]
    Input { name: String, message: String },
    #[error("{}: cannot be written: {}", path.display(), reason(source))]
    Write { path: PathBuf, source: io::Error },
    #[error("standard output: cannot be written: {}", reason(.0))]
    Print(io::Error),
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// Bad input: `name` says which, `message` where in it and what was expected.
    pub(crate) fn input(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Input { name: name.into(), message: message.into() }
    }

    /// Whether the reader of standard output has gone, which is no error.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What went wrong, without the number that only a programmer looks up.
pub(crate) fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.find(" (os error ") {
        text.truncate(at);
    }
    text
}

/// The beginning of a text that may be long.
#[cfg(target_os = "linux")]
pub(crate) fn shortened(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(60).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// Says on one line what is wrong.
pub(crate) fn complain(error: &Error) {
    let line = error.to_string().replace(char::is_control, " ");
    // If standard error is closed, the exit status has to do.
    let _ = writeln!(io::stderr(), "apportion: {line}");
}

/// Refuses what is written, each by an option, where a JSON document is printed: nobody could read
/// both.
pub(crate) fn beside_json<'a>(
    written: impl IntoIterator<Item = (&'a str, &'a Option<Target>)>,
) -> Result<(), Error> {
    for (option, target) in written {
        if target.as_ref().is_some_and(|target| matches!(target.place, Place::StandardOutput)) {
            let message = "expected one of them on standard output, found both";
            return Err(Error::Usage(format!("--json and {option}: {message}")));
        }
    }
    Ok(())
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Print)
}

/// Where a file is to go, known to be writable before any work is done.
///
/// A symbolic link is followed: what it leads to is written, and it stays a link. A file that
/// exists keeps its permissions, a new one gets those of any new file.
#[derive(Debug)]
pub(crate) struct Target {
    /// As the user wrote it.
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A regular file: replaced when its successor is whole.
    File { path: PathBuf, permissions: Option<Permissions> },
    /// What is not a regular file (a device, a pipe) cannot be replaced.
    Device(File),
    /// Standard output by another name, which must not be written at two places at a time.
    StandardOutput,
}

impl Target {
    /// Makes sure that a file can be written at `path`. Nothing is created there.
    pub(crate) fn new(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            let message = "expected the name of a file; standard output has one, too: /dev/stdout";
            return Err(Error::input("-", message));
        }
        let place =
            Place::find(path).map_err(|source| Error::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), place })
    }

    /// Whether both are the same regular file, or standard output.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::StandardOutput, Place::StandardOutput) => true,
            _ => self.file().is_some_and(|file| other.file() == Some(file)),
        }
    }

    /// Whether writing would replace the file at `path`.
    pub(crate) fn replaces(&self, path: &Path) -> bool {
        self.file().is_some_and(|file| fs::canonicalize(path).is_ok_and(|path| path == file))
    }

    fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl Place {
    fn find(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if is_standard_output(&metadata) => Ok(Self::StandardOutput),
            Ok(metadata) => {
                // Refused here if it is a folder or must not be written.
                let file = File::options().write(true).open(path)?;
                if !metadata.is_file() {
                    return Ok(Self::Device(file));
                }
                let path = fs::canonicalize(path)?;
                tempfile_beside(&path)?;
                Ok(Self::File { path, permissions: Some(metadata.permissions()) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = follow(path)?;
                tempfile_beside(&path)?;
                Ok(Self::File { path, permissions: None })
            }
            Err(error) => Err(error),
        }
    }
}

/// Where a link that may dangle leads to.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    while let Ok(link) = fs::read_link(&path) {
        path = folder_of(&path).join(link);
    }
    // `name/` says that a folder is meant, and there is none.
    let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let Some(name) = path.file_name().filter(|_| !is_folder) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    Ok(fs::canonicalize(folder_of(&path))?.join(name))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn tempfile_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any newly created file: the mask of the process takes away what it will.
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.prefix(".apportion-").tempfile_in(folder_of(path))
}

#[cfg(unix)]
fn is_standard_output(metadata: &Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    let is_it = |other: Metadata| (other.dev(), other.ino()) == (metadata.dev(), metadata.ino());
    let own = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    // Where all is thrown away, nothing gets mixed up.
    own.and_then(|own| own.metadata()).is_ok_and(is_it)
        && !fs::metadata("/dev/null").is_ok_and(is_it)
}

#[cfg(not(unix))]
fn is_standard_output(_: &Metadata) -> bool {
    false
}

/// Files that appear whole when they are committed, and not at all before.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    files: Vec<(PathBuf, NewFile)>,
    devices: Vec<(PathBuf, File, String)>,
    standard_output: String,
}

#[derive(Debug)]
struct NewFile {
    content: NamedTempFile,
    path: PathBuf,
    replaces: bool,
}

impl Pending {
    /// Makes `text` ready to appear at `target`.
    pub(crate) fn add(&mut self, target: Target, text: String) -> Result<(), Error> {
        let Target { path: name, place } = target;
        match place {
            Place::StandardOutput => self.standard_output.push_str(&text),
            Place::Device(file) => self.devices.push((name, file, text)),
            Place::File { path, permissions } => {
                let replaces = permissions.is_some();
                let content = tempfile_beside(&path).and_then(|mut file| {
                    file.write_all(text.as_bytes())?;
                    permissions.map_or(Ok(()), |old| file.as_file().set_permissions(old))?;
                    Ok(file)
                });
                match content {
                    Ok(content) => self.files.push((name, NewFile { content, path, replaces })),
                    Err(source) => return Err(Error::Write { path: name, source }),
                }
            }
        }
        Ok(())
    }

    /// Puts every file in its place, then prints `text`. If a file cannot be put there, those that
    /// were new are taken away again.
    pub(crate) fn commit(self, text: &str) -> Result<(), Error> {
        // What fails most easily comes first, standard output last: it may be closed early.
        for (path, mut device, text) in self.devices {
            match device.write_all(text.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                written => written.map_err(|source| Error::Write { path, source })?,
            }
        }
        let mut created = Vec::new();
        for (name, NewFile { content, path, replaces }) in self.files {
            if let Err(error) = content.persist(&path) {
                for path in created {
                    // The error that is reported is the first.
                    let _ = fs::remove_file(path);
                }
                return Err(Error::Write { path: name, source: error.error });
            }
            if !replaces {
                created.push(path);
            }
        }
        print(&(self.standard_output + text))
    }
}
