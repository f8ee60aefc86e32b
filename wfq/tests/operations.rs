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
    let picked = [scheduler.pick(), scheduler.pick()].map(|pick| pick.expect("it waits").entity);
    assert_eq!(picked, [one, other]);
    scheduler.charge(one, 2, Then::Sleep)?;
    // The period ends while the other is still in service.
    scheduler.advance(10)?;
    let sibling = awake(&mut scheduler);
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
        let members = [(); 16].map(|()| scheduler.add_to(group, Weight::MIN));
        for member in members {
            scheduler.wake(member?)?;
        }
        for member in members {
            assert_eq!(scheduler.pick().map(|pick| pick.entity), member.ok());
        }
        for member in members {
            scheduler.charge(member?, 1, Then::Requeue)?;
        }
        let sibling = awake(&mut scheduler);
        let lag = scheduler.lag(sibling)?;
        assert!(lag.abs() <= 1 << 20, "{lag}");
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
        // One that sleeps has nothing to gain from it, and nothing to lose.
        scheduler.sleep(entity)?;
        for (entity, all) in back() {
            scheduler.correct(entity, all, 0)?;
        }
        scheduler.wake(entity)?;
    }
    Ok(())
}
