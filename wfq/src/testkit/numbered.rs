use alloc::vec::Vec;

use super::{Counter, Hierarchical, Limited, LimitedGroups, ProportionalShare};
use crate::reference::RESOLUTION_BITS;
use crate::{EntityId, GroupId, Limit, Member, Scheduler, Then, Weight};

/// The [`Scheduler`] of this crate, with the kit's numbers in place of handles.
///
/// It takes charges up to [`MAX_CHARGE`](crate::MAX_CHARGE), fewer than the kit makes unless told so:
///
/// ```
/// use apportion_wfq::MAX_CHARGE;
/// use apportion_wfq::testkit::{Numbered, Profile, check_all};
///
/// let profile = Profile::start_time().largest_charge(MAX_CHARGE).operations(10_000);
/// check_all(profile, Numbered::default)?;
/// # Ok::<(), apportion_wfq::testkit::Failure>(())
/// ```
///
/// # Panics
///
/// On larger charges, and on calls that the kit does not make.
#[derive(Clone, Debug, Default)]
pub struct Numbered {
    /// The scheduler.
    pub scheduler: Scheduler,
    entities: Vec<Option<EntityId>>,
    groups: Vec<GroupId>,
    /// By [`EntityId::index`], the number.
    numbers: Vec<usize>,
}

impl Numbered {
    /// Numbers for a scheduler that is still empty.
    #[must_use]
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, ..Self::default() }
    }

    /// The handle of an entity, if there is one of that number.
    #[must_use]
    pub fn entity(&self, number: usize) -> Option<EntityId> {
        self.entities.get(number).copied().flatten()
    }

    /// The handle of a group.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<GroupId> {
        self.groups.get(number).copied()
    }

    fn known(&self, number: usize) -> EntityId {
        self.entity(number).expect("the kit names entities that it has added")
    }

    fn note(&mut self, number: usize, entity: EntityId) {
        if self.entities.len() <= number {
            self.entities.resize(number + 1, None);
        }
        self.entities[number] = Some(entity);
        if self.numbers.len() <= entity.index() {
            self.numbers.resize(entity.index() + 1, 0);
        }
        self.numbers[entity.index()] = number;
    }

    fn told(&self, member: Member) -> Option<Counter> {
        let counter = self.scheduler.counter(member).ok()??;
        let told = Counter::new(counter.units.into(), 1 << RESOLUTION_BITS).wrapping_at(64);
        // As in the reference.
        Some(told.with_part(counter.remainder, counter.denominator).rounded(1))
    }

    fn set_limit(&mut self, member: Member, quota: u64, period: u64, burst: u64) {
        let [quota, period] = [quota, period]
            .map(|amount| amount.try_into().expect("the kit's limits are not of zero"));
        let limit = Limit::new(quota, period).with_burst(burst);
        self.scheduler.set_limit(member, Some(limit)).expect("the member is known");
    }
}

fn weight(weight: u32) -> Weight {
    Weight::new(weight).expect("the kit keeps to the largest weight")
}

impl ProportionalShare for Numbered {
    fn add(&mut self, entity: usize, of: u32) {
        let handle = self.scheduler.add(weight(of)).expect("there are few");
        self.note(entity, handle);
    }

    fn remove(&mut self, entity: usize) {
        self.scheduler.remove(self.known(entity)).expect("it is not in service");
        self.entities[entity] = None;
    }

    fn wake(&mut self, entity: usize) {
        self.scheduler.wake(self.known(entity)).expect("it sleeps");
    }

    fn sleep(&mut self, entity: usize) {
        self.scheduler.sleep(self.known(entity)).expect("it is awake");
    }

    fn set_weight(&mut self, entity: usize, to: u32) {
        self.scheduler.set_weight(self.known(entity), weight(to)).expect("it is known");
    }

    fn pick(&mut self) -> Option<usize> {
        self.scheduler.pick().map(|pick| self.numbers[pick.entity.index()])
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        let then = if stays { Then::Requeue } else { Then::Sleep };
        let charged = self.scheduler.charge(self.known(entity), used, then);
        charged.expect(
            "it is in service, and charges are MAX_CHARGE at most: Profile::largest_charge",
        );
    }

    fn virtual_time(&self) -> Option<u128> {
        // Units lie on a circle of 2^64, and the kit compares on one of 2^128.
        self.scheduler.virtual_time(None).ok().map(|time| u128::from(time) << 64)
    }

    fn counter(&self, entity: usize) -> Option<Counter> {
        self.told(self.known(entity).into())
    }
}

impl Hierarchical for Numbered {
    fn add_group(&mut self, group: usize, parent: Option<usize>, of: u32) {
        let parent = parent.and_then(|number| self.group(number));
        assert_eq!(group, self.groups.len(), "groups are numbered without gaps");
        self.groups.push(self.scheduler.add_group(parent, weight(of)).expect("it is known"));
    }

    fn add_to(&mut self, group: usize, entity: usize, of: u32) {
        let group = self.group(group).expect("the kit names groups that it has added");
        let handle = self.scheduler.add_to(group, weight(of)).expect("it is known");
        self.note(entity, handle);
    }

    fn set_group_weight(&mut self, group: usize, to: u32) -> bool {
        let group = self.group(group).expect("the kit names groups that it has added");
        self.scheduler.set_weight(group, weight(to)).is_ok()
    }

    fn group_counter(&self, group: usize) -> Option<Counter> {
        self.told(self.group(group)?.into())
    }
}

impl Limited for Numbered {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        self.set_limit(self.known(entity).into(), quota, period, burst);
    }

    fn advance(&mut self, now: u64) {
        self.scheduler.advance(now).expect("time does not go back");
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        self.scheduler.next_release(now)
    }
}

impl LimitedGroups for Numbered {
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        let group = self.group(group).expect("the kit names groups that it has added");
        self.set_limit(group.into(), quota, period, burst);
    }
}
