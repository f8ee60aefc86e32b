use super::{Backfill, HeadReservation};
use crate::index::Entry;
use crate::table::{Claim, State};
use crate::{Decision, JobOrder, StartReason};

/// Preemptive backfilling: EASY in which a job too long for the hole starts anyway, on processors that it gives back as soon
/// as the head of the queue is due. The reservation of the head is made as if such jobs did not exist.
impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    pub(super) fn decide_preemptively(&mut self, now: u64) {
        self.start_due_heads(now);
        let Some(mut head) = self.reservation_of_head(now) else {
            return;
        };
        self.claim_what_fits(&mut head, now);
        self.head = Some(head);
        loop {
            self.window
                .set_easy(head.time - now, self.idle(), head.extra);
            let mut cursor = self.find();
            let Some(slot) = self.take(&mut cursor) else {
                break;
            };
            let reason = Self::reason_around_head(head, now + self.needs(slot).1);
            self.backfill(slot, now, reason);
            // `backfill` keeps the reservation true.
            let Some(kept) = self.head else { break };
            head = kept;
        }
        loop {
            self.window.set_free(self.idle());
            let mut cursor = self.find();
            let Some(slot) = self.take(&mut cursor) else {
                break;
            };
            self.lend(
                slot,
                now,
                StartReason::BeyondShadow {
                    head: head.job,
                    shadow: head.time,
                },
            );
        }
    }

    /// Processors on which nothing runs.
    const fn idle(&self) -> u64 {
        self.free - self.lent
    }

    /// Starts the first jobs of the queue while they fit beside those that hold their processors firmly, and suspends the
    /// last of the others for them. A preemptible job that has come to the front itself keeps its processors.
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
            let (slot, needed) = (first.slot, first.processors);
            if needed > self.free {
                return;
            }
            self.dequeue(slot);
            while self.idle() < needed {
                self.suspend_last(slot, now);
            }
            self.start(slot, now, StartReason::Head);
        }
    }

    /// Lets preemptible jobs keep their processors that would be backfilled now without delaying the head.
    fn claim_what_fits(&mut self, head: &mut HeadReservation, now: u64) {
        let mut at = 0;
        while let Some(entry) = self.preemptible.get(at) {
            let processors = entry.processors;
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
        let Entry {
            slot, processors, ..
        } = self.preemptible.remove(at);
        self.lent -= processors;
        let end = self.expected_end(slot);
        if let State::Running { claim, .. } = &mut self.table.held_mut(slot).state {
            *claim = Claim::Firm;
        }
        self.occupy(slot, end, processors);
    }

    fn suspend_last(&mut self, head: u32, now: u64) {
        let Some(entry) = self.preemptible.pop() else {
            return;
        };
        self.lent -= entry.processors;
        let held = self.table.held_mut(entry.slot);
        if let State::Running {
            since,
            expected_end,
            ..
        } = held.state
        {
            held.worked += now - since;
            held.job.predicted = expected_end.saturating_sub(now).max(1);
        }
        held.state = State::Queued { reserved: None };
        self.enqueue(entry.slot);
        self.decisions.push(Decision::Suspend {
            job: self.table.id(entry.slot),
            head: self.table.id(head),
        });
    }

    fn lend(&mut self, slot: u32, now: u64, reason: StartReason) {
        self.run(slot, now, reason, Claim::Preemptible);
        let entry = self.queue_entry(slot);
        self.lent += entry.processors;
        let at = self
            .preemptible
            .partition_point(|other| other.is_before(&entry.key, entry.sequence));
        self.preemptible.insert(at, entry);
    }

    pub(super) fn expected_end(&self, slot: u32) -> u64 {
        match self.table.held(slot).state {
            State::Running { expected_end, .. } => expected_end,
            State::Queued { .. } => u64::MAX,
        }
    }
}
