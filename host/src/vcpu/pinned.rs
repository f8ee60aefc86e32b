use std::num::NonZeroU32;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::VcpuError;
use crate::owner::Stat;
use crate::{Error, files};

/// Threads that may run on some CPUs only. When this is dropped, each may run again where it could
/// before.
#[derive(Debug, Default)]
pub struct Pinned(Vec<PinnedThread>);

#[derive(Debug)]
struct PinnedThread {
    id: Pid,
    /// When it was started: numbers are used again.
    start: Option<u64>,
    before: CpuSet,
}

impl Pinned {
    /// Keeps threads on the CPUs of these numbers.
    ///
    /// # Errors
    ///
    /// [`VcpuError::ThreadEnded`]; [`Error::OutOfRange`] for a number that no CPU has; what the
    /// system says, as for CPUs that are not there. Then all may run where they could before.
    pub fn new(threads: &[NonZeroU32], cpus: &[u32]) -> Result<Self, Error> {
        let mut set = CpuSet::new();
        for &cpu in cpus {
            let index = usize::try_from(cpu).ok().filter(|&index| index < CpuSet::MAX_CPU);
            set.set(index.ok_or_else(|| Error::OutOfRange {
                what: "CPU",
                value: cpu.to_string(),
                expected: format!("0 to {}", CpuSet::MAX_CPU - 1),
            })?);
        }
        let mut pinned = Self::default();
        for &thread in threads {
            let ended = || Error::from(VcpuError::ThreadEnded(thread));
            let refused = |errno| match errno {
                Errno::SRCH => ended(),
                errno => {
                    let path = format!("/proc/{thread}").into();
                    Error::System { doing: "set the CPUs of the thread", path, errno }
                }
            };
            let id = i32::try_from(thread.get()).ok().and_then(Pid::from_raw).ok_or_else(ended)?;
            let before = sched_getaffinity(Some(id)).map_err(refused)?;
            sched_setaffinity(Some(id), &set).map_err(refused)?;
            pinned.0.push(PinnedThread { id, start: start(id), before });
        }
        Ok(pinned)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        for thread in self.0.iter().filter(|thread| thread.start == start(thread.id)) {
            // Refused only for one that has ended, or if its CPUs have gone.
            let _ = sched_setaffinity(Some(thread.id), &thread.before);
        }
    }
}

fn start(thread: Pid) -> Option<u64> {
    let path = PathBuf::from(format!("/proc/{thread}/task/{thread}/stat"));
    Stat::parse(&files::read(&path).ok()?).map(|stat| stat.start)
}
