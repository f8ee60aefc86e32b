use alloc::vec::Vec;

use super::free::Free;
use super::jobs::{Hold, Jobs, State};
use crate::{
    BatchPolicy, Blocker, Config, Decision, Error, JobId, MAX_TIME, Plan, StartReason, Submission,
};

/// The slow twin of [`Conservative`](crate::Conservative): a reservation for every job at
/// submission, compression after terminations.
///
/// *Complexity:* O(n³) and worse, on purpose.
#[derive(Clone, Debug)]
pub struct Conservative {
    jobs: Jobs,
    release_at_expected_end: bool,
    /// Of the waiting jobs, in order of submission.
    reservations: Vec<Reservation>,
    /// The overdue jobs that a pass found running, and when: they were expected to end a tick
    /// later.
    overdue: Vec<(JobId, u64)>,
    /// A job has left since the last pass.
    vacated: bool,
    decisions: Vec<Decision>,
}

#[derive(Clone, Copy, Debug)]
struct Reservation {
    job: JobId,
    start: u64,
    /// When that start was settled.
    settled: u64,
}

impl Conservative {
    /// See [`Conservative::new`](crate::Conservative::new).
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`].
    pub fn new(processors: u64) -> Result<Self, Error> {
        Config::new(processors)?;
        Ok(Self {
            jobs: Jobs::new(processors),
            release_at_expected_end: false,
            reservations: Vec::new(),
            overdue: Vec::new(),
            vacated: false,
            decisions: Vec::new(),
        })
    }

    /// See [`Config::release_at_expected_end`].
    #[must_use]
    pub const fn release_at_expected_end(mut self, release: bool) -> Self {
        self.release_at_expected_end = release;
        self
    }

    /// See [`Conservative::promised`](crate::Conservative::promised).
    #[must_use]
    pub fn promised(&self, job: JobId) -> Option<u64> {
        match self.jobs.get(job).ok()?.state {
            State::Queued(promised) => promised,
            State::Running { .. } => None,
        }
    }

    /// What running jobs and these reservations leave free.
    fn free_beside(&self, reservations: &[Reservation]) -> Free {
        let mut free = Free::new(self.jobs.processors);
        for job in &self.jobs.held {
            if let State::Running { since, expected_end, .. } = job.state {
                let overdue = self.overdue.iter().find(|overdue| overdue.0 == job.id);
                let end = overdue.map_or(expected_end, |overdue| overdue.1 + 1);
                free.take(job.needs(), since, end - since);
            }
        }
        for reservation in reservations {
            let job = self.jobs.of(reservation.job);
            free.take(job.needs(), reservation.start, job.length());
        }
        free
    }

    fn earliest_hole(&self, job: JobId, beside: &[Reservation]) -> u64 {
        let job = self.jobs.of(job);
        let hole = self.free_beside(beside).earliest_hole(job.needs(), job.length(), self.jobs.now);
        hole.unwrap_or(u64::MAX)
    }

    /// Makes all reservations anew, in order of submission.
    fn remake(&mut self) {
        let known = core::mem::take(&mut self.reservations);
        for Reservation { job, .. } in known {
            let start = self.earliest_hole(job, &self.reservations);
            self.reservations.push(Reservation { job, start, settled: self.jobs.now });
        }
    }

    /// Takes each reservation out, in order of submission, and puts it back at the earliest hole.
    fn compress(&mut self) {
        for at in 0..self.reservations.len() {
            let known = self.reservations.remove(at);
            let start = self.earliest_hole(known.job, &self.reservations);
            let moved = Reservation { start, settled: self.jobs.now, ..known };
            self.reservations.insert(at, if start == known.start { known } else { moved });
        }
    }

    /// Starts the jobs whose reservations have come, in order of submission.
    fn start_due(&mut self) {
        let now = self.jobs.now;
        // The reservation that starts first of those kept, all submitted before.
        let mut earliest: Option<Reservation> = None;
        for reservation in self.reservations.clone() {
            let Reservation { job, start, settled } = reservation;
            let (needs, length) = (self.jobs.of(job).needs(), self.jobs.of(job).length());
            if start > now || needs > self.jobs.not_held(&[Hold::Firmly]) {
                if earliest.is_none_or(|known| start < known.start) {
                    earliest = Some(reservation);
                }
                continue;
            }
            let expected_end = now + length;
            let reason = match earliest {
                None => StartReason::Head,
                Some(_) if settled < now => StartReason::Reserved { start },
                Some(Reservation { job: head, start: shadow, .. }) if expected_end <= shadow => {
                    StartReason::BeforeShadow { head, shadow }
                }
                Some(Reservation { job: head, start: shadow, .. }) => {
                    let extra = self.free_beside(&self.reservations).at(shadow) + needs;
                    StartReason::ExtraProcessors { head, shadow, extra }
                }
            };
            self.reservations.retain(|reservation| reservation.job != job);
            let held = self.jobs.of_mut(job);
            held.started = true;
            held.state = State::Running { since: now, expected_end, hold: Hold::Firmly };
            self.decisions.push(Decision::Start { job, reason, expected_end });
        }
    }

    fn leave(&mut self, job: JobId) {
        self.reservations.retain(|reservation| reservation.job != job);
        self.overdue.retain(|overdue| overdue.0 != job);
        self.jobs.remove(job);
        self.vacated = true;
    }
}

impl BatchPolicy for Conservative {
    fn processors(&self) -> u64 {
        self.jobs.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.jobs.check_time(now)?;
        self.jobs.check_job(&job)?;
        let free = self.free_beside(&self.reservations);
        let start = free.earliest_hole(job.processors, job.estimate, now).unwrap_or(u64::MAX);
        if start > MAX_TIME {
            return Err(Error::BeyondHorizon { start });
        }
        self.jobs.now = now;
        let id = self.jobs.submit(job, job.estimate);
        self.jobs.of_mut(id).state = State::Queued(Some(start));
        self.reservations.push(Reservation { job: id, start, settled: now });
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.jobs.check_time(now)?;
        if self.jobs.get(job)?.waits() {
            return Err(Error::NotRunning { job });
        }
        self.jobs.now = now;
        self.leave(job);
        Ok(())
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.jobs.check_time(now)?;
        if !self.jobs.get(job)?.waits() {
            return Err(Error::NotQueued { job });
        }
        self.jobs.now = now;
        self.leave(job);
        Ok(())
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.jobs.check_time(now)?;
        match self.jobs.get(job)?.state {
            State::Queued(_) => Err(Error::NotRunning { job }),
            State::Running { expected_end, .. } if expected_end > now => {
                Err(Error::NotExpired { job, expected_end, now })
            }
            State::Running { hold: Hold::Released, .. } => Err(Error::AlreadyReleased { job }),
            State::Running { expected_end, .. } => {
                self.jobs.now = now;
                Ok(expected_end)
            }
        }
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.jobs.check_time(now)?;
        self.jobs.now = now;
        self.decisions.clear();
        if self.release_at_expected_end {
            self.jobs.release();
        }
        self.overdue.clear();
        for job in &self.jobs.held {
            if job.end_if(Hold::Firmly).is_some_and(|end| end <= now) {
                self.overdue.push((job.id, now));
            }
        }
        let missed = |reservation: &Reservation| reservation.start < now;
        if !self.overdue.is_empty() || self.reservations.iter().any(missed) {
            self.remake();
        }
        if core::mem::take(&mut self.vacated) {
            self.compress();
        }
        self.start_due();
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.jobs.next_end()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.jobs.check_time(now)?;
        let held = self.jobs.get(job)?;
        let Some(at) = self.reservations.iter().position(|known| known.job == job) else {
            return Err(Error::NotQueued { job });
        };
        let Reservation { start, .. } = self.reservations[at];
        let (needed, free) = (held.needs(), self.jobs.not_held(&[Hold::Firmly]));
        let mut others = self.reservations.clone();
        others.remove(at);
        let fills_up =
            |count: usize| !self.free_beside(&others[..count]).fits(needed, held.length(), now);
        let blocker = if start <= now {
            Blocker::Nothing
        } else if needed > free {
            Blocker::Processors { needed, free }
        } else {
            let first =
                (1..=others.len()).find(|&count| fills_up(count)).map(|count| others[count - 1]);
            first.map_or(Blocker::Nothing, |other| Blocker::Reservation {
                job: other.job,
                start: other.start,
            })
        };
        Ok(Plan { start, reserved: true, blocker })
    }

    fn queued(&self) -> usize {
        self.reservations.len()
    }

    fn releases_at_expected_end(&self) -> Option<bool> {
        Some(self.release_at_expected_end)
    }
}
