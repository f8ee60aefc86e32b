use alloc::vec::Vec;

use crate::{Error, JobId, MAX_TIME, QueuedJob, Submission};

/// The jobs held, in order of submission, and the latest time seen.
#[derive(Clone, Debug)]
pub(super) struct Jobs {
    pub(super) processors: u64,
    pub(super) now: u64,
    pub(super) held: Vec<Job>,
    submitted: u64,
    /// The generation of each index that was ever given out.
    generations: Vec<u32>,
    /// Indexes to be given out again: the last one first.
    vacant: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) queued: QueuedJob,
    pub(super) first_prediction: u64,
    pub(super) corrections: usize,
    pub(super) started: bool,
    /// Ticks it ran before it was last suspended.
    pub(super) worked: u64,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// Waits, with the start of the reservation it holds.
    Queued(Option<u64>),
    Running {
        since: u64,
        expected_end: u64,
        hold: Hold,
    },
}

/// How a running job holds its processors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hold {
    Firmly,
    /// Counted as gone at its expected end.
    Released,
    /// Lent to it until the head of the queue is due.
    Lent,
}

impl Job {
    pub(super) fn needs(&self) -> u64 {
        self.queued.submission.processors
    }

    /// The time for which it is expected to run.
    pub(super) fn length(&self) -> u64 {
        self.queued.predicted
    }

    pub(super) fn waits(&self) -> bool {
        matches!(self.state, State::Queued(_))
    }

    /// When it is expected to end, if it runs and holds its processors so.
    pub(super) fn end_if(&self, wanted: Hold) -> Option<u64> {
        match self.state {
            State::Running { expected_end, hold, .. } if hold == wanted => Some(expected_end),
            _ => None,
        }
    }
}

impl Jobs {
    pub(super) fn new(processors: u64) -> Self {
        Self {
            processors,
            now: 0,
            held: Vec::new(),
            submitted: 0,
            generations: Vec::new(),
            vacant: Vec::new(),
        }
    }

    pub(super) fn check_time(&self, now: u64) -> Result<(), Error> {
        if now < self.now {
            Err(Error::TimeWentBack { now, last: self.now })
        } else if now > MAX_TIME {
            Err(Error::TimeOutOfRange { now })
        } else {
            Ok(())
        }
    }

    pub(super) fn check_job(&self, job: &Submission) -> Result<(), Error> {
        let limit = u64::from(u32::MAX);
        if job.processors == 0 {
            Err(Error::NoProcessors)
        } else if job.processors > self.processors {
            Err(Error::TooLarge { asked: job.processors, available: self.processors })
        } else if job.estimate == 0 || job.estimate > MAX_TIME {
            Err(Error::EstimateOutOfRange { estimate: job.estimate })
        } else if self.held.len() as u64 >= limit {
            Err(Error::TooManyJobs { limit })
        } else {
            Ok(())
        }
    }

    pub(super) fn submit(&mut self, submission: Submission, prediction: u64) -> JobId {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.generations.push(0);
            u32::try_from(self.generations.len() - 1).expect("no more jobs than `u32` can count")
        });
        let id = JobId { index, generation: self.generations[index as usize] };
        let predicted = prediction.max(1).min(submission.estimate);
        self.held.push(Job {
            id,
            queued: QueuedJob {
                submission,
                submitted: self.now,
                sequence: self.submitted,
                predicted,
            },
            first_prediction: predicted,
            corrections: 0,
            started: false,
            worked: 0,
            state: State::Queued(None),
        });
        self.submitted += 1;
        id
    }

    pub(super) fn remove(&mut self, id: JobId) {
        self.held.retain(|job| job.id != id);
        let generation = &mut self.generations[id.index()];
        *generation = generation.wrapping_add(1);
        self.vacant.push(id.index);
    }

    pub(super) fn get(&self, id: JobId) -> Result<&Job, Error> {
        self.held.iter().find(|job| job.id == id).ok_or(Error::UnknownJob { job: id })
    }

    /// A job that is known to be held.
    pub(super) fn of(&self, id: JobId) -> &Job {
        self.get(id).expect("the job is held")
    }

    pub(super) fn of_mut(&mut self, id: JobId) -> &mut Job {
        self.held.iter_mut().find(|job| job.id == id).expect("the job is held")
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Job> {
        self.held.iter().filter(|job| job.waits())
    }

    /// The processors that no job holds so.
    pub(super) fn not_held(&self, holds: &[Hold]) -> u64 {
        let used: u64 = self
            .held
            .iter()
            .filter(|job| holds.iter().any(|&hold| job.end_if(hold).is_some()))
            .map(Job::needs)
            .sum();
        self.processors.saturating_sub(used)
    }

    /// Counts the processors of jobs whose expected end has come as free from now on.
    pub(super) fn release(&mut self) {
        for job in &mut self.held {
            if let State::Running { expected_end, hold, .. } = &mut job.state
                && *hold == Hold::Firmly
                && *expected_end <= self.now
            {
                *hold = Hold::Released;
            }
        }
    }

    /// The earliest expected end still to come of a job whose processors have not been released.
    pub(super) fn next_end(&self) -> Option<u64> {
        let end = |job: &Job| job.end_if(Hold::Firmly).or(job.end_if(Hold::Lent));
        self.held.iter().filter_map(end).filter(|&end| end > self.now).min()
    }
}
