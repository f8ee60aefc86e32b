//! What a group can be told.

use std::time::Duration;

/// How much CPU time a group may use in each period, whoever else wants it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CpuLimit {
    /// CPU time per period, at least 1 ms. More than the period means more than one CPU.
    pub quota: Duration,
    /// The period, 1 ms to 1 s.
    pub period: Duration,
    /// How much of the quota that was left over may be used later on top of it; at most the quota.
    pub burst: Duration,
}

/// One thing that a group is told. `None` takes it back.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Setting {
    /// A hard limit of CPU time.
    CpuLimit(Option<CpuLimit>),
    /// The CPUs that the group may run on, by number; not empty.
    Cpus(Vec<u32>),
    /// The most memory, in bytes; beyond it the kernel reclaims, and then kills.
    Memory(Option<u64>),
    /// The weight among siblings where a block device is the bottleneck, 1 to 1,000; 100 is the default.
    IoWeight(u16),
}
