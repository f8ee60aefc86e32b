use super::Driver;
use crate::testkit::budget::Budget;
use crate::testkit::{Subject, Violation};

/// Limits, and the time that they count in.
impl<S: Subject> Driver<S> {
    pub(super) fn limit(&mut self, node: usize, quota: u64, period: u64, burst: u64) -> bool {
        let group = node.checked_sub(self.profile.entities);
        // With several in service, what a group may still use depends on what those in it will.
        let groups = S::OFFERS.groups && self.profile.in_service == 1;
        let offered = S::OFFERS.limits && (group.is_none() || groups);
        if !offered || quota == 0 || period == 0 {
            return false;
        }
        self.limited = true;
        self.node_mut(node).budget = Some(Budget::new(self.now, quota, period, burst));
        self.settle(node);
        self.tell(|subject| match group {
            None => {
                if let Some(scheduler) = subject.limits() {
                    scheduler.limit(node, quota, period, burst);
                }
            }
            Some(group) => {
                if let Some(scheduler) = subject.group_limits() {
                    scheduler.limit_group(group, quota, period, burst);
                }
            }
        });
        true
    }

    pub(super) fn advance(&mut self, now: u64) -> Result<bool, Violation> {
        if !S::OFFERS.limits {
            return Ok(false);
        }
        self.now = now;
        if let Some(owed) = &mut self.owed {
            owed.begin_releases();
        }
        for node in 0..self.nodes.len() {
            if let Some(budget) = self.nodes[node].as_mut().and_then(|node| node.budget.as_mut()) {
                budget.pass(now);
                self.settle(node);
            }
        }
        if let Some(owed) = &mut self.owed {
            owed.end_releases();
        }
        self.tell(|subject| {
            if let Some(scheduler) = subject.limits() {
                scheduler.advance(now);
            }
        });
        self.check_release()?;
        Ok(true)
    }
}
