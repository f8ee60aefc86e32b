use super::{Driver, Node, State};
use crate::testkit::{Law, Limited, ProportionalShare, Subject, Violation};

/// What is checked besides the shares.
impl<S: Subject> Driver<S> {
    /// When the first who is queued and throttled may run again.
    pub(super) fn due(&self) -> Option<u64> {
        if !self.limited {
            return None;
        }
        let entities = 0..self.profile.entities;
        let queued = entities
            .filter(|&entity| self.entity(entity).is_some_and(|node| node.state == State::Queued));
        let releases = queued.filter_map(|entity| {
            self.path(entity).filter_map(|node| node.budget).map(|budget| budget.release()).max()
        });
        releases.filter(|&release| release > 0).min()
    }

    pub(super) fn path(&self, node: usize) -> impl Iterator<Item = &Node> {
        core::iter::successors(Some(self.node(node)), |node| Some(self.node(node.parent?)))
    }

    pub(super) fn check_idle(&mut self) -> Result<(), Violation> {
        let may_run = |&entity: &usize| {
            self.entity(entity).is_some_and(|node| node.state == State::Queued)
                && self.path(entity).all(Node::open)
        };
        if let Some(entity) = (0..self.profile.entities).find(may_run)
            && self.profile.asks(Law::WorkConservation)
        {
            return Err(Violation::Idle { entity });
        }
        self.check_release()
    }

    pub(super) fn check_limits(&self, picked: usize) -> Result<(), Violation> {
        if !self.limited || !self.profile.asks(Law::Limit) {
            return Ok(());
        }
        let mut next = Some(picked);
        while let Some(node) = next {
            let known = self.node(node);
            if let Some(budget) = known.budget.filter(|budget| !budget.open()) {
                let limited = self.member(node);
                return Err(Violation::OverLimit { entity: picked, limited, debt: budget.debt() });
            }
            next = known.parent;
        }
        Ok(())
    }

    /// At every node above the entity, before it is in service.
    pub(super) fn check_owed(&mut self, picked: usize) -> Result<(), Violation> {
        let (nodes, Some(owed)) = (&self.nodes, &mut self.owed) else { return Ok(()) };
        let at = |node: usize| nodes[node].as_ref();
        let waits = |node| at(node).is_some_and(|node| node.competes && node.serving == 0);
        core::iter::successors(Some(picked), |&node| at(node)?.parent)
            .try_for_each(|node| owed.pick(node, waits))
    }

    pub(super) fn check_release(&mut self) -> Result<(), Violation> {
        if !self.limited || !self.profile.asks(Law::Release) {
            return Ok(());
        }
        let (now, due) = (self.now, self.due());
        let limits: Option<&mut dyn Limited> = self.subject.limits();
        let said = limits.and_then(|scheduler| scheduler.next_release(now));
        // Throttled twice, an entity may be named at the release of what keeps it out for less
        // long: to ask too early does no harm, and looking at all paths would take time.
        let early = S::OFFERS.groups && said.is_some_and(|said| said > now) && said < due;
        if said == due || early { Ok(()) } else { Err(Violation::Release { said, due }) }
    }

    pub(super) fn check_virtual_time(&mut self) -> Result<(), Violation> {
        // What groups were counted in advance, they may be given back.
        if self.groups > 0 && self.profile.in_service > 1 {
            return Ok(());
        }
        let now = self.subject.scheduler().virtual_time();
        if let (Some(from), Some(to)) = (self.virtual_time, now)
            && to.wrapping_sub(from).cast_signed() < 0
        {
            return Err(Violation::WentBack { from, to });
        }
        self.virtual_time = now;
        Ok(())
    }
}
