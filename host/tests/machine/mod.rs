//! A tree of files in the place of a machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use apportion_host::System;
use rustix::fs::{XattrFlags, setxattr};
use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;
use tempfile::TempDir;

pub(crate) struct Machine {
    folder: TempDir,
    pub(crate) system: System,
}

impl Machine {
    pub(crate) fn new(mountinfo: &str, groups: &str, built: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { system: System::at(folder.path()), folder };
        machine.file("proc/self/mountinfo", mountinfo);
        machine.file("proc/self/cgroup", groups);
        machine.file("proc/cgroups", built);
        machine.stat("self", 'R', 1);
        machine
    }

    pub(crate) fn folder(&self, path: &str) {
        fs::create_dir_all(self.folder.path().join(path)).unwrap();
    }

    pub(crate) fn file(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A group of version 2, which is given some controllers and passes some on.
    pub(crate) fn group(&self, path: &str, given: &str, passed_on: &str) {
        for (name, text) in [
            ("cgroup.controllers", given),
            ("cgroup.subtree_control", passed_on),
            ("cgroup.procs", ""),
            ("cgroup.type", "domain"),
        ] {
            self.file(&format!("sys/fs/cgroup/{path}/{name}"), &format!("{text}\n"));
        }
    }

    /// A process that began at some tick.
    pub(crate) fn process(&self, id: u32, state: char, start: u64) {
        self.stat(&id.to_string(), state, start);
    }

    fn stat(&self, name: &str, state: char, start: u64) {
        let text = format!("7 (a b) {state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 {start} 0 0\n");
        self.file(&format!("proc/{name}/stat"), &text);
    }

    /// Lets everybody see everything.
    pub(crate) fn open_to_all(&self) {
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let device = self.folder.path().join("dev/kvm");
        if device.exists() {
            fs::set_permissions(device, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Leaves the mark of systemd that a group is delegated, if the file system can hold it.
pub(crate) fn mark(folder: &Path) -> bool {
    setxattr(folder, "user.delegate", b"1", XattrFlags::empty()).is_ok()
}

/// Does something as a user without rights, in a thread of its own; `None` if we are not root, who
/// alone can become somebody else.
pub(crate) fn as_nobody<T: Send>(act: impl FnOnce() -> T + Send) -> Option<T> {
    geteuid().is_root().then(|| {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let nobody = Uid::from_raw(65_534);
                set_thread_res_uid(nobody, nobody, nobody).unwrap();
                act()
            });
            thread.join().unwrap()
        })
    })
}
