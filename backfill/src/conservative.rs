use alloc::vec::Vec;

use crate::index::narrow;
use crate::profile::{Climb, Profile, signed};
use crate::table::{Claim, State, Table};
use crate::timeline::{Entry, Timeline};
use crate::{
    BatchPolicy, Blocker, Config, Decision, Error, JobId, MAX_TIME, Plan, StartReason, Submission,
};

/// Conservative backfilling with compression: every job gets a reservation when it is submitted,
/// and never starts after it.
///
/// On submission a job is given the earliest hole that delays no reservation made before. When a
/// job ends, its remaining time becomes free, and in the next pass each queued job, in order of
/// submission, moves to the earliest hole there is for it, if that is earlier than its reservation.
/// Nothing else moves a reservation. The promise holds as long as jobs are killed at their
/// estimates; if one outlives its estimate, all reservations are made anew behind it.
///
/// *Source:* Mu'alem and Feitelson, TPDS 12(6), 2001, section 2 (conservative backfilling,
/// compression). *Tie-breaks:* order of submission. *Complexity:* with q queued jobs, r running
/// ones and a plan of p ≤ 2 (q + r) + 1 steps in blocks of b = 128, a change of the plan costs
/// c = O(p / b + b). `finish` takes O(c); `submit` O(c) and a search for a hole, which looks at
/// O(p) steps at worst and passes over whole blocks; a pass after terminations at most q searches
/// and O(c) for each job that moves; any other pass O(1), plus O(q) if jobs start.
///
/// ```
/// use apportion_backfill::{BatchPolicy, Conservative, Submission};
///
/// let mut conservative = Conservative::new(6)?;
/// let running = conservative.submit(0, Submission::new(3, 4))?;
/// let wide = conservative.submit(0, Submission::new(6, 4))?;
/// assert_eq!(conservative.pass(0)?.len(), 1);
/// assert_eq!(conservative.plan(0, wide)?.start, 4);
/// conservative.finish(3, running)?;
/// assert_eq!(conservative.pass(3)?.len(), 1, "earlier than promised");
/// # Ok::<(), apportion_backfill::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::snapshot::ConservativeSnapshot",
        into = "crate::snapshot::ConservativeSnapshot"
    )
)]
pub struct Conservative {
    pub(crate) config: Config,
    pub(crate) table: Table,
    /// What running jobs and reservations leave free.
    profile: Profile,
    /// The queue, in order of submission.
    pub(crate) waiting: Vec<Waiting>,
    timeline: Timeline,
    /// Processors on which nothing runs.
    free: u64,
    /// No reservation starts earlier.
    due: u64,
    /// A job has left since the last pass.
    pub(crate) vacated: bool,
    /// Where processors have become free that not every queued job has been tried on.
    freed: Freed,
    /// For use within a pass: see [`Climb`].
    climb: Climb,
    /// When reservations were last made anew because a job had outlived its estimate.
    pub(crate) remade: Option<u64>,
    decisions: Vec<Decision>,
}

/// A queued job and its reservation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) slot: u32,
    pub(crate) processors: u64,
    pub(crate) estimate: u64,
    pub(crate) start: u64,
    /// When that start was settled.
    pub(crate) planned: u64,
}

/// A stretch of time outside which no processors have become free.
#[derive(Clone, Copy, Debug)]
struct Freed {
    from: u64,
    until: u64,
}

impl Freed {
    const NOTHING: Self = Self { from: u64::MAX, until: 0 };

    const fn is_nothing(self) -> bool {
        self.from >= self.until
    }

    fn note(&mut self, from: u64, until: u64) {
        self.from = self.from.min(from);
        self.until = self.until.max(until);
    }
}

/// The job that was looked at last, and what came out.
#[derive(Clone, Copy, Debug)]
struct Tried {
    processors: u64,
    estimate: u64,
    /// The start it had.
    reserved: u64,
    /// It found no hole that begins before this.
    earliest: u64,
}

impl Tried {
    const NOTHING: Self = Self { processors: u64::MAX, estimate: 0, reserved: 0, earliest: 0 };

    /// No hole for the next job begins before this. Whatever cut off the holes of the last one lies
    /// before the start it had, where nothing has become free since; so it cuts off those of one
    /// that is no smaller, and whose own start, up to which its hole has to last, is no earlier.
    const fn earliest(&self, next: &Waiting) -> u64 {
        let is_no_smaller = next.processors >= self.processors && next.estimate >= self.estimate;
        if is_no_smaller && next.start >= self.reserved { self.earliest } else { 0 }
    }
}

impl Conservative {
    /// A scheduler for `processors` identical processors.
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`] for none or more than [`MAX_PROCESSORS`](crate::MAX_PROCESSORS).
    pub fn new(processors: u64) -> Result<Self, Error> {
        Ok(Self {
            config: Config::new(processors)?,
            table: Table::new(),
            profile: Profile::new(0, processors),
            waiting: Vec::new(),
            timeline: Timeline::default(),
            free: processors,
            due: u64::MAX,
            vacated: false,
            freed: Freed::NOTHING,
            climb: Climb::default(),
            remade: None,
            decisions: Vec::new(),
        })
    }

    /// See [`Config::release_at_expected_end`].
    #[must_use]
    pub const fn release_at_expected_end(mut self, release: bool) -> Self {
        self.config.release_at_expected_end = release;
        self
    }

    /// The start that a queued job was promised when it was submitted; it starts then or earlier.
    #[must_use]
    pub fn promised(&self, job: JobId) -> Option<u64> {
        match self.table.get(job).ok()?.state {
            State::Queued { reserved } => reserved,
            State::Running { .. } => None,
        }
    }

    /// What the running jobs leave free from `now` on.
    fn beside_running(&self, now: u64) -> Profile {
        let mut profile = Profile::new(now, self.config.processors);
        for Entry { end, processors, .. } in self.timeline.iter() {
            // One that has outlived its estimate was expected to end in the next tick.
            let remade = self.remade.filter(|remade| end <= *remade);
            let end = remade.map_or(end, |remade| remade.saturating_add(1));
            profile.add(now, end, -i64::from(processors));
        }
        profile
    }

    /// What keeps the job at place `at` of the queue from starting now.
    fn blocker(&self, now: u64, at: usize) -> Blocker {
        let Waiting { processors: needed, estimate, start, .. } = self.waiting[at];
        if start <= now {
            return Blocker::Nothing;
        }
        if needed > self.free {
            return Blocker::Processors { needed, free: self.free };
        }
        let mut profile = self.beside_running(now);
        for (_, other) in self.waiting.iter().enumerate().filter(|(place, _)| *place != at) {
            let end = other.start.saturating_add(other.estimate);
            profile.add(other.start, end, -signed(other.processors));
            if profile.first_hole(needed, estimate, now..now + 1, u64::MAX).is_none() {
                return Blocker::Reservation { job: self.table.id(other.slot), start: other.start };
            }
        }
        Blocker::Nothing
    }

    /// Works out from the jobs held and their reservations everything else.
    #[cfg(feature = "serde")]
    pub(crate) fn rebuild(&mut self) {
        let running = self.table.iter().filter_map(|(slot, held)| match held.state {
            State::Running { expected_end, claim: Claim::Firm, .. } => {
                Some((expected_end, slot, self.table.job(slot).submission.processors))
            }
            _ => None,
        });
        for (expected_end, slot, processors) in running {
            self.free -= processors;
            self.timeline.insert(expected_end, slot, narrow(processors));
        }
        self.profile = self.beside_running(self.table.now);
        self.due = u64::MAX;
        for job in &self.waiting {
            self.profile.add(
                job.start,
                job.start.saturating_add(job.estimate),
                -signed(job.processors),
            );
            self.due = self.due.min(job.start);
        }
        // Every job is tried everywhere: that costs time once, and changes nothing.
        self.freed = Freed { from: 0, until: u64::MAX };
    }

    /// Whether reservations overlap beyond what the machine has.
    #[cfg(feature = "serde")]
    pub(crate) fn is_overbooked(&self) -> bool {
        self.profile.is_overdrawn()
    }

    /// What follows from expected ends that have come.
    fn notice_expected_ends(&mut self, now: u64) {
        if self.timeline.first().is_none_or(|entry| entry.end > now) {
            return;
        }
        if !self.config.release_at_expected_end {
            self.remake(now);
            return;
        }
        while let Some(Entry { end, slot, processors }) = self.timeline.first()
            && end <= now
        {
            self.timeline.remove(end, slot);
            self.free += u64::from(processors);
            if let State::Running { claim, .. } = &mut self.table.held_mut(slot).state {
                *claim = Claim::Released;
            }
        }
    }

    /// Makes all reservations anew: a running job has outlived its estimate, which no promise has
    /// taken into account.
    fn remake(&mut self, now: u64) {
        self.remade = Some(now);
        self.profile = Profile::from_running(now, self.free, self.timeline.iter());
        self.due = u64::MAX;
        self.freed = Freed::NOTHING;
        for job in &mut self.waiting {
            job.start = self
                .profile
                .first_hole(job.processors, job.estimate, now..u64::MAX, u64::MAX)
                .unwrap_or(u64::MAX);
            job.planned = now;
            self.profile.add(
                job.start,
                job.start.saturating_add(job.estimate),
                -signed(job.processors),
            );
            self.due = self.due.min(job.start);
        }
    }

    /// Moves each queued job, in order of submission, to the earliest hole before its reservation.
    ///
    /// A job that found no earlier hole when it was last looked at can only have got one where
    /// processors have become free since; it finds none before the time at which, for the first
    /// time, enough are; nor before the reservation of a job that was just looked at and is no
    /// larger.
    fn compress(&mut self, now: u64) {
        if self.freed.is_nothing() {
            return;
        }
        self.due = u64::MAX;
        let mut freed = self.freed;
        let mut moved = Freed::NOTHING;
        let mut tried = Tried::NOTHING;
        self.climb.begin(&self.profile, now);
        for job in &mut self.waiting {
            let latest = freed.until.min(job.start);
            if freed.from < job.start
                && let Some(level) = self.climb.reaches(&self.profile, job.processors, latest)
                && let earliest = tried.earliest(job).max(level.time)
                && earliest < latest
            {
                let first =
                    if earliest > level.time { self.profile.at(earliest) } else { level.at };
                let found = self.profile.first_hole_from(
                    first,
                    job.processors,
                    job.estimate,
                    earliest..freed.until,
                    job.start,
                );
                tried = Tried {
                    processors: job.processors,
                    estimate: job.estimate,
                    reserved: job.start,
                    earliest: found.unwrap_or(latest),
                };
                if let Some(start) = found {
                    // Where the old and the new reservation overlap, nothing changes.
                    let processors = signed(job.processors);
                    let (new_end, end) = (
                        start.saturating_add(job.estimate),
                        job.start.saturating_add(job.estimate),
                    );
                    let vacated = job.start.max(new_end);
                    self.profile.add(start, job.start.min(new_end), -processors);
                    self.profile.add(vacated, end, processors);
                    self.climb.change(&self.profile, start);
                    freed.note(vacated, end);
                    moved.note(vacated, end);
                    (job.start, job.planned) = (start, now);
                }
            }
            self.due = self.due.min(job.start);
        }
        self.freed = moved;
    }

    /// Starts the jobs whose reservations have come.
    fn start_due(&mut self, now: u64) {
        self.due = u64::MAX;
        let mut earliest: Option<(u64, u32)> = None;
        let mut waiting = core::mem::take(&mut self.waiting);
        waiting.retain(|job| {
            if job.start > now || job.processors > self.free {
                self.due = self.due.min(job.start);
                if earliest.is_none_or(|known| job.start < known.0) {
                    earliest = Some((job.start, job.slot));
                }
                return true;
            }
            let end = now + job.estimate;
            let reason = match earliest {
                None => StartReason::Head,
                Some(_) if job.planned < now => StartReason::Reserved { start: job.start },
                Some((shadow, head)) if end <= shadow => {
                    StartReason::BeforeShadow { head: self.table.id(head), shadow }
                }
                Some((shadow, head)) => StartReason::ExtraProcessors {
                    head: self.table.id(head),
                    shadow,
                    extra: self.profile.free_at(shadow) + job.processors,
                },
            };
            let held = self.table.held_mut(job.slot);
            held.started = true;
            held.state = State::Running { since: now, expected_end: end, claim: Claim::Firm };
            self.free -= job.processors;
            self.timeline.insert(end, job.slot, narrow(job.processors));
            self.decisions.push(Decision::Start {
                job: self.table.id(job.slot),
                reason,
                expected_end: end,
            });
            false
        });
        self.waiting = waiting;
    }
}

impl BatchPolicy for Conservative {
    fn processors(&self) -> u64 {
        self.config.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.table.check_time(now)?;
        self.table.check_job(self.config.processors, &job)?;
        let start = self
            .profile
            .first_hole(job.processors, job.estimate, now..u64::MAX, u64::MAX)
            .unwrap_or(u64::MAX);
        if start > MAX_TIME {
            return Err(Error::BeyondHorizon { start });
        }
        self.table.advance(now);
        self.profile.advance(now);
        let id = self.table.insert(job, job.estimate);
        self.table.held_mut(id.index).state = State::Queued { reserved: Some(start) };
        self.profile.add(start, start + job.estimate, -signed(job.processors));
        self.waiting.push(Waiting {
            slot: id.index,
            processors: job.processors,
            estimate: job.estimate,
            start,
            planned: now,
        });
        self.due = self.due.min(start);
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        let held = self.table.get(job)?;
        let State::Running { expected_end, claim, .. } = held.state else {
            return Err(Error::NotRunning { job });
        };
        let processors = self.table.job(job.index).submission.processors;
        self.table.advance(now);
        self.profile.advance(now);
        if claim == Claim::Firm {
            self.timeline.remove(expected_end, job.index);
            self.free += processors;
        }
        // If it has outlived its estimate, the plans may have been made for the next tick.
        let overdue = claim == Claim::Firm && expected_end <= now && self.remade == Some(now);
        let end = if overdue { now + 1 } else { expected_end };
        if now < end {
            self.profile.add(now, end, signed(processors));
            self.freed.note(now, end);
        }
        self.vacated = true;
        self.table.remove(job.index);
        Ok(())
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        if !matches!(self.table.get(job)?.state, State::Queued { .. }) {
            return Err(Error::NotQueued { job });
        }
        self.table.advance(now);
        self.profile.advance(now);
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.slot == job.index) {
            let waiting = self.waiting.remove(at);
            let end = waiting.start.saturating_add(waiting.estimate);
            self.profile.add(waiting.start, end, signed(waiting.processors));
            self.freed.note(waiting.start, end);
        }
        self.vacated = true;
        self.table.remove(job.index);
        Ok(())
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.table.check_time(now)?;
        match self.table.get(job)?.state {
            State::Queued { .. } => Err(Error::NotRunning { job }),
            State::Running { expected_end, .. } if expected_end > now => {
                Err(Error::NotExpired { job, expected_end, now })
            }
            State::Running { claim: Claim::Released, .. } => Err(Error::AlreadyReleased { job }),
            State::Running { expected_end, .. } => {
                self.table.advance(now);
                Ok(expected_end)
            }
        }
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.table.check_time(now)?;
        self.table.advance(now);
        self.profile.advance(now);
        self.decisions.clear();
        self.notice_expected_ends(now);
        if self.due < now && self.waiting.iter().any(|job| job.start < now) {
            // A pass came too late for a reservation: what was planned around it no longer holds.
            self.remake(now);
        }
        if self.vacated {
            self.vacated = false;
            self.compress(now);
        }
        if self.due <= now {
            self.start_due(now);
        }
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.timeline.first_end_after(self.table.now)
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.table.check_time(now)?;
        let held = self.table.get(job)?;
        let found = self.waiting.iter().position(|waiting| waiting.slot == job.index);
        let (State::Queued { .. }, Some(at)) = (held.state, found) else {
            return Err(Error::NotQueued { job });
        };
        Ok(Plan { start: self.waiting[at].start, reserved: true, blocker: self.blocker(now, at) })
    }

    fn queued(&self) -> usize {
        self.waiting.len()
    }

    fn releases_at_expected_end(&self) -> Option<bool> {
        Some(self.config.release_at_expected_end)
    }
}
