use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::{BatchPolicy, Decision, Error, JobId, MAX_TIME, StartReason, Submission};

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
pub enum Ties {
    /// Expired predictions, then submissions in order of the trace, then terminations in order of start; a pass after each
    /// submission and termination; starts come last. What the classic simulators do. The policy must
    /// [release processors at the expected end](crate::Config::release_at_expected_end).
    #[default]
    Event,
    /// Expired predictions, then terminations, then submissions; a pass after each. The policy must release processors at the
    /// expected end, too.
    FinishFirst,
    /// All events of the instant, submissions first, then one pass. A corrected prediction alone leads to no pass here, either.
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
    /// The policy refused an event, or decided what cannot be done.
    #[error("job {index} of the trace: {error}")]
    Policy {
        /// Its place in the trace, from 0.
        index: usize,
        /// What the policy said.
        error: Error,
    },
    /// The trace holds more jobs than can be numbered.
    #[error("{jobs} jobs are too many")]
    TooManyJobs {
        /// Jobs of the trace.
        jobs: usize,
    },
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
    pub reason: StartReason,
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

/// Plays a trace against a policy: an event loop that knows the real runtimes. Pure: the caller drives it step by step or to
/// the end.
///
/// *Complexity:* O(n log r) beside the policy for n jobs of which at most r run at a time; space O(n).
#[derive(Clone, Debug)]
pub struct Replay<'a, S> {
    policy: S,
    jobs: &'a [TraceJob],
    ties: Ties,
    /// The next job to be submitted.
    next: usize,
    ends: BinaryHeap<Reverse<(u64, u64, u32)>>,
    expiries: BinaryHeap<Reverse<(u64, u32)>>,
    progress: Vec<Progress>,
    /// Which job of the trace the policy calls by which number.
    places: Vec<u32>,
    suspensions: Vec<Suspension>,
    /// Starts so far.
    started: u64,
    finished: usize,
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    id: JobId,
    run: Option<Run>,
    /// When it last started or resumed; when it last was suspended, if it is.
    since: u64,
    suspended: bool,
    done: bool,
    /// Ticks still to run, counted from `since`.
    left: u64,
    expected_end: u64,
}

impl<'a, S: BatchPolicy> Replay<'a, S> {
    /// Prepares to replay `jobs`, which must be in order of submission, against a policy that knows of no job yet.
    ///
    /// # Errors
    ///
    /// [`ReplayError::OutOfOrder`], [`ReplayError::RuntimeOutOfRange`], [`ReplayError::TooManyJobs`].
    pub fn new(policy: S, jobs: &'a [TraceJob], ties: Ties) -> Result<Self, ReplayError> {
        if u32::try_from(jobs.len()).is_err() {
            return Err(ReplayError::TooManyJobs { jobs: jobs.len() });
        }
        let mut last = 0;
        for (index, job) in jobs.iter().enumerate() {
            if job.submit < last {
                return Err(ReplayError::OutOfOrder {
                    index,
                    submit: job.submit,
                });
            }
            last = job.submit;
            let TraceJob {
                runtime,
                submission: Submission { estimate, .. },
                ..
            } = *job;
            if runtime == 0 || runtime > estimate {
                return Err(ReplayError::RuntimeOutOfRange {
                    index,
                    runtime,
                    estimate,
                });
            }
        }
        Ok(Self {
            policy,
            jobs,
            ties,
            next: 0,
            ends: BinaryHeap::new(),
            expiries: BinaryHeap::new(),
            progress: Vec::with_capacity(jobs.len()),
            places: Vec::new(),
            suspensions: Vec::new(),
            started: 0,
            finished: 0,
        })
    }

    /// The policy, as it is now.
    #[must_use]
    pub const fn policy(&self) -> &S {
        &self.policy
    }

    /// The same replay, going on with another policy in its place: one restored from a snapshot, say.
    #[must_use]
    pub fn with_policy<T>(self, policy: impl FnOnce(S) -> T) -> Replay<'a, T> {
        let Self {
            jobs,
            ties,
            next,
            ends,
            expiries,
            progress,
            places,
            suspensions,
            started,
            finished,
            ..
        } = self;
        let policy = policy(self.policy);
        Replay {
            policy,
            jobs,
            ties,
            next,
            ends,
            expiries,
            progress,
            places,
            suspensions,
            started,
            finished,
        }
    }

    /// How many jobs have ended.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.finished
    }

    /// Plays all events of the next instant. Returns that instant, or `None` when nothing is left to happen.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Policy`].
    #[inline]
    pub fn step(&mut self) -> Result<Option<u64>, ReplayError> {
        let submit = self.jobs.get(self.next).map(|job| job.submit);
        let end = self.ends.peek().map(|next| next.0.0);
        let expiry = self.expiries.peek().map(|next| next.0.0);
        let Some(now) = [submit, end, expiry].into_iter().flatten().min() else {
            return Ok(None);
        };
        self.expire(now)?;
        match self.ties {
            Ties::Event => {
                self.submit(now, true)?;
                self.finish(now, true)?;
            }
            Ties::FinishFirst => {
                self.finish(now, true)?;
                self.submit(now, true)?;
            }
            Ties::Batch => {
                let events = self.next + self.finished;
                self.submit(now, false)?;
                self.finish(now, false)?;
                // As in the other conventions, a corrected prediction alone leads to no pass.
                if self.next + self.finished > events {
                    self.pass(now, self.next.saturating_sub(1))?;
                }
            }
        }
        Ok(Some(now))
    }

    /// Plays to the end.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Policy`], [`ReplayError::Starved`].
    pub fn run(mut self) -> Result<Outcome, ReplayError> {
        while self.step()?.is_some() {}
        self.outcome()
    }

    /// What became of the jobs, once nothing is left to happen.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Starved`] if jobs were left in the queue.
    pub fn outcome(self) -> Result<Outcome, ReplayError> {
        let runs: Vec<Run> = self.progress.iter().filter_map(|job| job.run).collect();
        if self.finished < self.jobs.len() {
            return Err(ReplayError::Starved {
                left: self.jobs.len() - self.finished,
            });
        }
        Ok(Outcome {
            runs,
            suspensions: self.suspensions,
        })
    }

    fn expire(&mut self, now: u64) -> Result<(), ReplayError> {
        while let Some(&Reverse((time, place))) = self.expiries.peek()
            && time <= now
        {
            self.expiries.pop();
            let index = place as usize;
            let job = self.progress[index];
            // It may have been suspended, or may have another expected end since.
            if job.suspended || job.expected_end != time {
                continue;
            }
            let expected_end = self
                .policy
                .expire(now, job.id)
                .map_err(|error| ReplayError::Policy { index, error })?;
            self.expect(index, expected_end);
        }
        Ok(())
    }

    fn submit(&mut self, now: u64, pass: bool) -> Result<(), ReplayError> {
        while let Some(job) = self.jobs.get(self.next)
            && job.submit == now
        {
            let index = self.next;
            let id = self
                .policy
                .submit(now, job.submission)
                .map_err(|error| ReplayError::Policy { index, error })?;
            self.next += 1;
            if self.places.len() <= id.index() {
                self.places.resize(id.index() + 1, 0);
            }
            self.places[id.index()] = place(index);
            self.progress.push(Progress {
                id,
                run: None,
                since: now,
                suspended: false,
                done: false,
                left: job.runtime,
                expected_end: MAX_TIME,
            });
            if pass {
                self.pass(now, index)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, now: u64, pass: bool) -> Result<(), ReplayError> {
        while let Some(&Reverse((time, _, at))) = self.ends.peek()
            && time == now
        {
            self.ends.pop();
            let index = at as usize;
            let job = &mut self.progress[index];
            // If it was suspended since, it ends later: unless it had nothing left to do.
            let ends =
                job.run.is_some_and(|run| run.end == now) && (!job.suspended || job.left == 0);
            if !ends || job.done {
                continue;
            }
            job.done = true;
            let id = job.id;
            self.finished += 1;
            self.policy
                .finish(now, id)
                .map_err(|error| ReplayError::Policy { index, error })?;
            if pass {
                self.pass(now, index)?;
            }
        }
        Ok(())
    }

    /// `index` is the job whose event led to the pass.
    fn pass(&mut self, now: u64, index: usize) -> Result<(), ReplayError> {
        let decisions = self
            .policy
            .pass(now)
            .map_err(|error| ReplayError::Policy { index, error })?;
        for decision in decisions {
            match *decision {
                Decision::Start {
                    job,
                    reason,
                    expected_end,
                }
                | Decision::Resume {
                    job,
                    reason,
                    expected_end,
                } => {
                    let at = self.places[job.index()];
                    let progress = &mut self.progress[at as usize];
                    if progress.suspended {
                        progress.suspended = false;
                        if now > progress.since {
                            self.suspensions.push(Suspension {
                                index: at as usize,
                                from: progress.since,
                                until: now,
                            });
                        }
                    }
                    progress.since = now;
                    let end = now.saturating_add(progress.left);
                    match &mut progress.run {
                        // A start that was taken back within its instant never was.
                        Some(run) if progress.left < self.jobs[at as usize].runtime => {
                            run.end = end
                        }
                        run => {
                            *run = Some(Run {
                                start: now,
                                end,
                                reason,
                            })
                        }
                    }
                    progress.expected_end = expected_end;
                    self.started += 1;
                    self.ends.push(Reverse((end, self.started, at)));
                    if expected_end < end {
                        self.expiries.push(Reverse((expected_end, at)));
                    }
                }
                Decision::Suspend { job, .. } => {
                    let progress = &mut self.progress[self.places[job.index()] as usize];
                    progress.left -= now - progress.since;
                    progress.since = now;
                    progress.suspended = true;
                }
            }
        }
        Ok(())
    }

    fn expect(&mut self, index: usize, expected_end: u64) {
        let job = &mut self.progress[index];
        job.expected_end = expected_end;
        if job.run.is_some_and(|run| expected_end < run.end) {
            self.expiries.push(Reverse((expected_end, place(index))));
        }
    }
}

/// Places in a trace fit `u32`: [`Replay::new`] refuses longer ones.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
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
