use super::Driver;
use crate::testkit::{Hierarchical, ProportionalShare, Subject};

/// Weights change.
impl<S: Subject> Driver<S> {
    pub(super) fn set_weight(&mut self, entity: usize, weight: u32) -> bool {
        let can = self.allows(weight) && self.subject.scheduler().can_reweight();
        if !can || self.entity(entity).is_none() {
            return false;
        }
        self.reweight(entity, weight);
        self.tell_scheduler(|scheduler| scheduler.set_weight(entity, weight));
        true
    }

    pub(super) fn set_group_weight(&mut self, group: usize, weight: u32) -> bool {
        if !self.allows(weight) || group >= self.groups {
            return false;
        }
        let set = |scheduler: &mut dyn Hierarchical| scheduler.set_group_weight(group, weight);
        if !self.subject.groups().is_some_and(set) {
            return false;
        }
        self.witness.as_mut().and_then(Subject::groups).map(set);
        self.reweight(self.profile.entities + group, weight);
        true
    }

    pub(super) fn round_trip(&mut self, entity: usize, weight: u32) -> bool {
        let Some(before) = self.entity(entity).map(|node| node.weight) else { return false };
        self.set_weight(entity, weight) && self.set_weight(entity, before)
    }

    fn allows(&self, weight: u32) -> bool {
        (1..=self.profile.largest_weight).contains(&weight)
    }

    fn reweight(&mut self, node: usize, weight: u32) {
        let known = self.node_mut(node);
        (known.weight, known.told) = (weight, None);
        if let Some(fairness) = &mut self.fairness {
            fairness.set_weight(node, weight);
        }
        if let Some(owed) = &mut self.owed {
            owed.set_weight(node, weight);
        }
        if let Some(beside) = &mut self.beside {
            beside.forget(node);
        }
    }
}
