#![expect(
    clippy::inline_always,
    reason = "measured: twice an event, a call costs as much as what it does"
)]

use alloc::vec::Vec;

use crate::blocks::{Blocks, Item};
use crate::{BatchPolicy, Decision, Error, JobId, MAX_TIME, StartKind, StartReason, Submission};

/// A job of a trace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct TraceJob {
    /// When it is submitted, in ticks.
    pub submit: u64,
    /// How long it really runs, in ticks: at least 1, at most its estimate (killed there).
    pub runtime: u64,
    /// What the scheduler is told.
    pub submission: Submission,
}

/// In which order the events of one instant reach the policy, and when passes are made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Ties {
    /// Expired predictions, then submissions in order of the trace, then terminations in order of
    /// start; a pass after each submission and termination; starts come last. What the classic
    /// simulators do. The policy must [release processors at the expected
    /// end](crate::Config::release_at_expected_end); one that says that it does not is refused.
    #[default]
    Event,
    /// Expired predictions, then terminations, then submissions; a pass after each. The policy must
    /// release processors at the expected end, too.
    FinishFirst,
    /// All events of the instant, submissions first, then one pass. A corrected prediction alone
    /// leads to no pass here, either.
    Batch,
}

impl Ties {
    /// What [`Config::release_at_expected_end`](crate::Config::release_at_expected_end) has to be.
    #[must_use]
    pub const fn releases_at_expected_end(self) -> bool {
        matches!(self, Self::Event | Self::FinishFirst)
    }
}

/// Why a trace cannot be replayed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A job is submitted before the one before it.
    #[error("job {index} of the trace is submitted at {submit}, before its predecessor")]
    OutOfOrder {
        /// Its place in the trace, from 0.
        index: usize,
        /// When it is submitted.
        submit: u64,
    },
    /// A job runs for no time, or longer than its estimate.
    #[error("job {index} of the trace runs for {runtime} ticks, outside 1..={estimate}")]
    RuntimeOutOfRange {
        /// Its place in the trace, from 0.
        index: usize,
        /// Its runtime.
        runtime: u64,
        /// Its estimate.
        estimate: u64,
    },
    /// The convention needs a policy that [releases processors at the expected
    /// end](BatchPolicy::releases_at_expected_end), and this one does not.
    #[error("{ties:?} needs a policy that releases processors at the expected end")]
    NeedsRelease {
        /// The convention asked for.
        ties: Ties,
    },
    /// The policy refused an event; or a job is submitted at a time that all policies refuse.
    #[error("job {index} of the trace: {error}")]
    Policy {
        /// Its place in the trace, from 0.
        index: usize,
        /// What the policy said.
        error: Error,
    },
    /// The policy gave a job a number that another job has, or that is not dense.
    #[error("job {index} of the trace: {job:?} is not the number of a new job")]
    Number {
        /// Its place in the trace, from 0.
        index: usize,
        /// The number.
        job: JobId,
    },
    /// The policy decided what cannot be done: it starts a job that does not wait, resumes one that
    /// is not suspended, suspends one that does not run, or expects one to end at once.
    #[error("at {time}, what the policy decides cannot be done: {decision:?}")]
    Impossible {
        /// When.
        time: u64,
        /// What it decided.
        decision: Decision,
    },
    /// The trace holds more jobs than can be numbered.
    #[error("{jobs} jobs are too many")]
    TooManyJobs {
        /// Jobs of the trace.
        jobs: usize,
    },
    /// Jobs were suspended and resumed so often that their starts cannot be numbered.
    #[error("more than {} starts and resumptions", u32::MAX)]
    TooManyStarts,
    /// No policy can be made for the machine.
    #[error("{0}")]
    Machine(Error),
    /// The policy left jobs in the queue although nothing is left to happen.
    #[error("{left} jobs were never started")]
    Starved {
        /// Jobs never started.
        left: usize,
    },
}

/// What became of a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Run {
    /// When it first started, in ticks.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// Why it started.
    pub reason: StartKind,
}

/// A stretch of time in which a preempted job did not run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Suspension {
    /// The job's place in the trace, from 0.
    pub index: usize,
    /// When it was suspended.
    pub from: u64,
    /// When it resumed.
    pub until: u64,
}

/// What became of the jobs of a trace.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Outcome {
    /// One run a job, in the order of the trace.
    pub runs: Vec<Run>,
    /// When which preempted jobs did not run, in order of resumption.
    pub suspensions: Vec<Suspension>,
}

/// Plays a trace against a policy: an event loop that knows the real runtimes. Pure: the caller
/// drives it step by step or to the end.
///
/// *Complexity:* O(n log r) beside the policy for n jobs of which at most r run at a time; space
/// O(n).
#[derive(Clone, Debug)]
pub struct Replay<'a, S> {
    policy: S,
    jobs: &'a [TraceJob],
    ties: Ties,
    events: Events,
}

/// All of a replay but its policy.
#[derive(Clone, Debug, Default)]
struct Events {
    /// The job submitted next.
    next: usize,
    /// Jobs that have ended.
    finished: usize,
    /// The job whose event has made a pass due.
    due: Option<u32>,
    /// Starts and resumptions so far: what terminations of the same instant are ordered by.
    starts: u32,
    ends: Blocks<Due>,
    expiries: Blocks<Due>,
    /// The jobs that the policy holds, by its dense numbers.
    held: Vec<Held>,
    runs: Vec<Run>,
    suspensions: Vec<Suspension>,
}

/// What is due for a job, unless it has started anew since: the time, then the number of its start,
/// then its place among the jobs held. Packed, because it is compared and moved often.
#[derive(Clone, Copy, Debug)]
struct Due(u128);

#[derive(Clone, Copy, Debug)]
struct Held {
    id: JobId,
    /// Its place in the trace.
    index: u32,
    standing: Standing,
    /// Its last start, by number; 0 for none that still stands.
    start: u32,
    /// When that was, or when it was suspended.
    since: u64,
    /// Ticks to run, counted from `since`.
    left: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// Never started.
    Waiting,
    Running,
    Suspended,
    /// Ended: the policy may use the number again.
    Gone,
}

impl<'a, S: BatchPolicy> Replay<'a, S> {
    /// Prepares to replay `jobs`, which must be in order of submission, against a policy that knows
    /// of no job yet.
    ///
    /// # Errors
    ///
    /// [`ReplayError::NeedsRelease`], [`ReplayError::OutOfOrder`],
    /// [`ReplayError::RuntimeOutOfRange`], [`ReplayError::TooManyJobs`]; [`ReplayError::Policy`] with
    /// [`Error::TimeOutOfRange`] for a job submitted after [`MAX_TIME`].
    pub fn new(policy: S, jobs: &'a [TraceJob], ties: Ties) -> Result<Self, ReplayError> {
        if ties.releases_at_expected_end() && policy.releases_at_expected_end() == Some(false) {
            return Err(ReplayError::NeedsRelease { ties });
        }
        if u32::try_from(jobs.len()).is_err() {
            return Err(ReplayError::TooManyJobs { jobs: jobs.len() });
        }
        check(jobs)?;
        let events = Events { runs: Vec::with_capacity(jobs.len()), ..Events::default() };
        Ok(Self { policy, jobs, ties, events })
    }

    /// The policy, as it is now.
    #[must_use]
    pub const fn policy(&self) -> &S {
        &self.policy
    }

    /// The same replay, going on with another policy in the place of this one: one restored from a
    /// snapshot, say.
    #[must_use]
    pub fn with_policy<T>(self, policy: impl FnOnce(S) -> T) -> Replay<'a, T> {
        Replay {
            policy: policy(self.policy),
            jobs: self.jobs,
            ties: self.ties,
            events: self.events,
        }
    }

    /// How many jobs have ended.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.events.finished
    }

    /// Plays all events of the next instant. Returns that instant, or `None` when nothing is left
    /// to happen.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Policy`], [`ReplayError::Number`], [`ReplayError::Impossible`],
    /// [`ReplayError::TooManyStarts`].
    pub fn step(&mut self) -> Result<Option<u64>, ReplayError> {
        let now = self.play()?;
        while now.is_some() && self.next_time() == now {
            self.play()?;
        }
        Ok(now)
    }

    /// Plays to the end.
    ///
    /// # Errors
    ///
    /// As [`step`](Replay::step), and [`ReplayError::Starved`].
    pub fn run(mut self) -> Result<Outcome, ReplayError> {
        while self.play()?.is_some() {}
        self.outcome()
    }

    /// What became of the jobs, once nothing is left to happen.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Starved`] if jobs were left in the queue.
    pub fn outcome(self) -> Result<Outcome, ReplayError> {
        let Events { runs, suspensions, finished, .. } = self.events;
        if finished < self.jobs.len() {
            return Err(ReplayError::Starved { left: self.jobs.len() - finished });
        }
        Ok(Outcome { runs, suspensions })
    }

    /// When the next submission, termination and expiry are due.
    #[inline(always)]
    fn next_times(&self) -> [u64; 3] {
        let submission = self.jobs.get(self.events.next).map_or(u64::MAX, |job| job.submit);
        [submission, first(&self.events.ends), first(&self.events.expiries)]
    }

    fn next_time(&self) -> Option<u64> {
        self.next_times().into_iter().min().filter(|&time| time < u64::MAX)
    }

    /// Tells the policy of the next event, and makes the pass that is due. Returns when that is, or
    /// `None` when nothing is left to happen.
    #[inline(always)]
    fn play(&mut self) -> Result<Option<u64>, ReplayError> {
        let [submission, termination, expiry] = self.next_times();
        let submits_first = match self.ties {
            Ties::Event | Ties::Batch => submission <= termination,
            Ties::FinishFirst => submission < termination,
        };
        let now = expiry.min(submission).min(termination);
        if now == u64::MAX {
            // No event lies there: `Replay::new` refuses times that late.
            return Ok(None);
        }
        if expiry == now {
            self.expire(now)?;
        } else if submits_first {
            self.submit(now)?;
        } else {
            self.finish(now)?;
        }
        if let Some(index) = self.events.due
            && (self.ties != Ties::Batch || self.next_time() != Some(now))
        {
            self.events.due = None;
            self.pass(now, index)?;
        }
        Ok(Some(now))
    }

    fn expire(&mut self, now: u64) -> Result<(), ReplayError> {
        let Some(&due) = self.events.expiries.first() else { return Ok(()) };
        let job = self.events.held[due.held()];
        let mut next = None;
        if job.start == due.start() && job.standing == Standing::Running {
            let expected_end =
                self.policy.expire(now, job.id).map_err(|error| at(job.index, error))?;
            // What is used up to the estimate is not corrected again.
            next = (expected_end > now && expected_end < job.since.saturating_add(job.left))
                .then(|| due.at(expected_end));
        }
        self.events.expiries.pop_first();
        if let Some(next) = next {
            self.events.expiries.insert(next);
        }
        Ok(())
    }

    #[inline(always)]
    fn submit(&mut self, now: u64) -> Result<(), ReplayError> {
        let Some(job) = self.jobs.get(self.events.next) else { return Ok(()) };
        let index = place(self.events.next);
        let id = self.policy.submit(now, job.submission).map_err(|error| at(index, error))?;
        if !self.events.submitted(id, job.runtime) {
            return Err(ReplayError::Number { index: index as usize, job: id });
        }
        self.events.due = Some(index);
        Ok(())
    }

    #[inline(always)]
    fn finish(&mut self, now: u64) -> Result<(), ReplayError> {
        let Some(due) = self.events.ends.pop_first() else { return Ok(()) };
        let job = &mut self.events.held[due.held()];
        if job.start != due.start() {
            return Ok(());
        }
        (job.start, job.standing) = (0, Standing::Gone);
        let Held { id, index, .. } = *job;
        self.events.finished += 1;
        self.policy.finish(now, id).map_err(|error| at(index, error))?;
        self.events.due = Some(index);
        Ok(())
    }

    /// `index` is the job whose event led to the pass.
    #[inline(always)]
    fn pass(&mut self, now: u64, index: u32) -> Result<(), ReplayError> {
        let decisions = self.policy.pass(now).map_err(|error| at(index, error))?;
        for decision in decisions {
            self.events.carry_out(now, decision)?;
        }
        Ok(())
    }
}

impl Item for Due {
    #[inline(always)]
    fn is_before(&self, other: &Self) -> bool {
        self.0 < other.0
    }

    #[inline]
    fn amount(&self) -> u64 {
        0
    }
}

impl Due {
    fn new(time: u64, start: u32, held: u32) -> Self {
        Self(u128::from(time) << 64 | u128::from(start) << 32 | u128::from(held))
    }

    fn at(self, time: u64) -> Self {
        Self(self.0 & u128::from(u64::MAX) | u128::from(time) << 64)
    }

    const fn time(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "takes a part")]
    const fn start(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "takes a part")]
    const fn held(self) -> usize {
        self.0 as u32 as usize
    }
}

impl Events {
    /// False if the number is not that of a new job.
    #[inline(always)]
    fn submitted(&mut self, id: JobId, runtime: u64) -> bool {
        let held = Held {
            id,
            index: place(self.next),
            standing: Standing::Waiting,
            start: 0,
            since: 0,
            left: runtime,
        };
        let count = self.held.len();
        match self.held.get_mut(id.index()) {
            Some(slot) if slot.standing == Standing::Gone => *slot = held,
            // Numbers are dense.
            None if id.index() == count => self.held.push(held),
            _ => return false,
        }
        self.next += 1;
        self.runs.push(Run { start: u64::MAX, end: u64::MAX, reason: StartKind::Head });
        true
    }

    #[inline(always)]
    fn carry_out(&mut self, now: u64, decision: &Decision) -> Result<(), ReplayError> {
        let (id, needed) = match *decision {
            Decision::Start { job, .. } => (job, Standing::Waiting),
            Decision::Resume { job, .. } => (job, Standing::Suspended),
            Decision::Suspend { job, .. } => (job, Standing::Running),
        };
        let held = self.held.get(id.index());
        if held.is_none_or(|held| held.id != id || held.standing != needed) {
            return Err(impossible(now, decision));
        }
        match *decision {
            Decision::Suspend { .. } => self.suspended(now, id),
            Decision::Start { reason, expected_end, .. }
            | Decision::Resume { reason, expected_end, .. } => {
                if expected_end <= now {
                    return Err(impossible(now, decision));
                }
                if self.starts == u32::MAX {
                    return Err(ReplayError::TooManyStarts);
                }
                self.started(now, id, reason, expected_end);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn started(&mut self, now: u64, id: JobId, reason: StartReason, expected_end: u64) {
        self.starts += 1;
        let job = &mut self.held[id.index()];
        let run = &mut self.runs[job.index as usize];
        // A start that was taken back within its instant never was.
        if run.start == u64::MAX || run.start == now {
            (run.start, run.reason) = (now, reason.kind());
        }
        if job.standing == Standing::Suspended && now > job.since && run.start < now {
            self.suspensions.push(Suspension {
                index: job.index as usize,
                from: job.since,
                until: now,
            });
        }
        (job.standing, job.start, job.since) = (Standing::Running, self.starts, now);
        run.end = now.saturating_add(job.left);
        let due = Due::new(run.end, self.starts, id.index);
        self.ends.insert(due);
        if expected_end < run.end {
            self.expiries.insert(due.at(expected_end));
        }
    }

    fn suspended(&mut self, now: u64, id: JobId) {
        let job = &mut self.held[id.index()];
        let run = &mut self.runs[job.index as usize];
        job.left -= now - job.since;
        // A resumption that was taken back within its instant never was, either.
        let mut latest = self.suspensions.iter().rev().take_while(|pause| pause.until == now);
        job.since = match latest.position(|pause| pause.index == job.index as usize) {
            Some(later) => self.suspensions.remove(self.suspensions.len() - 1 - later).from,
            None => now,
        };
        job.standing = Standing::Suspended;
        // Its end is no longer due, unless it has nothing left to do and ends at this very instant.
        if job.left > 0 {
            job.start = 0;
        }
        if run.start == now {
            run.start = u64::MAX;
        }
    }
}

/// Refuses what cannot be replayed. Looks for the reason only if there is one.
#[expect(clippy::needless_bitwise_bool, reason = "branches take a third longer")]
fn check(jobs: &[TraceJob]) -> Result<(), ReplayError> {
    let (mut last, mut refused) = (0, false);
    for &TraceJob { submit, runtime, submission: Submission { estimate, .. } } in jobs {
        refused |= (submit < last) | (submit > MAX_TIME) | (runtime == 0) | (runtime > estimate);
        last = submit;
    }
    if refused { refusal(jobs) } else { Ok(()) }
}

/// The first reason to refuse a trace.
#[cold]
fn refusal(jobs: &[TraceJob]) -> Result<(), ReplayError> {
    let mut last = 0;
    for (index, job) in jobs.iter().enumerate() {
        let TraceJob { submit, runtime, submission: Submission { estimate, .. } } = *job;
        if submit < last {
            return Err(ReplayError::OutOfOrder { index, submit });
        }
        last = submit;
        if submit > MAX_TIME {
            return Err(at(place(index), Error::TimeOutOfRange { now: submit }));
        }
        if runtime == 0 || runtime > estimate {
            return Err(ReplayError::RuntimeOutOfRange { index, runtime, estimate });
        }
    }
    Ok(())
}

/// When the first is due.
#[inline(always)]
fn first(dues: &Blocks<Due>) -> u64 {
    dues.first().map_or(u64::MAX, |due| due.time())
}

#[cold]
fn impossible(time: u64, decision: &Decision) -> ReplayError {
    ReplayError::Impossible { time, decision: *decision }
}

#[cold]
fn at(index: u32, error: Error) -> ReplayError {
    ReplayError::Policy { index: index as usize, error }
}

/// Places in a trace fit `u32`: [`Replay::new`] refuses longer ones.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
