#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

use alloc::vec::Vec;
use core::mem;

use super::{Backfill, HeadReservation};
use crate::index::{Candidate, Cursor, narrow};
use crate::profile::{Profile, signed};
use crate::table::{Claim, State};
use crate::timeline::Shadow;
use crate::window::{Hole, Window};
use crate::{Decision, Depth, JobOrder, StartReason};

impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    /// Fills `decisions`.
    pub(super) fn decide(&mut self, now: u64) {
        self.decisions.clear();
        self.notice_expected_ends(now);
        if self.settled {
            match self.fresh.take() {
                None => return,
                Some(fresh) if self.decide_on(fresh, now) => return,
                Some(_) => {}
            }
        }
        self.head = None;
        if self.queue.len() == 0 && self.preemptible.is_empty() {
            self.settled = true;
            return;
        }
        if self.config.preemptive {
            self.decide_preemptively(now);
        } else {
            match self.config.depth {
                Depth::Reservations(depth @ 2..) => self.start_around_reservations(now, depth),
                Depth::Unbounded => self.start_around_reservations(now, u64::MAX),
                depth => {
                    self.start_heads(now);
                    match depth {
                        Depth::Reservations(0) => self.start_greedily(now),
                        Depth::Reservations(_) => self.start_around_head(now),
                        _ => {}
                    }
                }
            }
        }
        self.settled = true;
    }

    /// What follows from expected ends that have come.
    #[inline]
    fn notice_expected_ends(&mut self, now: u64) {
        while let Some(entry) = self.timeline.first()
            && entry.end <= now
        {
            self.unsettle();
            if !self.config.release_at_expected_end {
                return;
            }
            self.timeline.remove(entry.end, entry.slot);
            self.free += u64::from(entry.processors);
            if let State::Running { claim, .. } = &mut self.table.held_mut(entry.slot).state {
                *claim = Claim::Released;
            }
        }
    }

    /// Decides on the one job submitted since a pass after which no queued job could start: starts
    /// or queues it. Returns false if it may change what others can do, so that a whole pass is
    /// due.
    fn decide_on(&mut self, slot: u32, now: u64) -> bool {
        let entry = self.queue.entry(self.table.job(slot), slot);
        let job = entry.candidate();
        let decided = match (self.config.depth, self.queue.first()) {
            (_, None) if job.processors <= self.free => {
                self.start(job, now, StartReason::Head);
                return true;
            }
            (_, Some(first)) if entry.is_before(&first.key, first.sequence) => false,
            (Depth::Unbounded | Depth::Reservations(2..), _) => false,
            (_, None) | (Depth::NoBackfill, _) => true,
            _ if job.processors > self.free => true,
            (Depth::Reservations(0), _) => {
                self.start(job, now, StartReason::Greedy { free: self.free });
                return true;
            }
            _ => {
                if let Some(head) = self.reservation_of_head(now)
                    && head.hole(now, self.free).admits(job.processors, job.length)
                {
                    self.backfill(job, now, head.reason(now + job.length));
                    return true;
                }
                true
            }
        };
        self.enqueue(slot);
        decided
    }

    /// Starts the first jobs of the queue while they fit.
    fn start_heads(&mut self, now: u64) {
        while let Some(first) = self.queue.first() {
            let job = first.candidate();
            if job.processors > self.free {
                return;
            }
            self.dequeue(job.slot);
            self.start(job, now, StartReason::Head);
        }
    }

    /// Starts whatever fits.
    fn start_greedily(&mut self, now: u64) {
        let mut cursor = Cursor::default();
        while let Some(job) = self.queue.take(&mut cursor, &Hole::unbounded(self.free), &self.table)
        {
            self.start(job, now, StartReason::Greedy { free: self.free });
        }
    }

    /// EASY: starts what fits and does not delay the first of the queue, which does not fit.
    fn start_around_head(&mut self, now: u64) {
        let mut cursor = Cursor::default();
        while self.queue.may_fit(self.free)
            && let Some(head) = self.reservation_of_head(now)
            && let Some(job) = self.queue.take(&mut cursor, &head.hole(now, self.free), &self.table)
        {
            self.backfill(job, now, head.reason(now + job.length));
        }
    }

    /// The reservation of the first of the queue, which does not fit now.
    #[inline(always)]
    pub(super) fn reservation_of_head(&mut self, now: u64) -> Option<HeadReservation> {
        if self.head.is_none() {
            let first = self.queue.first()?;
            let Shadow { time, extra } =
                self.timeline.shadow(now, self.free, first.processors.into())?;
            self.head = Some(HeadReservation { job: self.table.id(first.slot), time, extra });
        }
        self.head
    }

    /// Starts a job that has left the queue, and keeps the reservation of the head true.
    #[inline(always)]
    pub(super) fn backfill(&mut self, job: Candidate, now: u64, reason: StartReason) {
        self.start(job, now, reason);
        if let (StartReason::ExtraProcessors { .. }, Some(head)) = (reason, &mut self.head) {
            head.extra -= job.processors;
        }
    }

    /// Plans reservations for the first `depth` jobs that cannot start, and starts what they leave
    /// room for.
    fn start_around_reservations(&mut self, now: u64, depth: u64) {
        let mut profile = Profile::from_running(now, self.free, self.timeline.iter());
        let mut reservations = Vec::new();
        let mut starts = Vec::new();
        // The reservation that starts first, and whose it is.
        let mut earliest: Option<(u64, u32)> = None;
        for entry in self.queue.iter() {
            if reservations.len() as u64 >= depth {
                break;
            }
            let job = entry.candidate();
            // Beyond the end of time there is no hole, and nothing to protect.
            let Some(start) =
                profile.first_hole(job.processors, job.length, now..u64::MAX, u64::MAX)
            else {
                continue;
            };
            if start == now {
                let reason = match (earliest, self.table.held(job.slot).state) {
                    (None, _) => StartReason::Head,
                    (_, State::Queued { reserved: Some(start) }) if start <= now => {
                        StartReason::Reserved { start }
                    }
                    (Some(earliest), _) => self.reason_around(earliest, now + job.length, &profile),
                };
                starts.push((job, reason));
            } else {
                reservations.push((job.slot, start));
                if earliest.is_none_or(|earliest| start < earliest.0) {
                    earliest = Some((start, job.slot));
                }
            }
            profile.add(start, start.saturating_add(job.length), -signed(job.processors));
        }
        for (job, reason) in starts {
            self.dequeue(job.slot);
            self.start(job, now, reason);
        }
        self.reserve(reservations);
        // If the queue ended first, the walk above has looked at every job.
        let Some(earliest) = earliest else { return };
        let mut steps = mem::take(&mut self.steps);
        profile.window(now, &mut steps);
        let mut cursor = Cursor::default();
        while let Some(job) = self.queue.take(&mut cursor, &steps, &self.table) {
            let reason = self.reason_around(earliest, now + job.length, &profile);
            profile.add(now, now + job.length, -signed(job.processors));
            self.start(job, now, reason);
            profile.window(now, &mut steps);
        }
        self.steps = steps;
    }

    /// Notes which jobs hold reservations from now on.
    fn reserve(&mut self, reservations: Vec<(u32, u64)>) {
        for &(slot, _) in &self.reservations {
            if let State::Queued { reserved } = &mut self.table.held_mut(slot).state {
                *reserved = None;
            }
        }
        for &(slot, start) in &reservations {
            self.table.held_mut(slot).state = State::Queued { reserved: Some(start) };
        }
        self.reservations = reservations;
    }

    fn reason_around(
        &self,
        earliest: (u64, u32),
        expected_end: u64,
        profile: &Profile,
    ) -> StartReason {
        let (shadow, head) = (earliest.0, self.table.id(earliest.1));
        if expected_end <= shadow {
            StartReason::BeforeShadow { head, shadow }
        } else {
            StartReason::ExtraProcessors { head, shadow, extra: profile.free_at(shadow) }
        }
    }

    /// Starts, or resumes, a job that has left the queue.
    #[inline(always)]
    pub(super) fn start(&mut self, job: Candidate, now: u64, reason: StartReason) {
        self.run(job, now, reason, Claim::Firm);
        self.occupy(job.slot, now + job.length, job.processors);
    }

    /// Gives processors to a running job firmly, until `expected_end`.
    #[inline(always)]
    pub(super) fn occupy(&mut self, slot: u32, expected_end: u64, processors: u64) {
        self.timeline.insert(expected_end, slot, narrow(processors));
        self.free -= processors;
    }

    #[inline(always)]
    pub(super) fn run(&mut self, job: Candidate, now: u64, reason: StartReason, claim: Claim) {
        let id = self.table.id(job.slot);
        let held = self.table.held_mut(job.slot);
        let expected_end = now + job.length;
        held.state = State::Running { since: now, expected_end, claim };
        self.decisions.push(if held.started {
            Decision::Resume { job: id, reason, expected_end }
        } else {
            Decision::Start { job: id, reason, expected_end }
        });
        held.started = true;
    }
}
