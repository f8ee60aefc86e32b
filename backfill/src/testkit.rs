//! Workloads to try a policy on, and the laws it has to keep: for policies of your own, too.
//!
//! [`workloads`] is a proptest strategy, and [`Workload`] a `quickcheck::Arbitrary`: small
//! machines, bursts, equal times, estimates exact or not, a few users, wide jobs. Each `check_`
//! function plays one workload against one policy and returns the first [`Violation`] of its law,
//! or nothing. The checkers watch what the policy is told and what it decides, and work out for
//! themselves what follows: they trust nothing that the policy says about itself.
//!
//! ```
//! use apportion_backfill::testkit::{Rule, check_head_on_time, check_leaves_nothing, workloads};
//! use apportion_backfill::{Backfill, Config, Ties};
//! use proptest::test_runner::TestRunner;
//!
//! let easy = |processors| Backfill::new(Config::new(processors).unwrap()).unwrap();
//! TestRunner::default().run(&workloads(20), |workload| {
//!     check_head_on_time(easy, &workload, Ties::Batch)?;
//!     check_leaves_nothing(easy, Rule::Easy, &workload, Ties::Batch)?;
//!     Ok(())
//! })?;
//! # Ok::<(), proptest::test_runner::TestError<_>>(())
//! ```

mod laws;
mod same;
mod watch;
mod workload;

pub use laws::{
    Rule, check_capacity, check_head_on_time, check_leaves_nothing, check_order, check_promises,
    check_runs,
};
pub use same::{check_repeatable, check_same};
pub use watch::Fault;
pub use workload::{Workload, workloads};

use alloc::vec::Vec;

use crate::{Decision, ReplayError};

/// What a policy did wrong. Jobs are named by their place in the workload, from 0.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The workload could not be played to its end.
    #[error("{0}")]
    Replay(ReplayError),
    /// The policy decided what makes no sense.
    #[error("at {time}, job {job}: {fault}")]
    Nonsense {
        /// The job decided on.
        job: usize,
        /// When.
        time: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The policy decided on a job that it does not hold.
    #[error("at {time} it decided on a job that it does not hold")]
    UnknownJob {
        /// When.
        time: u64,
    },
    /// More processors were used than there are.
    #[error("at {time}, with job {job}, {used} of {processors} processors are in use")]
    Capacity {
        /// A job that starts then.
        job: usize,
        /// When.
        time: u64,
        /// Processors in use from then on.
        used: u128,
        /// Processors of the machine.
        processors: u64,
    },
    /// A job ran before it was submitted.
    #[error("job {job} started at {time}, before it was submitted at {submitted}")]
    TooEarly {
        /// The job.
        job: usize,
        /// When it started.
        time: u64,
        /// When it was submitted.
        submitted: u64,
    },
    /// A job did not run for its runtime.
    #[error("job {job}, which ended at {time}, ran for {ran} ticks instead of {runtime}")]
    Runtime {
        /// The job.
        job: usize,
        /// When it ended.
        time: u64,
        /// Ticks it ran.
        ran: u64,
        /// Ticks it needs.
        runtime: u64,
    },
    /// A job started before another that was submitted earlier.
    #[error("job {job} started at {time}, before job {passed} did")]
    Order {
        /// The job that started.
        job: usize,
        /// When.
        time: u64,
        /// A job submitted before it that was still waiting.
        passed: usize,
    },
    /// The first of the queue started after its shadow time.
    #[error("job {job} started at {time}, after its shadow time {shadow}")]
    HeadLate {
        /// The job.
        job: usize,
        /// When it started.
        time: u64,
        /// Its shadow time when it became the first of the queue.
        shadow: u64,
    },
    /// A job started after its first reservation.
    #[error("job {job} started at {time}, after it had been promised {promised}")]
    Promise {
        /// The job.
        job: usize,
        /// When it started.
        time: u64,
        /// The start that was planned when it was submitted.
        promised: u64,
    },
    /// A pass left a job in the queue that the rule lets start.
    #[error("at {time}, job {job} was left in the queue although it could start")]
    Left {
        /// The job.
        job: usize,
        /// When.
        time: u64,
    },
    /// Two policies decided differently.
    #[error("at {time}, in pass {pass}: {one:?}, but {other:?}")]
    Differs {
        /// The job of the first decision that differs.
        job: usize,
        /// When the pass was made.
        time: u64,
        /// Which pass, from 0.
        pass: usize,
        /// What the one decided.
        one: Vec<Decision>,
        /// What the other decided.
        other: Vec<Decision>,
    },
    /// Two policies decided alike, but differ in what they say of themselves.
    #[error("at {time}, after pass {pass}: {one} and {other} jobs queued, or another wake-up")]
    Reports {
        /// When the pass was made.
        time: u64,
        /// Which pass, from 0.
        pass: usize,
        /// Jobs that wait, to the one.
        one: usize,
        /// Jobs that wait, to the other.
        other: usize,
    },
}

impl From<ReplayError> for Violation {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}
