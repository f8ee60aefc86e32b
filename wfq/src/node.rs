//! What the scheduler keeps of an entity or a group: one line of a cache.

use crate::rate::Rate;

/// No group, no limit.
pub(crate) const NONE: u32 = u32::MAX;

/// No node: the number of the root, which is in no queue.
pub(crate) const NIL: u32 = 0;

#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Node {
    /// The counter `s`, in units of 2^-20 of service; on a circle.
    pub(crate) counter: u64,
    pub(crate) rate: Rate,
    /// `s` is the counter and `remainder / denominator` of one unit.
    pub(crate) remainder: u32,
    /// The weight; until the next charge, the one that the remainder was taken over with.
    pub(crate) denominator: u32,
    /// Neighbours in a bucket of the wheel; in a list or a heap, `previous` is the position. While
    /// asleep, `next` tells when that began.
    pub(crate) next: u32,
    pub(crate) previous: u32,
    pub(crate) generation: u32,
    /// The group it competes in.
    pub(crate) parent: u32,
    /// The group that it is, if it is one.
    pub(crate) group: u32,
    /// Its hard limit, if it has one.
    pub(crate) limit: u32,
    pub(crate) place: Place,
    pub(crate) state: State,
    pub(crate) service: Service,
}

impl Node {
    /// The counter after so much more service, and the remainder at this weight.
    #[inline(always)]
    pub(crate) fn after(&self, used: u64) -> (u64, u32) {
        let (growth, remainder) = self.rate.growth(used, self.scaled_remainder());
        (self.counter.wrapping_add(growth), remainder)
    }

    /// The remainder at this weight, rounded up.
    #[inline(always)]
    fn scaled_remainder(&self) -> u32 {
        if self.denominator == self.rate.get() {
            self.remainder
        } else {
            self.reading().remainder_at(self.rate.get())
        }
    }

    #[inline(always)]
    pub(crate) fn move_to(&mut self, counter: u64, remainder: u32) {
        self.counter = counter;
        self.set_remainder(remainder);
    }

    /// How much service lies between a reference and it.
    pub(crate) fn service_since(&self, reference: u64) -> i128 {
        self.rate.service(distance(reference, self.counter), self.scaled_remainder())
    }

    /// Moves it so much service after a reference.
    pub(crate) fn set_service_since(&mut self, reference: u64, service: i128) {
        let (distance, remainder) = self.rate.divide_floor(service);
        self.counter = reference.wrapping_add(distance as u64);
        self.set_remainder(remainder as u32);
    }

    #[inline(always)]
    pub(crate) fn set_remainder(&mut self, remainder: u32) {
        self.remainder = remainder;
        self.denominator = self.rate.get();
    }

    /// Its place on the circle, exactly.
    pub(crate) fn reading(&self) -> Reading {
        let Self { counter, remainder, denominator, .. } = *self;
        Reading { counter, remainder, denominator }
    }

    /// Puts it exactly where another is.
    pub(crate) fn set_reading(&mut self, reading: Reading) {
        let Reading { counter, remainder, denominator } = reading;
        (self.counter, self.remainder, self.denominator) = (counter, remainder, denominator);
    }

    /// Whether it comes before another with the same counter: by remainder, then number.
    #[inline(always)]
    pub(crate) fn breaks_tie(&self, id: u32, other: &Self, other_id: u32) -> bool {
        let ours = u64::from(self.remainder) * u64::from(other.denominator);
        let theirs = u64::from(other.remainder) * u64::from(self.denominator);
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
    pub(crate) fn new(counter: u64) -> Self {
        Self { counter, remainder: 0, denominator: 1 }
    }

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
        self.remainder < self.denominator && crate::Weight::new(self.denominator).is_ok()
    }

    /// Whether the remainder is one at this weight.
    #[cfg(feature = "serde")]
    pub(crate) fn is_at(self, weight: crate::Weight) -> bool {
        self.denominator == weight.get()
    }

    /// Whether the parts on top of the counters are equal.
    #[inline(always)]
    pub(crate) fn has_part_of(self, other: Self) -> bool {
        u64::from(self.remainder) * u64::from(other.denominator)
            == u64::from(other.remainder) * u64::from(self.denominator)
    }

    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.is_before(self) { other } else { self }
    }

    pub(crate) fn later(self, other: Self) -> Self {
        if self.is_before(other) { other } else { self }
    }
}

/// Which part of a queue holds a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Nowhere,
    /// Of a small queue, the list; of a large one, the wheel or the list of those that came out.
    Queue,
    /// The heap of those that came too late for that list.
    Late,
    /// The heap of those that are eligible.
    Eligible,
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

/// Whether an entity is in service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) enum Service {
    No,
    /// The only one: it keeps its place in the queue, as nobody asks for the next.
    Alone,
    /// One of several: out of the queue.
    Among,
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
pub(crate) fn first(nodes: &[Node], a: u32, b: u32) -> bool {
    let (x, y) = (&nodes[a as usize], &nodes[b as usize]);
    before(x.counter, y.counter) || x.counter == y.counter && x.breaks_tie(a, y, b)
}
