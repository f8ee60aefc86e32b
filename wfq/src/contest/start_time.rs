//! Start-time order: the least counter is served; who joins starts at the least counter.

use crate::Weight;
use crate::node::{Place, Reading, before};
use crate::queue::{ByCounter, Heap, Queue, few};
use crate::rate::MAX_SERVICE;
use crate::table::Table;

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct StartTime {
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) queue: Queue<FEW, SPARE>,
    /// Those who compete outside of the queue: however many are in service, who of them is furthest
    /// behind is known.
    #[cfg_attr(feature = "serde", serde(skip))]
    parked: Heap<ByCounter>,
    /// `s_min` when it was last needed, or passed the end of a quarter.
    pub(super) least: Reading,
    /// The largest counter that anybody has left with, or `least`.
    pub(super) finish: Reading,
    /// How many quarters of the circle `least` has passed: tells a counter of long ago from one
    /// that lies ahead.
    pub(super) quarter: u32,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) competing: u32,
}

/// Up to this, a tournament is no slower than a wheel.
const FEW: usize = few(1024);

/// As many as there are: to look for what is stale costs little then for each that left it.
const SPARE: usize = 1;

impl StartTime {
    pub(crate) fn new(start: u64) -> Self {
        let start = Reading::new(start);
        Self {
            queue: Queue::default(),
            parked: Heap::default(),
            least: start,
            finish: start,
            quarter: quarter(start.counter),
            competing: 0,
        }
    }

    pub(crate) fn reserve(&mut self, table: &Table, nodes: usize) {
        self.queue.reserve(&table.nodes, nodes);
        self.parked.reserve(nodes);
    }

    pub(crate) fn memory(&self) -> usize {
        self.queue.memory() + self.parked.memory()
    }

    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.competing == 0
    }

    #[inline(always)]
    pub(crate) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// `s_min`: the least counter of those who compete; if there are none, it stays. Never falls.
    #[inline(never)]
    fn reach(&mut self, table: &mut Table) -> Reading {
        let queued = self.queue.first(&table.nodes);
        let least = self.least_with(table, queued);
        let passed = quarter(least.counter).wrapping_sub(quarter(self.least.counter)) % 4;
        self.quarter = self.quarter.wrapping_add(passed);
        self.least = least;
        self.finish = self.finish.later(least);
        least
    }

    /// Whether `s_min` has passed someone who sleeps.
    fn has_passed(&self, table: &Table, id: u32) -> bool {
        self.has_passed_far(table, id) || table.nodes[id as usize].reading().is_before(self.least)
    }

    /// Whether `s_min` is further than any charge from someone who sleeps: perhaps too far to
    /// compare.
    fn has_passed_far(&self, table: &Table, id: u32) -> bool {
        self.quarter.wrapping_sub(table.quarters[id as usize]).cast_signed() > 1
    }

    pub(crate) fn virtual_time(&self, table: &Table) -> u64 {
        self.least_with(table, self.queue.peek(&table.nodes)).counter
    }

    #[inline(always)]
    fn least_with(&self, table: &Table, queued: Option<u32>) -> Reading {
        let reading = |id: u32| table.nodes[id as usize].reading();
        let found = match (queued.map(reading), self.parked.first().map(reading)) {
            (Some(queued), Some(parked)) => queued.earlier(parked),
            (Some(found), None) | (None, Some(found)) => found,
            (None, None) if self.competing == 0 => return self.finish,
            (None, None) => return self.least,
        };
        // Only a group that was charged too much in advance can have fallen back.
        self.least.later(found)
    }

    pub(crate) fn enter(&mut self, table: &mut Table, id: u32) {
        let least = self.reach(table);
        // `s_i = max(s_min, s_i)`, here and nowhere else: clamping at each charge, with the least
        // counter of the others, would give whoever wakes a quantum for nothing.
        if self.has_passed(table, id) {
            table.nodes[id as usize].set_reading(least);
        }
        self.competing += 1;
        self.enqueue(table, id);
    }

    pub(crate) fn leave(&mut self, table: &mut Table, id: u32) {
        self.reach(table);
        self.forget(table, id);
        self.competing -= 1;
        let node = &mut table.nodes[id as usize];
        self.finish = self.finish.later(node.reading());
        // It may be behind, if its charges were corrected.
        let ahead = quarters_between(self.least.counter, node.counter);
        table.quarters[id as usize] = self.quarter.wrapping_add_signed(ahead);
        self.reach(table);
    }

    #[inline(always)]
    pub(crate) fn first(&mut self, table: &mut Table) -> Option<u32> {
        self.queue.first(&table.nodes)
    }

    pub(crate) fn park(&mut self, table: &mut Table, id: u32) {
        self.queue.remove(&mut table.nodes, id);
        self.push_parked(table, id);
    }

    pub(super) fn enqueue(&mut self, table: &mut Table, id: u32) {
        let group = table.kin(id).parent;
        self.queue.insert(&mut table.nodes, group, id);
    }

    pub(super) fn push_parked(&mut self, table: &mut Table, id: u32) {
        table.nodes[id as usize].set_place(Place::Parked);
        self.parked.push(&mut table.nodes, id);
    }

    pub(crate) fn unpark(&mut self, table: &mut Table, id: u32) {
        self.forget(table, id);
        self.enqueue(table, id);
    }

    #[inline(always)]
    pub(crate) fn charge(&mut self, table: &mut Table, id: u32, used: u64) {
        let node = &table.nodes[id as usize];
        let from = quarter(node.counter);
        let (counter, remainder) = node.after(used);
        self.place(table, id, counter, remainder);
        if quarter(counter) != from {
            self.reach(table);
        }
    }

    /// Not if it makes no difference to `s_i = max(s_min, s_i)`: or what is given back again and
    /// again would carry it round the circle.
    pub(crate) fn charge_absent(&self, table: &mut Table, id: u32, service: i128) {
        if self.has_passed_far(table, id) || service < 0 && self.has_passed(table, id) {
            return;
        }
        let node = &mut table.nodes[id as usize];
        let since = node.counter;
        node.set_service_since(since, node.service_since(since) + service);
        let moved = quarters_between(since, node.counter);
        let left_in = &mut table.quarters[id as usize];
        *left_in = left_in.wrapping_add_signed(moved);
    }

    /// Counts `service` units in advance, or back.
    pub(crate) fn advance(&mut self, table: &mut Table, id: u32, service: i128) {
        // Virtual time stays where it is, should this one fall behind it.
        self.reach(table);
        let mut node = table.nodes[id as usize].clone();
        let since = node.counter;
        node.set_service_since(since, node.service_since(since) + service);
        self.place(table, id, node.counter, node.remainder());
    }

    /// Keeps `(s_i - s_min) * w_i`. Whoever is at `s_min` stays there.
    pub(crate) fn reweight(&mut self, table: &mut Table, id: u32, weight: Weight, competes: bool) {
        let least = self.reach(table);
        let is_passed = !competes && self.has_passed(table, id);
        let node = &mut table.nodes[id as usize];
        if is_passed || !least.is_before(node.reading()) {
            node.set_weight(weight);
            return;
        }
        // In remainders rounded up at both weights: so the old weight brings all of it back.
        let service = node.service_since(least.counter)
            - i128::from(least.remainder_at(node.weight()))
            + i128::from(least.remainder_at(weight.get()));
        node.set_weight(weight);
        let (counter, remainder) = node.at_service_since(least.counter, service);
        if !competes {
            let left_in = &mut table.quarters[id as usize];
            *left_in = left_in.wrapping_add_signed(quarters_between(node.counter, counter));
        }
        self.place(table, id, counter, remainder);
    }

    /// Whether so much more service keeps the counters close enough together to compare.
    pub(crate) fn admits(&self, table: &Table, id: u32, service: i128, competes: bool) -> bool {
        if !competes && (service <= 0 || self.has_passed(table, id)) {
            return true;
        }
        let least = self.virtual_time(table);
        let since = table.nodes[id as usize].service_since(least) + service;
        if service < 0 { since > -MAX_SERVICE } else { since <= MAX_SERVICE }
    }

    /// The counter after another quantum.
    pub(crate) fn finish(table: &Table, id: u32, quantum: u64) -> u64 {
        table.nodes[id as usize].after(quantum).0
    }

    /// `other` is as far behind, and its quantum would be over at an earlier virtual time.
    pub(crate) fn prefers(table: &Table, other: u32, served: u32, quantum: u64) -> bool {
        let counter = |id: u32| table.nodes[id as usize].counter;
        !before(counter(served), counter(other))
            && before(Self::finish(table, other, quantum), Self::finish(table, served, quantum))
    }

    /// `(s_min - s_i) * w_i`: never positive, as the least counter is the reference.
    pub(crate) fn lag(&self, table: &Table, id: u32, competes: bool) -> i128 {
        let node = &table.nodes[id as usize];
        if !competes && self.has_passed(table, id) {
            return 0;
        }
        -node.service_since(self.virtual_time(table)).max(0)
    }

    /// Gives someone who competes, or sleeps, another counter.
    #[inline(always)]
    fn place(&mut self, table: &mut Table, id: u32, counter: u64, remainder: u32) {
        if table.nodes[id as usize].is_queued() {
            self.queue.update(&mut table.nodes, id, counter, remainder);
        } else {
            self.place_outside(table, id, counter, remainder);
        }
    }

    #[inline(never)]
    fn place_outside(&mut self, table: &mut Table, id: u32, counter: u64, remainder: u32) {
        table.nodes[id as usize].move_to(counter, remainder);
        if table.nodes[id as usize].place() == Place::Parked {
            let position = table.nodes.positions[id as usize];
            self.parked.update(&mut table.nodes, position, id);
        }
    }

    /// Out of the queue, or of the parked.
    fn forget(&mut self, table: &mut Table, id: u32) {
        if table.nodes[id as usize].place() == Place::Parked {
            let position = table.nodes.positions[id as usize];
            self.parked.remove(&mut table.nodes, position);
            table.nodes[id as usize].set_place(Place::Nowhere);
        } else {
            self.queue.remove(&mut table.nodes, id);
        }
    }
}

/// How many beginnings of a quarter lie between two counters: below zero, if the way goes back.
fn quarters_between(from: u64, to: u64) -> i32 {
    let passed = |from, to| (quarter(to).wrapping_sub(quarter(from)) % 4).cast_signed();
    if before(to, from) { -passed(to, from) } else { passed(from, to) }
}

/// The quarter of the circle that a counter lies in.
#[inline(always)]
pub(super) fn quarter(counter: u64) -> u32 {
    (counter >> 62) as u32
}
