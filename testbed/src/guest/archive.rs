//! An initial file system for a kernel: a `cpio` archive in the format `newc`, as in
//! Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.

use std::collections::BTreeSet;
use std::path::Path;

/// An archive in the making.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    folders: BTreeSet<String>,
}

impl Archive {
    /// Adds a folder, and those that it is in.
    pub(crate) fn folder(&mut self, path: &Path) {
        for folder in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
            let name = name(folder);
            if !name.is_empty() && self.folders.insert(name.clone()) {
                self.entry(&name, FOLDER, &[]);
            }
        }
    }

    /// Adds a file that can be executed, and the folders that it is in.
    pub(crate) fn file(&mut self, path: &Path, content: &[u8]) {
        if let Some(folder) = path.parent() {
            self.folder(folder);
        }
        self.entry(&name(path), FILE, content);
    }

    /// The archive, complete.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let links = if mode == FOLDER { 2 } else { 1 };
        let size = u32::try_from(content.len()).expect("a file is smaller than 4 GiB");
        let name_size = u32::try_from(name.len() + 1).expect("a name is shorter than 4 GiB");
        // Number, mode, user, group, links, time, size, four numbers of devices, size of the name,
        // check sum.
        let fields = [self.entries, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Paths in an archive are relative to the root.
fn name(path: &Path) -> String {
    path.to_string_lossy().trim_start_matches('/').to_owned()
}

const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_755;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_folders_come_first_and_once() {
        let mut archive = Archive::default();
        archive.file(Path::new("/a/b/c"), b"12345");
        archive.file(Path::new("/a/b/d"), b"");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8(bytes).unwrap();
        let at = |name: &str| text.find(&format!("{name}\0")).unwrap();
        assert!(at("a") < at("a/b") && at("a/b") < at("a/b/c") && at("a/b/d") < at("TRAILER!!!"));
        assert_eq!(text.matches("070701").count(), 5);
        assert_eq!(text.find("12345").unwrap() % 4, 0);
    }
}
