//! What the scheduler keeps of an entity or a group.

use core::ops::{Index, IndexMut};

use alloc::vec::Vec;

use crate::Weight;
use crate::rate::Rate;

/// No group, no limit.
pub(crate) const NONE: u32 = u32::MAX;

/// No node: the number of the root, which is in no queue.
pub(crate) const NIL: u32 = 0;

/// What a turn needs: half a line of a cache. Where a node is and what it belongs to lies apart.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(crate) struct Node {
    /// The counter `s`, in units of 2^-20 of service; on a circle.
    pub(crate) counter: u64,
    /// With the weight, the rate.
    reciprocal: u64,
    weight: u32,
    /// `s` is the counter and `remainder / denominator` of one unit.
    remainder: u32,
    /// In the lower bits the denominator: the weight, or until the next charge the one that the
    /// remainder was taken over with. Above them place, state, whether it is held and plain, and a mark.
    bits: u32,
    pub(crate) generation: u32,
}

/// Parts of a unit with denominators up to this that differ do so by more than 2^-32.
pub(crate) const COARSE: u32 = 1 << 16;

const DENOMINATOR: u32 = (1 << PLACE) - 1;
const PLACE: u32 = 24;
const STATE: u32 = 27;
const HELD: u32 = 1 << 29;
const PLAIN: u32 = 1 << 30;
const MARK: u32 = 1 << 31;

impl Node {
    /// Somebody who sleeps, with its counter at 0.
    pub(crate) fn new(weight: Weight, generation: u32) -> Self {
        let mut node = Self {
            counter: 0,
            reciprocal: 0,
            weight: 0,
            remainder: 0,
            bits: weight.get(),
            generation,
        };
        node.set_weight(weight);
        node.set_state(State::Asleep);
        node
    }

    #[inline(always)]
    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    #[inline(always)]
    pub(crate) fn set_weight(&mut self, weight: Weight) {
        (self.weight, self.reciprocal) = Rate::of(weight).parts();
    }

    #[inline(always)]
    fn rate(&self) -> Rate {
        Rate::from_parts(self.weight(), self.reciprocal)
    }

    #[inline(always)]
    pub(crate) fn place(&self) -> Place {
        match self.bits >> PLACE & 7 {
            0 => Place::Nowhere,
            1 => Place::Queue,
            2 => Place::Late,
            3 => Place::Eligible,
            _ => Place::Parked,
        }
    }

    #[inline(always)]
    pub(crate) fn set_place(&mut self, place: Place) {
        self.bits = self.bits & !(7 << PLACE) | (place as u32) << PLACE;
    }

    /// Whether it is in a queue, in whichever part.
    #[inline(always)]
    pub(crate) fn is_queued(&self) -> bool {
        !matches!(self.place(), Place::Nowhere | Place::Parked)
    }

    #[inline(always)]
    pub(crate) fn state(&self) -> State {
        match self.bits >> STATE & 3 {
            0 => State::Vacant,
            1 => State::Asleep,
            2 => State::Runnable,
            _ => State::Throttled,
        }
    }

    #[inline(always)]
    pub(crate) fn set_state(&mut self, state: State) {
        self.bits = self.bits & !(3 << STATE) | (state as u32) << STATE;
    }

    /// Whether it is in service among others, and so out of the queue.
    #[inline(always)]
    pub(crate) fn is_held(&self) -> bool {
        self.bits & HELD != 0
    }

    pub(crate) fn set_held(&mut self, is_held: bool) {
        self.bits = self.bits & !HELD | if is_held { HELD } else { 0 };
    }

    /// Whether it is an entity at the root, without a limit.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.bits & PLAIN != 0
    }

    pub(crate) fn set_plain(&mut self, is_plain: bool) {
        self.bits = self.bits & !PLAIN | if is_plain { PLAIN } else { 0 };
    }

    /// Puts a mark on it, or takes it off. Tells whether that changes anything.
    #[inline(always)]
    pub(crate) fn mark(&mut self, is_marked: bool) -> bool {
        let marked = self.bits & !MARK | if is_marked { MARK } else { 0 };
        core::mem::replace(&mut self.bits, marked) != marked
    }

    #[inline(always)]
    pub(crate) fn remainder(&self) -> u32 {
        self.remainder
    }

    #[inline(always)]
    pub(crate) fn denominator(&self) -> u32 {
        self.bits & DENOMINATOR
    }

    #[inline(always)]
    fn set_denominator(&mut self, denominator: u32) {
        self.bits = self.bits & !DENOMINATOR | denominator;
    }

    /// The counter after so much more service, and the remainder at this weight.
    #[inline(always)]
    pub(crate) fn after(&self, used: u64) -> (u64, u32) {
        let (growth, remainder) = self.rate().growth(used, self.scaled_remainder());
        (self.counter.wrapping_add(growth), remainder)
    }

    /// A part of a unit, in 2^-32.
    #[inline(always)]
    pub(crate) fn part(&self, remainder: u32) -> u32 {
        self.rate().divide(u64::from(remainder) << 32).0 as u32
    }

    /// The part of a unit on top of the counter, in 2^-32, rounded down.
    pub(crate) fn any_part(&self) -> u32 {
        ((u64::from(self.remainder) << 32) / u64::from(self.denominator())) as u32
    }

    /// The same of a remainder at this weight, if that is not above `COARSE`.
    #[inline(always)]
    pub(crate) fn coarse_part(&self, remainder: u32) -> u32 {
        // A reciprocal rounded up is too large by less than one, so the product by less than 2^16;
        // from there it is 2^32 / 2^16 at least to where one more would come out.
        (u64::from(remainder).wrapping_mul(self.reciprocal.wrapping_add(1)) >> 32) as u32
    }

    /// The remainder at this weight, rounded up.
    #[inline(always)]
    fn scaled_remainder(&self) -> u32 {
        if self.denominator() == self.weight() {
            self.remainder
        } else {
            self.reading().remainder_at(self.weight())
        }
    }

    #[inline(always)]
    pub(crate) fn move_to(&mut self, counter: u64, remainder: u32) {
        self.counter = counter;
        self.set_remainder(remainder);
    }

    /// How much service lies between a reference and it.
    #[inline(always)]
    pub(crate) fn service_since(&self, reference: u64) -> i128 {
        self.rate().service(distance(reference, self.counter), self.scaled_remainder())
    }

    /// Moves it so much service after a reference.
    pub(crate) fn set_service_since(&mut self, reference: u64, service: i128) {
        let (counter, remainder) = self.at_service_since(reference, service);
        self.move_to(counter, remainder);
    }

    /// The counter and the remainder that are so much service after a reference.
    #[inline(always)]
    pub(crate) fn at_service_since(&self, reference: u64, service: i128) -> (u64, u32) {
        let (distance, remainder) = self.distance_of(service);
        (reference.wrapping_add(distance as u64), remainder)
    }

    /// How far so much service carries, and the remainder.
    #[inline(always)]
    pub(crate) fn distance_of(&self, service: i128) -> (i128, u32) {
        let (distance, remainder) = self.rate().divide_floor(service);
        (distance, remainder as u32)
    }

    /// How far so much more service carries it from where it is.
    pub(crate) fn distance_after(&self, service: i128) -> i128 {
        self.distance_of(self.service_since(self.counter) + service).0
    }

    #[inline(always)]
    pub(crate) fn set_remainder(&mut self, remainder: u32) {
        self.remainder = remainder;
        self.set_denominator(self.weight());
    }

    /// Its place on the circle, exactly.
    #[inline(always)]
    pub(crate) fn reading(&self) -> Reading {
        let Self { counter, remainder, .. } = *self;
        Reading { counter, remainder, denominator: self.denominator() }
    }

    /// Puts it exactly where another is.
    #[inline(always)]
    pub(crate) fn set_reading(&mut self, reading: Reading) {
        let Reading { counter, remainder, denominator } = reading;
        (self.counter, self.remainder) = (counter, remainder);
        self.set_denominator(denominator);
    }

    /// Whether it comes before another with the same counter: by remainder, then number.
    #[inline(always)]
    pub(crate) fn breaks_tie(&self, id: u32, other: &Self, other_id: u32) -> bool {
        let ours = u64::from(self.remainder) * u64::from(other.denominator());
        let theirs = u64::from(other.remainder) * u64::from(self.denominator());
        (ours, id) < (theirs, other_id)
    }
}

/// A counter, and what part of a unit comes on top.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Reading {
    pub(crate) counter: u64,
    remainder: u32,
    denominator: u32,
}

impl Reading {
    #[inline(always)]
    pub(crate) fn new(counter: u64) -> Self {
        Self { counter, remainder: 0, denominator: 1 }
    }

    #[inline(always)]
    pub(crate) fn is_before(self, other: Self) -> bool {
        let ours = u64::from(self.remainder) * u64::from(other.denominator);
        let theirs = u64::from(other.remainder) * u64::from(self.denominator);
        before(self.counter, other.counter) || self.counter == other.counter && ours < theirs
    }

    /// The remainder at a weight, rounded up; up to the weight.
    #[inline(never)]
    pub(crate) fn remainder_at(self, weight: u32) -> u32 {
        let part = u64::from(self.remainder) * u64::from(weight);
        part.div_ceil(u64::from(self.denominator)) as u32
    }

    /// Whether the remainder is one at some weight.
    #[cfg(feature = "serde")]
    pub(crate) fn is_possible(self) -> bool {
        self.remainder < self.denominator && Weight::new(self.denominator).is_ok()
    }

    /// Whether the remainder is one at this weight.
    #[cfg(feature = "serde")]
    pub(crate) fn is_at(self, weight: Weight) -> bool {
        self.denominator == weight.get()
    }

    /// Whether the parts on top of the counters are equal.
    #[inline(always)]
    pub(crate) fn has_part_of(self, other: Self) -> bool {
        u64::from(self.remainder) * u64::from(other.denominator)
            == u64::from(other.remainder) * u64::from(self.denominator)
    }

    #[inline(always)]
    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.is_before(self) { other } else { self }
    }

    #[inline(always)]
    pub(crate) fn later(self, other: Self) -> Self {
        if self.is_before(other) { other } else { self }
    }
}

/// All nodes, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    /// Where each is: its place in a heap, or its slot in a tournament; in a wheel, whose that is; of a
    /// vacant one, the next. Apart, as moving others about changes nothing else of a node.
    pub(crate) positions: Vec<u32>,
}

impl Nodes {
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.nodes.reserve(additional);
        self.positions.reserve(additional);
    }

    pub(crate) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.positions.capacity() * size_of::<u32>()
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn push(&mut self, node: Node) {
        self.nodes.push(node);
        self.positions.push(NONE);
    }

    #[inline(always)]
    pub(crate) fn get(&self, id: usize) -> Option<&Node> {
        self.nodes.get(id)
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, id: usize) -> Option<&mut Node> {
        self.nodes.get_mut(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }
}

impl Index<usize> for Nodes {
    type Output = Node;

    #[inline(always)]
    fn index(&self, id: usize) -> &Node {
        &self.nodes[id]
    }
}

impl IndexMut<usize> for Nodes {
    #[inline(always)]
    fn index_mut(&mut self, id: usize) -> &mut Node {
        &mut self.nodes[id]
    }
}

/// Where a node is, in a queue or beside it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Nowhere,
    /// Of a small queue, the tournament; of a large one, the wheel or the list of those that came
    /// out.
    Queue,
    /// The heap of those that came too late for that list.
    Late,
    /// The tournament of those that are eligible.
    Eligible,
    /// Competes outside of the queue: in service, or a group all of whose members are.
    Parked,
}

/// What a node wants, and whether it may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) enum State {
    /// The slot is free.
    Vacant,
    Asleep,
    /// Competes in its group: it waits in a queue or is in service.
    Runnable,
    /// Wants to run, but has used its limit up.
    Throttled,
}

/// How far a counter is from a reference, on the circle.
#[inline(always)]
pub(crate) fn distance(reference: u64, counter: u64) -> i64 {
    counter.wrapping_sub(reference).cast_signed()
}

/// Whether counter `a` comes before counter `b`.
#[inline(always)]
pub(crate) fn before(a: u64, b: u64) -> bool {
    distance(b, a) < 0
}

/// Whether node `a` comes before node `b`: by counter with remainder, then number.
#[inline(always)]
pub(crate) fn first(nodes: &Nodes, a: u32, b: u32) -> bool {
    let (x, y) = (&nodes[a as usize], &nodes[b as usize]);
    before(x.counter, y.counter) || x.counter == y.counter && x.breaks_tie(a, y, b)
}
