//! Each documented error once: nothing changes.

use std::num::NonZeroU64;

use apportion_wfq::{
    Activity, EntityId, Error, GroupId, MAX_CHARGE, Member, Order, Scheduler, Then, Weight,
};

const ORDERS: [Order; 2] = [Order::StartTime, Order::Eevdf];

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

fn awake<const N: usize>(scheduler: &mut Scheduler, weights: [u32; N]) -> [EntityId; N] {
    weights.map(|value| {
        let entity = scheduler.add(weight(value)).unwrap();
        scheduler.wake(entity).unwrap();
        entity
    })
}

#[test]
fn each_error_and_nothing_changes() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let [a, b] = awake(&mut scheduler, [1, 1]);
        let c = scheduler.add(weight(1)).unwrap();
        let group = scheduler.add_group(None, weight(1)).unwrap();
        scheduler.add_to(group, weight(1)).unwrap();
        scheduler.advance(10).unwrap();
        let before = format!("{scheduler:?}");

        assert_eq!(Weight::new(0), Err(Error::WeightOutOfRange { weight: 0 }));
        let weight = (1 << 20) + 1;
        assert_eq!(Weight::new(weight), Err(Error::WeightOutOfRange { weight }));
        assert_eq!(scheduler.wake(a), Err(Error::AlreadyAwake { entity: a }));
        assert_eq!(scheduler.sleep(c), Err(Error::AlreadyAsleep { entity: c }));
        let not_in_service = Err(Error::NotInService { entity: a });
        assert_eq!(scheduler.charge(a, 1, Then::Requeue), not_in_service);
        assert_eq!(scheduler.would_preempt(b, a), Err(Error::NotInService { entity: a }));
        let not_empty = Err(Error::GroupNotEmpty { group, members: 1 });
        assert_eq!(scheduler.remove_group(group), not_empty);
        let quantum = MAX_CHARGE + 1;
        let too_large = Error::QuantumTooLarge { quantum };
        let request = NonZeroU64::new(quantum).unwrap();
        assert_eq!(scheduler.set_request(a, request), Err(too_large));
        assert_eq!(Scheduler::with_quantum(order, request).err(), Some(too_large));
        let used = MAX_CHARGE + 1;
        let too_large = Err(Error::ChargeTooLarge { entity: a, used });
        assert_eq!(scheduler.correct(a, 1, used), too_large);
        assert_eq!(scheduler.correct(a, used, 1), too_large);
        let back = Err(Error::TimeWentBack { now: 9, last: 10 });
        assert_eq!(scheduler.advance(9), back);
        assert_eq!(format!("{scheduler:?}"), before);

        assert_eq!(scheduler.pick().unwrap().entity, a);
        let before = format!("{scheduler:?}");
        let in_service = Err(Error::InService { entity: a });
        assert_eq!(scheduler.wake(a), in_service);
        assert_eq!(scheduler.sleep(a), in_service);
        assert_eq!(scheduler.remove(a), in_service);
        assert_eq!(scheduler.correct(a, 1, 1), in_service);
        assert_eq!(scheduler.charge(a, used, Then::Requeue), too_large);
        assert_eq!(format!("{scheduler:?}"), before);
    }
}

#[test]
fn handles_of_those_who_have_left_are_refused() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let stale = scheduler.add(weight(1)).unwrap();
        let lost: GroupId = scheduler.add_group(None, weight(1)).unwrap();
        scheduler.remove(stale).unwrap();
        scheduler.remove_group(lost).unwrap();
        // Their numbers are used again.
        let group = scheduler.add_group(None, weight(1)).unwrap();
        let [entity] = awake(&mut scheduler, [1]);
        let mut numbers = [group.index(), entity.index()];
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1]);
        assert_eq!(scheduler.pick().unwrap().entity, entity);

        let unknown = Error::UnknownEntity { entity: stale };
        assert_eq!(scheduler.wake(stale), Err(unknown));
        assert_eq!(scheduler.sleep(stale), Err(unknown));
        assert_eq!(scheduler.remove(stale), Err(unknown));
        assert_eq!(scheduler.set_weight(stale, weight(1)), Err(unknown));
        assert_eq!(scheduler.set_request(stale, NonZeroU64::MIN), Err(unknown));
        assert_eq!(scheduler.set_limit(stale, None), Err(unknown));
        assert_eq!(scheduler.limit(stale), Err(unknown));
        assert_eq!(scheduler.charge(stale, 1, Then::Requeue), Err(unknown));
        assert_eq!(scheduler.correct(stale, 1, 1), Err(unknown));
        assert_eq!(scheduler.counter(stale), Err(unknown));
        assert_eq!(scheduler.lag(stale), Err(unknown));
        assert_eq!(scheduler.weight(stale), Err(unknown));
        assert_eq!(scheduler.deadline(stale), Err(unknown));
        assert_eq!(scheduler.activity(stale), Err(unknown));
        assert_eq!(scheduler.would_preempt(stale, entity), Err(unknown));
        assert_eq!(scheduler.would_preempt(entity, stale), Err(unknown));

        let unknown = Error::UnknownGroup { group: lost };
        assert_eq!(scheduler.add_to(lost, weight(1)), Err(unknown));
        assert_eq!(scheduler.add_group(Some(lost), weight(1)), Err(unknown));
        assert_eq!(scheduler.remove_group(lost), Err(unknown));
        assert_eq!(scheduler.set_weight(lost, weight(1)), Err(unknown));
        assert_eq!(scheduler.set_limit(lost, None), Err(unknown));
        assert_eq!(scheduler.virtual_time(Some(lost)), Err(unknown));
        assert_eq!(scheduler.activity(entity), Ok(Activity::InService));
    }
}

/// B is in service for as long as A uses the largest charge there is. After that nothing more can
/// be compared with B.
#[test]
fn nobody_runs_away_from_one_in_service() {
    let mut scheduler = Scheduler::default();
    let [a, b, c] = awake(&mut scheduler, [1, 1, 1]);
    let picks = [(); 3].map(|()| scheduler.pick().unwrap().entity);
    assert_eq!(picks, [a, b, c]);
    scheduler.charge(a, MAX_CHARGE, Then::Requeue).unwrap();
    scheduler.charge(c, 1, Then::Requeue).unwrap();
    let exceeded = |entity| Error::SpanExceeded { member: Member::Entity(entity), used: 1 };
    assert_eq!(scheduler.correct(a, 0, 1), Err(exceeded(a)));
    assert_eq!([(); 2].map(|()| scheduler.pick().unwrap().entity), [c, a]);
    scheduler.charge(c, 1, Then::Requeue).unwrap();
    assert_eq!(scheduler.pick().unwrap().entity, c);
    let before = format!("{scheduler:?}");
    assert_eq!(scheduler.charge(a, 1, Then::Requeue), Err(exceeded(a)));
    assert_eq!(format!("{scheduler:?}"), before);
    scheduler.charge(b, 1, Then::Requeue).unwrap();
    assert_eq!(scheduler.charge(a, 1, Then::Requeue), Ok(()));
}

/// A correction carries their group as far ahead as a charge may; another charge would be too much.
#[test]
fn no_group_runs_away_by_corrections() {
    let mut scheduler = Scheduler::default();
    let group = scheduler.add_group(None, Weight::MIN).unwrap();
    let [a, b] = [(); 2].map(|()| scheduler.add_to(group, Weight::MIN).unwrap());
    for entity in [a, b] {
        scheduler.wake(entity).unwrap();
    }
    let [other] = awake(&mut scheduler, [1]);
    assert_eq!(scheduler.pick().unwrap().entity, a);
    scheduler.correct(b, 0, MAX_CHARGE).unwrap();
    let (member, used) = (Member::Group(group), MAX_CHARGE);
    let exceeded = Err(Error::SpanExceeded { member, used });
    assert_eq!(scheduler.charge(a, MAX_CHARGE, Then::Requeue), exceeded);
    assert_eq!(scheduler.pick().unwrap().entity, other);
    scheduler.charge(other, MAX_CHARGE, Then::Requeue).unwrap();
    assert_eq!(scheduler.charge(a, MAX_CHARGE, Then::Requeue), Ok(()));
}

#[test]
fn errors_say_what_was_wrong() {
    let [scheduler, entity] = {
        let mut scheduler = Scheduler::default();
        let [entity] = awake(&mut scheduler, [1]);
        [format!("{}", Error::AlreadyAwake { entity }), entity.to_string()]
    };
    assert_eq!(scheduler, format!("{entity} is awake already"));
    let shown = Error::WeightOutOfRange { weight: 0 }.to_string();
    assert_eq!(shown, "weight 0 is not from 1 to 1048576");
    // 2^32 of them do not fit into the memory of a test.
    let shown = Error::Full.to_string();
    assert_eq!(shown, "there are as many entities and groups as there are numbers");
}
