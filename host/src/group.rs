//! Names of groups, and what goes into them.

use std::fmt::{self, Display};
use std::num::NonZeroU32;
use std::str::FromStr;

/// The path of a group below the groups of one owner: segments separated by `/`, such as
/// `tenant-a/web`. Each segment has 1 to 100 of the characters `A–Z a–z 0–9 . _ -`, and does not
/// begin with a dot; there are at most 16 segments.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupPath(String);

/// A path that no group can have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no path of a group: expected letters, digits, `.`, `_`, `-`, separated by `/`")]
pub struct InvalidGroupPath(pub String);

impl GroupPath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a group inside this one.
    ///
    /// # Errors
    ///
    /// [`InvalidGroupPath`], if `segment` is no segment or the path becomes too long.
    pub fn join(&self, segment: &str) -> Result<Self, InvalidGroupPath> {
        if segment.contains('/') {
            return Err(InvalidGroupPath(segment.to_owned()));
        }
        format!("{self}/{segment}").parse()
    }

    /// The path of the group that this one is in, if that is not the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }
}

impl FromStr for GroupPath {
    type Err = InvalidGroupPath;

    fn from_str(text: &str) -> Result<Self, InvalidGroupPath> {
        let segments = text.split('/');
        if segments.clone().count() <= MAX_SEGMENTS && segments.clone().all(is_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidGroupPath(text.to_owned()))
        }
    }
}

impl Display for GroupPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a group holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Holds {
    /// Processes with all their threads, or other groups.
    Processes,
    /// Single threads. Under version 2 such groups are threaded, and the process of the threads
    /// has to be in the group that they are in.
    Threads,
}

/// What can be put into a group.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Task {
    /// A process with all its threads, by its id.
    Process(NonZeroU32),
    /// One thread, by its id.
    Thread(NonZeroU32),
}

impl Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(id) => write!(f, "process {id}"),
            Self::Thread(id) => write!(f, "thread {id}"),
        }
    }
}

fn is_segment(text: &str) -> bool {
    (1..=MAX_SEGMENT).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

const MAX_SEGMENTS: usize = 16;
const MAX_SEGMENT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_a_parent_and_a_name() {
        let path: GroupPath = "tenant-a/web".parse().unwrap();
        assert_eq!(path.name(), "web");
        let parent = path.parent().unwrap();
        assert_eq!(parent.as_str(), "tenant-a");
        assert_eq!(parent.parent(), None);
        assert_eq!(parent.join("web").unwrap(), path);
    }

    #[test]
    fn no_path_leads_out_of_the_own_groups() {
        for text in ["", "/", "a/", "/a", "..", "a/../b", ".hidden", "a b", "a\n", "ä"] {
            assert_eq!(text.parse::<GroupPath>(), Err(InvalidGroupPath(text.to_owned())));
        }
        let path: GroupPath = "a".parse().unwrap();
        assert_eq!(path.join("b/c"), Err(InvalidGroupPath("b/c".to_owned())));
        assert!("a/".repeat(MAX_SEGMENTS).trim_end_matches('/').parse::<GroupPath>().is_ok());
        assert!(format!("{}a", "a/".repeat(MAX_SEGMENTS)).parse::<GroupPath>().is_err());
        assert!("a".repeat(MAX_SEGMENT + 1).parse::<GroupPath>().is_err());
    }
}
