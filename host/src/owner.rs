//! Whose groups are whose: an owner's name is the name of the folder with its groups.

use std::fmt::{self, Display};
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::getpid;

use crate::{Error, System, Unavailable, files};

/// An owner of groups: a process, known by its start time too, as numbers of processes are used
/// again. Numbers and times are those of a PID namespace.
///
/// As text, `apportion-PID-START`; outside of the first PID namespace `apportion-PID-START-NAMESPACE`,
/// and outside of the first time namespace, where starts are counted from another moment, followed by
/// that too. The second and later ones of a process end in `.1`, `.2` and so on.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Owner {
    process: u32,
    /// Since boot, in clock ticks.
    start: u64,
    /// Of numbers and of times.
    namespaces: Namespaces,
    number: u32,
}

/// The inodes of the namespaces by which `/proc` counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Namespaces {
    pid: u64,
    time: u64,
}

impl Owner {
    /// This process, with a number that no other of its owners has.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], if `/proc` is that of another PID namespace; [`Error::System`], if it
    /// does not tell our start time.
    pub fn new(system: &System) -> Result<Self, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if is_foreign(system) {
            return Err(Unavailable {
                what: "/proc".to_owned(),
                why: "it is that of another PID namespace, with other numbers".to_owned(),
                fix: "mount the own one, as by `unshare --pid --fork --mount-proc`".to_owned(),
            }
            .into());
        }
        let process = getpid().as_raw_pid().unsigned_abs();
        let path = system.proc("self/stat");
        let start = Stat::parse(&files::read(&path)?)
            .ok_or_else(|| files::system("understand", &path, rustix::io::Errno::INVAL))?
            .start;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self { process, start, namespaces: Namespaces::of(system), number })
    }

    /// The owner that a folder of this name belongs to, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        let (rest, number) = match rest.split_once('.') {
            Some((rest, number)) => (rest, number.parse().ok()?),
            None => (rest, 0),
        };
        let mut parts = rest.split('-');
        let (process, start) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let pid = parts.next().map_or(Ok(FIRST.pid), str::parse).ok()?;
        let time = parts.next().map_or(Ok(FIRST.time), str::parse).ok()?;
        let owner = Self { process, start, namespaces: Namespaces { pid, time }, number };
        // Only what we would have written: no sign, no zeros in front.
        (parts.next().is_none() && owner.to_string() == name).then_some(owner)
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process
    }

    /// Whether the process has ended. One of other namespaces cannot be told, and has not.
    #[must_use]
    pub fn is_gone(&self, system: &System) -> bool {
        if self.namespaces != Namespaces::of(system) || is_foreign(system) {
            return false;
        }
        let folder = system.proc(self.process.to_string());
        match files::read(&folder.join("stat")) {
            Ok(text) => Stat::parse(&text).is_some_and(|stat| {
                // The first thread may have ended before the others.
                let others = || fs::read_dir(folder.join("task")).is_ok_and(|dir| dir.count() > 1);
                stat.start != self.start || stat.has_ended() && !others()
            }),
            Err(error) => matches!(
                files::errno(&error),
                Some(rustix::io::Errno::NOENT | rustix::io::Errno::SRCH)
            ),
        }
    }
}

/// Whether the numbers in `/proc` are not those that we are told: it shows another PID namespace.
fn is_foreign(system: &System) -> bool {
    let own = getpid().as_raw_pid().to_string();
    fs::read_link(system.proc("self")).is_ok_and(|link| link.as_os_str() != own.as_str())
}

impl Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}-{}", self.process, self.start)?;
        if self.namespaces != FIRST {
            write!(f, "-{}", self.namespaces.pid)?;
        }
        if self.namespaces.time != FIRST.time {
            write!(f, "-{}", self.namespaces.time)?;
        }
        if self.number != 0 {
            write!(f, ".{}", self.number)?;
        }
        Ok(())
    }
}

/// What `/proc/PID/stat` tells; `proc_pid_stat(5)`. Times are in clock ticks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stat {
    pub(crate) state: char,
    pub(crate) parent: u32,
    /// Used by its threads, those that have ended too.
    pub(crate) used: u64,
    /// Used by children that it has waited for, and theirs.
    pub(crate) used_by_children: u64,
    pub(crate) start: u64,
}

impl Stat {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The name of the program, in parentheses, may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().take(20).collect();
        let time = |first: usize| -> Option<u64> {
            let (user, system) = (fields.get(first)?, fields.get(first + 1)?);
            // Of children, the kernel may print less than nothing.
            let [user, system] = [user, system].map(|text| text.parse::<i64>());
            Some(user.ok()?.unsigned_abs().saturating_add(system.ok()?.unsigned_abs()))
        };
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            used: time(11)?,
            used_by_children: time(13)?,
            start: fields.get(19)?.parse().ok()?,
        })
    }

    /// Whether nothing of it runs any more, and its parent has yet to hear of that.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

impl Namespaces {
    /// Those that `/proc` shows; the first ones, if it does not say.
    fn of(system: &System) -> Self {
        let inode = |name: &str| {
            let link = fs::read_link(system.proc(format!("self/ns/{name}"))).unwrap_or_default();
            let text = link.to_string_lossy();
            text.strip_prefix(name)?.strip_prefix(":[")?.strip_suffix(']')?.parse().ok()
        };
        Self { pid: inode("pid").unwrap_or(FIRST.pid), time: inode("time").unwrap_or(FIRST.time) }
    }
}

/// What the names of all our folders begin with.
pub(crate) const PREFIX: &str = "apportion-";
/// The inodes that the kernel gives the first namespaces, whatever the machine.
const FIRST: Namespaces = Namespaces { pid: 0xEFFF_FFFC, time: 0xEFFF_FFFA };

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_says_whose_it_is() {
        let owner = Owner { process: 12, start: 345, namespaces: FIRST, number: 0 };
        assert_eq!(owner.to_string(), "apportion-12-345");
        let pid = Namespaces { pid: 99, ..FIRST };
        let inside = Owner { namespaces: pid, number: 3, ..owner.clone() };
        assert_eq!(inside.to_string(), "apportion-12-345-99.3");
        let time = Namespaces { time: 7, ..FIRST };
        let shifted = Owner { namespaces: time, ..owner.clone() };
        assert_eq!(shifted.to_string(), "apportion-12-345-4026531836-7");
        for owner in [owner, inside, shifted] {
            assert_eq!(Owner::parse(&owner.to_string()), Some(owner));
        }
    }

    #[test]
    fn what_another_namespace_numbers_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let system = System::at(root.path());
        fs::create_dir(system.proc("")).unwrap();
        let owner = Owner { process: 12, start: 345, namespaces: FIRST, number: 0 };
        assert!(owner.is_gone(&system), "there is no process 12");
        let other = getpid().as_raw_pid() + 1;
        std::os::unix::fs::symlink(other.to_string(), system.proc("self")).unwrap();
        assert!(!owner.is_gone(&system), "it may be there in its own");
        assert!(matches!(Owner::new(&system), Err(Error::Unavailable(_))));
    }

    #[test]
    fn other_folders_belong_to_nobody() {
        for name in [
            "apportion-",
            "apportion-12",
            "apportion-12-",
            "apportion-a-b",
            "apportion-12-345-6-7-8",
            "apportion-12-345-4026531836-4026531834",
            "apportion-12-345.0",
            "apportion-012-345",
            "apportion-+12-345",
            "apportion-12-345-4026531836",
            "apportion-12-345.self",
            "apportion-99999999999-1",
            "portion-12-345",
        ] {
            assert_eq!(Owner::parse(name), None, "{name}");
        }
    }

    #[test]
    fn we_are_not_gone_and_two_owners_differ() {
        let system = System::default();
        let [one, two] = [(); 2].map(|()| Owner::new(&system).unwrap());
        assert_ne!(one, two);
        assert!(!one.is_gone(&system));
        assert!(Owner { start: one.start + 1, ..one.clone() }.is_gone(&system));
        let other = Namespaces { time: 1, ..FIRST };
        assert!(!Owner { start: one.start + 1, namespaces: other, ..one }.is_gone(&system));
    }

    #[test]
    fn the_name_of_a_program_may_hold_anything() {
        let text = "7 (a) R (b) Z 3 7 7 0 -1 4 0 0 0 0 11 12 -1 14 20 0 1 0 999 0";
        let stat = Stat::parse(text).unwrap();
        assert_eq!((stat.state, stat.parent, stat.start), ('Z', 3, 999));
        assert_eq!((stat.used, stat.used_by_children), (23, 15));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(?s).{0,80}", name in "apportion-[0-9.-]{0,30}") {
            let _ = Stat::parse(&text);
            prop_assert!(Owner::parse(&text).is_none_or(|owner| owner.to_string() == text));
            prop_assert!(Owner::parse(&name).is_none_or(|owner| owner.to_string() == name));
        }
    }
}
