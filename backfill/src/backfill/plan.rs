use super::Backfill;
use alloc::vec::Vec;

use crate::index::{Candidate, Entry};
use crate::profile::{Profile, signed};
use crate::{Blocker, Depth, JobId, JobOrder, Plan};

impl<Q: JobOrder, B: JobOrder, P> Backfill<Q, B, P> {
    /// Places the jobs before `job` in the queue at their earliest holes, and then `job`.
    pub(super) fn plan_of(&self, now: u64, job: JobId) -> Plan {
        let depth = match self.config.depth {
            Depth::NoBackfill => 1,
            Depth::Reservations(depth) => depth,
            Depth::Unbounded => u64::MAX,
        };
        let in_order = self.config.depth == Depth::NoBackfill;
        let Candidate { processors: needed, length, .. } =
            self.queue.entry(self.table.job(job.index), job.index).candidate();
        let mut profile = Profile::from_running(now, self.free, self.timeline.iter());
        let mut earliest = now;
        let mut waiting = 0;
        let waiting_jobs = self.waiting();
        // Only the head of the queue has lent processors back.
        let first = waiting_jobs.first().is_some_and(|first| first.slot == job.index);
        let mut free = if first { self.free } else { self.free - self.lent };
        let mut blocker = None;
        for entry in waiting_jobs {
            let start =
                profile.first_hole(entry.processors, entry.length, earliest..u64::MAX, u64::MAX);
            if blocker.is_none() && needed > free {
                blocker = Some(Blocker::Processors { needed, free });
            }
            if entry.slot == job.index {
                let start = start.unwrap_or(u64::MAX);
                let reserved = start > now && waiting < depth;
                return Plan { start, reserved, blocker: blocker.unwrap_or(Blocker::Nothing) };
            }
            let Some(start) = start else { continue };
            profile.add(start, start.saturating_add(entry.length), -signed(entry.processors));
            let id = self.table.id(entry.slot);
            if in_order {
                earliest = start;
            }
            if start == now {
                // The next pass starts it before the job.
                free = free.saturating_sub(entry.processors);
                continue;
            }
            if blocker.is_none() {
                if in_order {
                    blocker = Some(Blocker::Order { head: id });
                } else if waiting < depth
                    && profile.first_hole(needed, length, now..now + 1, u64::MAX).is_none()
                {
                    blocker = Some(Blocker::Reservation { job: id, start });
                }
            }
            waiting += 1;
        }
        Plan { start: u64::MAX, reserved: false, blocker: Blocker::Nothing }
    }

    /// All queued jobs, in the order of the queue.
    fn waiting(&self) -> Vec<Candidate> {
        let mut waiting: Vec<Entry<Q::Key>> = self.queue.iter().cloned().collect();
        if let Some(slot) = self.fresh {
            let fresh = self.queue.entry(self.table.job(slot), slot);
            let at = waiting.partition_point(|entry| entry.is_before(&fresh.key, fresh.sequence));
            waiting.insert(at, fresh);
        }
        waiting.iter().map(Entry::candidate).collect()
    }
}
