use core::fmt;

/// What a [`Cleaner`](crate::Cleaner) may repair or leave out without an error. The default
/// permits all; each case is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::struct_excessive_bools, reason = "four switches that do not depend on each other")]
pub struct CleaningRules {
    /// A job of more processors than the machine gets them all. Off: an error.
    pub cap_processors: bool,
    /// A job that ran longer than its estimate is taken as killed at it. Off: an error.
    pub clamp_runtime: bool,
    /// Records of status 2, 3 or 4 (parts of a checkpointed job, which has a line for the whole
    /// too) are left out. Off: an error.
    pub skip_partial: bool,
    /// A record that is no job (see [`DropReason`]) is an error. Off: it is left out.
    pub strict: bool,
}

impl Default for CleaningRules {
    fn default() -> Self {
        Self { cap_processors: true, clamp_runtime: true, skip_partial: true, strict: false }
    }
}

/// Why a record is no job. If several apply the first in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum DropReason {
    /// The run time is 0, negative or unknown.
    Runtime,
    /// Neither the requested nor the allocated processors are positive.
    Processors,
    /// The submit time is negative or unknown.
    Submit,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runtime => "its run time is not positive",
            Self::Processors => "its processors are not positive",
            Self::Submit => "its submit time is negative",
        })
    }
}

/// What cleaning did, by reason. Each counts records.
///
/// `records` = `jobs` + [`dropped`](Self::dropped) + `partial`; the other counts are among `jobs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CleaningReport {
    /// Records given.
    pub records: u64,
    /// Jobs kept.
    pub jobs: u64,
    /// Dropped: run time not positive.
    pub dropped_runtime: u64,
    /// Dropped: processors not positive.
    pub dropped_processors: u64,
    /// Dropped: submit time negative.
    pub dropped_submit: u64,
    /// Skipped: part of a checkpointed job.
    pub partial: u64,
    /// More processors than the machine: set to those of the machine.
    pub processors_capped: u64,
    /// Runtime above the estimate: set to the estimate.
    pub runtimes_clamped: u64,
    /// No requested time: the run time is the estimate.
    pub estimates_from_runtime: u64,
    /// No requested processors: the allocated ones are taken.
    pub processors_from_allocated: u64,
    /// Submitted before the job kept before it: moved to its place by the sort.
    pub out_of_order: u64,
}

impl CleaningReport {
    /// The records dropped for one reason.
    #[must_use]
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        match reason {
            DropReason::Runtime => self.dropped_runtime,
            DropReason::Processors => self.dropped_processors,
            DropReason::Submit => self.dropped_submit,
        }
    }

    /// The records dropped, all reasons together.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_runtime
            .saturating_add(self.dropped_processors)
            .saturating_add(self.dropped_submit)
    }

    /// Whether nothing was dropped, skipped, changed or moved: the jobs are the records.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self { records: self.records, jobs: self.records, ..Self::default() }
    }
}
