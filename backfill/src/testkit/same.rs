use alloc::vec::Vec;

use super::watch::Seen;
use super::{Violation, Workload};
use crate::{BatchPolicy, Decision, Error, JobId, Outcome, Plan, Replay, Submission, Ties};

/// Two policies make the same decisions in each pass, for the same reasons, and agree on the number
/// of waiting jobs and on the next wake-up after it.
///
/// # Errors
///
/// [`Violation::Differs`], [`Violation::Reports`], [`Violation::UnknownJob`],
/// [`Violation::Nonsense`], or what keeps the workload from being played.
pub fn check_same<S: BatchPolicy, T: BatchPolicy>(
    one: impl Fn(u64) -> S,
    other: impl Fn(u64) -> T,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let (one, one_ends) = record(one(workload.processors), workload, ties)?;
    let (other, other_ends) = record(other(workload.processors), workload, ties)?;
    for (pass, (left, right)) in one.passes.iter().zip(&other.passes).enumerate() {
        if (left.now, &left.decisions) != (right.now, &right.decisions) {
            let job = one.differing(left, &right.decisions);
            let time = left.now.min(right.now);
            let one = left.decisions.clone();
            let other = right.decisions.clone();
            return Err(Violation::Differs { job, time, pass, one, other });
        }
        if (left.queued, left.wakeup) != (right.queued, right.wakeup) {
            let (time, one, other) = (left.now, left.queued, right.queued);
            return Err(Violation::Reports { time, pass, one, other });
        }
    }
    // Otherwise the same decisions lead to the same passes and the same end.
    one_ends.and(other_ends)?;
    Ok(())
}

/// The same input leads to the same decisions.
///
/// # Errors
///
/// As [`check_same`].
pub fn check_repeatable<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    check_same(&make, &make, workload, ties)
}

/// What a policy decided in each pass.
#[derive(Clone, Debug, Default)]
struct Record {
    passes: Vec<Pass>,
    /// The jobs submitted, in order.
    jobs: Vec<JobId>,
}

#[derive(Clone, Debug)]
struct Pass {
    now: u64,
    decisions: Vec<Decision>,
    queued: usize,
    wakeup: Option<u64>,
    /// How many jobs had been submitted.
    submitted: usize,
}

impl Record {
    /// The place in the workload of the job in the first decision of this pass that another policy
    /// did not make.
    fn differing(&self, pass: &Pass, other: &[Decision]) -> usize {
        let same = pass.decisions.iter().zip(other).take_while(|(one, other)| one == other).count();
        let decision = pass.decisions.get(same).or(other.get(same));
        let id = decision.map(|&decision| match decision {
            Decision::Start { job, .. }
            | Decision::Suspend { job, .. }
            | Decision::Resume { job, .. } => job,
        });
        // Numbers come to be used again, so the last one counts.
        let known = &self.jobs[..pass.submitted];
        known.iter().rposition(|&job| Some(job) == id).unwrap_or(usize::MAX)
    }
}

fn record<S: BatchPolicy>(
    policy: S,
    workload: &Workload,
    ties: Ties,
) -> Result<(Record, Result<Outcome, Violation>), Violation> {
    let seen = Seen::new(workload.processors, ties);
    let recorder = Recorder { policy, record: Record::default(), seen, violation: None };
    let mut replay = Replay::new(recorder, &workload.jobs, ties)?;
    let end = loop {
        match replay.step() {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(error) => break Some(error.into()),
        }
    };
    let Recorder { record, violation, .. } = replay.policy();
    let (record, end) = (record.clone(), violation.clone().or(end));
    Ok((record, end.map_or_else(|| Ok(replay.outcome()?), Err)))
}

/// A policy whose passes are written down.
struct Recorder<S> {
    policy: S,
    record: Record,
    seen: Seen,
    violation: Option<Violation>,
}

impl<S: BatchPolicy> BatchPolicy for Recorder<S> {
    fn processors(&self) -> u64 {
        self.policy.processors()
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        let id = self.policy.submit(now, job)?;
        self.record.jobs.push(id);
        self.seen.submitted(id, job);
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.seen.gone(job);
        self.policy.finish(now, job)
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.seen.gone(job);
        self.policy.cancel(now, job)
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.policy.expire(now, job)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        let decisions = self.policy.pass(now)?.to_vec();
        self.record.passes.push(Pass {
            now,
            decisions,
            queued: self.policy.queued(),
            wakeup: self.policy.next_wakeup(),
            submitted: self.record.jobs.len(),
        });
        let decisions = self.record.passes.last().map_or(&[][..], |pass| &pass.decisions);
        for &decision in decisions {
            if let Err(violation) = self.seen.note(now, decision) {
                self.violation = Some(violation);
                // Any error ends the replay, before it acts upon the decisions.
                return Err(Error::NoProcessors);
            }
        }
        Ok(decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.policy.next_wakeup()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.policy.plan(now, job)
    }

    fn queued(&self) -> usize {
        self.policy.queued()
    }

    fn releases_at_expected_end(&self) -> Option<bool> {
        self.policy.releases_at_expected_end()
    }
}
