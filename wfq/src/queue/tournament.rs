//! A tournament: a tree whose leaves are nodes, and above each `ARITY` of its places the one that
//! comes first (Knuth, "The Art of Computer Programming" 3, 5.4.1: tree selection).
//!
//! Whoever moves plays again against few others on each level. Who those are does not depend on how
//! it moves, so a processor loads them all at once, and there are no branches to foresee.

use core::hint::select_unpredictable;

use alloc::vec::Vec;

#[derive(Clone, Debug)]
pub(crate) struct Tournament {
    /// Who comes first of all.
    first: Entry,
    /// Of the first, which nobody plays, the last place is the winner's of the second; the places of
    /// the second are those of the winners of the next `ARITY`, and so on.
    games: Vec<Game>,
    /// How many nodes there can be, and the place of the first of them.
    slots: usize,
    begin: usize,
    /// A slot without a node, or `MOST_NODES`: the others follow.
    vacant: u32,
}

/// Measured: with two, there are more levels; with eight, more others to play against.
const ARITY: usize = 4;

/// A line of a cache. Word by word, of all: so a place in it is a place in each.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Game {
    ahead: [u64; ARITY],
    tie: [u64; ARITY],
}

impl Game {
    fn vacant() -> Self {
        let Entry { ahead, tie } = Entry::vacant(MOST_NODES);
        Self { ahead: [ahead; ARITY], tie: [tie; ARITY] }
    }

    #[inline(always)]
    fn entry(&self, side: usize) -> Entry {
        Entry { ahead: self.ahead[side], tie: self.tie[side] }
    }

    #[inline(always)]
    fn set(&mut self, side: usize, entry: Entry) {
        (self.ahead[side], self.tie[side]) = (entry.ahead, entry.tie);
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + Clone + use<> {
        let game = *self;
        (0..ARITY).map(move |side| game.entry(side))
    }
}

/// The place of the winner of the second game.
const TOP: usize = ARITY - 1;

/// A node, and what it is compared by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// How far ahead it is: at most [`FURTHEST`], so that the sign of a difference tells who comes
    /// first.
    pub(crate) ahead: u64,
    /// What it is compared by next, and in the lowest bits its number, below [`MOST_NODES`].
    tie: u64,
}

pub(crate) const FURTHEST: u64 = u64::MAX >> 1;

const NUMBER_BITS: u32 = u32::BITS - 1;

/// More than all numbers of nodes, and of slots.
pub(crate) const MOST_NODES: u32 = (1 << NUMBER_BITS) - 1;

/// What vacant slots are compared by next: nobody comes after them.
const NOBODY: u64 = u64::MAX >> NUMBER_BITS;

impl Entry {
    /// `then` breaks ties, before the number does; it has 33 bits, not all of them set.
    #[inline(always)]
    pub(crate) fn new(ahead: u64, then: u64, id: u32) -> Self {
        Self { ahead, tie: then << NUMBER_BITS | u64::from(id) }
    }

    /// A slot without a node, and the number of the next such one.
    fn vacant(next: u32) -> Self {
        Self::new(FURTHEST, NOBODY, next)
    }

    #[inline(always)]
    pub(crate) fn then(self) -> u64 {
        self.tie >> NUMBER_BITS
    }

    #[inline(always)]
    pub(crate) fn id(self) -> u32 {
        self.tie as u32 & MOST_NODES
    }

    #[inline(always)]
    fn is_vacant(self) -> bool {
        self.then() == NOBODY
    }

    /// The one that comes first of two.
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

    /// The same, if `breaks_tie` does instead of the number: tells whether the first of two does.
    fn first_by(self, other: Self, breaks_tie: impl Fn(u32, u32) -> bool) -> Self {
        if self.ahead != other.ahead || self.then() != other.then() || self.is_vacant() {
            self.first(other)
        } else if breaks_tie(self.id(), other.id()) {
            self
        } else {
            other
        }
    }
}

impl Default for Tournament {
    fn default() -> Self {
        Self {
            first: Entry::vacant(MOST_NODES),
            games: Vec::new(),
            slots: 0,
            begin: 0,
            vacant: MOST_NODES,
        }
    }
}

impl Tournament {
    pub(crate) fn memory(&self) -> usize {
        self.games.capacity() * size_of::<Game>()
    }

    /// Who comes first of all.
    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u32> {
        if self.is_empty() { None } else { Some(self.first.id()) }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_vacant()
    }

    /// Whether there are so many nodes or more, and no room for another.
    pub(crate) fn is_full(&self, nodes: usize) -> bool {
        self.vacant == MOST_NODES && self.slots >= nodes
    }

    /// All nodes, with their slots.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, Entry)> + Clone {
        (0..).zip(self.places()).filter(|(_, entry)| !entry.is_vacant())
    }

    fn places(&self) -> impl Iterator<Item = Entry> + Clone {
        self.games.iter().flat_map(Game::entries).skip(self.begin).take(self.slots)
    }

    /// Makes room for so many. As all play again, in other games, `breaks_tie` has to be that of
    /// [`play_by`](Self::play_by), or if nobody was put in by that, of the numbers.
    #[cold]
    pub(crate) fn reserve(&mut self, slots: usize, breaks_tie: impl Fn(u32, u32) -> bool + Copy) {
        // With one slot there would be no game.
        let slots = slots.clamp(ARITY, MOST_NODES as usize);
        if slots <= self.slots {
            return;
        }
        let old: Vec<Entry> = self.places().collect();
        let inner = (slots - 1).div_ceil(ARITY - 1);
        self.begin = TOP + inner;
        self.slots = slots;
        let games = (self.begin + slots).div_ceil(ARITY);
        self.games = Vec::with_capacity(games);
        self.games.resize(games, Game::vacant());
        for (place, &entry) in (self.begin..).zip(&old) {
            self.set(place, entry);
        }
        self.vacate_from(old.len());
        for game in (1..games).rev() {
            self.set(above(game), self.winner(game, breaks_tie));
        }
        self.first = self.entry(TOP);
    }

    /// A vacant slot, for somebody who will play next.
    #[inline]
    pub(crate) fn take_slot(&mut self, breaks_tie: impl Fn(u32, u32) -> bool + Copy) -> u32 {
        if self.vacant == MOST_NODES {
            self.reserve(2 * self.slots, breaks_tie);
        }
        let slot = self.vacant;
        self.vacant = self.entry(self.begin + slot as usize).id();
        slot
    }

    /// What is to be played at a slot when nobody has it any more.
    #[inline]
    pub(crate) fn vacate(&mut self, slot: u32) -> Entry {
        Entry::vacant(core::mem::replace(&mut self.vacant, slot))
    }

    /// Adds slots that nobody has to the vacant ones.
    fn vacate_from(&mut self, slot: usize) {
        for slot in (slot..self.slots).rev() {
            let nobody = self.vacate(slot as u32);
            self.set(self.begin + slot, nobody);
        }
    }

    /// Nobody is left.
    pub(crate) fn clear(&mut self) {
        self.first = Entry::vacant(MOST_NODES);
        self.games.fill(Game::vacant());
        self.vacant = MOST_NODES;
        self.vacate_from(0);
    }

    /// Changes all entries, but not their order.
    #[cold]
    pub(crate) fn map(&mut self, changed: impl Fn(Entry) -> Entry) {
        let changed = |entry: Entry| if entry.is_vacant() { entry } else { changed(entry) };
        for game in &mut self.games {
            (0..ARITY).for_each(|side| game.set(side, changed(game.entry(side))));
        }
        self.first = changed(self.first);
    }

    /// Puts an entry at a slot, and who comes first in the places above.
    #[inline(always)]
    pub(crate) fn play(&mut self, slot: u32, entry: Entry) {
        let mut place = self.begin + slot as usize;
        let mut first = entry;
        while place > TOP {
            let (game, side) = (place / ARITY, place % ARITY);
            let played = &mut self.games[game];
            let others = |first: Entry, distance| first.first(played.entry(side ^ distance));
            let others = (2..ARITY).fold(played.entry(side ^ 1), others);
            played.set(side, first);
            first = first.first(others);
            place = above(game);
        }
        self.first = first;
    }

    /// The same, if entries do not tell all.
    #[inline(never)]
    pub(crate) fn play_by(
        &mut self,
        slot: u32,
        entry: Entry,
        breaks_tie: impl Fn(u32, u32) -> bool + Copy,
    ) {
        let mut place = self.begin + slot as usize;
        self.first = entry;
        while place > TOP {
            self.set(place, self.first);
            self.first = self.winner(place / ARITY, breaks_tie);
            place = above(place / ARITY);
        }
    }

    fn winner(&self, game: usize, breaks_tie: impl Fn(u32, u32) -> bool + Copy) -> Entry {
        let first = |one: Entry, other| one.first_by(other, breaks_tie);
        self.games[game].entries().reduce(first).unwrap_or(Entry::vacant(MOST_NODES))
    }

    #[inline(always)]
    fn entry(&self, place: usize) -> Entry {
        self.games[place / ARITY].entry(place % ARITY)
    }

    #[inline(always)]
    fn set(&mut self, place: usize, entry: Entry) {
        self.games[place / ARITY].set(place % ARITY, entry);
    }
}

/// The place of the winner of a game.
#[inline(always)]
fn above(game: usize) -> usize {
    game + TOP - 1
}
