#![expect(
    clippy::inline_always,
    reason = "measured: of a job that ends only the user is looked at"
)]

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::Submission;

/// Predicts how long a job will run.
pub trait Predictor {
    /// The predicted runtime in ticks of a job that is being submitted. The scheduler takes at
    /// least 1 and at most the job's estimate of it.
    fn predict(&self, job: &Submission) -> u64;

    /// Learns that `job` ended after it ran for `runtime` ticks. Called in order of termination.
    fn finished(&mut self, job: &Submission, runtime: u64) {
        let _ = (job, runtime);
    }
}

/// Every job runs as long as its user said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Requested;

impl Predictor for Requested {
    fn predict(&self, job: &Submission) -> u64 {
        job.estimate
    }
}

/// The caller brings the prediction with the job ([`Submission::prediction`]; the estimate where
/// there is none). With actual runtimes the policy is clairvoyant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Supplied;

impl Predictor for Supplied {
    fn predict(&self, job: &Submission) -> u64 {
        job.prediction.unwrap_or(job.estimate)
    }
}

/// The mean, rounded down, of the runtimes of the two jobs of the same user that ended last; the
/// estimate for users of whom fewer than two jobs have ended.
///
/// *Source:* Tsafrir, Etsion and Feitelson, TPDS 2007, section 4. *Complexity:* O(1) time and O(u)
/// space for u users. *Determinism:* no decision depends on the order of the users.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct MeanOfLastTwo {
    /// The latest runtime, and the one before it.
    runtimes: IndexMap<u64, (u64, Option<u64>), FixedState>,
}

impl Predictor for MeanOfLastTwo {
    #[inline]
    fn predict(&self, job: &Submission) -> u64 {
        match self.runtimes.get(&job.user) {
            Some(&(last, Some(before))) => last.midpoint(before),
            _ => job.estimate,
        }
    }

    #[inline(always)]
    fn finished(&mut self, job: &Submission, runtime: u64) {
        self.learn(job.user, runtime);
    }
}

impl MeanOfLastTwo {
    fn learn(&mut self, user: u64, runtime: u64) {
        if let Some(known) = self.runtimes.get_mut(&user) {
            *known = (runtime, Some(known.0));
        } else {
            self.runtimes.insert(user, (runtime, None));
        }
    }
}

/// What a prediction becomes when the job outlives it.
///
/// *Source:* Tsafrir, Etsion and Feitelson, TPDS 2007, section 5, for the increments; the jump to
/// the request is the alternative evaluated by Gaussier, Glesser, Reis and Trystram, SC 2015.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Correction {
    /// The k-th correction predicts the first prediction plus the k-th of 1, 5, 15, 30 minutes, 1,
    /// 2, 5, 10, 20, 50, 100 hours; the estimate after the last.
    Incremental {
        /// Ticks in a minute.
        minute: u64,
    },
    /// The user's estimate at once.
    Requested,
}

impl Correction {
    /// The predicted runtime after `count` corrections (from 1) of the prediction `first`, at most
    /// `estimate`.
    #[must_use]
    pub fn corrected(self, first: u64, count: usize, estimate: u64) -> u64 {
        match self {
            Self::Requested => estimate,
            Self::Incremental { minute } => {
                MINUTES.get(count.saturating_sub(1)).map_or(estimate, |&minutes| {
                    first.saturating_add(minute.saturating_mul(minutes)).min(estimate)
                })
            }
        }
    }
}

/// Tsafrir's increments, in minutes.
const MINUTES: [u64; 11] = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 3000, 6000];
