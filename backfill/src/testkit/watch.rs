use alloc::vec::Vec;
use core::fmt;

use super::{Violation, Workload};
use crate::{
    BatchPolicy, Decision, Error, JobId, Outcome, Plan, Replay, StartReason, Submission, Ties,
};

/// A decision that makes no sense, whatever the policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// It starts a job that has been started before.
    StartedAgain,
    /// It resumes a job that is not suspended.
    NotSuspended,
    /// It suspends a job that is not running.
    NotRunning,
    /// It expects the job to end at once, or in the past.
    NoTimeToRun,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::StartedAgain => "started again",
            Self::NotSuspended => "resumed, but not suspended",
            Self::NotRunning => "suspended, but not running",
            Self::NoTimeToRun => "expected to end before the next tick",
        })
    }
}

/// What a checker sees of a policy at work. `at` is the moment.
pub(super) trait Observer {
    /// A job was submitted; the policy now plans to start it then.
    fn submitted(&mut self, seen: &Seen, at: u64, planned: Plan) {
        let _ = (seen, at, planned);
    }

    /// A job starts or resumes, or is suspended; `seen` is what was before.
    fn decided(&mut self, seen: &Seen, at: u64, event: Event) -> Result<(), Violation> {
        let _ = (seen, at, event);
        Ok(())
    }

    /// A pass is over. `planned` asks the policy when it plans to start a waiting job.
    fn passed(&mut self, seen: &Seen, at: u64, planned: &Planned) -> Result<(), Violation> {
        let _ = (seen, at, planned);
        Ok(())
    }
}

/// The planned start of a waiting job.
pub(super) type Planned<'a> = dyn Fn(&Job) -> Option<u64> + 'a;

/// A decision, by the place of the job in the workload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A job starts or resumes.
    Runs {
        job: usize,
        reason: StartReason,
    },
    Suspended,
}

/// The machine and the queue as they follow from what the policy was told and what it decided.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) processors: u64,
    /// Of the running jobs, those whose end has come count as gone.
    released: bool,
    /// All jobs submitted, in that order.
    pub(super) jobs: Vec<Job>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    id: JobId,
    pub(super) submission: Submission,
    pub(super) state: State,
    /// Ticks it may still run.
    left: u64,
    started: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Waiting,
    /// Runs at the latest until then.
    Running {
        since: u64,
        until: u64,
    },
    Gone,
}

impl Seen {
    pub(super) const fn new(processors: u64, ties: Ties) -> Self {
        Self { processors, released: ties.releases_at_expected_end(), jobs: Vec::new() }
    }

    pub(super) fn submitted(&mut self, id: JobId, submission: Submission) {
        let (state, left) = (State::Waiting, submission.estimate);
        self.jobs.push(Job { id, submission, state, left, started: false });
    }

    /// The waiting jobs, in order of submission.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (usize, &Job)> {
        self.jobs.iter().enumerate().filter(|(_, job)| job.state == State::Waiting)
    }

    /// The processors free at `time`, by the latest ends of the running jobs, `now` being the
    /// moment.
    pub(super) fn free_at(&self, time: u64, now: u64) -> u64 {
        let used = self.jobs.iter().filter(|job| match job.state {
            State::Running { until, .. } => until > time || time <= now && !self.released,
            _ => false,
        });
        let used: u64 = used.map(|job| job.submission.processors).sum();
        self.processors.saturating_sub(used)
    }

    /// When at the latest so many processors will be free, counted from `now`.
    pub(super) fn shadow(&self, processors: u64, now: u64) -> u64 {
        let ends = self.jobs.iter().filter_map(|job| match job.state {
            State::Running { until, .. } => Some(until.max(now)),
            _ => None,
        });
        let fits = |&time: &u64| self.free_at(time, now) >= processors;
        ends.chain([now]).filter(fits).min().unwrap_or(u64::MAX)
    }

    fn position(&self, id: JobId) -> Option<usize> {
        self.jobs.iter().position(|job| job.id == id && job.state != State::Gone)
    }

    pub(super) fn gone(&mut self, id: JobId) {
        if let Some(at) = self.position(id) {
            self.jobs[at].state = State::Gone;
        }
    }

    /// Takes note of a decision.
    pub(super) fn note(&mut self, now: u64, decision: Decision) -> Result<Event, Violation> {
        let (Decision::Start { job, .. }
        | Decision::Suspend { job, .. }
        | Decision::Resume { job, .. }) = decision;
        let place = self.position(job).ok_or(Violation::UnknownJob { time: now })?;
        let nonsense = |fault| Err(Violation::Nonsense { job: place, time: now, fault });
        let job = &mut self.jobs[place];
        let reason = match (decision, job.state) {
            (Decision::Suspend { .. }, State::Running { since, .. }) => {
                job.left = job.left.saturating_sub(now - since);
                job.state = State::Waiting;
                return Ok(Event::Suspended);
            }
            (Decision::Suspend { .. }, _) => return nonsense(Fault::NotRunning),
            (Decision::Start { .. }, _) if job.started => return nonsense(Fault::StartedAgain),
            (Decision::Resume { .. }, state) if !job.started || state != State::Waiting => {
                return nonsense(Fault::NotSuspended);
            }
            (
                Decision::Start { expected_end, reason, .. }
                | Decision::Resume { expected_end, reason, .. },
                _,
            ) => {
                if expected_end <= now {
                    return nonsense(Fault::NoTimeToRun);
                }
                reason
            }
        };
        job.started = true;
        job.state = State::Running { since: now, until: now.saturating_add(job.left.max(1)) };
        Ok(Event::Runs { job: place, reason })
    }
}

/// A policy with an observer at its side.
#[derive(Debug)]
struct Watched<S, O> {
    policy: S,
    observer: O,
    seen: Seen,
    decisions: Vec<Decision>,
    violation: Option<Violation>,
}

impl<S: BatchPolicy, O: Observer> BatchPolicy for Watched<S, O> {
    fn processors(&self) -> u64 {
        self.policy.processors()
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        let id = self.policy.submit(now, job)?;
        let planned = self.policy.plan(now, id)?;
        self.seen.submitted(id, job);
        self.observer.submitted(&self.seen, now, planned);
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
        self.decisions.clear();
        self.decisions.extend_from_slice(self.policy.pass(now)?);
        for &decision in &self.decisions {
            let before = self.seen.clone();
            let checked = self.seen.note(now, decision);
            let checked = checked.and_then(|event| self.observer.decided(&before, now, event));
            self.violation = checked.err();
            if self.violation.is_some() {
                // Any error ends the replay, before it acts upon the decisions.
                return Err(Error::NoProcessors);
            }
        }
        let planned = |job: &Job| Some(self.policy.plan(now, job.id).ok()?.start);
        self.violation = self.observer.passed(&self.seen, now, &planned).err();
        if self.violation.is_some() {
            return Err(Error::NoProcessors);
        }
        Ok(&self.decisions)
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

/// Plays the workload against the policy, with an observer.
pub(super) fn watch<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    observer: impl Observer,
    workload: &Workload,
    ties: Ties,
) -> Result<Outcome, Violation> {
    let policy = Watched {
        policy: make(workload.processors),
        observer,
        seen: Seen::new(workload.processors, ties),
        decisions: Vec::new(),
        violation: None,
    };
    let mut replay = Replay::new(policy, &workload.jobs, ties)?;
    loop {
        match replay.step() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(replay.outcome()?),
            Err(error) => {
                let seen = replay.policy().violation.clone();
                return Err(seen.unwrap_or(Violation::Replay(error)));
            }
        }
    }
}
