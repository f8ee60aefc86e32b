/// The largest machine, in processors.
pub const MAX_PROCESSORS: u64 = 1 << 31;

/// The latest time and the longest estimate, in ticks: sums of two of them cannot overflow.
pub const MAX_TIME: u64 = 1 << 62;

/// The number that a scheduler gives to a job it holds.
///
/// Dense: the [`index`](JobId::index) of a job that has left is used again, so callers can keep
/// their own data in a vector. A number kept after its job has left is recognised as stale (until
/// the same index has been reused 2^32 times).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct JobId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl JobId {
    /// A number, for policies of other makes: see [`BatchPolicy`](crate::BatchPolicy).
    #[must_use]
    pub const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The place of the job in dense storage: unique among the jobs held now, below the largest
    /// number ever held at once.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

/// A rigid job as its user describes it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Submission {
    /// Processors needed, all at once, from start to end.
    pub processors: u64,
    /// The user's estimate of the runtime, in ticks: the job is killed when it has run that long.
    pub estimate: u64,
    /// Whose job it is: what runtime predictors learn by.
    pub user: u64,
    /// Larger is more urgent; only [`ByPriority`](crate::ByPriority) reads it.
    pub priority: u64,
    /// A prediction of the runtime that the caller brings along, in ticks; only
    /// [`Supplied`](crate::Supplied) reads it.
    pub prediction: Option<u64>,
}

impl Submission {
    /// A job of `processors` processors for `estimate` ticks, of user 0, priority 0 and no
    /// prediction.
    #[must_use]
    pub const fn new(processors: u64, estimate: u64) -> Self {
        Self { processors, estimate, user: 0, priority: 0, prediction: None }
    }
}

/// A job that waits, as an order of the queue sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct QueuedJob {
    /// What was submitted.
    pub submission: Submission,
    /// When it was submitted, in ticks.
    pub submitted: u64,
    /// Its place in the order of submission: smaller is earlier, never reused.
    pub sequence: u64,
    /// The runtime it is scheduled by, in ticks: the prediction made when it was submitted, at most
    /// its estimate; less what it has run, if it was suspended.
    pub predicted: u64,
}
