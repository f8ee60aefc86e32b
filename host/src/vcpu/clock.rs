//! The two clocks that a quantum is measured by.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time that passes, whoever runs.
pub(super) fn monotonic() -> Duration {
    read(ClockId::Monotonic)
}

/// The CPU time that the calling thread has used, in the kernel and outside.
pub(super) fn thread_cpu() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    // Neither clock is ever below zero.
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
