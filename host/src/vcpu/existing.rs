//! vCPUs that others run: threads of QEMU.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::Pid;
use serde_json::Value;

use super::VcpuId;
use crate::{Error, Qmp, Unavailable};

/// A vCPU that is a thread of another process.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct ExistingVcpu {
    /// Its number in its guest.
    pub vcpu: VcpuId,
    /// The thread.
    pub thread: NonZeroU32,
    /// The process that the thread is of.
    pub process: NonZeroU32,
}

impl ExistingVcpu {
    /// A thread of this process.
    #[must_use]
    pub fn own(vcpu: VcpuId, thread: NonZeroU32) -> Self {
        let process = NonZeroU32::new(std::process::id()).unwrap_or(thread);
        Self { vcpu, thread, process }
    }
}

/// Asks a QEMU for the threads of its vCPUs.
///
/// With an emulator of a single thread all vCPUs are that thread: then it is listed once, as the
/// first of them.
///
/// # Errors
///
/// [`QmpError`](crate::QmpError); [`Unavailable`] if it lives in another PID namespace, as its numbers
/// are those of other threads here; [`Error::System`] if a thread that it names is not there.
pub fn vcpus_of_machine(qmp: &mut Qmp) -> Result<Vec<ExistingVcpu>, Error> {
    if let Some(process) = qmp.peer().filter(|&process| lives_elsewhere(process)) {
        let unavailable = Unavailable {
            what: format!("vCPUs of the QEMU behind {}", qmp.path().display()),
            why: format!("process {process} lives in another PID namespace"),
            fix: format!("run this in there: `nsenter --target {process} --pid --mount`"),
        };
        return Err(unavailable.into());
    }
    let answer = qmp.execute("query-cpus-fast", None)?;
    let unexpected = |qmp: &Qmp| {
        qmp.unexpected("a list of vCPUs with `cpu-index` and `thread-id`", &answer.to_string())
    };
    let list = answer.as_array().ok_or_else(|| unexpected(qmp))?;
    let mut found = Vec::new();
    for entry in list {
        let number = |name: &str| {
            let number = entry.get(name).and_then(Value::as_u64);
            number.and_then(|number| u32::try_from(number).ok())
        };
        let vcpu = number("cpu-index").map(VcpuId::new);
        let thread = number("thread-id").and_then(NonZeroU32::new);
        let (Some(vcpu), Some(thread)) = (vcpu, thread) else {
            return Err(unexpected(qmp).into());
        };
        let process = process_of(thread)?;
        found.push(ExistingVcpu { vcpu, thread, process });
    }
    Ok(once_each(found))
}

/// Finds the threads of a process that are named as vCPUs are: `CPU 0/KVM`, `CPU 0/TCG`, or
/// `ALL CPUs/TCG`.
///
/// # Errors
///
/// [`Unavailable`] if there are none, as QEMU may give no names; [`Error::System`] if there is no
/// such process.
pub fn vcpus_of_process(process: NonZeroU32) -> Result<Vec<ExistingVcpu>, Error> {
    let folder = PathBuf::from(format!("/proc/{process}/task"));
    let entries = fs::read_dir(&folder).map_err(|error| failed("list", &folder, &error))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let thread = entry.file_name().to_str().and_then(|name| name.parse().ok());
        // A thread may have ended since.
        let name = fs::read(entry.path().join("comm")).unwrap_or_default();
        if let (Some(thread), Some(vcpu)) = (thread, number_of(&name)) {
            found.push(ExistingVcpu { vcpu, thread, process });
        }
    }
    if found.is_empty() {
        let unavailable = Unavailable {
            what: format!("vCPUs of process {process}"),
            why: "none of its threads is named like `CPU 0/KVM`".to_owned(),
            fix: "start QEMU with `-name guest,debug-threads=on`, or with `-qmp \
                  unix:/run/qmp.sock,server=on,wait=off` and name that socket"
                .to_owned(),
        };
        return Err(unavailable.into());
    }
    Ok(once_each(found))
}

/// Whether a process counts its threads otherwise than we do.
fn lives_elsewhere(process: Pid) -> bool {
    let namespace = |name: &str| fs::read_link(format!("/proc/{name}/ns/pid")).ok();
    let (own, other) = (namespace("self"), namespace(&process.to_string()));
    own.is_some() && other.is_some() && own != other
}

/// By number, and each thread once.
fn once_each(mut found: Vec<ExistingVcpu>) -> Vec<ExistingVcpu> {
    found.sort_unstable();
    let mut threads = std::collections::BTreeSet::new();
    found.retain(|vcpu| threads.insert(vcpu.thread));
    found
}

/// The number of the vCPU whose thread is named so.
fn number_of(name: &[u8]) -> Option<VcpuId> {
    let name = str::from_utf8(name).ok()?.trim_end_matches('\n');
    let name = name.strip_suffix("/KVM").or_else(|| name.strip_suffix("/TCG"))?;
    if name == "ALL CPUs" {
        return Some(VcpuId::new(0));
    }
    let number = name.strip_prefix("CPU ")?;
    // No sign, no zeros in front: only what QEMU writes.
    let parsed = number.parse::<u32>().ok()?;
    (parsed.to_string() == number).then_some(VcpuId::new(parsed))
}

/// The process that a thread is of.
fn process_of(thread: NonZeroU32) -> Result<NonZeroU32, Error> {
    let path = PathBuf::from(format!("/proc/{thread}/status"));
    let text = fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))?;
    let process = text.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
    process.ok_or(Error::System { doing: "understand", path, errno: Errno::INVAL })
}

fn failed(doing: &'static str, path: &Path, error: &std::io::Error) -> Error {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
    Error::System { doing, path: path.to_owned(), errno }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vcpus() {
        for (name, number) in [("CPU 0/KVM\n", 0), ("CPU 17/TCG", 17), ("ALL CPUs/TCG\n", 0)] {
            assert_eq!(number_of(name.as_bytes()), Some(VcpuId::new(number)), "{name}");
        }
        for name in
            ["", "CPU", "CPU /KVM", "CPU 00/KVM", "CPU +1/KVM", "CPU 1", "qemu", "CPU 1/HVF"]
        {
            assert_eq!(number_of(name.as_bytes()), None, "{name}");
        }
        assert_eq!(number_of(b"CPU \xff/KVM"), None);
    }

    #[test]
    fn a_thread_is_listed_once() {
        let [one, two] = [7, 9].map(|thread| NonZeroU32::new(thread).unwrap());
        let vcpu =
            |number, thread| ExistingVcpu { vcpu: VcpuId::new(number), thread, process: one };
        let listed = once_each(vec![vcpu(1, one), vcpu(2, two), vcpu(0, one)]);
        assert_eq!(listed, [vcpu(0, one), vcpu(2, two)]);
    }

    #[test]
    fn a_process_without_vcpus_is_told_from_none() {
        let own = NonZeroU32::new(std::process::id()).unwrap();
        let refused = vcpus_of_process(own).unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
        let nobody = NonZeroU32::new(u32::MAX).unwrap();
        let refused = vcpus_of_process(nobody).unwrap_err();
        assert!(matches!(refused, Error::System { errno: Errno::NOENT, .. }), "{refused}");
    }
}
