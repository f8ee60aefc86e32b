//! What the kernel says about mounts and control groups, parsed.
//!
//! *Sources*: `proc_pid_mountinfo(5)`, `cgroups(7)`. A line that does not look like one is passed
//! over: the kernel may add kinds of lines, and nobody can mend them.

use std::path::PathBuf;

/// A mount, of a line of `/proc/self/mountinfo`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mount {
    /// What of the file system is seen: its folder that is the mount's top.
    pub(crate) root: String,
    /// Where it is seen.
    pub(crate) point: PathBuf,
    pub(crate) kind: String,
    /// Options of the mount, such as `ro`.
    pub(crate) options: Vec<String>,
    /// Options of the file system, such as the controllers of a hierarchy of version 1.
    pub(crate) super_options: Vec<String>,
}

impl Mount {
    pub(crate) fn is_read_only(&self) -> bool {
        [&self.options, &self.super_options].into_iter().flatten().any(|option| option == "ro")
    }
}

/// The mounts of `/proc/self/mountinfo`, in their order.
pub(crate) fn mounts(text: &str) -> Vec<Mount> {
    text.lines().filter_map(mount).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(3);
    let (root, point, options) = (fields.next()?, fields.next()?, fields.next()?);
    let mut fields = after.split(' ');
    let (kind, _source) = (fields.next()?, fields.next()?);
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    Some(Mount {
        root: unescape(root),
        point: unescape(point).into(),
        kind: kind.to_owned(),
        options: list(options),
        super_options: fields.next().map_or_else(Vec::new, list),
    })
}

/// The group of a task in each hierarchy, of the lines of `/proc/PID/cgroup`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Membership {
    /// The controllers of the hierarchy; none in version 2.
    pub(crate) controllers: Vec<String>,
    pub(crate) group: String,
}

impl Membership {
    /// Whether this is the hierarchy of version 2.
    pub(crate) fn is_unified(&self) -> bool {
        self.controllers.is_empty()
    }
}

/// The lines of `/proc/PID/cgroup`.
pub(crate) fn memberships(text: &str) -> Vec<Membership> {
    text.lines()
        .filter_map(|line| {
            let (_hierarchy, rest) = line.split_once(':')?;
            let (controllers, group) = rest.split_once(':')?;
            let controllers =
                controllers.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
            Some(Membership { controllers: controllers.collect(), group: group.to_owned() })
        })
        .collect()
}

/// The controllers that the kernel was built with, each with whether it is enabled, of
/// `/proc/cgroups`.
pub(crate) fn built(text: &str) -> Vec<(String, bool)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let name = fields.next()?;
            Some((name.to_owned(), fields.nth(2)? != "0"))
        })
        .collect()
}

/// A field of `mountinfo`: blanks, tabs, line feeds and backslashes are written in octal, `\040`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| first == b'\\').and_then(octal);
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn octal(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |code, digit| match digit {
        b'0'..=b'7' => code.checked_mul(8)?.checked_add(digit - b'0'),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    use proptest::prelude::*;

    #[test]
    fn a_line_with_optional_fields_and_escapes() {
        let text = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 master:1 - tmpfs tmpfs rw\n\
                    33 31 0:30 /a\\040b /sys/fs\\134x/cpu\\011 ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n\
                    nonsense\n";
        let mounts = mounts(text);
        assert_eq!(mounts.len(), 2);
        assert!(!mounts[0].is_read_only());
        assert_eq!(
            mounts[1],
            Mount {
                root: "/a b".to_owned(),
                point: "/sys/fs\\x/cpu\t".into(),
                kind: "cgroup".to_owned(),
                options: vec!["ro".to_owned(), "nosuid".to_owned()],
                super_options: ["rw", "cpu", "cpuacct"].map(str::to_owned).to_vec(),
            }
        );
        assert!(mounts[1].is_read_only());
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["\\", "\\0", "\\04", "\\999", "\\777", "a\\b"] {
            assert_eq!(unescape(text), text);
        }
    }

    #[test]
    fn a_group_may_have_colons() {
        let text = "9:name=systemd:/\n1:cpu,cpuacct:/a:b\n0::/c\nbad\n";
        let lines = memberships(text);
        assert_eq!(lines[0].controllers, ["name=systemd"]);
        assert_eq!(lines[1].controllers, ["cpu", "cpuacct"]);
        assert_eq!(lines[1].group, "/a:b");
        assert!(lines[2].is_unified());
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn controllers_may_be_switched_off() {
        let text =
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t0\t1\t0\nx\n";
        assert_eq!(built(text), [("cpu".to_owned(), true), ("memory".to_owned(), false)]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(?s).{0,200}", lines in "([ -~]{0,12}[ \\\\:,-]{1,2}){0,40}") {
            for text in [&text, &lines] {
                let _ = mounts(text);
                let _ = memberships(text);
                let _ = built(text);
            }
        }

        #[test]
        fn escapes_are_undone(name in "[a-z \\\\\t\n]{0,20}") {
            let mut escaped = String::new();
            for character in name.chars() {
                if character.is_ascii_lowercase() {
                    escaped.push(character);
                } else {
                    let _ = write!(escaped, "\\{:03o}", u32::from(character));
                }
            }
            prop_assert_eq!(unescape(&escaped), name);
        }
    }
}
