use core::num::NonZeroU64;

use super::rules::{CleaningReport, DropReason};

/// Why records make no list of jobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// A record is no job, and the rules are strict.
    #[error("line {line}: job {job}: expected a job, but {reason}")]
    Dropped {
        /// The line of the record.
        line: u64,
        /// Its job number.
        job: i64,
        /// Why it is no job.
        reason: DropReason,
    },
    /// A record is part of a checkpointed job, and the rules do not skip it.
    #[error("line {line}: job {job} has status {status}, a part of a checkpointed job")]
    Partial {
        /// The line of the record.
        line: u64,
        /// Its job number.
        job: i64,
        /// Its status, 2 to 4.
        status: i64,
    },
    /// A job needs more processors than the machine has, and the rules do not cap it.
    #[error("line {line}: job {job} needs {processors} processors of a machine with {machine}")]
    TooManyProcessors {
        /// The line of the record.
        line: u64,
        /// Its job number.
        job: i64,
        /// The processors it needs.
        processors: u64,
        /// The processors of the machine.
        machine: NonZeroU64,
    },
    /// A job ran longer than its estimate, and the rules do not clamp it.
    #[error("line {line}: job {job} ran {runtime} s, longer than its estimate of {estimate} s")]
    RuntimeAboveEstimate {
        /// The line of the record.
        line: u64,
        /// Its job number.
        job: i64,
        /// Seconds it ran.
        runtime: u64,
        /// Seconds it asked for.
        estimate: u64,
    },
    /// Two records that are not partial have the same job number.
    #[error("line {second}: expected a new job number, found {job} as in line {first}")]
    DuplicateJob {
        /// The job number.
        job: i64,
        /// The earlier line.
        first: u64,
        /// The later line.
        second: u64,
    },
    /// No record is a job.
    #[error(
        "expected a job, found none (records: {records}, dropped: {dropped}, partial: {partial})"
    )]
    NoJobs {
        /// Records given.
        records: u64,
        /// Records dropped.
        dropped: u64,
        /// Records skipped.
        partial: u64,
    },
}

impl CleanError {
    /// No job left of the records of a report.
    pub(crate) fn none_of(report: &CleaningReport) -> Self {
        let CleaningReport { records, partial, .. } = *report;
        Self::NoJobs { records, dropped: report.dropped(), partial }
    }
}
