//! The nodes of a contest by counter, then number.
//!
//! A few are kept in order. More are split by a reference: those after it lie in a radix wheel,
//! those before it that have come out of the wheel in a sorted list, and those that have come later
//! in a heap. In start-time order hardly anybody enters before the last one served.

mod blocks;
mod due;
mod few;
mod heap;
mod wheel;

use alloc::boxed::Box;

use due::Due;
use few::{FEW, Few};
pub(crate) use heap::{ByCounter, ByDeadline, ByTime, Deadline, Heap};
use wheel::Wheel;

use crate::node::{Nodes, Place, before, first};

#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// Of a large queue, those next.
    due: Due,
    /// Of a small queue, all.
    few: Few,
    /// Of a large queue, those who came too late for that.
    late: Heap<ByCounter>,
    /// Of a large queue, the others. Kept when a queue becomes small.
    wheel: Option<Box<Wheel>>,
    is_large: bool,
    len: usize,
}

impl Queue {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        if nodes > FEW {
            self.due.reserve(nodes);
            self.late.reserve(nodes);
            self.wheel.get_or_insert_with(|| Box::new(Wheel::new())).reserve(nodes);
        }
    }

    pub(crate) fn memory(&self) -> usize {
        let wheel = self.wheel.as_deref().map_or(0, Wheel::memory);
        self.due.memory() + self.late.memory() + wheel
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts in a node by its counter.
    #[inline]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        self.len += 1;
        match &mut self.wheel {
            Some(wheel) if self.is_large => insert_into(wheel, &mut self.late, nodes, id),
            _ if self.len <= FEW => {
                nodes[id as usize].set_place(Place::Queue);
                self.few.insert(nodes, id);
            }
            _ => self.grow(nodes, id),
        }
    }

    /// Takes out a node that is in.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        self.len -= 1;
        match &mut self.wheel {
            Some(wheel) if self.is_large => {
                if self.due.first() == Some(id) {
                    self.due.remove_first();
                } else {
                    remove_other(wheel, &mut self.late, &mut self.due, nodes, id);
                }
                if self.len < FEW / 2 {
                    self.shrink(nodes);
                }
            }
            _ => self.few.remove(nodes, id),
        }
        nodes[id as usize].set_place(Place::Nowhere);
    }

    /// Gives a node that is in another counter and remainder.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut Nodes, id: u32, counter: u64, remainder: u32) {
        match &mut self.wheel {
            Some(wheel) if self.is_large => {
                if self.due.first() == Some(id) {
                    self.due.remove_first();
                } else {
                    remove_other(wheel, &mut self.late, &mut self.due, nodes, id);
                    nodes[id as usize].set_place(Place::Queue);
                }
                nodes[id as usize].move_to(counter, remainder);
                if wheel.has_passed(counter) {
                    insert_late(&mut self.late, nodes, id);
                } else {
                    wheel.insert(nodes, counter, id);
                }
            }
            _ => {
                nodes[id as usize].move_to(counter, remainder);
                self.few.update(nodes, id, counter);
            }
        }
    }

    /// The node with the least counter.
    #[inline(always)]
    pub(crate) fn first(&mut self, nodes: &mut Nodes) -> Option<u32> {
        match self.due.first() {
            Some(id) if self.late.is_empty() => Some(id),
            _ if !self.is_large => self.few.first(),
            _ => self.look(nodes),
        }
    }

    /// The node with the least counter, unless all are after some counter. To move nobody before
    /// that is needed keeps those from being late who come next.
    #[inline(always)]
    pub(crate) fn first_until(&mut self, nodes: &mut Nodes, counter: u64) -> Option<u32> {
        match &self.wheel {
            Some(wheel) if self.is_large && self.due.first().is_none() && self.late.is_empty() => {
                if wheel.begins_after(counter) {
                    None
                } else {
                    self.look(nodes)
                }
            }
            _ => self.first(nodes),
        }
    }

    /// The first of a large queue, unless it is simply the first of those due.
    #[inline(never)]
    fn look(&mut self, nodes: &mut Nodes) -> Option<u32> {
        if !self.late.is_empty() {
            return self.first_of_both(nodes);
        }
        let wheel = self.wheel.as_mut()?;
        while self.due.first().is_none() && !wheel.is_empty() {
            wheel.refill(nodes, &mut self.due, self.len);
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
        self.first_of_both(nodes).or_else(|| match &self.wheel {
            Some(wheel) if self.is_large => wheel.first(nodes),
            _ => self.few.first(),
        })
    }

    /// From a few that are as many as can be to the parts of a large queue, with one more.
    #[cold]
    fn grow(&mut self, nodes: &mut Nodes, id: u32) {
        let wheel = self.wheel.get_or_insert_with(|| Box::new(Wheel::new()));
        let counter = nodes[id as usize].counter;
        let least = self.few.first().map_or(counter, |id| nodes[id as usize].counter);
        wheel.start(if before(counter, least) { counter } else { least });
        insert_into(wheel, &mut self.late, nodes, id);
        while let Some(id) = self.few.pop(nodes) {
            insert_into(wheel, &mut self.late, nodes, id);
        }
        self.is_large = true;
    }

    /// Back to a few.
    #[cold]
    fn shrink(&mut self, nodes: &mut Nodes) {
        let Some(wheel) = &mut self.wheel else { return };
        let (due, late) = (&mut self.due, &mut self.late);
        while let Some(id) = due.pop().or_else(|| late.pop()).or_else(|| wheel.pop(nodes)) {
            nodes[id as usize].set_place(Place::Queue);
            self.few.insert(nodes, id);
        }
        due.clear();
        self.is_large = false;
    }
}

/// Into the wheel, or if that has passed its counter, to those who are late.
#[inline(always)]
fn insert_into(wheel: &mut Wheel, late: &mut Heap<ByCounter>, nodes: &mut Nodes, id: u32) {
    let counter = nodes[id as usize].counter;
    if wheel.has_passed(counter) {
        insert_late(late, nodes, id);
    } else {
        nodes[id as usize].set_place(Place::Queue);
        wheel.insert(nodes, counter, id);
    }
}

#[inline(never)]
fn insert_late(late: &mut Heap<ByCounter>, nodes: &mut Nodes, id: u32) {
    nodes[id as usize].set_place(Place::Late);
    late.push(nodes, id);
}

/// Takes a node out of a large queue that is not the first of those due.
#[inline(never)]
fn remove_other(
    wheel: &mut Wheel,
    late: &mut Heap<ByCounter>,
    due: &mut Due,
    nodes: &mut Nodes,
    id: u32,
) {
    let position = nodes.positions[id as usize];
    let node = &nodes[id as usize];
    if node.place() == Place::Late {
        late.remove(nodes, position);
    } else if wheel.has_passed(node.counter) {
        due.remove(position);
    } else {
        wheel.remove(nodes, id);
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;
    use crate::{Order, Weight};

    #[derive(Clone, Debug)]
    enum Step {
        Insert {
            ahead: u64,
            remainder: u32,
        },
        Remove {
            which: usize,
        },
        Update {
            which: usize,
            ahead: u64,
        },
        /// As in a turn: the first moves on.
        Turn {
            ahead: u64,
        },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let ahead = || (0_u32..62, any::<u64>()).prop_map(|(bits, ahead)| ahead >> 2 >> bits);
        let step = prop_oneof![
            4 => (ahead(), 0_u32..4).prop_map(|(ahead, remainder)| Step::Insert { ahead, remainder }),
            1 => any::<usize>().prop_map(|which| Step::Remove { which }),
            1 => (any::<usize>(), ahead()).prop_map(|(which, ahead)| Step::Update { which, ahead }),
            8 => ahead().prop_map(|ahead| Step::Turn { ahead }),
        ];
        proptest::collection::vec(step, 0..300)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever happens, the first is the one that a look at all of them finds.
        #[test]
        fn the_first_is_the_first_of_all(start: u64, steps in steps()) {
            let mut table = Table::new(Order::StartTime);
            let mut queue = Queue::default();
            let mut present: Vec<u32> = Vec::new();
            let mut base = start;
            for step in steps {
                match step {
                    Step::Insert { ahead, remainder } => {
                        let weight = Weight::new(remainder + 1 + u32::from(ahead % 3 == 0)).unwrap();
                        let id = table.add(weight, 0, 1).unwrap();
                        table.nodes[id as usize].counter = base.wrapping_add(ahead);
                        table.nodes[id as usize].set_remainder(remainder);
                        queue.insert(&mut table.nodes, id);
                        present.push(id);
                    }
                    Step::Remove { which } if !present.is_empty() => {
                        let id = present.swap_remove(which % present.len());
                        queue.remove(&mut table.nodes, id);
                        table.remove(id);
                    }
                    Step::Update { which, ahead } if !present.is_empty() => {
                        let id = present[which % present.len()];
                        queue.update(&mut table.nodes, id, base.wrapping_add(ahead), 0);
                    }
                    Step::Turn { ahead } if !present.is_empty() => {
                        let id = queue.first(&mut table.nodes).unwrap();
                        let counter = table.nodes[id as usize].counter;
                        queue.update(&mut table.nodes, id, counter.wrapping_add(ahead), 0);
                    }
                    _ => {}
                }
                let least = present.iter().copied().reduce(|a, b| {
                    if first(&table.nodes, b, a) { b } else { a }
                });
                prop_assert_eq!(queue.peek(&table.nodes), least);
                prop_assert_eq!(queue.first(&mut table.nodes), least);
                prop_assert_eq!(queue.peek(&table.nodes), least);
                prop_assert_eq!(queue.is_empty(), present.is_empty());
                if let Some(id) = least {
                    // As in use, nobody lies further ahead than half a circle.
                    base = table.nodes[id as usize].counter;
                    for &id in &present {
                        let ahead = crate::node::distance(base, table.nodes[id as usize].counter);
                        if ahead >= 1 << 62 {
                            queue.update(&mut table.nodes, id, base.wrapping_add(1), 0);
                        }
                    }
                }
            }
        }
    }
}
