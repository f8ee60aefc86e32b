//! A scheduler that is right, spoiled in one respect.

use apportion_wfq::reference::{RESOLUTION_BITS, Twin};
use apportion_wfq::testkit::{Counter, Hierarchical, Limited, ProportionalShare};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spoil {
    PicksSleepers,
    PicksTwice,
    PicksStrangers,
    Idles,
    RunsBackwards,
    MovesCounters,
    IgnoresLimits,
    PromisesEarly,
    PromisesNothing,
    Flattens,
    FreezesGroups,
}

#[derive(Clone, Debug)]
pub(crate) struct Spoiled {
    spoil: Spoil,
    twin: Twin,
    picks: u64,
    last: Option<usize>,
    asleep: Option<usize>,
}

impl Spoiled {
    pub(crate) fn new(spoil: Spoil) -> Self {
        Self { spoil, twin: Twin::start_time(), picks: 0, last: None, asleep: None }
    }
}

impl ProportionalShare for Spoiled {
    fn add(&mut self, entity: usize, weight: u32) {
        self.twin.add(entity, weight);
        self.asleep = Some(entity);
    }

    fn remove(&mut self, entity: usize) {
        self.twin.remove(entity);
        self.asleep = None;
    }

    fn wake(&mut self, entity: usize) {
        self.twin.wake(entity);
        self.asleep = self.asleep.filter(|&asleep| asleep != entity);
    }

    fn sleep(&mut self, entity: usize) {
        self.twin.sleep(entity);
        self.asleep = Some(entity);
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.twin.set_weight(entity, weight);
    }

    fn pick(&mut self) -> Option<usize> {
        self.picks += 1;
        match self.spoil {
            Spoil::PicksSleepers if self.asleep.is_some() => return self.asleep,
            Spoil::PicksTwice if self.last.is_some() => return self.last,
            Spoil::PicksStrangers if self.picks == 100 => return Some(1000),
            Spoil::Idles if self.picks.is_multiple_of(50) => return None,
            _ => {}
        }
        self.last = self.twin.pick();
        self.last
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.twin.charge(entity, used, stays);
        if !stays {
            self.asleep = Some(entity);
        }
        self.last = self.last.filter(|&last| last != entity);
    }

    fn virtual_time(&self) -> Option<u128> {
        let time = self.twin.virtual_time();
        Some(if self.spoil == Spoil::RunsBackwards { u128::MAX / 4 - time } else { time })
    }

    fn counter(&self, entity: usize) -> Option<Counter> {
        // A unit more every now and then.
        let moved = u128::from(self.picks / 100);
        let moved = if self.spoil == Spoil::MovesCounters { moved } else { 0 };
        let (k, rem, of) = self.twin.counter(entity)?;
        let told = Counter::new(k.wrapping_add(moved), 1 << RESOLUTION_BITS);
        Some(told.with_part(rem, of).rounded(1))
    }
}

impl Hierarchical for Spoiled {
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        self.twin.add_group(group, parent, weight);
    }

    fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        if self.spoil == Spoil::Flattens {
            self.twin.add(entity, weight);
        } else {
            self.twin.add_to(group, entity, weight);
        }
    }

    fn set_group_weight(&mut self, group: usize, weight: u32) -> bool {
        if self.spoil != Spoil::FreezesGroups {
            self.twin.set_group_weight(group, weight);
        }
        true
    }
}

impl Limited for Spoiled {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        if self.spoil != Spoil::IgnoresLimits {
            self.twin.limit(entity, quota, period, burst);
        }
    }

    fn advance(&mut self, now: u64) {
        self.twin.advance(now);
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        let next = self.twin.next_release(now);
        match self.spoil {
            Spoil::PromisesEarly => next.map(|next| next - 1),
            Spoil::PromisesNothing => None,
            _ => next,
        }
    }
}
