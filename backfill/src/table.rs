#![expect(clippy::inline_always, reason = "measured: jobs go over in registers")]

use alloc::vec::Vec;

use crate::{Error, JobId, MAX_TIME, QueuedJob, Submission};

/// The jobs that a scheduler holds, by number, and the clock that it goes by.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) slots: Vec<Slot>,
    /// Slots that nobody holds; the last is used next.
    pub(crate) vacant: Vec<u32>,
    /// The next job's place in the order of submission.
    pub(crate) sequence: u64,
    /// The latest time seen.
    pub(crate) now: u64,
}

/// Two lines of memory that are fetched together: one that a start and an end look at, and one of
/// what was submitted.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub(crate) struct Slot {
    pub(crate) held: Option<Held>,
    pub(crate) generation: u32,
    /// Of a vacant slot, anything.
    pub(crate) job: QueuedJob,
}

const _: () = assert!(size_of::<Slot>() == 128);

/// What has become so far of a job that is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) state: State,
    /// What was predicted when it was submitted.
    pub(crate) first_prediction: u64,
    /// How often that was corrected.
    pub(crate) corrections: u8,
    /// Whether it has been started before.
    pub(crate) started: bool,
    /// Ticks it ran before it was last suspended.
    pub(crate) worked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) enum State {
    Queued {
        /// The start of the reservation it holds.
        reserved: Option<u64>,
    },
    Running {
        since: u64,
        expected_end: u64,
        claim: Claim,
    },
}

/// How a running job holds its processors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) enum Claim {
    /// Until it ends.
    Firm,
    /// No longer: its expected end has come.
    Released,
    /// Until the head of the queue is due.
    Preemptible,
}

impl Table {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new(), sequence: 0, now: 0 }
    }

    /// Refuses a time that went back or too far; changes nothing.
    pub(crate) const fn check_time(&self, now: u64) -> Result<(), Error> {
        if now < self.now {
            return Err(Error::TimeWentBack { now, last: self.now });
        }
        if now > MAX_TIME {
            return Err(Error::TimeOutOfRange { now });
        }
        Ok(())
    }

    pub(crate) const fn advance(&mut self, now: u64) {
        self.now = now;
    }

    /// Refuses a job that cannot run on a machine of `processors`; changes nothing.
    pub(crate) fn check_job(&self, processors: u64, job: &Submission) -> Result<(), Error> {
        if job.processors == 0 {
            return Err(Error::NoProcessors);
        }
        if job.processors > processors {
            return Err(Error::TooLarge { asked: job.processors, available: processors });
        }
        if job.estimate == 0 || job.estimate > MAX_TIME {
            return Err(Error::EstimateOutOfRange { estimate: job.estimate });
        }
        if self.vacant.is_empty() && self.slots.len() >= MAX_JOBS {
            return Err(Error::TooManyJobs { limit: MAX_JOBS as u64 });
        }
        Ok(())
    }

    /// Queues a job that passed [`check_job`](Self::check_job).
    #[inline(always)]
    pub(crate) fn insert(&mut self, submission: Submission, predicted: u64) -> JobId {
        let predicted = predicted.clamp(1, submission.estimate);
        let job = QueuedJob { submission, submitted: self.now, sequence: self.sequence, predicted };
        self.sequence += 1;
        let held = Held {
            state: State::Queued { reserved: None },
            first_prediction: predicted,
            corrections: 0,
            started: false,
            worked: 0,
        };
        if let Some(index) = self.vacant.pop() {
            let slot = &mut self.slots[index as usize];
            slot.held = Some(held);
            slot.job = job;
            return JobId { index, generation: slot.generation };
        }
        self.slots.push(Slot { held: Some(held), generation: 0, job });
        // `check_job` keeps the number of slots within `u32`.
        let index = u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX);
        JobId { index, generation: 0 }
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.held = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.vacant.push(index);
    }

    #[inline]
    pub(crate) fn id(&self, index: u32) -> JobId {
        JobId { index, generation: self.slots[index as usize].generation }
    }

    #[inline]
    pub(crate) fn get(&self, job: JobId) -> Result<&Held, Error> {
        self.slots
            .get(job.index())
            .filter(|slot| slot.generation == job.generation)
            .and_then(|slot| slot.held.as_ref())
            .ok_or(Error::UnknownJob { job })
    }

    #[cfg(feature = "serde")]
    pub(crate) fn find(&self, index: u32) -> Option<&Held> {
        self.slots.get(index as usize)?.held.as_ref()
    }

    /// The job in an occupied slot.
    #[inline]
    pub(crate) fn held(&self, index: u32) -> &Held {
        self.slots[index as usize]
            .held
            .as_ref()
            .expect("the slot of a queued or running job is occupied")
    }

    #[inline]
    pub(crate) fn held_mut(&mut self, index: u32) -> &mut Held {
        self.slots[index as usize]
            .held
            .as_mut()
            .expect("the slot of a queued or running job is occupied")
    }

    /// What was submitted as the job in an occupied slot.
    #[inline]
    pub(crate) fn job(&self, index: u32) -> &QueuedJob {
        &self.slots[index as usize].job
    }

    #[inline]
    pub(crate) fn job_mut(&mut self, index: u32) -> &mut QueuedJob {
        &mut self.slots[index as usize].job
    }

    #[cfg(feature = "serde")]
    /// All jobs held, by index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Held)> {
        (0u32..).zip(&self.slots).filter_map(|(index, slot)| Some((index, slot.held.as_ref()?)))
    }
}

/// Jobs are numbered by `u32`.
const MAX_JOBS: usize = u32::MAX as usize;
