//! Any calls in any order (see `calls`), and what they have found.

mod calls;

use std::num::NonZeroU64;

use apportion_wfq::{EntityId, Error, Limit, MAX_CHARGE, Order, Scheduler, Then, Weight};
use calls::{Call, Setup, play};
use proptest::prelude::*;

fn setups() -> impl Strategy<Value = Setup> {
    any::<[u8; 5]>().prop_map(Setup::from)
}

fn sequences() -> impl Strategy<Value = Vec<Call>> {
    proptest::collection::vec(any::<[u8; 4]>().prop_map(Call::from), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn any_calls(setup in setups(), calls in sequences()) {
        play(setup, &calls);
    }
}

fn awake(scheduler: &mut Scheduler) -> EntityId {
    let entity = scheduler.add(Weight::MIN).expect("there is room");
    scheduler.wake(entity).expect("it sleeps");
    entity
}

fn number(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).expect("not zero")
}

#[test]
fn a_released_group_with_nobody_to_serve_hides_nobody() -> Result<(), Error> {
    let mut scheduler = Scheduler::default();
    let group = scheduler.add_group(None, Weight::MIN)?;
    let [one, other] =
        [scheduler.add_to(group, Weight::MIN)?, scheduler.add_to(group, Weight::MIN)?];
    scheduler.wake(one)?;
    scheduler.wake(other)?;
    scheduler.set_limit(group, Some(Limit::new(number(2), number(10))))?;
    let third = awake(&mut scheduler);
    scheduler.set_weight(group, Weight::MAX)?;
    let picked = [(); 3].map(|()| scheduler.pick().expect("it waits").entity);
    assert_eq!(picked, [one, third, other]);
    let sibling = awake(&mut scheduler);
    assert_eq!(scheduler.pick().map(|pick| pick.entity), Some(sibling));
    scheduler.charge(one, 2, Then::Sleep)?;
    scheduler.charge(sibling, 10, Then::Requeue)?;
    // The period ends while the other is still in service. The group is behind the sibling.
    scheduler.advance(10)?;
    assert_eq!(scheduler.pick().map(|pick| pick.entity), Some(sibling));
    Ok(())
}

#[test]
fn a_huge_quota_for_a_long_time_is_no_overflow() -> Result<(), Error> {
    let mut scheduler = Scheduler::default();
    let entity = awake(&mut scheduler);
    scheduler.set_limit(entity, Some(Limit::new(NonZeroU64::MAX, number(1))))?;
    scheduler.advance(u64::MAX)?;
    assert!(scheduler.pick().is_some());
    scheduler.charge(entity, MAX_CHARGE, Then::Requeue)?;
    assert!(scheduler.pick().is_some());
    Ok(())
}

/// However it was picked: alone at last, or not.
#[test]
fn nobody_gets_too_far_ahead_of_one_in_service() -> Result<(), Error> {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::new(order);
        let [slow, quick, third] = std::array::from_fn(|_| awake(&mut scheduler));
        assert_eq!(scheduler.pick().map(|pick| pick.entity), Some(slow));
        let mut refused = None;
        for _ in 0..8 {
            let served = scheduler.pick().expect("two wait").entity;
            refused = scheduler.charge(served, MAX_CHARGE, Then::Requeue).err();
            if let Some(error) = refused {
                let used = MAX_CHARGE;
                assert_eq!(error, Error::SpanExceeded { member: served.into(), used });
                // Once the other has been charged, it may be charged as well.
                scheduler.charge(slow, MAX_CHARGE, Then::Requeue)?;
                scheduler.charge(served, MAX_CHARGE, Then::Requeue)?;
                break;
            }
        }
        assert!(refused.is_some(), "{quick} and {third} went round the circle");
    }
    Ok(())
}

#[test]
fn groups_bear_huge_quanta_of_many_in_service() -> Result<(), Error> {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::with_quantum(order, number(MAX_CHARGE))?;
        let group = scheduler.add_group(None, Weight::MIN)?;
        for _ in 0..16 {
            let member = scheduler.add_to(group, Weight::MIN)?;
            scheduler.wake(member)?;
        }
        let sibling = awake(&mut scheduler);
        for count in [16, 12, 8] {
            let picks = (0..count).map_while(|_| scheduler.pick()).map(|pick| pick.entity);
            let picks: Vec<EntityId> = picks.collect();
            assert_eq!(picks.len(), count);
            for entity in picks {
                scheduler.charge(entity, 1, Then::Requeue)?;
            }
        }
        let lag = scheduler.lag(sibling)?;
        assert!(lag.abs() <= 36 << 20, "{lag}");
    }
    Ok(())
}

#[test]
fn what_was_never_charged_is_not_given_back_for_ever() -> Result<(), Error> {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::new(order);
        let [entity, _] = std::array::from_fn(|_| awake(&mut scheduler));
        let back = || (0..8).map(|_| (entity, MAX_CHARGE));
        let refused = back().find_map(|(entity, all)| scheduler.correct(entity, all, 0).err());
        let expected = Error::SpanExceeded { member: entity.into(), used: MAX_CHARGE };
        assert_eq!(refused, Some(expected), "{order:?}");
        // Of one that sleeps it is forgotten, or clamped.
        scheduler.sleep(entity)?;
        for (entity, all) in back() {
            scheduler.correct(entity, all, 0)?;
        }
        scheduler.wake(entity)?;
    }
    Ok(())
}
