//! Nodes in a tournament: a tree whose leaves are the nodes, and above each `ARITY` of its places the
//! one that comes first (Knuth, "The Art of Computer Programming" 3, 5.4.1: tree selection).
//!
//! Whoever moves plays again against few others on each level. Who those are does not depend on
//! counters, so a processor loads them all at once, and there are no branches to foresee.

use core::hint::select_unpredictable;

use alloc::vec::Vec;

use crate::node::{COARSE, NONE, Nodes, distance};

#[derive(Clone, Debug)]
pub(crate) struct Tournament {
    /// Who comes first of all.
    first: Entry,
    /// Games 1 to `ARITY` are played for the places of game 0...
    games: Vec<Game>,
    /// How many nodes there can be, and the place of the first of them: inner ones lie before.
    slots: usize,
    begin: usize,
    /// A slot without a node, or `NONE`: the others follow.
    vacant: u32,
    /// Somebody's part of a unit may differ from another's by less than entries tell.
    is_fine: bool,
    /// Where counters are measured from.
    base: u64,
}

const ARITY: usize = 4;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Game([Entry; ARITY]);

/// A node, and what it is compared by.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The distance of the counter from the base: below half of the circle, so that the sign of a
    /// difference tells who comes first.
    ahead: u64,
    /// The part of a unit on top, in 2^-32, and in the lower half the number of the node. Of a
    /// vacant slot `NO_PART`, and the next one.
    tie: u64,
}

/// After all counters.
const END: u64 = u64::MAX >> 1;

/// After all parts of a unit, which are below `1 - 2^-20`.
const NO_PART: u32 = u32::MAX;

impl Entry {
    const NOBODY: Self = Self::new(END, NO_PART, NONE);

    #[inline(always)]
    const fn new(ahead: u64, part: u32, id: u32) -> Self {
        Self { ahead, tie: (part as u64) << u32::BITS | id as u64 }
    }

    #[inline(always)]
    fn is_vacant(self) -> bool {
        self.part() == NO_PART
    }

    #[inline(always)]
    fn part(self) -> u32 {
        (self.tie >> u32::BITS) as u32
    }

    #[inline(always)]
    fn id(self) -> u32 {
        self.tie as u32
    }

    /// The one that comes first of two, if their parts of a unit are what entries tell.
    #[inline(always)]
    fn first(self, other: Self) -> Self {
        let (_, borrow) = other.tie.overflowing_sub(self.tie);
        let difference = other.ahead.wrapping_sub(self.ahead).wrapping_sub(borrow.into());
        let is_other = difference.cast_signed() < 0;
        Self {
            ahead: select_unpredictable(is_other, other.ahead, self.ahead),
            tie: select_unpredictable(is_other, other.tie, self.tie),
        }
    }

    /// The one that comes first of two.
    fn surely_first(self, other: Self, nodes: &Nodes) -> Self {
        if self.ahead != other.ahead || self.part() != other.part() || self.is_vacant() {
            return self.first(other);
        }
        let [own, others] = [self, other].map(|entry| &nodes[entry.id() as usize]);
        if own.breaks_tie(self.id(), others, other.id()) { self } else { other }
    }
}

impl Default for Tournament {
    fn default() -> Self {
        let first = Entry::NOBODY;
        Self { first, games: Vec::new(), slots: 0, begin: 0, vacant: NONE, is_fine: false, base: 0 }
    }
}

/// The place of the winner of game 1; those before it in game 0 are not used.
const ROOT: usize = ARITY - 1;

impl Tournament {
    pub(crate) fn reserve(&mut self, nodes: &Nodes, slots: usize) {
        if self.slots < slots {
            self.widen(nodes, slots);
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.games.capacity() * size_of::<Game>()
    }

    /// The place of a slot.
    #[inline(always)]
    fn place(&self, slot: u32) -> usize {
        self.begin + slot as usize
    }

    #[inline(always)]
    fn entry(&mut self, place: usize) -> &mut Entry {
        &mut self.games[place / ARITY].0[place % ARITY]
    }

    /// Whether there are so many nodes.
    pub(crate) fn has(&self, nodes: usize) -> bool {
        self.vacant == NONE && self.slots == nodes
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u32> {
        if self.first.is_vacant() { None } else { Some(self.first.id()) }
    }

    /// Puts in a node.
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, id: u32) {
        if self.vacant == NONE {
            self.widen(nodes, (2 * self.slots).max(ARITY));
        }
        let slot = self.vacant;
        let place = self.place(slot);
        self.vacant = self.entry(place).id();
        nodes.positions[id as usize] = slot;
        let node = &nodes[id as usize];
        self.is_fine = (self.is_fine && !self.first.is_vacant()) || node.denominator() > COARSE;
        let ahead = self.distance(slot, node.counter);
        self.play(nodes, slot, Entry::new(ahead, node.any_part(), id));
    }

    pub(crate) fn remove(&mut self, nodes: &Nodes, id: u32) {
        let slot = nodes.positions[id as usize];
        let nobody = self.vacate(slot);
        self.play(nodes, slot, nobody);
    }

    /// Puts a node in its place that has another counter and remainder now: these, as to read them
    /// from the node would make a processor wait.
    #[inline(always)]
    pub(crate) fn update(&mut self, nodes: &Nodes, id: u32, counter: u64, remainder: u32) {
        let node = &nodes[id as usize];
        let slot = nodes.positions[id as usize];
        let ahead = self.distance(slot, counter);
        if self.is_fine || node.weight() > COARSE {
            self.is_fine = true;
            self.play_fine(nodes, slot, Entry::new(ahead, node.any_part(), id));
        } else {
            self.play_coarse(slot, Entry::new(ahead, node.coarse_part(remainder), id));
        }
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + Clone {
        self.games.iter().flat_map(|game| game.0).skip(self.begin).take(self.slots)
    }

    /// The numbers of all nodes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + Clone {
        self.entries().filter(|entry| !entry.is_vacant()).map(|entry| entry.id())
    }

    /// Nobody is left.
    pub(crate) fn clear(&mut self) {
        self.first = Entry::NOBODY;
        self.games.fill(Game([Entry::NOBODY; ARITY]));
        self.vacant = NONE;
        self.vacate_from(0);
    }

    /// How far a counter is from the base: that of the node at a slot from now on.
    #[inline(always)]
    fn distance(&mut self, slot: u32, counter: u64) -> u64 {
        let distance = counter.wrapping_sub(self.base);
        if distance <= END { distance } else { self.rebase(slot, counter) }
    }

    /// Moves the base before all, by a quarter of the circle if there is room.
    #[cold]
    fn rebase(&mut self, slot: u32, counter: u64) -> u64 {
        let (mut least, mut most) = (0, 0);
        for (other, entry) in (0..).zip(self.entries()) {
            if other != slot && !entry.is_vacant() {
                // Nobody is further than half of the circle from another.
                let beyond = distance(counter, self.base.wrapping_add(entry.ahead));
                least = beyond.min(least);
                most = beyond.max(most);
            }
        }
        let room = END.saturating_sub(most.abs_diff(least)).min(1 << 62);
        let base = counter.wrapping_add_signed(least).wrapping_sub(room);
        let moved = base.wrapping_sub(self.base);
        for entry in self.games.iter_mut().flat_map(|game| &mut game.0) {
            if !entry.is_vacant() {
                entry.ahead = entry.ahead.wrapping_sub(moved);
            }
        }
        self.base = base;
        counter.wrapping_sub(base)
    }

    #[inline(always)]
    fn play(&mut self, nodes: &Nodes, slot: u32, entry: Entry) {
        if self.is_fine {
            self.play_fine(nodes, slot, entry);
        } else {
            self.play_coarse(slot, entry);
        }
    }

    /// Puts an entry at a slot, and who comes first in the places above.
    #[inline(always)]
    fn play_coarse(&mut self, slot: u32, entry: Entry) {
        let mut place = self.place(slot);
        let mut first = entry;
        while place > ROOT {
            let (game, side) = (place / ARITY, place % ARITY);
            // Word by word: they were stored so, and read at once would make a processor wait.
            let Game(entries) = &mut self.games[game];
            let of = |side: usize| Entry { ahead: entries[side].ahead, tie: entries[side].tie };
            let others =
                (2..ARITY).fold(of(side ^ 1), |others, other| others.first(of(side ^ other)));
            entries[side].ahead = first.ahead;
            entries[side].tie = first.tie;
            first = first.first(others);
            place = game + ROOT - 1;
        }
        self.first = first;
    }

    /// The same, by remainders if need be.
    #[inline(never)]
    fn play_fine(&mut self, nodes: &Nodes, slot: u32, entry: Entry) {
        let mut place = self.place(slot);
        self.first = entry;
        while place > ROOT {
            *self.entry(place) = self.first;
            self.first = self.winner(nodes, place / ARITY);
            place = place / ARITY + ROOT - 1;
        }
    }

    fn winner(&self, nodes: &Nodes, game: usize) -> Entry {
        let first = |one: Entry, other| one.surely_first(other, nodes);
        self.games[game].0.into_iter().reduce(first).unwrap_or(Entry::NOBODY)
    }

    /// Makes room for so many.
    #[cold]
    fn widen(&mut self, nodes: &Nodes, slots: usize) {
        let old = self.entries().collect::<Vec<_>>();
        self.games.clear();
        self.begin = ROOT + inner(slots);
        let games = (self.begin + slots).div_ceil(ARITY);
        self.games.reserve_exact(games);
        self.games.resize(games, Game([Entry::NOBODY; ARITY]));
        self.slots = slots;
        for (place, &entry) in (self.begin..).zip(&old) {
            *self.entry(place) = entry;
        }
        self.vacate_from(old.len());
        for game in (1..games).rev() {
            let winner = self.winner(nodes, game);
            *self.entry(game + ROOT - 1) = winner;
        }
        self.first = *self.entry(ROOT);
    }

    /// Adds slots that nobody has to the vacant ones.
    fn vacate_from(&mut self, slot: usize) {
        for slot in (slot..self.slots).rev() {
            let nobody = self.vacate(slot as u32);
            let place = self.place(slot as u32);
            *self.entry(place) = nobody;
        }
    }

    /// What stays at a slot that nobody has.
    fn vacate(&mut self, slot: u32) -> Entry {
        Entry::new(END, NO_PART, core::mem::replace(&mut self.vacant, slot))
    }
}

/// How many inner places there are.
#[inline(always)]
fn inner(slots: usize) -> usize {
    (slots.saturating_sub(1)).div_ceil(ARITY - 1)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;
    use crate::{Order, Weight};

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
        proptest::collection::vec(step, 0..200)
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
            let mut tournament = Tournament::default();
            for _ in 0..16 {
                table.add(Weight::MIN, 0, 1).unwrap();
            }
            let mut present: Vec<(u32, Exact)> = Vec::new();
            for step in steps {
                let id = (step.which % 16) as u32 + 1;
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
                    tournament.remove(&table.nodes, id);
                } else {
                    let weight = Weight::new(step.weight).unwrap();
                    let of = u64::from(step.weight);
                    let rest = (of * step.eighths / 8 + step.more).min(of - 1);
                    let node = &mut table.nodes[id as usize];
                    node.set_weight(weight);
                    node.move_to(counter as u64, rest as u32);
                    if was.is_some() {
                        tournament.update(&table.nodes, id, counter as u64, rest as u32);
                    } else {
                        tournament.insert(&mut table.nodes, id);
                    }
                    present.push((id, (counter, rest, of)));
                }
                let first = present.iter().copied().reduce(|a, b| if is_before(b, a) { b } else { a });
                prop_assert_eq!(tournament.first(), first.map(|(id, _)| id));
            }
        }
    }
}
