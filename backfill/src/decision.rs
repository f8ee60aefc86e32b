use crate::JobId;

/// What the caller is to do now. Decisions are carried out in the order in which they stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
#[must_use]
pub enum Decision {
    /// Start a job that has not run before.
    Start {
        /// The job.
        job: JobId,
        /// Why it starts now.
        reason: StartReason,
        /// When it is expected to end: report it to [`expire`](crate::BatchPolicy::expire) if it
        /// still runs then.
        expected_end: u64,
    },
    /// Suspend a job that was started beyond the shadow time: its processors are due to `head`.
    Suspend {
        /// The job: it goes back to its place in the queue.
        job: JobId,
        /// The head of the queue that starts in its stead.
        head: JobId,
    },
    /// Resume a suspended job where it stopped.
    Resume {
        /// The job.
        job: JobId,
        /// Why it resumes now.
        reason: StartReason,
        /// When it is expected to end.
        expected_end: u64,
    },
}

/// Why a job starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum StartReason {
    /// It is the first of the queue and fits.
    Head,
    /// Backfilled: it is expected to end by the shadow time.
    BeforeShadow {
        /// The queued job that holds the earliest reservation.
        head: JobId,
        /// The start of that reservation.
        shadow: u64,
    },
    /// Backfilled: it may outlast the shadow time on processors that no reservation needs.
    ExtraProcessors {
        /// The queued job that holds the earliest reservation.
        head: JobId,
        /// The start of that reservation.
        shadow: u64,
        /// The processors that were free beside the reservation at the shadow time.
        extra: u64,
    },
    /// The start of the reservation that it held has come.
    Reserved {
        /// The start of the reservation.
        start: u64,
    },
    /// Backfilled although too long for the hole: it will be suspended when the head of the queue
    /// is due.
    BeyondShadow {
        /// The head of the queue.
        head: JobId,
        /// When the head is due.
        shadow: u64,
    },
    /// Backfilled where no job holds a reservation: there was room.
    Greedy {
        /// The processors that were free.
        free: u64,
    },
}

/// A [`StartReason`] without its particulars.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum StartKind {
    /// See [`StartReason::Head`].
    Head,
    /// See [`StartReason::BeforeShadow`].
    BeforeShadow,
    /// See [`StartReason::ExtraProcessors`].
    ExtraProcessors,
    /// See [`StartReason::Reserved`].
    Reserved,
    /// See [`StartReason::BeyondShadow`].
    BeyondShadow,
    /// See [`StartReason::Greedy`].
    Greedy,
}

impl StartReason {
    /// The reason without its particulars.
    #[must_use]
    pub const fn kind(self) -> StartKind {
        match self {
            Self::Head => StartKind::Head,
            Self::BeforeShadow { .. } => StartKind::BeforeShadow,
            Self::ExtraProcessors { .. } => StartKind::ExtraProcessors,
            Self::Reserved { .. } => StartKind::Reserved,
            Self::BeyondShadow { .. } => StartKind::BeyondShadow,
            Self::Greedy { .. } => StartKind::Greedy,
        }
    }
}

/// When a queued job is planned to start, and what keeps it from starting now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Plan {
    /// The planned start, in ticks; `u64::MAX` if no hole was found before the end of time.
    pub start: u64,
    /// Whether the policy holds a reservation for that start. If not, it is a projection: every job
    /// before it in the queue placed at its earliest hole, nothing submitted later, every running
    /// job ending when expected.
    pub reserved: bool,
    /// What keeps it from starting now.
    pub blocker: Blocker,
}

/// What keeps a queued job from starting now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Blocker {
    /// Too few processors are free.
    Processors {
        /// Processors it needs.
        needed: u64,
        /// Processors free now.
        free: u64,
    },
    /// It would delay the reservation of a job before it.
    Reservation {
        /// The job whose reservation it would delay.
        job: JobId,
        /// The start of that reservation.
        start: u64,
    },
    /// The policy lets nobody pass the jobs before it.
    Order {
        /// The first of the queue.
        head: JobId,
    },
    /// Nothing: the next pass starts it.
    Nothing,
}
