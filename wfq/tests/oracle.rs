//! The scheduler against its slow twin: the same picks, and the same state after every call.

use apportion_wfq::reference::Twin;
use apportion_wfq::testkit::{
    Failure, Hierarchical, Limited, LimitedGroups, Numbered, Profile, ProportionalShare, check,
    check_all, check_groups, check_limits,
};
use apportion_wfq::{Order, Scheduler};

/// Both, told the same.
struct Pair {
    fast: Numbered,
    slow: Twin,
    entities: usize,
    groups: usize,
}

impl Pair {
    fn start_time() -> Self {
        Self::new(Numbered::new(Scheduler::new(Order::StartTime)), Twin::start_time())
    }

    fn eevdf(request: u64) -> Self {
        let quantum = request.try_into().expect("not zero");
        let fast = Scheduler::with_quantum(Order::Eevdf, quantum).expect("in range");
        Self::new(Numbered::new(fast), Twin::eevdf(request))
    }

    fn new(fast: Numbered, slow: Twin) -> Self {
        Self { fast, slow, entities: 0, groups: 0 }
    }

    fn compare(&self) {
        let scheduler = &self.fast.scheduler;
        let on_circle = |time: u128| u64::try_from(time % (1 << 64)).expect("below 2^64");
        let time = scheduler.virtual_time(None).expect("the root is there");
        assert_eq!(time, on_circle(self.slow.virtual_time()));
        for number in 0..self.entities {
            let Some(entity) = self.fast.entity(number) else { continue };
            if !self.slow.competes(number) {
                continue;
            }
            let counter = scheduler.counter(entity).expect("known").expect("competes");
            let (k, rem, of) = self.slow.counter(number).expect("known");
            let exact = (counter.units, u64::from(counter.remainder) * u64::from(of));
            let defined = (on_circle(k), u64::from(rem) * u64::from(counter.denominator));
            assert_eq!(exact, defined, "entity {number}");
            if scheduler.order() == Order::Eevdf {
                assert_eq!(Some(scheduler.lag(entity).expect("known")), self.slow.lag(number));
            }
        }
        for number in 0..self.groups {
            let group = self.fast.group(number).expect("it was added");
            let time = scheduler.virtual_time(Some(group)).expect("known");
            assert_eq!(Some(time), self.slow.group_virtual_time(number).map(on_circle));
        }
    }
}

impl ProportionalShare for Pair {
    fn add(&mut self, entity: usize, weight: u32) {
        self.entities = self.entities.max(entity + 1);
        self.fast.add(entity, weight);
        self.slow.add(entity, weight);
    }

    fn remove(&mut self, entity: usize) {
        self.fast.remove(entity);
        self.slow.remove(entity);
        self.compare();
    }

    fn wake(&mut self, entity: usize) {
        self.fast.wake(entity);
        self.slow.wake(entity);
        self.compare();
    }

    fn sleep(&mut self, entity: usize) {
        self.fast.sleep(entity);
        self.slow.sleep(entity);
        self.compare();
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.fast.set_weight(entity, weight);
        self.slow.set_weight(entity, weight);
        self.compare();
    }

    fn pick(&mut self) -> Option<usize> {
        let picked = self.fast.pick();
        assert_eq!(picked, self.slow.pick());
        self.compare();
        picked
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.fast.charge(entity, used, stays);
        self.slow.charge(entity, used, stays);
        self.compare();
    }

    fn virtual_time(&self) -> Option<u128> {
        self.fast.virtual_time()
    }
}

impl Hierarchical for Pair {
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        self.groups = self.groups.max(group + 1);
        self.fast.add_group(group, parent, weight);
        self.slow.add_group(group, parent, weight);
    }

    fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        self.entities = self.entities.max(entity + 1);
        self.fast.add_to(group, entity, weight);
        self.slow.add_to(group, entity, weight);
    }
}

impl Limited for Pair {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        self.fast.limit(entity, quota, period, burst);
        Twin::limit(&mut self.slow, entity, quota, period, burst);
        self.compare();
    }

    fn advance(&mut self, now: u64) {
        self.fast.advance(now);
        Twin::advance(&mut self.slow, now);
        self.compare();
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        let release = self.fast.next_release(now);
        let exact = Twin::next_release(&self.slow, now);
        assert_eq!(release.is_some(), exact.is_some());
        assert!(release <= exact, "asked too late");
        release
    }
}

impl LimitedGroups for Pair {
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        self.fast.limit_group(group, quota, period, burst);
        Twin::limit_group(&mut self.slow, group, quota, period, burst);
        self.compare();
    }
}

const OPERATIONS: u64 = 200_000;

/// More than play in a tournament, with debug assertions.
const ENTITIES: usize = 40;

#[test]
fn start_time_is_as_defined() -> Result<(), Failure> {
    let profile = Profile::start_time().operations(OPERATIONS).largest_charge(1 << 42);
    check(profile, Pair::start_time)?;
    check(profile.entities(ENTITIES).seed(1), Pair::start_time)?;
    check_groups(profile.entities(ENTITIES).seed(2), Pair::start_time)?;
    check_limits(profile.seed(3), Pair::start_time)?;
    check_all(profile.seed(4), Pair::start_time)?;
    check_all(profile.entities(ENTITIES).seed(5), Pair::start_time)?;
    let few = profile.largest_charge(1 << 30).in_service(4);
    check_limits(few.seed(6), Pair::start_time)?;
    check_limits(few.entities(ENTITIES).seed(7), Pair::start_time)?;
    Ok(())
}

#[test]
fn eevdf_is_as_defined() -> Result<(), Failure> {
    for request in [1, 10, 1000] {
        let make = || Pair::eevdf(request);
        let profile = Profile::eevdf(request).operations(OPERATIONS / 2).largest_charge(1 << 42);
        check(profile, make)?;
        check(profile.entities(ENTITIES).seed(1), make)?;
        check_groups(profile.entities(ENTITIES).seed(2), make)?;
        check_all(profile.seed(3), make)?;
        check_all(profile.entities(ENTITIES).seed(4), make)?;
        let few = profile.largest_charge(1 << 30).in_service(4);
        check_limits(few.entities(ENTITIES).seed(5), make)?;
    }
    Ok(())
}
