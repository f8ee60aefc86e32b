use crate::JobId;

/// Why a call was refused. The state is as it was before the call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine has no processor, or more than [`MAX_PROCESSORS`](crate::MAX_PROCESSORS).
    #[error("a machine of {processors} processors is outside 1..={}", crate::MAX_PROCESSORS)]
    MachineSize {
        /// The size asked for.
        processors: u64,
    },
    /// Preemptive backfilling protects the head of the queue only: it needs a reservation depth of
    /// one.
    #[error("preemptive backfilling needs a reservation depth of 1, not {depth:?}")]
    PreemptionDepth {
        /// The depth asked for.
        depth: crate::Depth,
    },
    /// The call carries an earlier time than a call before it.
    #[error("time went back from {last} to {now}")]
    TimeWentBack {
        /// The time of this call.
        now: u64,
        /// The latest time seen.
        last: u64,
    },
    /// The time is beyond [`MAX_TIME`](crate::MAX_TIME).
    #[error("time {now} is beyond {}", crate::MAX_TIME)]
    TimeOutOfRange {
        /// The time of this call.
        now: u64,
    },
    /// The job asks for no processor.
    #[error("the job asks for no processor")]
    NoProcessors,
    /// The job can never run: it asks for more processors than the machine has.
    #[error("the job asks for {asked} processors of {available}")]
    TooLarge {
        /// Processors asked for.
        asked: u64,
        /// Processors of the machine.
        available: u64,
    },
    /// The estimate is zero or beyond [`MAX_TIME`](crate::MAX_TIME).
    #[error("the estimate {estimate} is outside 1..={}", crate::MAX_TIME)]
    EstimateOutOfRange {
        /// The estimate given.
        estimate: u64,
    },
    /// No reservation can be made: every hole ends beyond [`MAX_TIME`](crate::MAX_TIME).
    #[error("the earliest reservation would start at {start}, beyond {}", crate::MAX_TIME)]
    BeyondHorizon {
        /// The earliest start.
        start: u64,
    },
    /// The scheduler holds as many jobs as it can number.
    #[error("no more than {limit} jobs can be held at a time")]
    TooManyJobs {
        /// The largest number of jobs held.
        limit: u64,
    },
    /// No job of that number is held: it was never submitted, or it has left.
    #[error("{job:?} is not held")]
    UnknownJob {
        /// The number given.
        job: JobId,
    },
    /// The job has not started, or (for an expired prediction) is suspended.
    #[error("{job:?} is not running")]
    NotRunning {
        /// The number given.
        job: JobId,
    },
    /// The job is not waiting in the queue.
    #[error("{job:?} is not queued")]
    NotQueued {
        /// The number given.
        job: JobId,
    },
    /// The prediction of the job has not expired yet.
    #[error("{job:?} is expected to run until {expected_end}, after {now}")]
    NotExpired {
        /// The number given.
        job: JobId,
        /// When it is expected to end.
        expected_end: u64,
        /// The time of this call.
        now: u64,
    },
    /// The processors of the job were given away at its expected end, as
    /// [`Config::release_at_expected_end`](crate::Config::release_at_expected_end) asks: too late
    /// to correct it.
    #[error("the processors of {job:?} were released at its expected end")]
    AlreadyReleased {
        /// The number given.
        job: JobId,
    },
}
