//! Earliest eligible virtual deadline first: among those who have not had more than their share,
//! the one whose request is due first.

mod eligible;
mod span;

#[cfg(feature = "serde")]
use alloc::vec::Vec;

use eligible::{Deadline, Eligible};
pub(super) use span::Span;

use crate::Weight;
use crate::node::{self, Node, Place, distance};
use crate::queue::{Queue, few};
use crate::rate::{Divisor, MAX_SERVICE, units};
use crate::table::{Request, Table};

/// Virtual time `V` is the mean of the counters, by weight: `whole + part / weight`, exactly.
///
/// Remainders included: so `V`, who is eligible and the sum of all lags, which is zero, are exact.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Eevdf {
    /// Those who were eligible when they were last looked at.
    pub(super) eligible: Eligible,
    /// By counter, those who were not.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) waiting: Queue<FEW, SPARE>,
    pub(super) clock: Clock,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) span: Span,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) competing: u32,
}

/// Up to this, a tournament is no slower than a wheel, with nodes that come and go at each turn.
const FEW: usize = few(256);

/// Few: here, who leaves the queue has nearly always become due.
const SPARE: usize = 10;

/// Virtual time.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(from = "u64", into = "u64"))]
pub(super) struct Clock {
    pub(super) whole: u64,
    /// The sum of `(counter - whole) * weight` of those who compete, remainders included.
    pub(super) part: i128,
    /// The sum of their weights, or 1 if there are none.
    weight: Divisor<u64>,
}

impl From<u64> for Clock {
    /// At this time, with nobody there.
    fn from(whole: u64) -> Self {
        Self { whole, part: 0, weight: Divisor::new(1) }
    }
}

#[cfg(feature = "serde")]
impl From<Clock> for u64 {
    /// The rest is worked out from the members.
    fn from(clock: Clock) -> Self {
        clock.whole
    }
}

impl Clock {
    /// Moves whole units from `part` to `whole`: then `whole` is `V`, rounded down.
    #[inline(always)]
    fn normalise(&mut self) {
        let (units, part) = self.weight.divide_floor(self.part);
        self.whole = self.whole.wrapping_add(units as u64);
        self.part = part.into();
    }

    /// Whether a node has not passed virtual time, once that is normalised.
    #[inline(always)]
    fn has_reached(&self, node: &Node) -> bool {
        let distance = distance(self.whole, node.counter);
        distance < 0 || distance == 0 && self.has_part(node)
    }

    /// `remainder / weight <= part / sum of weights`.
    fn has_part(&self, node: &Node) -> bool {
        let ours = u128::from(node.remainder()) * u128::from(self.weight.get());
        ours <= self.part.unsigned_abs() * u128::from(node.weight())
    }
}

impl Eevdf {
    pub(crate) fn new(start: u64) -> Self {
        Self {
            eligible: Eligible::default(),
            waiting: Queue::default(),
            clock: Clock::from(start),
            span: Span::at(start),
            competing: 0,
        }
    }

    pub(crate) fn reserve(&mut self, table: &Table, nodes: usize) {
        self.waiting.reserve(&table.nodes, nodes);
        self.eligible.reserve(nodes);
    }

    pub(crate) fn memory(&self) -> usize {
        self.waiting.memory() + self.eligible.memory()
    }

    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.competing == 0
    }

    #[inline(always)]
    pub(crate) fn has_queued(&self) -> bool {
        !self.eligible.is_empty() || !self.waiting.is_empty()
    }

    pub(crate) fn virtual_time(&self, _: &Table) -> u64 {
        let mut reached = self.clock;
        reached.normalise();
        reached.whole
    }

    /// Adds to the sum of weights, or takes from it.
    pub(super) fn weigh(&mut self, weight: i64) {
        let sum = if self.competing == 0 { 0 } else { self.clock.weight.get() };
        self.clock.weight = Divisor::new(sum.saturating_add_signed(weight).max(1));
    }

    /// Its lag is as it was when it left, as far as integers go: joining moves `V` towards its
    /// counter, so that starts further away.
    pub(crate) fn enter(&mut self, table: &mut Table, id: u32) {
        self.clock.normalise();
        let node = &mut table.nodes[id as usize];
        let own = node.weight();
        if self.competing == 0 {
            // Nobody to owe anything to.
            node.counter = self.clock.whole;
            node.set_remainder(0);
            self.span = Span::at(node.counter);
        } else {
            let lag = i128::from(node.counter.cast_signed());
            let (shifted, _) =
                self.clock.weight.divide_floor((self.clock.part - lag) * i128::from(own));
            let whole = self.clock.whole;
            let (counter, remainder) = self.kept(table, id, whole, whole, shifted - lag);
            table.nodes[id as usize].move_to(counter, remainder);
        }
        let node = &table.nodes[id as usize];
        let counter = node.counter;
        self.clock.part += node.service_since(self.clock.whole);
        self.cover(table, id, counter);
        self.weigh(own.into());
        self.competing += 1;
        if let Some(Request { length, .. }) = table.request(id) {
            table.set_request(id, Request { length, left: length });
        }
        self.clock.normalise();
        self.enqueue(table, id);
    }

    pub(crate) fn leave(&mut self, table: &mut Table, id: u32) {
        self.dequeue(table, id);
        let lag = self.lag(table, id, true);
        let node = &mut table.nodes[id as usize];
        self.clock.part -= node.service_since(self.clock.whole);
        self.weigh(-i64::from(node.weight()));
        self.competing -= 1;
        if self.competing == 0 {
            self.clock.whole = node.counter;
            self.clock.part = 0;
        }
        self.clock.normalise();
        node.counter = clamped(lag);
    }

    #[inline(never)]
    pub(crate) fn first(&mut self, table: &mut Table) -> Option<u32> {
        self.clock.normalise();
        while let Some(id) = self.waiting.first_until(&table.nodes, self.clock.whole) {
            if !self.clock.has_reached(&table.nodes[id as usize]) {
                break;
            }
            self.waiting.remove(&mut table.nodes, id);
            self.push_eligible(table, id);
        }
        while let Some(id) = self.eligible.first() {
            if self.clock.has_reached(&table.nodes[id as usize]) {
                return Some(id);
            }
            // Virtual time went back, when somebody with a lag came or left.
            self.dequeue(table, id);
            self.wait(table, id);
        }
        // Those who are owed are all in service.
        self.waiting.first(&table.nodes)
    }

    pub(crate) fn park(&mut self, table: &mut Table, id: u32) {
        self.dequeue(table, id);
        table.nodes[id as usize].set_place(Place::Parked);
    }

    pub(crate) fn unpark(&mut self, table: &mut Table, id: u32) {
        self.enqueue(table, id);
    }

    #[inline(never)]
    pub(crate) fn charge(&mut self, table: &mut Table, id: u32, used: u64) {
        if let Some(Request { length, left }) = table.request(id) {
            let left = if used < left { left - used } else { length };
            table.set_request(id, Request { length, left });
        }
        let (counter, remainder) = table.nodes[id as usize].after(used);
        self.clock.part += units(used);
        self.clock.normalise();
        self.place(table, id, counter, remainder);
    }

    pub(crate) fn charge_absent(table: &mut Table, id: u32, service: i128) {
        let node = &mut table.nodes[id as usize];
        node.counter = clamped(i128::from(node.counter.cast_signed()) - service);
    }

    /// Counts `service` units in advance, or back.
    pub(crate) fn advance(&mut self, table: &mut Table, id: u32, service: i128) {
        let since = table.nodes[id as usize].counter;
        let own = table.nodes[id as usize].service_since(since);
        let (counter, remainder) = self.kept(table, id, since, since, own + service);
        let mut node = table.nodes[id as usize].clone();
        node.move_to(counter, remainder);
        self.clock.part += node.service_since(since) - own;
        self.clock.normalise();
        self.place(table, id, counter, remainder);
    }

    /// Whether so much more service keeps its counter close enough to all others to compare.
    pub(crate) fn admits(&self, table: &Table, id: u32, service: i128) -> bool {
        let node = &table.nodes[id as usize];
        self.has_room(table, id, node.distance_after(service))
    }

    /// The same of any charge, at first sight.
    #[inline(always)]
    pub(crate) fn surely_admits(&self) -> bool {
        self.span.has_room_for_any()
    }

    /// Keeps the distance from `whole` in service. Without normalising, so that the same weight as
    /// before brings back the same counter.
    pub(crate) fn reweight(&mut self, table: &mut Table, id: u32, weight: Weight, competes: bool) {
        let node = &mut table.nodes[id as usize];
        if !competes {
            node.set_weight(weight);
            return;
        }
        let queued = node.is_queued();
        if queued {
            self.dequeue(table, id);
        }
        let whole = self.clock.whole;
        let node = &mut table.nodes[id as usize];
        let (old, since) = (node.weight(), node.counter);
        let service = node.service_since(whole);
        node.set_weight(weight);
        // What a heavy one is owed may be more than a light one can be.
        let kept = service.clamp(-MAX_LAG, MAX_LAG);
        let (counter, remainder) = self.kept(table, id, since, whole, kept);
        let node = &mut table.nodes[id as usize];
        node.move_to(counter, remainder);
        self.clock.part += node.service_since(whole) - service;
        self.cover(table, id, counter);
        self.weigh(i64::from(weight.get()) - i64::from(old));
        if queued {
            self.enqueue(table, id);
        }
    }

    /// `other` is eligible, and due earlier.
    pub(crate) fn prefers(&self, table: &Table, other: u32, served: u32) -> bool {
        let mut clock = self.clock;
        clock.normalise();
        clock.has_reached(&table.nodes[other as usize])
            && self.ahead(table, other) < self.ahead(table, served)
    }

    /// How far a deadline is from where no counter lies before.
    fn ahead(&self, table: &Table, id: u32) -> u64 {
        Self::deadline(table, id).wrapping_sub(self.span.first())
    }

    /// `w_i * (V - s_i)`, rounded down.
    pub(crate) fn lag(&self, table: &Table, id: u32, competes: bool) -> i128 {
        let node = &table.nodes[id as usize];
        if !competes {
            return node.counter.cast_signed().into();
        }
        let mut clock = self.clock;
        clock.normalise();
        let (mean, _) = clock.weight.divide_floor(clock.part * i128::from(node.weight()));
        mean - node.service_since(clock.whole)
    }

    /// When what is left of the request will have been served, if it gets its share.
    pub(crate) fn deadline(table: &Table, id: u32) -> u64 {
        Self::exact_deadline(table, id).counter
    }

    #[inline(always)]
    fn exact_deadline(table: &Table, id: u32) -> Deadline {
        let node = &table.nodes[id as usize];
        let left = table.request(id).map_or(0, |request| request.left);
        let (counter, remainder) = node.after(left);
        Deadline { counter, part: node.part(remainder) }
    }

    #[inline(always)]
    fn push_eligible(&mut self, table: &mut Table, id: u32) {
        let deadline = Self::exact_deadline(table, id);
        table.nodes[id as usize].set_place(Place::Eligible);
        self.eligible.insert(&mut table.nodes, self.span.first(), id, deadline);
    }

    #[inline(always)]
    fn enqueue(&mut self, table: &mut Table, id: u32) {
        if self.clock.has_reached(&table.nodes[id as usize]) {
            self.push_eligible(table, id);
        } else {
            self.wait(table, id);
        }
    }

    /// Puts someone into the queue of those who are not eligible.
    #[inline(always)]
    pub(super) fn wait(&mut self, table: &mut Table, id: u32) {
        let group = table.kin(id).parent;
        self.waiting.insert(&mut table.nodes, group, id);
    }

    /// Those who were found eligible, now that everybody competes, and their deadlines are known.
    #[cfg(feature = "serde")]
    pub(super) fn restore_deadlines(&mut self, table: &Table) {
        for id in self.eligible.ids().collect::<Vec<_>>() {
            let deadline = Self::exact_deadline(table, id);
            self.eligible.update(&table.nodes, self.span.first(), id, deadline);
        }
    }

    #[inline(always)]
    fn dequeue(&mut self, table: &mut Table, id: u32) {
        let node = &mut table.nodes[id as usize];
        match node.place() {
            Place::Nowhere => {}
            Place::Parked => node.set_place(Place::Nowhere),
            Place::Eligible => {
                node.set_place(Place::Nowhere);
                self.eligible.remove(&table.nodes, id);
            }
            _ => self.waiting.remove(&mut table.nodes, id),
        }
    }

    /// The counter and remainder that are so much service after a reference, or as close to that as
    /// there is room: `inside` is a counter that there is room for.
    fn kept(
        &self,
        table: &Table,
        id: u32,
        inside: u64,
        reference: u64,
        service: i128,
    ) -> (u64, u32) {
        let (distance, remainder) = table.nodes[id as usize].distance_of(service);
        let wanted = distance + i128::from(node::distance(inside, reference));
        let kept = self.kept_in_room(table, id, inside, wanted);
        (inside.wrapping_add(kept as u64), if kept == wanted { remainder } else { 0 })
    }

    /// Gives someone who competes another counter, and perhaps deadline.
    #[inline(always)]
    fn place(&mut self, table: &mut Table, id: u32, counter: u64, remainder: u32) {
        let place = table.nodes[id as usize].place();
        if place == Place::Queue || place == Place::Late {
            self.waiting.remove(&mut table.nodes, id);
        }
        self.cover(table, id, counter);
        let node = &mut table.nodes[id as usize];
        node.move_to(counter, remainder);
        match place {
            Place::Nowhere | Place::Parked => {}
            Place::Eligible if self.clock.has_reached(node) => {
                let deadline = Self::exact_deadline(table, id);
                self.eligible.update(&table.nodes, self.span.first(), id, deadline);
            }
            Place::Eligible => {
                node.set_place(Place::Nowhere);
                self.eligible.remove(&table.nodes, id);
                self.wait(table, id);
            }
            Place::Queue | Place::Late => self.enqueue(table, id),
        }
    }
}

/// A lag as it is kept while asleep, in place of a counter.
fn clamped(lag: i128) -> u64 {
    (lag.clamp(-MAX_LAG, MAX_LAG) as i64).cast_unsigned()
}

/// Somebody who joins again with so large a lag has a counter that can still be compared, even if
/// only one of weight 1 is left to owe it that.
const MAX_LAG: i128 = MAX_SERVICE - 1;
