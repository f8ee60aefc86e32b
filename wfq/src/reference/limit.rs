use alloc::vec::Vec;

use super::{Kind, State, Twin};

/// A hard limit and what is left of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Budget {
    quota: u64,
    period: u64,
    burst: u64,
    /// The last boundary of a period that has been seen.
    boundary: u64,
    left: i128,
}

impl Budget {
    pub(super) fn open(&self) -> bool {
        self.left > 0
    }

    pub(super) fn spend(&mut self, used: u64) {
        self.left -= i128::from(used);
    }

    /// Lets time pass up to `now`.
    fn refill(&mut self, now: u64) {
        let boundaries = now.saturating_sub(self.boundary) / self.period;
        let most = i128::from(self.quota) + i128::from(self.burst);
        self.left = most.min(self.left + i128::from(boundaries) * i128::from(self.quota));
        self.boundary += boundaries * self.period;
    }

    /// The boundary at which there will be something left again: 0 if there is, nothing if it is
    /// beyond the end of time.
    fn release(&self) -> Option<u64> {
        if self.open() {
            return Some(0);
        }
        let boundaries = u64::try_from(-self.left / i128::from(self.quota) + 1).ok()?;
        self.boundary.checked_add(boundaries.checked_mul(self.period)?)
    }
}

impl Twin {
    /// Limits an entity, from now on: `quota` units of service in each `period`, of which up to
    /// `burst` more may be saved up. A quota or a period of 0 counts as 1.
    pub fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        if let Some(slot) = self.slot(entity) {
            self.limit_slot(slot, quota, period, burst);
        }
    }

    /// As [`Twin::limit`], for a group.
    pub fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        if let Some(slot) = self.group_slot(group) {
            self.limit_slot(slot, quota, period, burst);
        }
    }

    fn limit_slot(&mut self, slot: usize, quota: u64, period: u64, burst: u64) {
        let (quota, period) = (quota.max(1), period.max(1));
        let left = quota.into();
        self.at_mut(slot).limit = Some(Budget { quota, period, burst, boundary: self.now, left });
        self.settle(slot);
    }

    /// Time passes; a time before the last one is ignored. Those that are released enter their
    /// contests one by one, in order of the time of release, then of slots.
    pub fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        while let Some((time, slot)) = self.first_release().filter(|first| first.0 <= self.now) {
            if let Some(limit) = &mut self.at_mut(slot).limit {
                limit.refill(time);
            }
            self.settle(slot);
        }
        for node in self.nodes.iter_mut().flatten() {
            if let Some(limit) = &mut node.limit {
                limit.refill(now);
            }
        }
    }

    fn first_release(&self) -> Option<(u64, usize)> {
        let nodes = self.nodes.iter().enumerate();
        let limits = nodes.filter_map(|(slot, node)| Some((node.as_ref()?.limit?, slot)));
        let closed = limits.filter(|(limit, _)| !limit.open());
        closed.filter_map(|(limit, slot)| Some((limit.release()?, slot))).min()
    }

    /// When the first of the runnable entities that are throttled now, be it by a limit of a group,
    /// can be picked; nothing if there is none. It is at `now` or before if time has not been
    /// advanced to `now` yet.
    #[must_use]
    pub fn next_release(&self, now: u64) -> Option<u64> {
        let _ = now;
        let entities = self.entities.iter().flatten();
        let queued =
            entities.filter(|&&slot| matches!(self.at(slot).kind, Kind::Entity(_, State::Queued)));
        let releases = queued.filter_map(|&slot| {
            let limits = self.path(slot).into_iter().filter_map(|node| self.at(node).limit);
            let releases: Option<Vec<u64>> = limits.map(|limit| limit.release()).collect();
            releases?.into_iter().max()
        });
        releases.filter(|&time| time > 0).min()
    }
}
