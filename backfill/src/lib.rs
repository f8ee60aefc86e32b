#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "testkit"))]
extern crate std;

mod backfill;
mod blocks;
mod config;
mod conservative;
mod decision;
mod error;
mod index;
mod job;
mod metrics;
mod order;
mod policy;
mod prediction;
mod profile;
#[cfg(any(test, feature = "testkit"))]
pub mod reference;
mod replay;
#[cfg(feature = "serde")]
mod snapshot;
mod table;
#[cfg(feature = "testkit")]
pub mod testkit;
mod timeline;
mod window;

pub use backfill::Backfill;
pub use config::{Config, Depth};
pub use conservative::Conservative;
pub use decision::{Blocker, Decision, Plan, StartKind, StartReason};
pub use error::Error;
pub use job::{JobId, MAX_PROCESSORS, MAX_TIME, QueuedJob, Submission};
pub use metrics::Metrics;
pub use order::{AsQueued, ByPriority, BySubmission, JobOrder, ShortestFirst};
pub use policy::BatchPolicy;
pub use prediction::{Correction, MeanOfLastTwo, Predictor, Requested, Supplied};
pub use replay::{Outcome, Replay, ReplayError, Run, Suspension, Ties, TraceJob};
