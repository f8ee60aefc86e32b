use core::cmp::Reverse;
use core::fmt::Debug;

use crate::QueuedJob;

/// An order of waiting jobs, for the queue or for the scan of backfill candidates: least key first,
/// ties in order of submission.
///
/// A key is taken once, when the job is queued. An order whose keys change with time (a fair-share
/// factor, say) is handed over anew by
/// [`Backfill::set_queue_order`](crate::Backfill::set_queue_order) or
/// [`Backfill::set_backfill_order`](crate::Backfill::set_backfill_order).
///
/// ```
/// use apportion_backfill::{JobOrder, QueuedJob};
///
/// /// Widest first, then longest first.
/// #[derive(Clone, Debug)]
/// struct Largest;
///
/// impl JobOrder for Largest {
///     type Key = core::cmp::Reverse<(u64, u64)>;
///     fn key(&self, job: &QueuedJob) -> Self::Key {
///         core::cmp::Reverse((job.submission.processors, job.predicted))
///     }
/// }
/// ```
pub trait JobOrder {
    /// What jobs are compared by.
    type Key: Clone + Debug + Ord;

    /// Whether this order only says "as in the queue", so that no second index is kept.
    /// [`AsQueued`] alone says so.
    const FOLLOWS_QUEUE: bool = false;

    /// Whether this is the order of [`predicted`](QueuedJob::predicted) runtimes, so that a long
    /// queue can be searched faster. An order that says so without being so makes scans overlook
    /// candidates.
    const BY_LENGTH: bool = false;

    /// The key of a job.
    fn key(&self, job: &QueuedJob) -> Self::Key;
}

/// First come, first served.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct BySubmission;

impl JobOrder for BySubmission {
    type Key = ();

    fn key(&self, _: &QueuedJob) {}
}

/// The scan follows the order of the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct AsQueued;

impl JobOrder for AsQueued {
    type Key = ();

    const FOLLOWS_QUEUE: bool = true;

    fn key(&self, _: &QueuedJob) {}
}

/// Shortest predicted runtime first (SJBF, when the scan is ordered by it).
///
/// *Source:* D. Tsafrir, Y. Etsion, D. G. Feitelson, "Backfilling using system-generated
/// predictions rather than user runtime estimates", IEEE TPDS 18(6), 2007.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ShortestFirst;

impl JobOrder for ShortestFirst {
    type Key = u64;

    const BY_LENGTH: bool = true;

    fn key(&self, job: &QueuedJob) -> u64 {
        job.predicted
    }
}

/// Largest [`priority`](crate::Submission::priority) first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ByPriority;

impl JobOrder for ByPriority {
    type Key = Reverse<u64>;

    fn key(&self, job: &QueuedJob) -> Reverse<u64> {
        Reverse(job.submission.priority)
    }
}
