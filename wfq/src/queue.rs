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
mod tournament;
mod wheel;

use alloc::boxed::Box;

use few::Few;
pub(crate) use heap::{ByCounter, ByTime, Heap};
use many::Many;
pub(crate) use tournament::{Entry, MOST_NODES, Tournament};

use crate::node::{Nodes, Place};

/// `FEW` is a power of two.
#[derive(Clone, Debug)]
pub(crate) enum Queue<const FEW: usize> {
    /// And where they go should they become many, if there is room for that.
    Few(Few, Option<Box<Many>>),
    /// And where they go should they become few.
    Many(Box<Many>, Few),
}

/// So many are few; less with debug assertions, so that tests with some dozens go through both.
pub(crate) const fn few(nodes: usize) -> usize {
    if cfg!(debug_assertions) { 16 } else { nodes }
}

impl<const FEW: usize> Default for Queue<FEW> {
    fn default() -> Self {
        Self::Few(Few::default(), None)
    }
}

impl<const FEW: usize> Queue<FEW> {
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

    /// Puts in a node by its counter.
    #[inline]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        match self {
            Self::Few(few, _) if few.is_full(FEW) => self.become_many(nodes, id),
            Self::Few(few, _) => {
                nodes[id as usize].set_place(Place::Queue);
                few.insert(nodes, id);
            }
            Self::Many(many, _) => many.insert(nodes, id),
        }
    }

    /// Takes out a node that is in.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        match self {
            Self::Few(few, _) => few.remove(nodes, id),
            Self::Many(many, _) => {
                many.remove(nodes, id);
                if many.len() < FEW / 2 {
                    self.become_few(nodes);
                }
            }
        }
        nodes[id as usize].set_place(Place::Nowhere);
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
    pub(crate) fn first(&mut self, nodes: &mut Nodes) -> Option<u32> {
        match self {
            Self::Few(few, _) => few.first(),
            Self::Many(many, _) => many.first(nodes),
        }
    }

    /// The node with the least counter, or `None` if all are after some counter. To move nobody
    /// before that is needed keeps those from being late who come next.
    #[inline(always)]
    pub(crate) fn first_until(&mut self, nodes: &mut Nodes, counter: u64) -> Option<u32> {
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
    fn become_many(&mut self, nodes: &mut Nodes, id: u32) {
        let Self::Few(mut few, many) = core::mem::take(self) else { return };
        let mut many = many.unwrap_or_default();
        many.fill(nodes, few.ids().chain([id]));
        few.clear();
        *self = Self::Many(many, few);
    }

    /// Back to a few.
    #[cold]
    fn become_few(&mut self, nodes: &mut Nodes) {
        let Self::Many(mut many, mut few) = core::mem::take(self) else { return };
        while let Some(id) = many.pop(nodes) {
            nodes[id as usize].set_place(Place::Queue);
            few.insert(nodes, id);
        }
        *self = Self::Few(few, Some(many));
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::node::first;
    use crate::table::Table;
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
    fn check<const FEW: usize>(start: u64, steps: Vec<Step>) -> Result<(), TestCaseError> {
        let mut table = Table::new(Order::StartTime);
        let mut queue = Queue::<FEW>::default();
        let mut present: Vec<u32> = Vec::new();
        let mut base = start;
        for step in steps {
            match step {
                Step::Insert { ahead, weight, remainder } => {
                    let id = table.add(Weight::new(weight).unwrap(), 0, 1).unwrap();
                    table.nodes[id as usize].counter = base.wrapping_add(ahead);
                    table.nodes[id as usize].set_remainder(remainder % weight);
                    queue.insert(&mut table.nodes, id);
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
                    let id = queue.first(&mut table.nodes).unwrap();
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
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_first_is_the_first_of_all(start: u64, steps in steps()) {
            check::<16>(start, steps)?;
        }

        #[test]
        fn so_it_is_when_more_are_few(start: u64, steps in steps()) {
            check::<64>(start, steps)?;
        }
    }
}
