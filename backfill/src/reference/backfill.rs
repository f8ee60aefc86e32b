use alloc::vec::Vec;

use super::free::Free;
use super::jobs::{Hold, Job, Jobs, State};
use crate::{
    AsQueued, BatchPolicy, Blocker, BySubmission, Config, Decision, Depth, Error, JobId, JobOrder,
    Plan, Predictor, Requested, StartReason, Submission,
};

/// The slow twin of [`Backfill`](crate::Backfill): FCFS, EASY, any number of reservations,
/// preemptive backfilling.
///
/// *Complexity:* O(n³) and worse, on purpose.
#[derive(Clone, Debug)]
pub struct Backfill<Q = BySubmission, B = AsQueued, P = Requested> {
    pub(super) config: Config,
    queue_order: Q,
    scan_order: B,
    predictor: P,
    pub(super) jobs: Jobs,
    pub(super) decisions: Vec<Decision>,
}

impl Backfill {
    /// See [`Backfill::new`](crate::Backfill::new).
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`], [`Error::PreemptionDepth`].
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::with(config, BySubmission, AsQueued, Requested)
    }
}

impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    /// See [`Backfill::with`](crate::Backfill::with).
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`], [`Error::PreemptionDepth`].
    pub fn with(
        config: Config,
        queue_order: Q,
        backfill_order: B,
        predictor: P,
    ) -> Result<Self, Error> {
        // A machine of no size is refused when the configuration is made.
        if config.preemptive && config.depth != Depth::Reservations(1) {
            return Err(Error::PreemptionDepth { depth: config.depth });
        }
        Ok(Self {
            jobs: Jobs::new(config.processors),
            config,
            queue_order,
            scan_order: backfill_order,
            predictor,
            decisions: Vec::new(),
        })
    }

    /// See [`Backfill::set_queue_order`](crate::Backfill::set_queue_order).
    pub fn set_queue_order(&mut self, order: Q) {
        self.queue_order = order;
    }

    /// See [`Backfill::set_backfill_order`](crate::Backfill::set_backfill_order).
    pub fn set_backfill_order(&mut self, order: B) {
        self.scan_order = order;
    }

    /// The waiting jobs, in the order of the queue.
    pub(super) fn queue(&self) -> Vec<JobId> {
        let mut waiting: Vec<&Job> = self.jobs.waiting().collect();
        waiting.sort_by_key(|job| self.place(job));
        waiting.iter().map(|job| job.id).collect()
    }

    /// What the queue is sorted by.
    pub(super) fn place(&self, job: &Job) -> (Q::Key, u64) {
        (self.queue_order.key(&job.queued), job.queued.sequence)
    }

    /// The waiting jobs, in the order of the scan for backfill candidates.
    pub(super) fn scan(&self) -> Vec<JobId> {
        let mut scan = self.queue();
        if !B::FOLLOWS_QUEUE {
            scan.sort_by_key(|&id| {
                let job = &self.jobs.of(id).queued;
                (self.scan_order.key(job), job.sequence)
            });
        }
        scan
    }

    /// The processors that no running job holds firmly.
    pub(super) fn free(&self) -> u64 {
        self.jobs.not_held(&[Hold::Firmly])
    }

    /// What the jobs leave free that hold their processors firmly: those overdue are expected to
    /// end at the next tick.
    fn free_over_time(&self, now: u64) -> Free {
        let mut free = Free::new(self.config.processors);
        for job in &self.jobs.held {
            if let Some(end) = job.end_if(Hold::Firmly) {
                free.take(job.needs(), now, end.max(now + 1) - now);
            }
        }
        free
    }

    pub(super) fn start(&mut self, id: JobId, reason: StartReason, hold: Hold) {
        let now = self.jobs.now;
        let job = self.jobs.of_mut(id);
        let expected_end = now + job.length();
        self.decisions.push(if job.started {
            Decision::Resume { job: id, reason, expected_end }
        } else {
            Decision::Start { job: id, reason, expected_end }
        });
        job.started = true;
        job.state = State::Running { since: now, expected_end, hold };
    }

    /// Starts the first of the queue while they fit.
    fn start_heads(&mut self) {
        while let Some(&head) = self.queue().first()
            && self.jobs.of(head).needs() <= self.free()
        {
            self.start(head, StartReason::Head, Hold::Firmly);
        }
    }

    fn start_whatever_fits(&mut self) {
        for id in self.scan() {
            let free = self.free();
            if self.jobs.of(id).needs() <= free {
                self.start(id, StartReason::Greedy { free }, Hold::Firmly);
            }
        }
    }

    /// The first of the queue, when enough processors will be free for it, and how many more are
    /// free then.
    pub(super) fn shadow(&self) -> Option<(JobId, u64, u64)> {
        let head = *self.queue().first()?;
        let needed = self.jobs.of(head).needs();
        let free = self.free_over_time(self.jobs.now);
        let shadow = free.earliest_hole(needed, 1, self.jobs.now)?;
        Some((head, shadow, free.at(shadow) - needed))
    }

    /// EASY, once the first of the queue is blocked. `idle` is how many processors may be used now.
    pub(super) fn start_around_head(
        &mut self,
        (head, shadow, mut extra): (JobId, u64, u64),
        idle: impl Fn(&Self) -> u64,
    ) {
        for id in self.scan() {
            let (needs, length) = (self.jobs.of(id).needs(), self.jobs.of(id).length());
            let ends_before = self.jobs.now + length <= shadow;
            if needs > idle(self) || !ends_before && needs > extra {
                continue;
            }
            if ends_before {
                self.start(id, StartReason::BeforeShadow { head, shadow }, Hold::Firmly);
            } else {
                let reason = StartReason::ExtraProcessors { head, shadow, extra };
                self.start(id, reason, Hold::Firmly);
                extra -= needs;
            }
        }
    }

    /// Any number of reservations.
    fn start_around_reservations(&mut self, depth: u64) {
        let now = self.jobs.now;
        let mut free = self.free_over_time(now);
        let reserved_before: Vec<(JobId, Option<u64>)> = self
            .jobs
            .held
            .iter_mut()
            .filter(|job| job.waits())
            .map(|job| match core::mem::replace(&mut job.state, State::Queued(None)) {
                State::Queued(reserved) => (job.id, reserved),
                State::Running { .. } => (job.id, None),
            })
            .collect();
        let mut reservations = 0;
        let mut earliest: Option<(JobId, u64)> = None;
        for id in self.queue() {
            if reservations >= depth {
                break;
            }
            let (needs, length) = (self.jobs.of(id).needs(), self.jobs.of(id).length());
            let Some(start) = free.earliest_hole(needs, length, now) else { continue };
            if start == now {
                let due = reserved_before
                    .iter()
                    .find(|before| before.0 == id)
                    .and_then(|before| before.1)
                    .filter(|&start| start <= now);
                let reason = match (earliest, due) {
                    (None, _) => StartReason::Head,
                    (_, Some(start)) => StartReason::Reserved { start },
                    (Some(earliest), None) => reason_around(earliest, now + length, &free),
                };
                self.start(id, reason, Hold::Firmly);
            } else {
                reservations += 1;
                self.jobs.of_mut(id).state = State::Queued(Some(start));
                if earliest.is_none_or(|(_, known)| start < known) {
                    earliest = Some((id, start));
                }
            }
            free.take(needs, start, length);
        }
        let Some(earliest) = earliest else { return };
        for id in self.scan() {
            let job = self.jobs.of(id);
            let (needs, length) = (job.needs(), job.length());
            if job.state == State::Queued(None) && free.fits(needs, length, now) {
                self.start(id, reason_around(earliest, now + length, &free), Hold::Firmly);
                free.take(needs, now, length);
            }
        }
    }

    /// The queue up to `wanted`, each job at its earliest hole, in order of the queue.
    fn projected(&self, now: u64, wanted: JobId) -> Plan {
        let in_order = self.config.depth == Depth::NoBackfill;
        let depth = match self.config.depth {
            Depth::NoBackfill => 1,
            Depth::Reservations(depth) => depth,
            Depth::Unbounded => u64::MAX,
        };
        let job = self.jobs.of(wanted);
        // Only the head of the queue has lent processors back.
        let first = self.queue().first() == Some(&wanted);
        let (needed, idle) = (job.needs(), if first { self.free() } else { self.idle() });
        let mut blocker = (needed > idle).then_some(Blocker::Processors { needed, free: idle });
        let mut free = self.free_over_time(now);
        let (mut from, mut passed) = (now, 0);
        for id in self.queue() {
            let (needs, length) = (self.jobs.of(id).needs(), self.jobs.of(id).length());
            let start = free.earliest_hole(needs, length, from);
            if id == wanted {
                let start = start.unwrap_or(u64::MAX);
                let blocker = blocker.unwrap_or(Blocker::Nothing);
                return Plan { start, reserved: start > now && passed < depth, blocker };
            }
            let Some(start) = start else { continue };
            free.take(needs, start, length);
            if in_order {
                from = start;
            }
            if start == now {
                continue;
            }
            if blocker.is_none() && in_order {
                blocker = Some(Blocker::Order { head: id });
            } else if blocker.is_none() && passed < depth && !free.fits(needed, job.length(), now) {
                blocker = Some(Blocker::Reservation { job: id, start });
            }
            passed += 1;
        }
        unreachable!("a waiting job is in the queue")
    }
}

impl<Q: JobOrder, B: JobOrder, P: Predictor> BatchPolicy for Backfill<Q, B, P> {
    fn processors(&self) -> u64 {
        self.config.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.jobs.check_time(now)?;
        self.jobs.check_job(&job)?;
        self.jobs.now = now;
        Ok(self.jobs.submit(job, self.predictor.predict(&job)))
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.jobs.check_time(now)?;
        let held = self.jobs.get(job)?;
        let runtime = match held.state {
            State::Queued(_) if !held.started => return Err(Error::NotRunning { job }),
            State::Queued(_) => held.worked,
            State::Running { since, .. } => held.worked + (now - since),
        };
        self.jobs.now = now;
        self.predictor.finished(&self.jobs.of(job).queued.submission, runtime);
        self.jobs.remove(job);
        Ok(())
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.jobs.check_time(now)?;
        if !self.jobs.get(job)?.waits() {
            return Err(Error::NotQueued { job });
        }
        self.jobs.now = now;
        self.jobs.remove(job);
        Ok(())
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.jobs.check_time(now)?;
        let State::Running { since, mut expected_end, hold } = self.jobs.get(job)?.state else {
            return Err(Error::NotRunning { job });
        };
        if expected_end > now {
            return Err(Error::NotExpired { job, expected_end, now });
        }
        if hold == Hold::Released {
            return Err(Error::AlreadyReleased { job });
        }
        self.jobs.now = now;
        let correction = self.config.correction;
        let held = self.jobs.of_mut(job);
        // Had it run through, it would have started then.
        let origin = since - held.worked;
        let estimate = held.queued.submission.estimate;
        while expected_end <= now && expected_end < origin + estimate {
            held.corrections += 1;
            expected_end =
                origin + correction.corrected(held.first_prediction, held.corrections, estimate);
        }
        held.state = State::Running { since, expected_end, hold };
        Ok(expected_end)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.jobs.check_time(now)?;
        self.jobs.now = now;
        self.decisions.clear();
        if self.config.release_at_expected_end {
            self.jobs.release();
        }
        match self.config.depth {
            _ if self.config.preemptive => self.pass_preemptively(),
            Depth::NoBackfill => self.start_heads(),
            Depth::Reservations(0) => {
                self.start_heads();
                self.start_whatever_fits();
            }
            Depth::Reservations(1) => {
                self.start_heads();
                if let Some(shadow) = self.shadow() {
                    self.start_around_head(shadow, Self::free);
                }
            }
            Depth::Reservations(depth) => self.start_around_reservations(depth),
            Depth::Unbounded => self.start_around_reservations(u64::MAX),
        }
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.jobs.next_end()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.jobs.check_time(now)?;
        if !self.jobs.get(job)?.waits() {
            return Err(Error::NotQueued { job });
        }
        Ok(self.projected(now, job))
    }

    fn queued(&self) -> usize {
        self.jobs.waiting().count()
    }

    fn releases_at_expected_end(&self) -> Option<bool> {
        Some(self.config.release_at_expected_end)
    }
}

/// Why a job starts beside reservations of which `earliest` is due first.
fn reason_around(earliest: (JobId, u64), expected_end: u64, free: &Free) -> StartReason {
    let (head, shadow) = earliest;
    if expected_end <= shadow {
        StartReason::BeforeShadow { head, shadow }
    } else {
        StartReason::ExtraProcessors { head, shadow, extra: free.at(shadow) }
    }
}
