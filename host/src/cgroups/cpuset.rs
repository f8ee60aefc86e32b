//! Which CPUs a group runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Group;
use super::tree::Tree;
use crate::hierarchy::Version;
use crate::{Error, GroupPath, files};

/// Gives a new group of version 1 what the group that it is in has: without, it takes no tasks.
pub(crate) fn inherit(folder: &Path) -> Result<(), Error> {
    let parent = folder.parent().unwrap_or(folder);
    for name in ["cpuset.cpus", "cpuset.mems"] {
        let text = files::read(&parent.join(name))?;
        files::put(&folder.join(name), text.trim_end(), |found| found == text.trim_end())?;
    }
    Ok(())
}

/// Tells a group its CPUs. Groups inside that were told none follow.
pub(crate) fn set(
    tree: &Tree,
    groups: &BTreeMap<GroupPath, Group>,
    group: &GroupPath,
    cpus: &[u32],
) -> Result<(), Error> {
    let wanted: BTreeSet<u32> = cpus.iter().copied().collect();
    if wanted.last().is_none_or(|&last| last > MOST) {
        return Err(Error::OutOfRange {
            what: "CPUs",
            value: list(&wanted),
            expected: format!("at least one, by numbers up to {MOST}"),
        });
    }
    match tree.place.version {
        Version::V1 => set_v1(tree, groups, group, &wanted),
        Version::V2 => set_v2(&tree.folder(group), &wanted),
    }
}

/// A group has no CPUs that the one outside lacks, at no time. So CPUs come from the outside
/// inwards, and then others go from the inside outwards.
fn set_v1(
    tree: &Tree,
    groups: &BTreeMap<GroupPath, Group>,
    group: &GroupPath,
    wanted: &BTreeSet<u32>,
) -> Result<(), Error> {
    // In order of paths, so groups come before those inside.
    let mut paths = vec![tree.folder(group)];
    let mut fixed: Vec<&GroupPath> = Vec::new();
    let inside = |path: &GroupPath, outer: &GroupPath| {
        path.as_str().strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    for (path, entry) in groups.iter().filter(|(path, _)| inside(path, group)) {
        if entry.has_cpus {
            fixed.push(path);
        } else if !fixed.iter().any(|outer| inside(path, outer)) {
            paths.push(tree.folder(path));
        }
    }
    let files: Vec<PathBuf> = paths.iter().map(|folder| folder.join("cpuset.cpus")).collect();
    let before = parse(&files::read(&files[0])?);
    let both = list(&before.union(wanted).copied().collect());
    let changes = files.iter().map(|path| (path, &both));
    let wanted_text = list(wanted);
    let changes: Vec<_> =
        changes.chain(files.iter().rev().map(|path| (path, &wanted_text))).collect();
    for (index, (path, text)) in changes.iter().enumerate() {
        if let Err(error) = files::put(path, text, |found| found == **text) {
            // The same way back. If that fails too, the first error says it all.
            let before = list(&before);
            for (path, _) in &changes[..=index] {
                let _ = files::write(path, &both);
            }
            for path in files.iter().rev() {
                let _ = files::write(path, &before);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Here the kernel takes any CPUs, and uses those that the group outside has too. If none is left
/// it uses all of that group, without a word: so what is used is compared.
fn set_v2(folder: &Path, wanted: &BTreeSet<u32>) -> Result<(), Error> {
    let [path, effective] = ["cpuset.cpus", "cpuset.cpus.effective"].map(|name| folder.join(name));
    let before = files::read(&path)?;
    let text = list(wanted);
    files::put(&path, &text, |found| parse(found) == *wanted)?;
    let found = files::read(&effective)?;
    if parse(&found) == *wanted {
        return Ok(());
    }
    // An empty line takes back what was told. If that fails, the error below says it all.
    let before = before.trim_end();
    let _ = files::write(&path, if before.is_empty() { "\n" } else { before });
    Err(Error::NotApplied { path: effective, written: text, found: found.trim_end().to_owned() })
}

/// Numbers as the kernel lists them: `0-2,5`.
pub(crate) fn list(cpus: &BTreeSet<u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &cpu in cpus {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(cpu) => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    let text = |&(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Numbers that the kernel lists. What is no number, or above [`MOST`], is passed over.
pub(crate) fn parse(text: &str) -> BTreeSet<u32> {
    let mut cpus = BTreeSet::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
            cpus.extend(first..=last.min(MOST));
        }
    }
    cpus
}

/// The highest number of a CPU that a kernel is built for.
pub(crate) const MOST: u32 = 8_191;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_are_as_the_kernel_prints_them() {
        assert_eq!(list(&[0, 1, 2, 5, 7, 8].into()), "0-2,5,7-8");
        assert_eq!(parse("0-2,5,7-8\n"), [0, 1, 2, 5, 7, 8].into());
        assert!(parse("\n").is_empty());
        assert!(parse("5-3,x,-").is_empty());
    }

    proptest! {
        #[test]
        fn any_list_is_read(cpus in prop::collection::btree_set(0..=MOST, 0..40), text in ".{0,40}") {
            prop_assert_eq!(parse(&list(&cpus)), cpus);
            prop_assert!(parse(&text).iter().all(|&cpu| cpu <= MOST));
            prop_assert!(!list(&[u32::MAX, u32::MAX - 1].into()).is_empty());
        }
    }
}
