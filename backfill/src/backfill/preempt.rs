use super::{Backfill, HeadReservation};
use crate::index::{Candidate, Cursor};
use crate::table::{Claim, State};
use crate::window::Hole;
use crate::{Decision, JobOrder, StartReason};

/// Preemptive backfilling: EASY in which a job too long for the hole starts anyway, on processors
/// that it gives back as soon as the head of the queue is due. The reservation of the head is made
/// as if such jobs did not exist.
impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    pub(super) fn decide_preemptively(&mut self, now: u64) {
        self.start_due_heads(now);
        let Some(mut head) = self.reservation_of_head(now) else {
            return;
        };
        self.claim_what_fits(&mut head, now);
        self.head = Some(head);
        while let Some(job) =
            self.queue.take(&mut Cursor::default(), &head.hole(now, self.idle()), &self.table)
        {
            self.backfill(job, now, head.reason(now + job.length));
            // `backfill` keeps the reservation true.
            let Some(kept) = self.head else { break };
            head = kept;
        }
        let reason = StartReason::BeyondShadow { head: head.job, shadow: head.time };
        while let Some(job) =
            self.queue.take(&mut Cursor::default(), &Hole::unbounded(self.idle()), &self.table)
        {
            self.lend(job, now, reason);
        }
    }

    /// Processors on which nothing runs.
    const fn idle(&self) -> u64 {
        self.free - self.lent
    }

    /// Starts the first jobs of the queue while they fit beside those that hold their processors
    /// firmly, and suspends the last of the others for them. A preemptible job that has come to the
    /// front itself keeps its processors.
    fn start_due_heads(&mut self, now: u64) {
        loop {
            let first = self.queue.first();
            if let Some(running) = self.preemptible.first()
                && first.is_none_or(|first| running.is_before(&first.key, first.sequence))
            {
                self.claim(0);
                continue;
            }
            let Some(first) = first else { return };
            let job = first.candidate();
            if job.processors > self.free {
                return;
            }
            self.dequeue(job.slot);
            while self.idle() < job.processors {
                self.suspend_last(job.slot, now);
            }
            self.start(job, now, StartReason::Head);
        }
    }

    /// Lets preemptible jobs keep their processors that would be backfilled now without delaying
    /// the head.
    fn claim_what_fits(&mut self, head: &mut HeadReservation, now: u64) {
        let mut at = 0;
        while let Some(entry) = self.preemptible.get(at) {
            let processors = u64::from(entry.processors);
            let ends_before = self.expected_end(entry.slot) <= head.time;
            if ends_before {
                self.claim(at);
            } else if processors <= head.extra {
                self.claim(at);
                head.extra -= processors;
            } else {
                at += 1;
            }
        }
        debug_assert!(head.time > now);
    }

    /// Gives the processors of the preemptible job at `at` to it firmly.
    fn claim(&mut self, at: usize) {
        let Candidate { slot, processors, .. } = self.preemptible.remove(at).candidate();
        self.lent -= processors;
        let end = self.expected_end(slot);
        if let State::Running { claim, .. } = &mut self.table.held_mut(slot).state {
            *claim = Claim::Firm;
        }
        self.occupy(slot, end, processors);
    }

    fn suspend_last(&mut self, due: u32, now: u64) {
        let Some(entry) = self.preemptible.pop() else {
            return;
        };
        self.lent -= u64::from(entry.processors);
        let held = self.table.held_mut(entry.slot);
        if let State::Running { since, expected_end, .. } = held.state {
            held.worked += now - since;
            held.state = State::Queued { reserved: None };
            let left = expected_end.saturating_sub(now).max(1);
            self.table.job_mut(entry.slot).predicted = left;
        }
        self.enqueue(entry.slot);
        self.decisions
            .push(Decision::Suspend { job: self.table.id(entry.slot), head: self.table.id(due) });
    }

    fn lend(&mut self, job: Candidate, now: u64, reason: StartReason) {
        self.run(job, now, reason, Claim::Preemptible);
        self.lent += job.processors;
        let entry = self.queue.entry(self.table.job(job.slot), job.slot);
        let at =
            self.preemptible.partition_point(|other| other.is_before(&entry.key, entry.sequence));
        self.preemptible.insert(at, entry);
    }

    pub(super) fn expected_end(&self, slot: u32) -> u64 {
        match self.table.held(slot).state {
            State::Running { expected_end, .. } => expected_end,
            State::Queued { .. } => u64::MAX,
        }
    }
}
