//! Hard limits, and time.

use super::{Group, ROOT, Scheduler};
use crate::limit::{Budget, Limit, NEVER};
use crate::node::{NONE, State};
use crate::{Error, Member};

impl Scheduler {
    /// Gives a member a hard limit, or takes it away. The first period begins now, with the whole
    /// quota; what was used or owed under an earlier limit is forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    pub fn set_limit(
        &mut self,
        member: impl Into<Member>,
        limit: Option<Limit>,
    ) -> Result<(), Error> {
        let id = self.find(member.into())?;
        self.drop_budget(id);
        let group = self.table.kin(id).group;
        if group != NONE {
            self.forget_promised(group);
        }
        if let Some(limit) = limit {
            let held = self.groups.get(group as usize).map_or(0, |group| group.held);
            let held = self.quantum.get().saturating_mul(held.into());
            let budget = Budget::new(limit, self.now, held);
            let place = if let Some(place) = self.vacant_budgets.pop() {
                self.budgets[place as usize] = budget;
                place
            } else {
                self.budgets.push(budget);
                // So that a charge does not allocate.
                self.releases.reserve(self.budgets.len());
                let groups = self.budgets.len().saturating_sub(self.promised.len());
                self.promised.reserve(groups);
                (self.budgets.len() - 1) as u32
            };
            self.table.change_kin(id, |kin| kin.limit = place);
        }
        if self.table.nodes[id as usize].state() == State::Throttled {
            self.release(id);
        } else if group != NONE {
            self.align(group);
        }
        Ok(())
    }

    /// The hard limit of a member.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    pub fn limit(&self, member: impl Into<Member>) -> Result<Option<Limit>, Error> {
        let id = self.find(member.into())?;
        let limit = self.table.kin(id).limit;
        Ok(self.budgets.get(limit as usize).map(Budget::limit))
    }

    /// Tells the time, in the unit of the periods: releases all who may be served again. Charges
    /// count for the period that the latest time given lies in. Without limits there is no need to
    /// call this. Takes time for each release, and for each group whose limit those in service may
    /// use up.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`].
    pub fn advance(&mut self, now: u64) -> Result<(), Error> {
        if now < self.now {
            return Err(Error::TimeWentBack { now, last: self.now });
        }
        self.now = now;
        while let Some((release, id)) = self.releases.first() {
            if release > now || release == NEVER {
                break;
            }
            self.release(id);
        }
        let mut next = ROOT;
        loop {
            let at = self.first_promised(next);
            let Some(&place) = self.promised.get(at) else { return Ok(()) };
            self.promised.remove(at);
            // It may be noted once more, with what it has now.
            if self.renewal(place).is_some() {
                self.align(place);
            }
            next = place + 1;
        }
    }

    /// When to call [`advance`](Self::advance) again and ask for the next, if nobody may be served
    /// now: the first release, or the end of a period of a group whose limit those in service may use
    /// up, but not before `now`. `None` if nobody waits for either, or there is none before the end of
    /// time. With limits inside of limits, or for as long as those in service are not charged, it may
    /// be early: then ask again. `O(g)` for `g` such groups.
    #[must_use]
    pub fn next_release(&self, now: u64) -> Option<u64> {
        let release = self.releases.first().map(|(release, _)| release);
        let renewals = self.promised.iter().filter_map(|&place| self.renewal(place));
        let first = release.into_iter().chain(renewals).min().filter(|&time| time != NEVER)?;
        Some(first.max(now))
    }

    /// When a group gets a new quota that has somebody to serve, and too little left for that.
    fn renewal(&self, place: u32) -> Option<u64> {
        let Group { node, contest, .. } = &self.groups[place as usize];
        let budget = self.budgets.get(self.table.kin(*node).limit as usize)?;
        let waits = self.table.nodes[*node as usize].state() == State::Runnable
            && contest.has_queued()
            && budget.is_promised();
        waits.then(|| budget.end_of_period())
    }

    /// Where the first of the promised groups from a place on is, or would be.
    fn first_promised(&self, place: u32) -> usize {
        self.promised.partition_point(|&other| other < place)
    }

    /// Lets the limit of a group, if it has one, know the time.
    pub(super) fn refresh(&mut self, place: u32) {
        let limit = self.table.kin(self.groups[place as usize].node).limit;
        if let Some(budget) = self.budgets.get_mut(limit as usize) {
            budget.refresh(self.now);
        }
    }

    /// Whether the limit of a group, if it has one, leaves something for others than those in service.
    /// If not, the group is looked at again when time goes on.
    pub(super) fn leaves_something(&mut self, place: u32) -> bool {
        let limit = self.table.kin(self.groups[place as usize].node).limit;
        let Some(budget) = self.budgets.get(limit as usize) else { return true };
        let is_promised = budget.is_promised();
        let at = self.first_promised(place);
        if is_promised && self.promised.get(at) != Some(&place) {
            self.promised.insert(at, place);
        }
        !is_promised
    }

    /// A group has gone, or has no limit any more.
    pub(super) fn forget_promised(&mut self, place: u32) {
        let at = self.first_promised(place);
        if self.promised.get(at) == Some(&place) {
            self.promised.remove(at);
        }
    }

    /// Whether the limit of a node, if it has one, is used up now.
    pub(super) fn is_spent(&mut self, id: u32) -> bool {
        let limit = self.table.kin(id).limit;
        match self.budgets.get_mut(limit as usize) {
            Some(budget) => {
                budget.refresh(self.now);
                budget.is_spent()
            }
            None => false,
        }
    }

    /// Charges the limit of a node, if it has one.
    pub(super) fn spend(&mut self, id: u32, used: u64, given_back: u64) {
        let limit = self.table.kin(id).limit;
        if let Some(budget) = self.budgets.get_mut(limit as usize) {
            budget.refresh(self.now);
            budget.spend(used);
            budget.give_back(given_back);
        }
    }

    /// Counts a quantum in advance.
    pub(super) fn promise(&mut self, id: u32) {
        let limit = self.table.kin(id).limit;
        if let Some(budget) = self.budgets.get_mut(limit as usize) {
            budget.hold(self.quantum.get());
        }
    }

    /// A node out of the contest waits for the end of a period.
    pub(super) fn throttle(&mut self, id: u32) {
        self.table.nodes[id as usize].set_state(State::Throttled);
        let release = self.budgets[self.table.kin(id).limit as usize].release();
        self.releases.push(&mut self.table.nodes, (release, id));
    }

    /// A throttled node has been charged once more.
    pub(super) fn throttle_longer(&mut self, id: u32) {
        let position = self.table.nodes.positions[id as usize];
        self.releases.remove(&mut self.table.nodes, position);
        self.throttle(id);
    }

    /// A throttled node wants service, and may have it.
    fn release(&mut self, id: u32) {
        let position = self.table.nodes.positions[id as usize];
        self.releases.remove(&mut self.table.nodes, position);
        self.table.nodes[id as usize].set_state(State::Asleep);
        self.activate(id);
    }

    pub(super) fn drop_budget(&mut self, id: u32) {
        let limit = self.table.kin(id).limit;
        if limit != NONE {
            self.table.change_kin(id, |kin| kin.limit = NONE);
            self.vacant_budgets.push(limit);
        }
    }
}
