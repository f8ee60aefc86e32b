use super::Counter;
use crate::reference::{RESOLUTION_BITS, Twin};

/// What the kit asks of a scheduler of entities with weights.
///
/// The kit chooses the numbers of the entities, from 0 and with few gaps; a number that was removed
/// may be added again. It makes legal calls only: it wakes who sleeps, charges who is in service.
/// Service is counted in a unit of the scheduler's choice; weights are at least 1 and at most
/// [`Profile::largest_weight`](super::Profile::largest_weight).
pub trait ProportionalShare {
    /// A new entity, asleep.
    fn add(&mut self, entity: usize, weight: u32);

    /// Forgets an entity that is not in service.
    fn remove(&mut self, entity: usize);

    /// An entity that sleeps becomes runnable.
    fn wake(&mut self, entity: usize);

    /// An entity that is runnable and not in service falls asleep.
    fn sleep(&mut self, entity: usize);

    /// Changes the weight of an entity, whatever it is doing.
    fn set_weight(&mut self, entity: usize, weight: u32);

    /// The entity to serve next; it is in service until charged. Nothing if nobody may run.
    fn pick(&mut self) -> Option<usize>;

    /// Ends the service of `entity`, which used `used` >= 1; it stays runnable if `stays`, else it
    /// sleeps.
    fn charge(&mut self, entity: usize, used: u64, stays: bool);

    /// Whether weights can be changed; if not, the kit does not.
    fn can_reweight(&self) -> bool {
        true
    }

    /// The least counter of the runnable entities, in any unit, if the scheduler knows such a
    /// thing: the kit checks that it never decreases (B6). It may wrap around.
    fn virtual_time(&self) -> Option<u128> {
        None
    }

    /// The counter of an entity that is runnable, be it in service or not, if the scheduler knows
    /// such a thing: the kit checks how they lie to each other (B2), and what moves them.
    fn counter(&self, entity: usize) -> Option<Counter> {
        let _ = entity;
        None
    }
}

/// Groups, in numbers of their own, from 0 without gaps.
pub trait Hierarchical: ProportionalShare {
    /// A new group, without members, in another or at the root.
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32);

    /// A new entity, asleep, in a group.
    fn add_to(&mut self, group: usize, entity: usize, weight: u32);

    /// Changes the weight of a group; false if that cannot be done.
    fn set_group_weight(&mut self, group: usize, weight: u32) -> bool {
        let _ = (group, weight);
        false
    }

    /// As [`ProportionalShare::counter`], of a group in which somebody is runnable.
    fn group_counter(&self, group: usize) -> Option<Counter> {
        let _ = group;
        None
    }
}

/// Hard limits of entities.
pub trait Limited: ProportionalShare {
    /// From now on the entity may use `quota` in each `period` of time, and may save up `burst`
    /// more of what it does not use. A limit that it had is replaced.
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64);

    /// Time passes. It starts at 0 and never goes back.
    fn advance(&mut self, now: u64);

    /// When the first of the runnable entities that are throttled at `now` can be picked; nothing
    /// if there is none. `now` is the time last told. With limits of groups as well, it may be
    /// earlier than that.
    fn next_release(&self, now: u64) -> Option<u64>;
}

/// Hard limits of groups.
pub trait LimitedGroups: Hierarchical + Limited {
    /// As [`Limited::limit`], for all entities in a group together.
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64);
}

impl ProportionalShare for Twin {
    fn add(&mut self, entity: usize, weight: u32) {
        self.add(entity, weight);
    }

    fn remove(&mut self, entity: usize) {
        self.remove(entity);
    }

    fn wake(&mut self, entity: usize) {
        self.wake(entity);
    }

    fn sleep(&mut self, entity: usize) {
        self.sleep(entity);
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.set_weight(entity, weight);
    }

    fn pick(&mut self) -> Option<usize> {
        self.pick()
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.charge(entity, used, stays);
    }

    fn virtual_time(&self) -> Option<u128> {
        Some(self.virtual_time())
    }

    fn counter(&self, entity: usize) -> Option<Counter> {
        self.counter(entity).map(told)
    }
}

impl Hierarchical for Twin {
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        self.add_group(group, parent, weight);
    }

    fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        self.add_to(group, entity, weight);
    }

    fn set_group_weight(&mut self, group: usize, weight: u32) -> bool {
        self.set_group_weight(group, weight);
        true
    }

    fn group_counter(&self, group: usize) -> Option<Counter> {
        self.group_counter(group).map(told)
    }
}

impl Limited for Twin {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        self.limit(entity, quota, period, burst);
    }

    fn advance(&mut self, now: u64) {
        self.advance(now);
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        self.next_release(now)
    }
}

impl LimitedGroups for Twin {
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        self.limit_group(group, quota, period, burst);
    }
}

/// Who has taken over a counter rounds the part up to one of its own weight, on its next charge.
fn told((k, rem, of): (u128, u32, u32)) -> Counter {
    Counter::new(k, 1 << RESOLUTION_BITS).with_part(rem, of).rounded(1)
}
