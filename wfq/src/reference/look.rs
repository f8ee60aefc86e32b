use alloc::vec::Vec;

use super::{Kind, Node, Order, ROOT, Reading, State, Twin};

impl Twin {
    /// The counter of an entity: `(k, rem, of)` stands for `k + rem / of`, in units of 1/K. With
    /// EEVDF a counter means something only while its owner competes: else nothing.
    #[must_use]
    pub fn counter(&self, entity: usize) -> Option<(u128, u32, u32)> {
        self.counter_of(self.slot(entity)?)
    }

    /// As [`Twin::counter`], of a group.
    #[must_use]
    pub fn group_counter(&self, group: usize) -> Option<(u128, u32, u32)> {
        self.counter_of(self.group_slot(group)?)
    }

    fn counter_of(&self, slot: usize) -> Option<(u128, u32, u32)> {
        let node = self.at(slot);
        let Reading { k, rem, of } = node.counter;
        (node.competes || self.order == Order::StartTime).then_some((k, rem, of))
    }

    /// Whether an entity is in the runnable set of its contest: neither asleep nor throttled.
    #[must_use]
    pub fn competes(&self, entity: usize) -> bool {
        self.slot(entity).is_some_and(|slot| self.at(slot).competes)
    }

    /// The virtual time of the root's contest, in units of 1/K: `s_min`, or V rounded down (EEVDF).
    #[must_use]
    pub fn virtual_time(&self) -> u128 {
        self.position(ROOT)
    }

    /// As [`Twin::virtual_time`], of a group's contest.
    #[must_use]
    pub fn group_virtual_time(&self, group: usize) -> Option<u128> {
        Some(self.position(self.group_slot(group)?))
    }

    pub(super) fn children(&self, contest: usize) -> impl Iterator<Item = (usize, &Node)> {
        let all = self.nodes.iter().enumerate().skip(1);
        all.filter_map(move |(slot, node)| {
            node.as_ref().filter(|node| node.parent == contest).map(|node| (slot, node))
        })
    }

    /// The runnable set of a contest.
    pub(super) fn members(&self, contest: usize) -> impl Iterator<Item = (usize, &Node)> {
        self.children(contest).filter(|(_, node)| node.competes)
    }

    /// The node and the groups it is in, without the root.
    pub(super) fn path(&self, slot: usize) -> Vec<usize> {
        core::iter::successors(Some(slot), |&slot| Some(self.at(slot).parent))
            .take_while(|&slot| slot != ROOT)
            .collect()
    }

    pub(super) fn slot(&self, entity: usize) -> Option<usize> {
        self.entities.get(entity).copied().flatten()
    }

    pub(super) fn group_slot(&self, group: usize) -> Option<usize> {
        self.groups.get(group).copied().flatten()
    }

    pub(super) fn at(&self, slot: usize) -> &Node {
        self.nodes[slot].as_ref().expect("slots in use hold a node")
    }

    pub(super) fn at_mut(&mut self, slot: usize) -> &mut Node {
        self.nodes[slot].as_mut().expect("slots in use hold a node")
    }

    pub(super) fn state(&self, slot: usize) -> Option<State> {
        match self.at(slot).kind {
            Kind::Entity(_, state) => Some(state),
            Kind::Group(_) => None,
        }
    }
}
