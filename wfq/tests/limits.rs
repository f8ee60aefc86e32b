//! Hard limits, by hand: so much service in each period, and no more.

use std::collections::BTreeMap;

use apportion_wfq::{Activity, EntityId, Error, GroupId, Limit, Order, Scheduler, Then, Weight};

const ORDERS: [Order; 2] = [Order::StartTime, Order::Eevdf];

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

fn limit(quota: u64, period: u64) -> Limit {
    Limit::new(quota.try_into().unwrap(), period.try_into().unwrap())
}

fn awake(scheduler: &mut Scheduler, group: Option<GroupId>, value: u32) -> EntityId {
    let entity = match group {
        Some(group) => scheduler.add_to(group, weight(value)).unwrap(),
        None => scheduler.add(weight(value)).unwrap(),
    };
    scheduler.wake(entity).unwrap();
    entity
}

fn turn(scheduler: &mut Scheduler, used: u64) -> Option<EntityId> {
    let entity = scheduler.pick()?.entity;
    scheduler.charge(entity, used, Then::Requeue).unwrap();
    Some(entity)
}

/// Serves one unit at each moment up to `until`; how much whom. Nobody, if all are throttled.
fn serve(scheduler: &mut Scheduler, from: u64, until: u64) -> (BTreeMap<EntityId, u64>, u64) {
    let (mut counts, mut idle) = (BTreeMap::new(), 0);
    for now in from..until {
        scheduler.advance(now).unwrap();
        if let Some(entity) = turn(scheduler, 1) {
            *counts.entry(entity).or_insert(0) += 1;
        } else {
            assert!(scheduler.next_release(now).unwrap() > now);
            idle += 1;
        }
    }
    (counts, idle)
}

#[test]
fn a_quota_is_for_a_period_and_what_is_not_used_is_wasted() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let a = awake(&mut scheduler, None, 1);
        scheduler.set_limit(a, Some(limit(2, 10))).unwrap();
        assert_eq!(scheduler.limit(a), Ok(Some(limit(2, 10))));
        assert_eq!(serve(&mut scheduler, 0, 10), (BTreeMap::from([(a, 2)]), 8));
        assert_eq!(scheduler.next_release(9), Some(10));
        assert_eq!(scheduler.activity(a), Ok(Activity::Throttled));
        scheduler.sleep(a).unwrap();
        // Three periods pass unused; the fourth has no more than its own.
        scheduler.advance(40).unwrap();
        scheduler.wake(a).unwrap();
        assert_eq!(serve(&mut scheduler, 40, 50), (BTreeMap::from([(a, 2)]), 8));
    }
}

#[test]
fn a_burst_saves_what_was_not_used() {
    let mut scheduler = Scheduler::default();
    let a = awake(&mut scheduler, None, 1);
    scheduler.set_limit(a, Some(limit(2, 10).with_burst(3))).unwrap();
    // One of 2 + 0 used; then 1 + 2, and none used; then no more than 2 + 3.
    assert_eq!(turn(&mut scheduler, 1), Some(a));
    assert_eq!(serve(&mut scheduler, 19, 19), (BTreeMap::new(), 0));
    assert_eq!(serve(&mut scheduler, 30, 40), (BTreeMap::from([(a, 5)]), 5));
    assert_eq!(serve(&mut scheduler, 40, 50), (BTreeMap::from([(a, 2)]), 8));
}

#[test]
fn a_debt_takes_as_many_periods_as_it_has_quotas() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let a = awake(&mut scheduler, None, 1);
        scheduler.set_limit(a, Some(limit(2, 10))).unwrap();
        scheduler.advance(5).unwrap();
        assert_eq!(turn(&mut scheduler, 7), Some(a));
        // 2 - 7 + 2 + 2 + 2 = 1, at 30: periods began at 0.
        assert_eq!(scheduler.next_release(5), Some(30));
        assert_eq!(serve(&mut scheduler, 5, 30), (BTreeMap::new(), 25));
        assert_eq!(serve(&mut scheduler, 30, 40), (BTreeMap::from([(a, 1)]), 9));
        assert_eq!(serve(&mut scheduler, 40, 50), (BTreeMap::from([(a, 2)]), 8));
    }
}

/// A container limited to 4 of 10, with two of weights 1:3 inside; somebody else takes the rest.
#[test]
fn weights_inside_a_limited_group_keep_their_ratio() {
    for order in ORDERS {
        for alone in [false, true] {
            let mut scheduler = Scheduler::new(order);
            let group = scheduler.add_group(None, weight(10)).unwrap();
            let [light, heavy] = [1, 3].map(|value| awake(&mut scheduler, Some(group), value));
            scheduler.set_limit(group, Some(limit(4, 10))).unwrap();
            let mut expected = BTreeMap::from([(light, 50), (heavy, 150)]);
            if !alone {
                expected.insert(awake(&mut scheduler, None, 1), 300);
            }
            let (counts, idle) = serve(&mut scheduler, 0, 500);
            assert_eq!(counts, expected, "{order:?}");
            assert_eq!(idle, if alone { 300 } else { 0 });
        }
    }
}

/// Throttled is asleep: 95 units of virtual time pass, and are not made up for.
#[test]
fn nothing_is_saved_up_while_throttled() {
    let mut scheduler = Scheduler::default();
    let a = awake(&mut scheduler, None, 1);
    let b = awake(&mut scheduler, None, 1);
    scheduler.set_limit(a, Some(limit(5, 100))).unwrap();
    assert_eq!(serve(&mut scheduler, 0, 100).0, BTreeMap::from([(a, 5), (b, 95)]));
    scheduler.advance(100).unwrap();
    assert_eq!(scheduler.counter(a), scheduler.counter(b));
    let picks: Vec<_> = (0..8).map(|_| turn(&mut scheduler, 1).unwrap()).collect();
    assert_eq!(picks, [a, b, a, b, a, b, a, b]);
}

#[test]
fn one_who_is_throttled_may_sleep_wake_and_leave() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let a = awake(&mut scheduler, None, 1);
        scheduler.set_limit(a, Some(limit(1, 10))).unwrap();
        assert_eq!(turn(&mut scheduler, 1), Some(a));
        assert_eq!(scheduler.wake(a), Err(Error::AlreadyAwake { entity: a }));
        scheduler.sleep(a).unwrap();
        assert_eq!(scheduler.activity(a), Ok(Activity::Asleep));
        assert_eq!(scheduler.next_release(0), None);
        // It wakes in the same period: the quota is still used up.
        scheduler.wake(a).unwrap();
        assert_eq!(scheduler.activity(a), Ok(Activity::Throttled));
        assert_eq!((scheduler.pick(), scheduler.next_release(0)), (None, Some(10)));
        scheduler.advance(10).unwrap();
        assert_eq!(scheduler.activity(a), Ok(Activity::Queued));
        assert_eq!(turn(&mut scheduler, 1), Some(a));
        scheduler.remove(a).unwrap();
        assert_eq!((scheduler.pick(), scheduler.next_release(10)), (None, None));
        // Its number is used again, and has no limit.
        let b = awake(&mut scheduler, None, 1);
        assert_eq!((b.index(), scheduler.limit(b)), (a.index(), Ok(None)));
        assert_eq!(serve(&mut scheduler, 10, 30), (BTreeMap::from([(b, 20)]), 0));
    }
}

#[test]
fn a_throttled_group_may_lose_and_gain_members() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let group = scheduler.add_group(None, weight(1)).unwrap();
        let a = awake(&mut scheduler, Some(group), 1);
        scheduler.set_limit(group, Some(limit(1, 10))).unwrap();
        assert_eq!(turn(&mut scheduler, 1), Some(a));
        // Throttled is the group: its members wait.
        assert_eq!(scheduler.activity(a), Ok(Activity::Queued));
        assert_eq!((scheduler.pick(), scheduler.next_release(0)), (None, Some(10)));
        scheduler.sleep(a).unwrap();
        assert_eq!(scheduler.next_release(0), None);
        let b = awake(&mut scheduler, Some(group), 1);
        assert_eq!((scheduler.pick(), scheduler.next_release(0)), (None, Some(10)));
        scheduler.advance(10).unwrap();
        assert_eq!(turn(&mut scheduler, 1), Some(b));
        assert_eq!(turn(&mut scheduler, 1), None);
    }
}

#[test]
fn a_limit_that_is_lifted_or_changed_counts_at_once() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let a = awake(&mut scheduler, None, 1);
        scheduler.set_limit(a, Some(limit(1, 10))).unwrap();
        assert_eq!((turn(&mut scheduler, 9), turn(&mut scheduler, 1)), (Some(a), None));
        scheduler.set_limit(a, None).unwrap();
        assert_eq!(scheduler.activity(a), Ok(Activity::Queued));
        assert_eq!(serve(&mut scheduler, 0, 20), (BTreeMap::from([(a, 20)]), 0));
        // A new one has its whole quota, and its periods begin now.
        scheduler.advance(23).unwrap();
        scheduler.set_limit(a, Some(limit(3, 10))).unwrap();
        assert_eq!(serve(&mut scheduler, 23, 33), (BTreeMap::from([(a, 3)]), 7));
        assert_eq!(scheduler.next_release(32), Some(33));
        scheduler.set_limit(a, Some(limit(2, 10))).unwrap();
        assert_eq!(serve(&mut scheduler, 32, 42), (BTreeMap::from([(a, 2)]), 8));
    }
}

#[test]
fn limits_at_several_levels_all_hold() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let outer = scheduler.add_group(None, weight(1)).unwrap();
        let inner = scheduler.add_group(Some(outer), weight(1)).unwrap();
        let a = awake(&mut scheduler, Some(inner), 1);
        let b = awake(&mut scheduler, Some(inner), 1);
        let c = awake(&mut scheduler, Some(outer), 1);
        scheduler.set_limit(outer, Some(limit(6, 10))).unwrap();
        scheduler.set_limit(inner, Some(limit(3, 10))).unwrap();
        scheduler.set_limit(a, Some(limit(1, 10))).unwrap();
        let expected = BTreeMap::from([(a, 10), (b, 20), (c, 30)]);
        assert_eq!(serve(&mut scheduler, 0, 100), (expected, 40));
    }
}

/// Two CPUs, and a container that may use one unit: the second waits for what the first uses.
#[test]
fn those_in_service_are_counted_against_the_limit_of_their_group() {
    for order in ORDERS {
        let mut scheduler = Scheduler::with_quantum(order, 4.try_into().unwrap()).unwrap();
        let group = scheduler.add_group(None, weight(1)).unwrap();
        let members = [1, 1].map(|value| awake(&mut scheduler, Some(group), value));
        scheduler.set_limit(group, Some(limit(5, 10))).unwrap();
        let first = scheduler.pick().unwrap().entity;
        let second = scheduler.pick().unwrap().entity;
        assert!(members.contains(&first) && members.contains(&second) && first != second);
        scheduler.charge(first, 1, Then::Requeue).unwrap();
        // 4 are left, all of which the other may use.
        assert_eq!(scheduler.pick(), None, "{order:?}");
        scheduler.charge(second, 1, Then::Requeue).unwrap();
        assert_eq!(turn(&mut scheduler, 3), Some(first));
        assert_eq!((scheduler.pick(), scheduler.next_release(0)), (None, Some(10)));
    }
}

/// Whatever its group was owed when it was throttled.
#[test]
fn whoever_waits_had_better_be_served_than_one_whose_group_is_throttled() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::new(order);
        let group = scheduler.add_group(None, weight(1)).unwrap();
        scheduler.set_limit(group, Some(limit(2, 100))).unwrap();
        let [served, other] = [(); 2].map(|()| awake(&mut scheduler, Some(group), 1));
        assert_eq!(scheduler.pick().unwrap().entity, served);
        assert_eq!(scheduler.pick().unwrap().entity, other);
        scheduler.charge(other, 50, Then::Requeue).unwrap();
        assert_eq!(scheduler.activity(served), Ok(Activity::InService));
        let waiting = awake(&mut scheduler, None, 1);
        assert_eq!(scheduler.would_preempt(waiting, served), Ok(true), "{order:?}");
        scheduler.sleep(waiting).unwrap();
        assert_eq!(scheduler.would_preempt(waiting, served), Ok(false), "{order:?}");
    }
}

#[test]
fn time_does_not_go_back() {
    let mut scheduler = Scheduler::default();
    scheduler.advance(10).unwrap();
    scheduler.advance(10).unwrap();
    assert_eq!(scheduler.advance(9), Err(Error::TimeWentBack { now: 9, last: 10 }));
    let a = awake(&mut scheduler, None, 1);
    scheduler.set_limit(a, Some(limit(1, u64::MAX))).unwrap();
    assert_eq!(turn(&mut scheduler, 1), Some(a));
    // The period ends after the end of time.
    assert_eq!(scheduler.next_release(10), None);
    scheduler.advance(u64::MAX).unwrap();
    assert_eq!(scheduler.pick(), None);
}

/// A group whose limit those in service may use up is offered again when its quota is renewed, even if
/// they are still there.
#[test]
fn a_quota_is_renewed_while_members_are_in_service() {
    for order in ORDERS {
        let mut scheduler = Scheduler::with_quantum(order, 10.try_into().unwrap()).unwrap();
        let group = scheduler.add_group(None, weight(1)).unwrap();
        scheduler.set_limit(group, Some(limit(20, 100))).unwrap();
        for _ in 0..2 {
            awake(&mut scheduler, Some(group), 1);
        }
        let [a, b] = [(); 2].map(|()| scheduler.pick().unwrap().entity);
        scheduler.charge(a, 10, Then::Requeue).unwrap();
        assert_eq!(scheduler.pick(), None, "the other may use up what is left");
        assert_eq!(scheduler.next_release(0), Some(100));
        scheduler.advance(99).unwrap();
        assert_eq!((scheduler.pick(), scheduler.next_release(99)), (None, Some(100)));
        scheduler.advance(100).unwrap();
        assert_eq!(scheduler.next_release(100), None);
        assert_eq!(scheduler.pick().unwrap().entity, a);
        // Two may use 20 now, and 20 is all there is.
        scheduler.charge(a, 10, Then::Requeue).unwrap();
        assert_eq!((scheduler.pick(), scheduler.next_release(100)), (None, Some(200)));
        // What is used after all is charged; nobody gets more than the quotas of the periods.
        scheduler.charge(b, 10, Then::Sleep).unwrap();
        assert_eq!((scheduler.pick(), scheduler.next_release(100)), (None, Some(200)));
        scheduler.remove(b).unwrap();
        scheduler.remove(a).unwrap();
        scheduler.remove_group(group).unwrap();
        assert_eq!(scheduler.next_release(100), None);
    }
}
