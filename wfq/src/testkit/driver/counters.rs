use super::{Driver, Node};
use crate::testkit::{Counter, CounterFault, Law, Member, ProportionalShare, Subject, Violation};

/// What is checked of counters, if the scheduler tells them.
impl<S: Subject> Driver<S> {
    /// Before the entity is in service: those of all its siblings, and of the groups that it is in.
    pub(super) fn check_counters(&mut self, picked: usize) -> Result<(), Violation> {
        if !self.profile.asks(Law::Counters) {
            return Ok(());
        }
        let mut next = Some(picked);
        while let Some(node) = next {
            next = self.node(node).parent;
            let Some(least) = self.counter(node) else { continue };
            for other in 0..self.nodes.len() {
                if self.nodes[other].is_some_and(|node| node.competes && node.parent == next) {
                    self.check_counter(other, &least)?;
                }
            }
        }
        Ok(())
    }

    /// Beside that of the node that is picked.
    fn check_counter(&mut self, node: usize, least: &Counter) -> Result<(), Violation> {
        let Some(counter) = self.counter(node) else { return Ok(()) };
        let Node { told, serving, largest, weight, .. } = *self.node(node);
        if let Some(told) = told.filter(|told| *told != counter) {
            return Err(self.fault(node, CounterFault::Moved, &counter, &told));
        }
        if serving == 0 && !least.is_least(&counter) {
            return Err(self.fault(node, CounterFault::Less, &counter, least));
        }
        // One that is in service for long holds up the least counter, while others move on.
        if self.profile.in_service == 1 && !counter.is_within(largest, weight, least) {
            return Err(self.fault(node, CounterFault::TooFarAhead, &counter, least));
        }
        self.node_mut(node).told = Some(counter);
        Ok(())
    }

    /// After an entity was charged: its own, and those of the groups it is in.
    pub(super) fn check_growth(&mut self, entity: usize, used: u64) -> Result<(), Violation> {
        let mut next = Some(entity);
        while let Some(node) = next {
            let Node { told, weight, parent, .. } = *self.node(node);
            next = parent;
            // Told again, if it is still runnable.
            let Some(told) = told else { continue };
            let Some(counter) = self.counter(node) else { continue };
            if !counter.has_grown(used, weight, &told) {
                return Err(self.fault(node, CounterFault::Miscounted, &counter, &told));
            }
            self.node_mut(node).told = Some(counter);
        }
        Ok(())
    }

    fn counter(&mut self, node: usize) -> Option<Counter> {
        match node.checked_sub(self.profile.entities) {
            None => self.subject.scheduler().counter(node),
            // With several in service, groups are counted in advance.
            Some(_) if self.profile.in_service > 1 => None,
            Some(group) => self.subject.groups()?.group_counter(group),
        }
    }

    fn fault(&self, node: usize, fault: CounterFault, at: &Counter, of: &Counter) -> Violation {
        Violation::Counter { member: self.member(node), fault, ahead: at.units_ahead(of) }
    }

    pub(super) fn member(&self, node: usize) -> Member {
        match node.checked_sub(self.profile.entities) {
            None => Member::Entity(node),
            Some(group) => Member::Group(group),
        }
    }
}
