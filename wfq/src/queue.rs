//! The nodes of a contest by counter, then number.
//!
//! A few play a tournament. More are split by a reference: those after it lie in a radix wheel,
//! those before it that have come out of the wheel in a sorted list, and those that have come later
//! in a heap.

mod blocks;
mod due;
mod few;
mod heap;
mod many;
mod sort;
mod tournament;
mod wheel;

use alloc::boxed::Box;

use few::Few;
pub(crate) use heap::{ByCounter, ByTime, Heap};
use many::Many;
pub(crate) use tournament::{Entry, MOST_NODES, Tournament};

use crate::node::{Nodes, Place};

/// `FEW` is a power of two. Of many, one in `SPARE` may leave something stale behind.
#[derive(Clone, Debug)]
pub(crate) enum Queue<const FEW: usize, const SPARE: usize> {
    /// And where they go should they become many, if there is room for that.
    Few(Few, Option<Box<Many<SPARE>>>),
    /// And where they go should they become few.
    Many(Box<Many<SPARE>>, Few),
}

/// So many are few; less with debug assertions, so that tests with some dozens go through both.
pub(crate) const fn few(nodes: usize) -> usize {
    if cfg!(debug_assertions) { 16 } else { nodes }
}

impl<const FEW: usize, const SPARE: usize> Default for Queue<FEW, SPARE> {
    fn default() -> Self {
        Self::Few(Few::default(), None)
    }
}

impl<const FEW: usize, const SPARE: usize> Queue<FEW, SPARE> {
    pub(crate) fn reserve(&mut self, all: &Nodes, nodes: usize) {
        let few = match self {
            Self::Few(few, _) if nodes <= FEW => return few.reserve(all, nodes),
            Self::Few(few, many) => {
                many.get_or_insert_default().reserve(nodes);
                few
            }
            Self::Many(many, few) => {
                many.reserve(nodes);
                few
            }
        };
        few.reserve(all, FEW);
    }

    pub(crate) fn memory(&self) -> usize {
        let (few, many) = match self {
            Self::Few(few, many) => (few, many.as_ref()),
            Self::Many(many, few) => (few, Some(many)),
        };
        few.memory() + many.map_or(0, |many| many.memory())
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few, _) => few.first().is_none(),
            // They would have become few.
            Self::Many(..) => false,
        }
    }

    /// Puts in a node by its counter. All compete in the same group.
    #[inline]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, group: u32, id: u32) {
        match self {
            Self::Few(few, _) if few.is_full(FEW) => self.become_many(nodes, group, id),
            Self::Few(few, _) => {
                nodes[id as usize].set_place(Place::Queue);
                few.insert(nodes, id);
            }
            Self::Many(many, _) => many.insert(nodes, id),
        }
    }

    /// Takes out a node that is in.
    #[inline(always)]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        match self {
            Self::Few(few, _) => {
                few.remove(nodes, id);
                nodes[id as usize].set_place(Place::Nowhere);
            }
            Self::Many(many, _) => {
                many.remove(nodes, id);
                if many.len() < FEW / 2 {
                    self.become_few(nodes);
                }
            }
        }
    }

    /// Gives a node that is in another counter and remainder.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &mut Nodes, id: u32, counter: u64, remainder: u32) {
        match self {
            Self::Few(few, _) => {
                nodes[id as usize].move_to(counter, remainder);
                few.update(nodes, id, counter, remainder);
            }
            Self::Many(many, _) => many.update(nodes, id, counter, remainder),
        }
    }

    /// The node with the least counter.
    #[inline(always)]
    pub(crate) fn first(&mut self, nodes: &Nodes) -> Option<u32> {
        match self {
            Self::Few(few, _) => few.first(),
            Self::Many(many, _) => many.first(nodes),
        }
    }

    /// The node with the least counter, or `None` if all are after some counter. To move nobody
    /// before that is needed keeps those from being late who come next.
    #[inline(always)]
    pub(crate) fn first_until(&mut self, nodes: &Nodes, counter: u64) -> Option<u32> {
        match self {
            Self::Few(few, _) => few.first(),
            Self::Many(many, _) => many.first_until(nodes, counter),
        }
    }

    /// The first, found without moving anything: may look through a bucket.
    pub(crate) fn peek(&self, nodes: &Nodes) -> Option<u32> {
        match self {
            Self::Few(few, _) => few.first(),
            Self::Many(many, _) => many.peek(nodes),
        }
    }

    /// From as many as are few to the parts of a large queue, with one more.
    #[cold]
    fn become_many(&mut self, nodes: &mut Nodes, group: u32, id: u32) {
        let Self::Few(mut few, many) = core::mem::take(self) else { return };
        let mut many = many.unwrap_or_default();
        many.fill(nodes, group, few.ids().chain([id]));
        few.clear();
        *self = Self::Many(many, few);
    }

    /// Back to a few.
    #[cold]
    fn become_few(&mut self, nodes: &mut Nodes) {
        let Self::Many(mut many, mut few) = core::mem::take(self) else { return };
        many.sift(nodes);
        for id in many.ids() {
            nodes[id as usize].set_place(Place::Queue);
            few.insert(nodes, id);
        }
        many.clear();
        *self = Self::Few(few, Some(many));
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::node::first;
    use crate::table::{ROOT, Table};
    use crate::{Order, Weight};

    #[derive(Clone, Debug)]
    enum Step {
        Insert {
            ahead: u64,
            weight: u32,
            remainder: u32,
        },
        Remove {
            which: usize,
        },
        Update {
            which: usize,
            ahead: u64,
            remainder: u32,
        },
        Reserve {
            nodes: usize,
        },
        /// As in a turn: the first moves on.
        Turn {
            ahead: u64,
            remainder: u32,
        },
    }

    /// With parts of a unit that are equal although their denominators are not, and some that are
    /// nearly so.
    fn weights() -> impl Strategy<Value = u32> {
        let most = Weight::MAX.get();
        prop_oneof![6 => 1_u32..=4, 1 => Just(1 << 16), 1 => most - 2..=most, 1 => 1..=most]
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let ahead = || (0_u32..62, any::<u64>()).prop_map(|(bits, ahead)| ahead >> 2 >> bits);
        let remainder = || prop_oneof![0_u32..4, any::<u32>()];
        let step = prop_oneof![
            4 => (ahead(), weights(), remainder())
                .prop_map(|(ahead, weight, remainder)| Step::Insert { ahead, weight, remainder }),
            1 => any::<usize>().prop_map(|which| Step::Remove { which }),
            1 => (any::<usize>(), ahead(), remainder())
                .prop_map(|(which, ahead, remainder)| Step::Update { which, ahead, remainder }),
            1 => (0_usize..200).prop_map(|nodes| Step::Reserve { nodes }),
            8 => (ahead(), remainder())
                .prop_map(|(ahead, remainder)| Step::Turn { ahead, remainder }),
        ];
        proptest::collection::vec(step, 0..500)
    }

    /// Whatever happens, the first is the one that a look at all of them finds.
    fn check<const FEW: usize, const SPARE: usize>(
        start: u64,
        steps: Vec<Step>,
    ) -> Result<(), TestCaseError> {
        let mut table = Table::new(Order::StartTime);
        let mut queue = Queue::<FEW, SPARE>::default();
        let mut present: Vec<u32> = Vec::new();
        let mut base = start;
        for step in steps {
            match step {
                Step::Insert { ahead, weight, remainder } => {
                    let id = table.add(Weight::new(weight).unwrap(), 0, 1).unwrap();
                    table.nodes[id as usize].counter = base.wrapping_add(ahead);
                    table.nodes[id as usize].set_remainder(remainder % weight);
                    queue.insert(&mut table.nodes, ROOT, id);
                    present.push(id);
                }
                Step::Remove { which } if !present.is_empty() => {
                    let id = present.swap_remove(which % present.len());
                    queue.remove(&mut table.nodes, id);
                    table.remove(id);
                }
                Step::Update { which, ahead, remainder } if !present.is_empty() => {
                    let id = present[which % present.len()];
                    let remainder = remainder % table.nodes[id as usize].weight();
                    queue.update(&mut table.nodes, id, base.wrapping_add(ahead), remainder);
                }
                Step::Turn { ahead, remainder } if !present.is_empty() => {
                    let id = queue.first(&table.nodes).unwrap();
                    let node = &table.nodes[id as usize];
                    let (counter, remainder) =
                        (node.counter.wrapping_add(ahead), remainder % node.weight());
                    queue.update(&mut table.nodes, id, counter, remainder);
                }
                Step::Reserve { nodes } => queue.reserve(&table.nodes, nodes),
                _ => {}
            }
            let least = present
                .iter()
                .copied()
                .reduce(|a, b| if first(&table.nodes, b, a) { b } else { a });
            prop_assert_eq!(queue.peek(&table.nodes), least);
            prop_assert_eq!(queue.first(&table.nodes), least);
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
        Ok(())
    }

    /// One was due, came to be late, and leaves for a group where its counter is as good.
    #[test]
    fn who_was_late_is_not_due_when_it_has_left() {
        let mut table = Table::new(Order::StartTime);
        let mut queues: [Queue<16, 2>; 2] = Default::default();
        let mut counters = vec![1, 1_000, 1_010, 1_020];
        counters.resize(20, 1 << 20);
        let mut ids = Vec::new();
        for counter in counters {
            let id = table.add(Weight::MIN, ROOT, 1).unwrap();
            table.nodes[id as usize].counter = counter;
            queues[0].insert(&mut table.nodes, 0, id);
            ids.push(id);
        }
        let [a, b, c, d] = [0, 1, 2, 3].map(|n: usize| ids[n]);
        assert_eq!(queues[0].first(&table.nodes), Some(a));
        queues[0].update(&mut table.nodes, a, 1 << 21, 0);
        assert_eq!(queues[0].first(&table.nodes), Some(b));
        queues[0].update(&mut table.nodes, c, 1_005, 0);
        queues[0].remove(&mut table.nodes, c);
        queues[1].insert(&mut table.nodes, 1, c);
        queues[0].update(&mut table.nodes, b, 1 << 21, 0);
        assert_eq!(queues[0].first(&table.nodes), Some(d));
        assert_eq!(queues[1].first(&table.nodes), Some(c));
    }

    const NODES: usize = 80;

    /// What happens to one node, in one of two groups.
    #[derive(Clone, Debug)]
    enum Change {
        /// It leaves for the other group.
        Wander,
        Leave,
        /// To where it was before it last moved.
        Return,
        Move {
            ahead: u64,
        },
    }

    fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
        let ahead = prop_oneof![0_u64..4, (0_u32..50).prop_map(|bits| 1 << bits)];
        let change = prop_oneof![
            2 => Just(Change::Wander),
            1 => Just(Change::Leave),
            4 => Just(Change::Return),
            4 => ahead.prop_map(|ahead| Change::Move { ahead }),
        ];
        proptest::collection::vec((0..NODES, change), 0..1_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever they have left behind, and wherever they come back to.
        #[test]
        fn nodes_are_where_they_went(
            start: u64, changes in changes(), only_first_leave: bool,
        ) {
            let mut table = Table::new(Order::StartTime);
            let mut queues: [Queue<16, 2>; 2] = Default::default();
            let ids: Vec<u32> =
                (0..NODES).map(|_| table.add(Weight::MIN, ROOT, 1).unwrap()).collect();
            for queue in &mut queues {
                queue.reserve(&table.nodes, NODES);
            }
            let memory = [0, 1].map(|group: usize| queues[group].memory());
            // The group that each is in, and where it was before.
            let mut known: [(Option<usize>, u64); NODES] = [(None, start); NODES];
            let mut base = start;
            for (mut which, change) in changes {
                if let (Some(group), true) = (known[which].0, only_first_leave)
                    && matches!(change, Change::Wander | Change::Leave)
                {
                    let first = queues[group].first(&table.nodes);
                    which = ids.iter().position(|&id| first == Some(id)).unwrap();
                }
                let id = ids[which];
                let (group, before) = known[which];
                let counter = table.nodes[id as usize].counter;
                let to = match change {
                    Change::Move { ahead } => base.wrapping_add(ahead),
                    _ if crate::node::before(before, base) => base,
                    _ => before,
                };
                known[which].1 = counter;
                match (group, change) {
                    (Some(group), Change::Move { .. } | Change::Return) => {
                        queues[group].update(&mut table.nodes, id, to, 0);
                    }
                    (Some(group), change) => {
                        queues[group].remove(&mut table.nodes, id);
                        known[which].0 = None;
                        if let Change::Wander = change {
                            queues[1 - group].insert(&mut table.nodes, 1 - group as u32, id);
                            known[which].0 = Some(1 - group);
                        }
                    }
                    (None, _) => {
                        let group = which % 2;
                        table.nodes[id as usize].counter = to;
                        queues[group].insert(&mut table.nodes, group as u32, id);
                        known[which].0 = Some(group);
                    }
                }
                let mut least = [None; 2];
                for (&id, &(group, _)) in ids.iter().zip(&known) {
                    let Some(group) = group else { continue };
                    let is_less =
                        least[group].is_none_or(|other| first(&table.nodes, id, other));
                    least[group] = if is_less { Some(id) } else { least[group] };
                }
                for (queue, least) in queues.iter_mut().zip(least) {
                    prop_assert_eq!(queue.peek(&table.nodes), least);
                    prop_assert_eq!(queue.first(&table.nodes), least);
                }
                let least = least.into_iter().flatten();
                let least = least.reduce(|a, b| if first(&table.nodes, b, a) { b } else { a });
                base = least.map_or(base, |id| table.nodes[id as usize].counter);
            }
            prop_assert_eq!([0, 1].map(|group: usize| queues[group].memory()), memory);
        }

        #[test]
        fn the_first_is_the_first_of_all(start: u64, steps in steps()) {
            check::<16, 2>(start, steps)?;
        }

        #[test]
        fn so_it_is_when_more_are_few(start: u64, steps in steps()) {
            check::<64, 8>(start, steps)?;
        }
    }
}
