//! Many nodes, split by a reference: those after it lie in a radix wheel, those before it that have
//! come out of the wheel in a sorted list, and those that have come later in a heap. In start-time
//! order hardly anybody enters before the last one served.

use super::due::Due;
use super::heap::{ByCounter, Heap};
use super::wheel::Wheel;
use crate::node::{Nodes, Place, before, first};

/// Nobody is searched for to be taken out of the wheel, or of those due. What is stale is dropped
/// when it comes up, or when there is one for each `SPARE` nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Many<const SPARE: usize> {
    /// Those next.
    due: Due,
    /// Those who came too late for that.
    late: Heap<ByCounter>,
    /// The others.
    wheel: Wheel,
    len: usize,
}

impl<const SPARE: usize> Many<SPARE> {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.due.reserve(nodes);
        self.late.reserve(nodes);
        self.wheel.reserve(nodes, nodes / SPARE + 1);
    }

    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.due.memory() + self.late.memory() + self.wheel.memory()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in all, who compete in the same group, when there is nobody yet.
    pub(crate) fn fill(
        &mut self,
        nodes: &mut Nodes,
        group: u32,
        ids: impl Iterator<Item = u32> + Clone,
    ) {
        let counters = ids.clone().map(|id| nodes[id as usize].counter);
        let least = counters.reduce(|a, b| if before(b, a) { b } else { a });
        self.wheel.start(least.unwrap_or_default(), group);
        ids.for_each(|id| self.insert(nodes, id));
    }

    /// Takes out all, when nothing is stale.
    pub(crate) fn clear(&mut self) {
        self.due.clear();
        self.late.clear();
        self.wheel.clear();
        self.len = 0;
    }

    /// The numbers of all nodes, when nothing is stale.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        self.due.ids().iter().copied().chain(self.late.ids()).chain(self.wheel.ids())
    }

    /// Into the wheel, or if that has passed its counter, to those who are late.
    #[inline(always)]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        self.len += 1;
        let node = &mut nodes[id as usize];
        let counter = node.counter;
        if self.wheel.has_passed(counter) {
            self.insert_late(nodes, id);
        } else {
            node.set_place(Place::Queue);
            self.wheel.insert(nodes, counter, id);
        }
    }

    #[inline(never)]
    fn insert_late(&mut self, nodes: &mut Nodes, id: u32) {
        nodes[id as usize].set_place(Place::Late);
        self.late.push(nodes, id);
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        self.len -= 1;
        let node = &mut nodes[id as usize];
        let (place, counter) = (node.place(), node.counter);
        node.set_place(Place::Nowhere);
        if self.wheel.stale() > 0 || self.due.has_stale() {
            // Of this node, perhaps.
            self.wheel.leave_stray();
        }
        let is_first = place != Place::Late && self.wheel.has_passed(counter) && self.due.pass(id);
        if !is_first {
            self.remove_other(nodes, id, place, counter);
        }
    }

    /// Takes out a node that is not the first of those due.
    #[inline(never)]
    fn remove_other(&mut self, nodes: &mut Nodes, id: u32, place: Place, counter: u64) {
        if place == Place::Late {
            let position = nodes.positions[id as usize];
            return self.late.remove(nodes, position);
        }
        self.wheel.leave_stray();
        if !self.wheel.has_passed(counter) {
            self.leave_stale(nodes);
        }
    }

    /// Something became stale.
    #[inline(always)]
    fn leave_stale(&mut self, nodes: &mut Nodes) {
        self.wheel.leave_stale();
        if self.wheel.stale() > self.len / SPARE {
            self.sift(nodes);
        }
    }

    /// Drops all that is stale.
    #[cold]
    pub(crate) fn sift(&mut self, nodes: &mut Nodes) {
        self.wheel.sift_all(nodes, &mut self.due);
    }

    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut Nodes, id: u32, counter: u64, remainder: u32) {
        let node = &mut nodes[id as usize];
        if node.place() == Place::Late {
            return self.update_late(nodes, id, counter, remainder);
        }
        let was_due = self.wheel.has_passed(node.counter);
        node.move_to(counter, remainder);
        if self.wheel.has_passed(counter) {
            self.insert_late(nodes, id);
        } else {
            self.wheel.move_on(counter, id);
        }
        if was_due {
            self.due.pass(id);
        } else {
            self.leave_stale(nodes);
        }
    }

    #[inline(never)]
    fn update_late(&mut self, nodes: &mut Nodes, id: u32, counter: u64, remainder: u32) {
        let position = nodes.positions[id as usize];
        self.late.remove(nodes, position);
        self.len -= 1;
        nodes[id as usize].move_to(counter, remainder);
        self.insert(nodes, id);
    }

    #[inline(always)]
    pub(crate) fn first(&mut self, nodes: &Nodes) -> Option<u32> {
        match (self.first_due(nodes), self.late.first()) {
            (Some(due), Some(late)) => Some(earlier(nodes, late, due)),
            (None, None) => self.look(nodes),
            (due, late) => due.or(late),
        }
    }

    #[inline(always)]
    fn first_due(&mut self, nodes: &Nodes) -> Option<u32> {
        self.due.first(|id| self.wheel.is_due(nodes, id))
    }

    #[inline(always)]
    pub(crate) fn first_until(&mut self, nodes: &Nodes, counter: u64) -> Option<u32> {
        let is_waiting = self.late.is_empty() && self.first_due(nodes).is_none();
        if is_waiting && self.wheel.begins_after(counter) { None } else { self.first(nodes) }
    }

    /// The first, if nobody is due or late.
    #[inline(never)]
    fn look(&mut self, nodes: &Nodes) -> Option<u32> {
        while self.first_due(nodes).is_none() && !self.wheel.is_empty() {
            self.wheel.refill(nodes, &mut self.due, self.len);
        }
        self.first_due(nodes)
    }

    /// The first, found without moving anything: may look through a bucket.
    pub(crate) fn peek(&self, nodes: &Nodes) -> Option<u32> {
        let due = self.due.ids().iter().copied().find(|&id| self.wheel.is_due(nodes, id));
        let both = due.into_iter().chain(self.late.first());
        both.reduce(|a, b| earlier(nodes, a, b)).or_else(|| self.wheel.first(nodes))
    }
}

#[inline(always)]
fn earlier(nodes: &Nodes, a: u32, b: u32) -> u32 {
    if first(nodes, a, b) { a } else { b }
}
