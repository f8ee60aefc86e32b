use super::{Driver, Node, State};
use crate::testkit::episode::GROUPS;
use crate::testkit::{Member, ProportionalShare, Subject};

/// Entities and groups come and go.
impl<S: Subject> Driver<S> {
    pub(super) fn add(&mut self, entity: usize, group: Option<usize>, weight: u32) -> bool {
        let fits =
            entity < self.profile.entities && (1..=self.profile.largest_weight).contains(&weight);
        if !fits || self.entity(entity).is_some() {
            return false;
        }
        let group = group.filter(|&group| group < self.groups);
        self.grow(entity, Member::Entity(entity), group, weight);
        match group {
            None => self.tell_scheduler(|scheduler| scheduler.add(entity, weight)),
            Some(group) => self.tell(|subject| {
                if let Some(scheduler) = subject.groups() {
                    scheduler.add_to(group, entity, weight);
                }
            }),
        }
        true
    }

    pub(super) fn add_group(&mut self, parent: Option<usize>, weight: u32) -> bool {
        let fits = S::OFFERS.groups && self.groups < GROUPS;
        if !fits || !(1..=self.profile.largest_weight).contains(&weight) {
            return false;
        }
        let (group, parent) = (self.groups, parent.filter(|&parent| parent < self.groups));
        self.groups += 1;
        self.grow(self.profile.entities + group, Member::Group(group), parent, weight);
        self.tell(|subject| {
            if let Some(scheduler) = subject.groups() {
                scheduler.add_group(group, parent, weight);
            }
        });
        true
    }

    pub(super) fn grow(&mut self, node: usize, member: Member, group: Option<usize>, weight: u32) {
        let state = if node < self.profile.entities { State::Asleep } else { State::Group };
        self.nodes[node] = Some(Node {
            parent: group.map(|group| self.profile.entities + group),
            weight,
            state,
            serving: 0,
            competing: 0,
            competes: false,
            budget: None,
            largest: self.profile.expected(),
            told: None,
        });
        if let Some(fairness) = &mut self.fairness {
            fairness.add(node, member, group.map_or(0, |group| group + 1), weight);
        }
        if let Some(owed) = &mut self.owed {
            owed.add(node, member, group.map_or(0, |group| group + 1), weight);
        }
    }

    pub(super) fn remove(&mut self, entity: usize) -> bool {
        if self.entity(entity).is_none_or(|node| node.state == State::InService) {
            return false;
        }
        self.node_mut(entity).state = State::Asleep;
        self.settle(entity);
        if let Some(fairness) = &mut self.fairness {
            fairness.remove(entity);
        }
        self.nodes[entity] = None;
        self.tell_scheduler(|scheduler| scheduler.remove(entity));
        true
    }
}
