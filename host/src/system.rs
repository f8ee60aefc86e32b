//! Where the machine is looked at.

use std::path::{Path, PathBuf};

/// Where the machine is looked at: below `/`, or below a folder that looks like it.
///
/// Everything that is only looked at goes through here, the folders that `mountinfo` names too, so
/// that a test can put a tree of files in the machine's place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct System {
    root: PathBuf,
}

impl System {
    /// A machine whose `/` is the folder `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the file or folder lies that the machine calls `path`.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A file or folder of `/proc`.
    pub(crate) fn proc(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path("/proc").join(path)
    }

    /// Whether systemd manages the machine, as `sd_booted(3)` finds it out.
    pub(crate) fn has_systemd(&self) -> bool {
        self.path("/run/systemd/system").is_dir()
    }
}

impl Default for System {
    fn default() -> Self {
        Self::at("/")
    }
}
