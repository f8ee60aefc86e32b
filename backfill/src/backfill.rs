//! The family of backfilling schedulers.

#![expect(
    clippy::inline_always,
    reason = "measured: the one call of each in a replay costs as much as its work"
)]

mod pass;
mod plan;
mod preempt;
mod queue;

use alloc::vec::Vec;

use queue::Queue;

use crate::index::Entry;
use crate::table::{Claim, Held, State, Table};
use crate::timeline::Timeline;
use crate::window::{Hole, Steps};
use crate::{
    AsQueued, BatchPolicy, BySubmission, Config, Decision, Error, JobId, JobOrder, Plan, Predictor,
    Requested, StartReason, Submission,
};

/// A scheduler of rigid jobs on identical processors: FCFS, EASY, or any number of reservations, by
/// its [`Config`]; any order of the queue (`Q`) and of the scan for backfill candidates (`B`); any
/// runtime prediction (`P`).
///
/// A pass starts the first jobs of the queue while they fit. Then the first jobs that do not, as
/// many as the [`Depth`](crate::Depth) says, get reservations at their earliest holes, in the order
/// of the queue, and those between them that fit start. Of the rest, in the order of the scan,
/// every job starts that fits now and delays no reservation.
///
/// *Source:* D. A. Lifka, "The ANL/IBM SP scheduling system", JSSPP 1995 (EASY); A. W. Mu'alem and
/// D. G. Feitelson, "Utilization, predictability, workloads, and user runtime estimates in
/// scheduling the IBM SP2 with backfilling", IEEE TPDS 12(6), 2001 (shadow time, extra nodes);
/// Tsafrir, Etsion and Feitelson, TPDS 18(6), 2007 (prediction, shortest job first backfilling).
/// *Tie-breaks:* equal keys in order of submission. *Complexity:* with q queued and r running jobs
/// and s jobs of the queue of which none is both narrower and shorter than another, at depth 0 and
/// 1 `submit` and `finish` take O(log q + s log q) at worst and O(log q) typically, `pass`
/// O(r / 128 + log q log s) and as much again per start; at depth k `pass` takes
/// O(r + k (r + k)); O(q (r + q)) when unbounded.
///
/// ```
/// use apportion_backfill::{BatchPolicy, Backfill, Config, Decision, StartReason, Submission};
///
/// let mut easy = Backfill::new(Config::new(6)?)?;
/// let wide = easy.submit(0, Submission::new(6, 4))?;
/// let start = Decision::Start { job: wide, reason: StartReason::Head, expected_end: 4 };
/// assert_eq!(easy.pass(0)?, [start]);
/// # Ok::<(), apportion_backfill::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::snapshot::BackfillSnapshot<Q, B, P>",
        into = "crate::snapshot::BackfillSnapshot<Q, B, P>",
        bound(
            serialize = "Q: JobOrder + Clone + serde::Serialize, \
                         B: JobOrder + Clone + serde::Serialize, P: Clone + serde::Serialize",
            deserialize = "Q: JobOrder + serde::Deserialize<'de>, \
                           B: JobOrder + serde::Deserialize<'de>, P: serde::Deserialize<'de>",
        )
    )
)]
pub struct Backfill<Q: JobOrder = BySubmission, B: JobOrder = AsQueued, P = Requested> {
    pub(crate) config: Config,
    pub(crate) predictor: P,
    pub(crate) table: Table,
    queue: Queue<Q, B>,
    /// The running jobs that hold their processors firmly.
    timeline: Timeline,
    /// Processors that no job holds firmly.
    free: u64,
    /// Running jobs that yield to the head of the queue, in the order of the queue.
    preemptible: Vec<Entry<Q::Key>>,
    /// Processors they use.
    lent: u64,
    /// What the last pass found still holds, up to what `fresh` says: no queued job can start.
    settled: bool,
    /// The one job submitted since, not yet queued.
    fresh: Option<u32>,
    /// The reservation of the head of the queue, if it has been worked out and still holds.
    head: Option<HeadReservation>,
    /// The jobs for which the last pass planned reservations.
    reservations: Vec<(u32, u64)>,
    decisions: Vec<Decision>,
    steps: Steps,
}

/// What the head of the queue is promised.
#[derive(Clone, Copy, Debug)]
struct HeadReservation {
    job: JobId,
    /// The shadow time.
    time: u64,
    /// Processors that it leaves free then.
    extra: u64,
}

impl HeadReservation {
    /// What may start beside it on `free` processors.
    const fn hole(self, now: u64, free: u64) -> Hole {
        Hole { length: self.time - now, free, extra: self.extra }
    }

    /// Why a job starts that the hole admits.
    const fn reason(self, expected_end: u64) -> StartReason {
        let Self { job: head, time: shadow, extra } = self;
        if expected_end <= shadow {
            StartReason::BeforeShadow { head, shadow }
        } else {
            StartReason::ExtraProcessors { head, shadow, extra }
        }
    }
}

impl Backfill {
    /// A scheduler that serves the queue and scans for backfill candidates in order of submission,
    /// by requested times.
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`], [`Error::PreemptionDepth`].
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::with(config, BySubmission, AsQueued, Requested)
    }
}

impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    /// A scheduler with orders and a predictor of the caller's choice.
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
        config.check()?;
        Ok(Self {
            free: config.processors,
            config,
            predictor,
            table: Table::new(),
            queue: Queue::new(queue_order, backfill_order),
            timeline: Timeline::default(),
            preemptible: Vec::new(),
            lent: 0,
            settled: true,
            fresh: None,
            head: None,
            reservations: Vec::new(),
            decisions: Vec::new(),
            steps: Steps::default(),
        })
    }

    /// The knobs.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Orders the queue anew, for orders whose keys change with time. O(q log q).
    pub fn set_queue_order(&mut self, order: Q) {
        self.unsettle();
        for entry in &mut self.preemptible {
            entry.key = order.key(self.table.job(entry.slot));
        }
        self.sort_preemptible();
        self.queue.reorder(order, &self.table);
    }

    /// Orders the scan for backfill candidates anew, for orders whose keys change with time.
    /// O(q log q).
    pub fn set_backfill_order(&mut self, order: B) {
        self.unsettle();
        self.queue.reorder_scan(order, &self.table);
    }

    #[cfg(feature = "serde")]
    pub(crate) const fn orders(&self) -> (&Q, &B) {
        self.queue.orders()
    }

    /// Works out from the jobs held everything else.
    #[cfg(feature = "serde")]
    pub(crate) fn rebuild(&mut self) {
        let jobs: Vec<(u32, Held)> = self.table.iter().map(|(slot, held)| (slot, *held)).collect();
        for (slot, held) in jobs {
            let processors = self.table.job(slot).submission.processors;
            match held.state {
                State::Queued { reserved } => {
                    self.enqueue(slot);
                    self.reservations.extend(reserved.map(|start| (slot, start)));
                }
                State::Running { expected_end, claim: Claim::Firm, .. } => {
                    self.occupy(slot, expected_end, processors);
                }
                State::Running { claim: Claim::Released, .. } => {}
                State::Running { claim: Claim::Preemptible, .. } => {
                    self.lent += processors;
                    self.preemptible.push(self.queue.entry(self.table.job(slot), slot));
                }
            }
        }
        self.sort_preemptible();
        self.unsettle();
    }

    fn sort_preemptible(&mut self) {
        self.preemptible
            .sort_by(|one, other| (&one.key, one.sequence).cmp(&(&other.key, other.sequence)));
    }

    /// Something changed that may let a queued job start.
    fn unsettle(&mut self) {
        self.settled = false;
        self.head = None;
        if let Some(fresh) = self.fresh.take() {
            self.enqueue(fresh);
        }
    }

    fn enqueue(&mut self, slot: u32) {
        self.queue.insert(self.table.job(slot), slot);
    }

    fn dequeue(&mut self, slot: u32) {
        self.queue.remove(self.table.job(slot), slot);
    }
}

impl<Q: JobOrder, B: JobOrder, P: Predictor> BatchPolicy for Backfill<Q, B, P> {
    fn processors(&self) -> u64 {
        self.config.processors
    }

    #[inline(always)]
    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.table.check_time(now)?;
        self.table.check_job(self.config.processors, &job)?;
        self.table.advance(now);
        let id = self.table.insert(job, self.predictor.predict(&job));
        if self.settled && self.fresh.is_none() && !self.config.preemptive {
            self.fresh = Some(id.index);
        } else {
            self.unsettle();
            self.enqueue(id.index);
        }
        Ok(id)
    }

    #[inline(always)]
    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        let Held { state, started, worked, .. } = *self.table.get(job)?;
        if matches!(state, State::Queued { .. }) && !started {
            return Err(Error::NotRunning { job });
        }
        self.table.advance(now);
        self.unsettle();
        let mut runtime = worked;
        match state {
            State::Queued { .. } => self.queue.remove(self.table.job(job.index), job.index),
            State::Running { since, expected_end, claim } => {
                runtime += now - since;
                match claim {
                    Claim::Firm => {
                        self.free += u64::from(self.timeline.remove(expected_end, job.index));
                    }
                    Claim::Released => {}
                    Claim::Preemptible => {
                        self.preemptible.retain(|entry| entry.slot != job.index);
                        self.lent -= self.table.job(job.index).submission.processors;
                    }
                }
            }
        }
        self.predictor.finished(&self.table.job(job.index).submission, runtime);
        self.table.remove(job.index);
        Ok(())
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        if !matches!(self.table.get(job)?.state, State::Queued { .. }) {
            return Err(Error::NotQueued { job });
        }
        self.table.advance(now);
        self.unsettle();
        self.dequeue(job.index);
        self.reservations.retain(|reservation| reservation.0 != job.index);
        self.table.remove(job.index);
        Ok(())
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.table.check_time(now)?;
        let held = self.table.get(job)?;
        let State::Running { since, expected_end, claim } = held.state else {
            return Err(Error::NotRunning { job });
        };
        if expected_end > now {
            return Err(Error::NotExpired { job, expected_end, now });
        }
        if claim == Claim::Released {
            return Err(Error::AlreadyReleased { job });
        }
        self.table.advance(now);
        let estimate = self.table.job(job.index).submission.estimate;
        let held = self.table.held_mut(job.index);
        // It may have been suspended: its runtime counts from when it would have started to run
        // through.
        let origin = since - held.worked;
        let mut end = expected_end;
        while end <= now && end < origin + estimate {
            held.corrections = held.corrections.saturating_add(1);
            let count = usize::from(held.corrections);
            end = origin + self.config.correction.corrected(held.first_prediction, count, estimate);
        }
        if end <= expected_end {
            return Ok(expected_end);
        }
        held.state = State::Running { since, expected_end: end, claim };
        if claim == Claim::Firm {
            self.timeline.postpone(expected_end, job.index, end);
        }
        self.unsettle();
        Ok(end)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.table.check_time(now)?;
        self.table.advance(now);
        self.decide(now);
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        let now = self.table.now;
        let preemptible = self.preemptible.iter().map(|entry| self.expected_end(entry.slot));
        let ahead = preemptible.filter(|&end| end > now).min();
        self.timeline.first_end_after(now).into_iter().chain(ahead).min()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.table.check_time(now)?;
        if !matches!(self.table.get(job)?.state, State::Queued { .. }) {
            return Err(Error::NotQueued { job });
        }
        Ok(self.plan_of(now, job))
    }

    fn queued(&self) -> usize {
        self.queue.len() + usize::from(self.fresh.is_some())
    }

    fn releases_at_expected_end(&self) -> Option<bool> {
        Some(self.config.release_at_expected_end)
    }
}
