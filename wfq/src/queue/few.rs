//! A few nodes by counter, in a tournament.

use super::tournament::{Entry, FURTHEST, Tournament};
use crate::node::{COARSE, Nodes, distance};

#[derive(Clone, Debug, Default)]
pub(crate) struct Few {
    tournament: Tournament,
    /// Where counters are measured from.
    base: u64,
    /// Somebody's part of a unit may differ from another's by less than 2^-32.
    is_fine: bool,
}

impl Few {
    /// Powers of two, as it grows by itself: so it is full where a queue becomes large.
    pub(crate) fn reserve(&mut self, all: &Nodes, nodes: usize) {
        self.tournament.reserve(nodes.next_power_of_two(), breaks_tie(all));
    }

    pub(crate) fn memory(&self) -> usize {
        self.tournament.memory()
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u32> {
        self.tournament.first()
    }

    /// Whether there are so many nodes or more, and no room for another.
    pub(crate) fn is_full(&self, nodes: usize) -> bool {
        self.tournament.is_full(nodes)
    }

    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        let slot = self.tournament.take_slot(breaks_tie(nodes));
        nodes.positions[id as usize] = slot;
        let node = &nodes[id as usize];
        self.is_fine &= !self.tournament.is_empty();
        self.is_fine |= node.denominator() > COARSE;
        let ahead = self.ahead(nodes, slot, node.counter);
        self.play(nodes, slot, Entry::new(ahead, node.any_part().into(), id));
    }

    pub(crate) fn remove(&mut self, nodes: &Nodes, id: u32) {
        let slot = nodes.positions[id as usize];
        let nobody = self.tournament.vacate(slot);
        self.play(nodes, slot, nobody);
    }

    /// Puts a node in its place that has another counter and remainder now: these, as to read them
    /// from the node would make a processor wait.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &Nodes, id: u32, counter: u64, remainder: u32) {
        let node = &nodes[id as usize];
        let slot = nodes.positions[id as usize];
        let ahead = self.ahead(nodes, slot, counter);
        if self.is_fine || node.weight() > COARSE {
            self.is_fine = true;
            let entry = Entry::new(ahead, node.any_part().into(), id);
            self.tournament.play_by(slot, entry, breaks_tie(nodes));
        } else {
            self.tournament.play(slot, Entry::new(ahead, node.coarse_part(remainder).into(), id));
        }
    }

    /// The numbers of all nodes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + Clone {
        self.tournament.entries().map(|(_, entry)| entry.id())
    }

    /// Nobody is left.
    pub(crate) fn clear(&mut self) {
        self.tournament.clear();
    }

    #[inline(always)]
    fn play(&mut self, nodes: &Nodes, slot: u32, entry: Entry) {
        if self.is_fine {
            self.tournament.play_by(slot, entry, breaks_tie(nodes));
        } else {
            self.tournament.play(slot, entry);
        }
    }

    /// How far a counter is from the base: that of the node at a slot from now on.
    #[inline(always)]
    fn ahead(&mut self, nodes: &Nodes, slot: u32, counter: u64) -> u64 {
        let ahead = counter.wrapping_sub(self.base);
        if ahead <= FURTHEST { ahead } else { self.rebase(nodes, slot, counter) }
    }

    /// Moves the base before all, by a quarter of the circle if there is room.
    ///
    /// Nobody is further than half of the circle from another, but in a snapshot that was tampered
    /// with. Who is has its turn late, but does not get lost.
    #[cold]
    fn rebase(&mut self, nodes: &Nodes, slot: u32, counter: u64) -> u64 {
        let beyond = |id: u32| distance(counter, nodes[id as usize].counter);
        let others = self.tournament.entries().filter(|&(other, _)| other != slot);
        let (least, most) = others.fold((0, 0), |(least, most), (_, entry)| {
            (beyond(entry.id()).min(least), beyond(entry.id()).max(most))
        });
        let room = FURTHEST.saturating_sub(most.abs_diff(least)).min(1 << 62);
        self.base = counter.wrapping_add_signed(least).wrapping_sub(room);
        let ahead =
            |beyond: i64| beyond.max(least).abs_diff(least).saturating_add(room).min(FURTHEST);
        self.tournament
            .map(|entry| Entry::new(ahead(beyond(entry.id())), entry.then(), entry.id()));
        ahead(0)
    }
}

/// By remainders, which parts of 2^-32 do not tell if weights are large.
fn breaks_tie(nodes: &Nodes) -> impl Fn(u32, u32) -> bool + Copy {
    |a, b| nodes[a as usize].breaks_tie(a, &nodes[b as usize], b)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;
    use crate::{Order, Weight};

    const NODES: usize = 70;

    /// What happens to one node: it comes, moves or leaves.
    #[derive(Clone, Debug)]
    struct Step {
        which: usize,
        leaves: bool,
        to: To,
        weight: u32,
        /// The part of a unit, in eighths, and a little more.
        eighths: u64,
        more: u64,
    }

    #[derive(Clone, Debug)]
    enum To {
        /// Where another one is.
        Another(usize),
        /// A little after the first.
        Near(u64),
        /// As far behind all others as can be compared, or ahead.
        Behind,
        Ahead,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let most = Weight::MAX.get();
        let weight =
            prop_oneof![3 => 1_u32..=9, 2 => (1 << 16) - 1..=(1_u32 << 16), 1 => most - 1..=most];
        let to = prop_oneof![
            6 => any::<usize>().prop_map(To::Another),
            6 => (0_u32..64, any::<u64>()).prop_map(|(bits, ahead)| To::Near(ahead >> 1 >> bits)),
            1 => Just(To::Behind),
            1 => Just(To::Ahead),
        ];
        let step = (any::<usize>(), prop::bool::weighted(0.1), to, weight, 0_u64..8, 0_u64..2);
        let step = step.prop_map(|(which, leaves, to, weight, eighths, more)| Step {
            which,
            leaves,
            to,
            weight,
            eighths,
            more,
        });
        proptest::collection::vec(step, 0..300)
    }

    /// Where a node is when nothing goes round: its counter, remainder and denominator.
    type Exact = (i128, u64, u64);

    fn is_before(a: (u32, Exact), b: (u32, Exact)) -> bool {
        let (id, (counter, remainder, denominator)) = a;
        let (other, (its, rest, of)) = b;
        (counter, remainder * of, id) < (its, rest * denominator, other)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// With ties, parts that hardly differ, and counters nearly half a circle apart.
        #[test]
        fn the_first_is_the_first_of_all(start: u64, steps in steps()) {
            let mut table = Table::new(Order::StartTime);
            let mut few = Few::default();
            for _ in 0..NODES {
                table.add(Weight::MIN, 0, 1).unwrap();
            }
            let mut present: Vec<(u32, Exact)> = Vec::new();
            for step in steps {
                let id = (step.which % NODES) as u32 + 1;
                let known = present.iter().position(|&(other, _)| other == id);
                let was = known.map(|position| present.swap_remove(position));
                let counters = || present.iter().map(|&(_, (counter, ..))| counter);
                let most = i128::from(i64::MAX);
                let start = i128::from(start);
                let (least, last) =
                    (counters().min().unwrap_or(start), counters().max().unwrap_or(start));
                let counter = match step.to {
                    To::Another(which) if !present.is_empty() => present[which % present.len()].1.0,
                    To::Another(_) => start,
                    To::Near(ahead) => least + i128::from(ahead),
                    To::Behind => last - most,
                    To::Ahead => least + most,
                };
                if was.is_some() && step.leaves {
                    few.remove(&table.nodes, id);
                } else {
                    let weight = Weight::new(step.weight).unwrap();
                    let of = u64::from(step.weight);
                    let rest = (of * step.eighths / 8 + step.more).min(of - 1);
                    let node = &mut table.nodes[id as usize];
                    node.set_weight(weight);
                    node.move_to(counter as u64, rest as u32);
                    if was.is_some() {
                        few.update(&table.nodes, id, counter as u64, rest as u32);
                    } else {
                        few.insert(&mut table.nodes, id);
                    }
                    present.push((id, (counter, rest, of)));
                }
                let first = present.iter().copied().reduce(|a, b| if is_before(b, a) { b } else { a });
                prop_assert_eq!(few.first(), first.map(|(id, _)| id));
            }
        }
    }
}
