//! The family of backfilling schedulers.

mod pass;
mod plan;
mod preempt;

use alloc::vec::Vec;

use crate::index::{Entry, Index};
use crate::table::{Claim, State, Table};
use crate::timeline::{self, Timeline};
use crate::window::Window;
use crate::{
    AsQueued, BatchPolicy, BySubmission, Config, Decision, Error, JobId, JobOrder, Plan, Predictor,
    Requested, Submission,
};

/// A scheduler of rigid jobs on identical processors: FCFS, EASY, or any number of reservations, by its [`Config`]; any order
/// of the queue (`Q`) and of the scan for backfill candidates (`B`); any runtime prediction (`P`).
///
/// A pass starts the first jobs of the queue while they fit. Then the first jobs that do not, as many as the
/// [`Depth`] says, get reservations at their earliest holes, in the order of the queue, and those between them that
/// fit start. Of the rest, in the order of the scan, every job starts that fits now and delays no reservation.
///
/// *Source:* D. A. Lifka, "The ANL/IBM SP scheduling system", JSSPP 1995 (EASY); A. W. Mu'alem and D. G. Feitelson,
/// "Utilization, predictability, workloads, and user runtime estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS
/// 12(6), 2001 (shadow time, extra nodes); Tsafrir, Etsion and Feitelson, TPDS 18(6), 2007 (prediction, shortest job first
/// backfilling). *Tie-breaks:* equal keys in order of submission. *Complexity:* with q queued and r running jobs and s jobs
/// of the queue of which none is both narrower and shorter than another, at depth 0 and 1 `submit` and `finish` take
/// O(log q + s log q) at worst and O(log q) typically, `pass` O(√r + log q log s) and as much again per start; at depth k
/// `pass` takes O(r + k (r + k)); O(q (r + q)) when unbounded.
///
/// ```
/// use apportion_backfill::{BatchPolicy, Backfill, Config, Decision, StartReason, Submission};
///
/// let mut easy = Backfill::new(Config::new(6)?)?;
/// let wide = easy.submit(0, Submission::new(6, 4))?;
/// assert!(matches!(easy.pass(0)?, [Decision::Start { job, reason: StartReason::Head, expected_end: 4 }] if *job == wide));
/// # Ok::<(), apportion_backfill::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Backfill<Q: JobOrder = BySubmission, B: JobOrder = AsQueued, P = Requested> {
    pub(crate) config: Config,
    pub(crate) queue_order: Q,
    pub(crate) backfill_order: B,
    pub(crate) predictor: P,
    pub(crate) table: Table,
    queue: Index<Q::Key>,
    /// The waiting jobs in the order of the scan, unless it follows the queue.
    scan: Option<Index<B::Key>>,
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
    /// The one job queued since.
    fresh: Option<u32>,
    /// The reservation of the head of the queue, if it has been worked out and still holds.
    head: Option<HeadReservation>,
    /// The jobs for which the last pass planned reservations.
    reservations: Vec<(u32, u64)>,
    decisions: Vec<Decision>,
    window: Window,
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

impl Backfill {
    /// A scheduler that serves the queue and scans for backfill candidates in order of submission, by requested times.
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
            queue_order,
            backfill_order,
            predictor,
            table: Table::new(),
            queue: Index::new(),
            scan: (!B::FOLLOWS_QUEUE).then(Index::new),
            timeline: Timeline::new(),
            preemptible: Vec::new(),
            lent: 0,
            settled: true,
            fresh: None,
            head: None,
            reservations: Vec::new(),
            decisions: Vec::new(),
            window: Window::default(),
        })
    }

    /// The knobs.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Orders the queue anew, for orders whose keys change with time. O(q log q).
    pub fn set_queue_order(&mut self, order: Q) {
        let mut queue = Index::new();
        for entry in self.queue.iter() {
            queue.insert(entry.with_key(order.key(&self.table.held(entry.slot).job)));
        }
        self.queue = queue;
        for entry in &mut self.preemptible {
            entry.key = order.key(&self.table.held(entry.slot).job);
        }
        self.preemptible
            .sort_by(|one, other| (&one.key, one.sequence).cmp(&(&other.key, other.sequence)));
        self.queue_order = order;
        self.unsettle();
    }

    /// Something changed that may let a queued job start.
    fn unsettle(&mut self) {
        self.settled = false;
        self.fresh = None;
        self.head = None;
    }

    fn queue_entry(&self, slot: u32) -> Entry<Q::Key> {
        let job = &self.table.held(slot).job;
        Entry {
            key: self.queue_order.key(job),
            sequence: job.sequence,
            processors: job.submission.processors,
            length: job.predicted,
            slot,
        }
    }

    pub(crate) fn enqueue(&mut self, slot: u32) {
        let entry = self.queue_entry(slot);
        if let Some(scan) = &mut self.scan {
            scan.insert(entry.with_key(self.backfill_order.key(&self.table.held(slot).job)));
        }
        self.queue.insert(entry);
    }

    fn dequeue(&mut self, slot: u32) {
        let job = &self.table.held(slot).job;
        self.queue.remove(&self.queue_order.key(job), job.sequence);
        if let Some(scan) = &mut self.scan {
            scan.remove(&self.backfill_order.key(job), job.sequence);
        }
    }

    /// Gives the processors of `slot` to it firmly, until `expected_end`.
    pub(crate) fn occupy(&mut self, slot: u32, expected_end: u64, processors: u64) {
        self.timeline.insert(timeline::Entry {
            end: expected_end,
            slot,
            processors,
        });
        self.free -= processors;
    }
}

impl<Q: JobOrder, B: JobOrder, P: Predictor> BatchPolicy for Backfill<Q, B, P> {
    fn processors(&self) -> u64 {
        self.config.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.table.check_time(now)?;
        self.table.check_job(self.config.processors, &job)?;
        self.table.advance(now);
        let id = self.table.insert(job, self.predictor.predict(&job));
        self.enqueue(id.index);
        if self.settled && self.fresh.is_none() && !self.config.preemptive {
            self.fresh = Some(id.index);
        } else {
            self.unsettle();
        }
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        let held = self.table.get(job)?;
        let (state, submission, mut runtime) = (held.state, held.job.submission, held.worked);
        match state {
            State::Queued { .. } if !held.started => return Err(Error::NotRunning { job }),
            State::Queued { .. } => self.dequeue(job.index),
            State::Running {
                since,
                expected_end,
                claim,
            } => {
                runtime += now - since;
                match claim {
                    Claim::Firm => {
                        self.timeline.remove(expected_end, job.index);
                        self.free += submission.processors;
                    }
                    Claim::Released => {}
                    Claim::Preemptible => {
                        self.preemptible.retain(|entry| entry.slot != job.index);
                        self.lent -= submission.processors;
                    }
                }
            }
        }
        self.table.advance(now);
        self.predictor.finished(&submission, runtime);
        self.table.remove(job.index);
        self.unsettle();
        Ok(())
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.table.check_time(now)?;
        if !matches!(self.table.get(job)?.state, State::Queued { .. }) {
            return Err(Error::NotQueued { job });
        }
        self.table.advance(now);
        self.dequeue(job.index);
        self.reservations
            .retain(|reservation| reservation.0 != job.index);
        self.table.remove(job.index);
        self.unsettle();
        Ok(())
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.table.check_time(now)?;
        let mut held = *self.table.get(job)?;
        let State::Running {
            since,
            expected_end,
            claim,
        } = held.state
        else {
            return Err(Error::NotRunning { job });
        };
        if expected_end > now {
            return Err(Error::NotExpired {
                job,
                expected_end,
                now,
            });
        }
        if claim == Claim::Released {
            return Err(Error::AlreadyReleased { job });
        }
        self.table.advance(now);
        let estimate = held.job.submission.estimate;
        // It may have been suspended: its runtime counts from when it would have started to run through.
        let origin = since - held.worked;
        let mut end = expected_end;
        while end <= now && end < origin + estimate {
            held.corrections = held.corrections.saturating_add(1);
            let count = usize::from(held.corrections);
            end = origin
                + self
                    .config
                    .correction
                    .corrected(held.first_prediction, count, estimate);
        }
        if end > expected_end {
            if claim == Claim::Firm {
                self.timeline.remove(expected_end, job.index);
                self.timeline.insert(timeline::Entry {
                    end,
                    slot: job.index,
                    processors: held.job.submission.processors,
                });
            }
            held.state = State::Running {
                since,
                expected_end: end,
                claim,
            };
            *self.table.held_mut(job.index) = held;
            self.unsettle();
        }
        Ok(end)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.table.check_time(now)?;
        self.table.advance(now);
        self.decide(now);
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        let preemptible =
            self.preemptible
                .iter()
                .filter_map(|entry| match self.table.held(entry.slot).state {
                    State::Running { expected_end, .. } => Some(expected_end),
                    State::Queued { .. } => None,
                });
        self.timeline
            .first()
            .map(|entry| entry.end)
            .into_iter()
            .chain(preemptible)
            .min()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.table.check_time(now)?;
        if !matches!(self.table.get(job)?.state, State::Queued { .. }) {
            return Err(Error::NotQueued { job });
        }
        Ok(self.plan_of(now, job))
    }

    fn queued(&self) -> usize {
        self.queue.len()
    }
}
