use alloc::vec::Vec;

use super::{Backfill, HeadReservation};
use crate::profile::{Profile, signed};
use crate::table::{Claim, State};
use crate::timeline::Shadow;
use crate::{Decision, Depth, JobOrder, StartReason};

impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    /// Fills `decisions`.
    pub(super) fn decide(&mut self, now: u64) {
        self.decisions.clear();
        self.notice_expected_ends(now);
        if self.settled {
            let Some(fresh) = self.fresh.take() else {
                return;
            };
            if self.decide_on(fresh, now) {
                return;
            }
        }
        self.head = None;
        if self.config.preemptive {
            self.decide_preemptively(now);
        } else {
            match self.config.depth {
                Depth::NoBackfill => self.start_heads(now),
                Depth::Reservations(0) => {
                    self.start_heads(now);
                    self.start_greedily(now);
                }
                Depth::Reservations(1) => {
                    self.start_heads(now);
                    self.start_around_head(now);
                }
                Depth::Reservations(depth) => self.start_around_reservations(now, depth),
                Depth::Unbounded => self.start_around_reservations(now, u64::MAX),
            }
        }
        self.settled = true;
        self.fresh = None;
    }

    /// What follows from expected ends that have come.
    fn notice_expected_ends(&mut self, now: u64) {
        while let Some(entry) = self.timeline.first()
            && entry.end <= now
        {
            self.unsettle();
            if !self.config.release_at_expected_end {
                return;
            }
            self.timeline.remove(entry.end, entry.slot);
            self.free += entry.processors;
            if let State::Running { claim, .. } = &mut self.table.held_mut(entry.slot).state {
                *claim = Claim::Released;
            }
        }
    }

    /// Decides on the one job queued since a pass after which nothing could start. Returns false if that takes a whole pass.
    fn decide_on(&mut self, slot: u32, now: u64) -> bool {
        if self.queue.first().is_some_and(|first| first.slot == slot) {
            return false;
        }
        let (processors, length) = self.needs(slot);
        let reason = match self.config.depth {
            Depth::NoBackfill => return true,
            Depth::Unbounded | Depth::Reservations(2..) => return false,
            _ if processors > self.free => return true,
            Depth::Reservations(0) => StartReason::Greedy { free: self.free },
            Depth::Reservations(1) => {
                let Some(head) = self.reservation_of_head(now) else {
                    return false;
                };
                self.window.set_easy(head.time - now, self.free, head.extra);
                if !self.window.admits(processors, length) {
                    return true;
                }
                Self::reason_around_head(head, now + length)
            }
        };
        self.dequeue(slot);
        self.backfill(slot, now, reason);
        true
    }

    /// Starts the first jobs of the queue while they fit.
    fn start_heads(&mut self, now: u64) {
        while let Some(first) = self.queue.first()
            && first.processors <= self.free
        {
            let slot = first.slot;
            self.dequeue(slot);
            self.start(slot, now, StartReason::Head);
        }
    }

    /// Starts whatever fits.
    fn start_greedily(&mut self, now: u64) {
        self.window.set_free(self.free);
        let mut cursor = self.find();
        while let Some(slot) = cursor.and_then(|_| self.take(&mut cursor)) {
            self.start(slot, now, StartReason::Greedy { free: self.free });
            self.window.set_free(self.free);
        }
    }

    /// EASY: starts what fits and does not delay the first of the queue, which does not fit.
    fn start_around_head(&mut self, now: u64) {
        self.window.set_free(self.free);
        let mut cursor = self.find();
        if cursor.is_none() {
            return;
        }
        while let Some(head) = self.reservation_of_head(now) {
            self.window.set_easy(head.time - now, self.free, head.extra);
            let Some(slot) = self.take(&mut cursor) else {
                return;
            };
            let reason = Self::reason_around_head(head, now + self.needs(slot).1);
            self.backfill(slot, now, reason);
        }
    }

    /// The reservation of the first of the queue, which does not fit now.
    pub(super) fn reservation_of_head(&mut self, now: u64) -> Option<HeadReservation> {
        if self.head.is_none() {
            let first = self.queue.first()?;
            let Shadow { time, extra } = self.timeline.shadow(now, self.free, first.processors)?;
            self.head = Some(HeadReservation {
                job: self.table.id(first.slot),
                time,
                extra,
            });
        }
        self.head
    }

    pub(super) const fn reason_around_head(
        head: HeadReservation,
        expected_end: u64,
    ) -> StartReason {
        let HeadReservation {
            job: head,
            time: shadow,
            extra,
        } = head;
        if expected_end <= shadow {
            StartReason::BeforeShadow { head, shadow }
        } else {
            StartReason::ExtraProcessors {
                head,
                shadow,
                extra,
            }
        }
    }

    /// Starts a job that has left the queue, and keeps the reservation of the head true.
    pub(super) fn backfill(&mut self, slot: u32, now: u64, reason: StartReason) {
        let processors = self.needs(slot).0;
        self.start(slot, now, reason);
        if let (StartReason::ExtraProcessors { .. }, Some(head)) = (reason, &mut self.head) {
            head.extra -= processors;
        }
    }

    /// Plans reservations for the first `depth` jobs that cannot start, and starts what they leave room for.
    fn start_around_reservations(&mut self, now: u64, depth: u64) {
        let mut profile = Profile::from_running(now, self.free, self.timeline.iter());
        let mut reservations = Vec::new();
        let mut starts = Vec::new();
        let mut earliest: Option<(u64, u32)> = None;
        for entry in self.queue.iter() {
            if reservations.len() as u64 >= depth {
                break;
            }
            // Beyond the end of time there is no hole, and nothing to protect.
            let Some(start) = profile.first_hole(entry.processors, entry.length, now, u64::MAX)
            else {
                continue;
            };
            if start == now {
                let reason = match (earliest, self.table.held(entry.slot).state) {
                    (None, _) => StartReason::Head,
                    (
                        _,
                        State::Queued {
                            reserved: Some(start),
                        },
                    ) if start <= now => StartReason::Reserved { start },
                    (Some(earliest), _) => {
                        self.reason_around(earliest, now + entry.length, &profile)
                    }
                };
                starts.push((entry.slot, reason));
            } else {
                reservations.push((entry.slot, start));
                earliest = Some(earliest.map_or((start, entry.slot), |earliest| {
                    if start < earliest.0 {
                        (start, entry.slot)
                    } else {
                        earliest
                    }
                }));
            }
            profile.add(
                start,
                start.saturating_add(entry.length),
                -signed(entry.processors),
            );
        }
        for (slot, reason) in starts {
            self.dequeue(slot);
            self.start(slot, now, reason);
        }
        self.reserve(reservations);
        // If the queue ended first, the walk above has looked at every job.
        let Some(earliest) = earliest else { return };
        profile.window(now, &mut self.window);
        let mut cursor = self.find();
        while let Some(slot) = cursor.and_then(|_| self.take(&mut cursor)) {
            let (processors, length) = self.needs(slot);
            let reason = self.reason_around(earliest, now + length, &profile);
            profile.add(now, now + length, -signed(processors));
            self.start(slot, now, reason);
            profile.window(now, &mut self.window);
        }
    }

    /// Notes which jobs hold reservations from now on.
    fn reserve(&mut self, reservations: Vec<(u32, u64)>) {
        for &(slot, _) in &self.reservations {
            if let State::Queued { reserved } = &mut self.table.held_mut(slot).state {
                *reserved = None;
            }
        }
        for &(slot, start) in &reservations {
            self.table.held_mut(slot).state = State::Queued {
                reserved: Some(start),
            };
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
            StartReason::ExtraProcessors {
                head,
                shadow,
                extra: profile.free_at(shadow),
            }
        }
    }

    /// Where the scan may find a job that the window admits.
    pub(super) fn find(&self) -> Option<crate::index::Cursor> {
        match &self.scan {
            None => self.queue.find(&self.window),
            Some(scan) => scan.find(&self.window),
        }
    }

    /// Takes the next job of the scan that the window admits out of the queue.
    pub(super) fn take(&mut self, cursor: &mut Option<crate::index::Cursor>) -> Option<u32> {
        let cursor = cursor.as_mut()?;
        match &mut self.scan {
            None => Some(self.queue.take(cursor, &self.window)?.slot),
            Some(scan) => {
                let slot = scan.take(cursor, &self.window)?.slot;
                let job = &self.table.held(slot).job;
                self.queue.remove(&self.queue_order.key(job), job.sequence);
                Some(slot)
            }
        }
    }

    /// Processors and predicted runtime.
    pub(super) fn needs(&self, slot: u32) -> (u64, u64) {
        let job = &self.table.held(slot).job;
        (job.submission.processors, job.predicted)
    }

    /// Starts, or resumes, a job that has left the queue.
    pub(super) fn start(&mut self, slot: u32, now: u64, reason: StartReason) {
        let (processors, length) = self.needs(slot);
        self.run(slot, now, reason, Claim::Firm);
        self.occupy(slot, now + length, processors);
    }

    pub(super) fn run(&mut self, slot: u32, now: u64, reason: StartReason, claim: Claim) {
        let job = self.table.id(slot);
        let held = self.table.held_mut(slot);
        let expected_end = now + held.job.predicted;
        held.state = State::Running {
            since: now,
            expected_end,
            claim,
        };
        self.decisions.push(if held.started {
            Decision::Resume {
                job,
                reason,
                expected_end,
            }
        } else {
            Decision::Start {
                job,
                reason,
                expected_end,
            }
        });
        held.started = true;
    }
}
