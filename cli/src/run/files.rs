//! Files for what the commands print: NAME.out and NAME.err in a folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::vec;

use super::spec::Spec;
use crate::output::Error;

/// Files that are open, in the order of the commands. Dropped before it is told to keep them, it
/// removes those that are new.
#[derive(Debug)]
pub(super) struct Files {
    streams: vec::IntoIter<(File, File)>,
    created: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl Files {
    pub(super) fn open(folder: &Path, spec: &Spec) -> Result<Self, Error> {
        let mut files = Self { streams: Vec::new().into_iter(), created: Vec::new(), folder: None };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Write { path, source }
        };
        if !folder.is_dir() {
            fs::create_dir(folder).map_err(failed(folder))?;
            files.folder = Some(folder.to_owned());
        }
        let mut streams = Vec::new();
        for command in &spec.commands {
            let mut open = |ending: &str| {
                let path = folder.join(format!("{}.{ending}", command.name));
                let is_new = fs::symlink_metadata(&path).is_err();
                // What an earlier run has left there stays until this one begins.
                let file = File::options().write(true).create(true).truncate(false).open(&path);
                let file = file.map_err(failed(&path))?;
                if is_new {
                    files.created.push(path);
                }
                Ok(file)
            };
            streams.push((open("out")?, open("err")?));
        }
        files.streams = streams.into_iter();
        Ok(files)
    }

    /// The streams of the next command.
    pub(super) fn next(&mut self) -> Option<(File, File)> {
        let streams = self.streams.next();
        for file in streams.iter().flat_map(|(out, err)| [out, err]) {
            // A pipe or a device has no length.
            let _ = file.set_len(0);
        }
        streams
    }

    /// The commands have started: the files stay.
    pub(super) fn keep(mut self) {
        self.created.clear();
        self.folder = None;
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in self.created.drain(..) {
            // What is reported is why the run did not begin.
            let _ = fs::remove_file(path);
        }
        if let Some(folder) = self.folder.take() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::document::Source;

    #[test]
    fn what_was_there_stays_until_the_command_begins() {
        let text = "command = [{ name = 'a', run = ['a'] }, { name = 'b', run = ['b'] }]";
        let spec = Spec::parse(Source { name: "spec", text }, &[0]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let [out, err, other] = ["a.out", "a.err", "b.out"].map(|name| folder.path().join(name));
        fs::write(&out, "of an earlier run").unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &other).unwrap();
        drop(Files::open(folder.path(), &spec).unwrap());
        assert_eq!(fs::read_to_string(&out).unwrap(), "of an earlier run");
        assert!(!err.exists() && other.is_symlink(), "only what is new goes");

        let mut files = Files::open(folder.path(), &spec).unwrap();
        let _streams = files.next().unwrap();
        files.keep();
        assert_eq!(fs::read_to_string(&out).unwrap(), "");
        assert!(err.exists());
    }
}
