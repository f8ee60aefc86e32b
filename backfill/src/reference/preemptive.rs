use alloc::vec::Vec;

use super::Backfill;
use super::jobs::{Hold, Job, State};
use crate::{Decision, JobId, JobOrder, StartReason};

/// Preemptive backfilling: EASY in which a job too long for the hole starts anyway, on processors
/// lent to it until the head of the queue is due. The head's reservation is made as if those jobs
/// did not run.
impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    pub(super) fn pass_preemptively(&mut self) {
        self.start_due_heads();
        let Some((head, shadow, mut extra)) = self.shadow() else { return };
        // What would be backfilled now without delaying the head is no longer to be suspended.
        for id in self.lent() {
            let job = self.jobs.of(id);
            let needs = job.needs();
            if job.end_if(Hold::Lent).is_some_and(|end| end <= shadow) {
                self.hold_firmly(id);
            } else if needs <= extra {
                self.hold_firmly(id);
                extra -= needs;
            }
        }
        self.start_around_head((head, shadow, extra), Self::idle);
        for id in self.scan() {
            if self.jobs.of(id).needs() <= self.idle() {
                self.start(id, StartReason::BeyondShadow { head, shadow }, Hold::Lent);
            }
        }
    }

    /// Starts the first of the queue while they fit beside the jobs that hold their processors
    /// firmly.
    fn start_due_heads(&mut self) {
        loop {
            let queue = self.queue();
            let lent = self.lent();
            let first = queue.first().map(|&id| self.place(self.jobs.of(id)));
            // A job that has come to the front of the queue does not yield to anybody.
            if let Some(&running) = lent.first()
                && first.is_none_or(|first| self.place(self.jobs.of(running)) < first)
            {
                self.hold_firmly(running);
                continue;
            }
            let Some(&head) = queue.first() else { return };
            let needs = self.jobs.of(head).needs();
            if needs > self.free() {
                return;
            }
            for &id in lent.iter().rev() {
                if self.idle() < needs {
                    self.suspend(id, head);
                }
            }
            self.start(head, StartReason::Head, Hold::Firmly);
        }
    }

    /// The jobs on lent processors, in the order of the queue.
    fn lent(&self) -> Vec<JobId> {
        let lent = |job: &&Job| job.end_if(Hold::Lent).is_some();
        let mut jobs: Vec<&Job> = self.jobs.held.iter().filter(lent).collect();
        jobs.sort_by_key(|job| self.place(job));
        jobs.iter().map(|job| job.id).collect()
    }

    /// Processors on which nothing runs.
    pub(super) fn idle(&self) -> u64 {
        self.jobs.not_held(&[Hold::Firmly, Hold::Lent])
    }

    fn hold_firmly(&mut self, id: JobId) {
        if let State::Running { hold, .. } = &mut self.jobs.of_mut(id).state {
            *hold = Hold::Firmly;
        }
    }

    fn suspend(&mut self, id: JobId, head: JobId) {
        let now = self.jobs.now;
        let job = self.jobs.of_mut(id);
        if let State::Running { since, expected_end, .. } = job.state {
            job.worked += now - since;
            job.queued.predicted = expected_end.saturating_sub(now).max(1);
        }
        job.state = State::Queued(None);
        self.decisions.push(Decision::Suspend { job: id, head });
    }
}
