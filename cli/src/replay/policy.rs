//! The policies by name, and how each is put together from the knobs of the library.

use std::fmt;
use std::str::FromStr;

use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, BySubmission, Config, Conservative, Correction, Depth, Error,
    JobOrder, MeanOfLastTwo, Outcome, Predictor, Replay, ReplayError, Requested, ShortestFirst,
    Submission, Supplied, Ties, TraceJob,
};
use apportion_workload::Job;

/// A policy of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Policy {
    Fcfs,
    Easy,
    EasySjbf,
    EasyPlusPlus,
    EasyPlusPlusRequest,
    EasyClairvoyant,
    EasySjbfClairvoyant,
    EasyPreemptive,
    Conservative,
    Reservations(u64),
    ReservationsUnbounded,
}

const NAMED: [(&str, Policy); 10] = [
    ("fcfs", Policy::Fcfs),
    ("easy", Policy::Easy),
    ("easy-sjbf", Policy::EasySjbf),
    ("easy++", Policy::EasyPlusPlus),
    ("easy++-request", Policy::EasyPlusPlusRequest),
    ("easy-clairvoyant", Policy::EasyClairvoyant),
    ("easy-sjbf-clairvoyant", Policy::EasySjbfClairvoyant),
    ("easy-preemptive", Policy::EasyPreemptive),
    ("conservative", Policy::Conservative),
    ("reservations:unbounded", Policy::ReservationsUnbounded),
];

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(named) = NAMED.iter().find(|named| named.0 == text) {
            return Ok(named.1);
        }
        if let Some(depth) = text.strip_prefix("reservations:") {
            return depth.parse().map(Policy::Reservations).map_err(|_| {
                format!("expected `unbounded` or a number up to {} after `reservations:`", u64::MAX)
            });
        }
        let names: Vec<&str> = NAMED.iter().map(|named| named.0).collect();
        Err(format!("expected one of {}, reservations:K", names.join(", ")))
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Reservations(depth) = self {
            return write!(formatter, "reservations:{depth}");
        }
        let name = NAMED.iter().find(|named| named.1 == *self).map_or("", |named| named.0);
        formatter.write_str(name)
    }
}

/// A job of a cleaned trace as the replay takes it: times in seconds, the real runtime brought
/// along for the clairvoyant.
pub(crate) fn trace_job(job: &Job) -> TraceJob {
    TraceJob {
        submit: job.submit,
        runtime: job.runtime,
        submission: Submission {
            // -1 (unknown) is one user like any other.
            user: job.user.cast_unsigned(),
            prediction: Some(job.runtime),
            ..Submission::new(job.processors, job.estimate)
        },
    }
}

/// Replays `jobs` under `policy`. `progress` is told now and then how many jobs have ended.
pub(crate) fn replay(
    policy: Policy,
    processors: u64,
    jobs: &[TraceJob],
    ties: Ties,
    progress: &mut dyn FnMut(usize),
) -> Result<Outcome, ReplayError> {
    let mut run = Run { processors, jobs, ties, progress };
    match policy {
        Policy::Fcfs => run.depth(Depth::NoBackfill),
        Policy::Easy => run.depth(Depth::Reservations(1)),
        Policy::Reservations(depth) => run.depth(Depth::Reservations(depth)),
        Policy::ReservationsUnbounded => run.depth(Depth::Unbounded),
        Policy::EasySjbf => run.easy(ShortestFirst, Requested, Correction::Requested),
        Policy::EasyPlusPlus => run.easy(
            ShortestFirst,
            MeanOfLastTwo::default(),
            Correction::Incremental { minute: 60 },
        ),
        Policy::EasyPlusPlusRequest => {
            run.easy(ShortestFirst, MeanOfLastTwo::default(), Correction::Requested)
        }
        Policy::EasyClairvoyant => run.easy(AsQueued, Supplied, Correction::Requested),
        Policy::EasySjbfClairvoyant => run.easy(ShortestFirst, Supplied, Correction::Requested),
        Policy::EasyPreemptive => run.preemptive(),
        Policy::Conservative => run.conservative(),
    }
}

struct Run<'a> {
    processors: u64,
    jobs: &'a [TraceJob],
    ties: Ties,
    progress: &'a mut dyn FnMut(usize),
}

impl Run<'_> {
    fn depth(&mut self, depth: Depth) -> Result<Outcome, ReplayError> {
        let policy = self.config().and_then(|config| Backfill::new(config.depth(depth)));
        self.play(policy)
    }

    fn preemptive(&mut self) -> Result<Outcome, ReplayError> {
        let policy = self.config().and_then(|config| Backfill::new(config.preemptive(true)));
        self.play(policy)
    }

    fn easy<B: JobOrder, P: Predictor>(
        &mut self,
        backfill_order: B,
        predictor: P,
        correction: Correction,
    ) -> Result<Outcome, ReplayError> {
        let policy = self.config().and_then(|config| {
            Backfill::with(config.correction(correction), BySubmission, backfill_order, predictor)
        });
        self.play(policy)
    }

    fn conservative(&mut self) -> Result<Outcome, ReplayError> {
        let releases = self.ties.releases_at_expected_end();
        let policy = Conservative::new(self.processors)
            .map(|policy| policy.release_at_expected_end(releases));
        self.play(policy)
    }

    fn config(&self) -> Result<Config, Error> {
        let releases = self.ties.releases_at_expected_end();
        Config::new(self.processors).map(|config| config.release_at_expected_end(releases))
    }

    fn play(&mut self, policy: Result<impl BatchPolicy, Error>) -> Result<Outcome, ReplayError> {
        let policy = policy.map_err(ReplayError::Machine)?;
        let mut replay = Replay::new(policy, self.jobs, self.ties)?;
        let mut instants = 0_u32;
        while replay.step()?.is_some() {
            instants = instants.wrapping_add(1);
            if instants.is_multiple_of(REPORT_EVERY) {
                (self.progress)(replay.finished());
            }
        }
        replay.outcome()
    }
}

/// Instants between two reports of progress: seldom enough to cost nothing.
const REPORT_EVERY: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// So few jobs may take minutes, if all wait at once.
    #[test]
    fn few_jobs_are_reported_too() {
        let job = TraceJob { submit: 0, runtime: 9, submission: Submission::new(4, 9) };
        let jobs = vec![job; 300];
        for policy in [Policy::Conservative, Policy::ReservationsUnbounded] {
            let mut reports = Vec::new();
            replay(policy, 4, &jobs, Ties::Event, &mut |finished| reports.push(finished)).unwrap();
            assert_eq!(reports.len(), 4);
            assert!(reports.is_sorted() && reports.last() > Some(&200), "{reports:?}");
        }
    }
}
