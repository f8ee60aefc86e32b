//! Many nodes, split by a reference: those after it lie in a radix wheel, those before it that have
//! come out of the wheel in a sorted list, and those that have come later in a heap. In start-time
//! order hardly anybody enters before the last one served.

use super::due::Due;
use super::heap::{ByCounter, Heap};
use super::wheel::Wheel;
use crate::node::{Nodes, Place, before, first};

#[derive(Clone, Debug, Default)]
pub(crate) struct Many {
    /// Those next.
    due: Due,
    /// Those who came too late for that.
    late: Heap<ByCounter>,
    /// The others.
    wheel: Wheel,
    len: usize,
}

impl Many {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.due.reserve(nodes);
        self.late.reserve(nodes);
        self.wheel.reserve(nodes);
    }

    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.due.memory() + self.late.memory() + self.wheel.memory()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in all, when there is nobody yet.
    pub(crate) fn fill(&mut self, nodes: &mut Nodes, ids: impl Iterator<Item = u32> + Clone) {
        let counters = ids.clone().map(|id| nodes[id as usize].counter);
        let least = counters.reduce(|a, b| if before(b, a) { b } else { a });
        self.wheel.start(least.unwrap_or_default());
        ids.for_each(|id| self.insert(nodes, id));
    }

    /// Into the wheel, or if that has passed its counter, to those who are late.
    #[inline(always)]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        self.len += 1;
        let counter = nodes[id as usize].counter;
        if self.wheel.has_passed(counter) {
            self.insert_late(nodes, id);
        } else {
            nodes[id as usize].set_place(Place::Queue);
            self.wheel.insert(nodes, counter, id);
        }
    }

    #[inline(never)]
    fn insert_late(&mut self, nodes: &mut Nodes, id: u32) {
        nodes[id as usize].set_place(Place::Late);
        self.late.push(nodes, id);
    }

    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        self.len -= 1;
        if self.due.first() == Some(id) {
            self.due.remove_first();
        } else {
            self.remove_other(nodes, id);
        }
    }

    /// Takes out a node that is not the first of those due.
    #[inline(never)]
    fn remove_other(&mut self, nodes: &mut Nodes, id: u32) {
        let position = nodes.positions[id as usize];
        let node = &nodes[id as usize];
        if node.place() == Place::Late {
            self.late.remove(nodes, position);
        } else if self.wheel.has_passed(node.counter) {
            self.due.remove(position);
        } else {
            self.wheel.remove(nodes, id);
        }
    }

    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut Nodes, id: u32, counter: u64, remainder: u32) {
        if self.due.first() == Some(id) {
            self.due.remove_first();
        } else {
            self.remove_other(nodes, id);
            nodes[id as usize].set_place(Place::Queue);
        }
        nodes[id as usize].move_to(counter, remainder);
        if self.wheel.has_passed(counter) {
            self.insert_late(nodes, id);
        } else {
            self.wheel.insert(nodes, counter, id);
        }
    }

    #[inline(always)]
    pub(crate) fn first(&mut self, nodes: &mut Nodes) -> Option<u32> {
        match self.due.first() {
            Some(id) if self.late.is_empty() => Some(id),
            _ => self.look(nodes),
        }
    }

    #[inline(always)]
    pub(crate) fn first_until(&mut self, nodes: &mut Nodes, counter: u64) -> Option<u32> {
        let is_waiting = self.due.first().is_none() && self.late.is_empty();
        if is_waiting && self.wheel.begins_after(counter) { None } else { self.first(nodes) }
    }

    /// The first, unless it is simply the first of those due.
    #[inline(never)]
    fn look(&mut self, nodes: &mut Nodes) -> Option<u32> {
        if !self.late.is_empty() {
            return self.first_of_both(nodes);
        }
        while self.due.first().is_none() && !self.wheel.is_empty() {
            self.wheel.refill(nodes, &mut self.due, self.len);
        }
        self.due.first()
    }

    fn first_of_both(&self, nodes: &Nodes) -> Option<u32> {
        match (self.late.first(), self.due.first()) {
            (Some(late), Some(due)) => Some(if first(nodes, late, due) { late } else { due }),
            (late, due) => late.or(due),
        }
    }

    /// The first, found without moving anything: may look through a bucket.
    pub(crate) fn peek(&self, nodes: &Nodes) -> Option<u32> {
        self.first_of_both(nodes).or_else(|| self.wheel.first(nodes))
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self, nodes: &mut Nodes) -> Option<u32> {
        let id = self.due.pop().or_else(|| self.late.pop()).or_else(|| self.wheel.pop(nodes))?;
        self.len -= 1;
        Some(id)
    }
}
