//! `apportion vcpus` as its users see it.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod existing;
mod help;
mod refusals;
mod results;

use std::fs::File;
use std::sync::{Mutex, MutexGuard, PoisonError};

use apportion_testbed::not_run;

/// One at a time, or they would share the CPUs with each other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there are KVM and control groups of version 1 that may be used, or the line that says why
/// not.
fn kvm_and_groups(who: &str) -> bool {
    let opened = File::options().read(true).write(true).open("/dev/kvm");
    if let Err(error) = opened {
        not_run("kvm", who, &format!("/dev/kvm: {error}"));
        return false;
    }
    let shares = File::options().write(true).open("/sys/fs/cgroup/cpu/cpu.shares");
    if let Err(error) = shares {
        not_run("cgroup-v1", who, &format!("/sys/fs/cgroup/cpu/cpu.shares: {error}"));
        return false;
    }
    true
}
