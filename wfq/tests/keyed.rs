//! Entities by keys of the caller's: the decisions of a scheduler with handles, and keys that come
//! and go.

use apportion_wfq::{
    Activity, EntityId, Error, Keyed, KeyedError, Limit, MAX_CHARGE, Order, Scheduler, Then, Weight,
};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u8, u32),
    Remove(u8),
    Wake(u8),
    Sleep(u8),
    SetWeight(u8, u32),
    Turn(u64, Then),
    Pick,
    Charge(u8, u64, Then),
    Correct(u8, u64, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let then =
        || prop_oneof![4 => Just(Then::Requeue), 1 => Just(Then::Sleep), 1 => Just(Then::Remove)];
    let key = || 0..6_u8;
    let step = prop_oneof![
        2 => (key(), 1..10_u32).prop_map(|(key, weight)| Step::Add(key, weight)),
        1 => key().prop_map(Step::Remove),
        3 => key().prop_map(Step::Wake),
        1 => key().prop_map(Step::Sleep),
        1 => (key(), 1..10_u32).prop_map(|(key, weight)| Step::SetWeight(key, weight)),
        4 => (0..9_u64, then()).prop_map(|(used, then)| Step::Turn(used, then)),
        1 => Just(Step::Pick),
        1 => (key(), 0..9_u64, then()).prop_map(|(key, used, then)| Step::Charge(key, used, then)),
        1 => (key(), 0..9_u64, 0..9_u64).prop_map(|(key, charged, used)| {
            Step::Correct(key, charged, used)
        }),
    ];
    proptest::collection::vec(step, 0..200)
}

/// The entity that has a key, if any has.
fn entity(entities: &[Option<EntityId>; 6], key: u8) -> Result<EntityId, KeyedError<u8>> {
    entities[usize::from(key)].ok_or(KeyedError::UnknownKey { key })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn decides_as_the_scheduler_does(
        order in prop_oneof![Just(Order::StartTime), Just(Order::Eevdf)],
        steps in steps(),
    ) {
        let mut keyed: Keyed<u8> = Keyed::new(order);
        let mut plain = Scheduler::new(order);
        let mut entities = [None; 6];
        for step in steps {
            match step {
                Step::Add(key, value) => {
                    let weight = Weight::new(value).unwrap();
                    let added = keyed.add(key, weight);
                    if entities[usize::from(key)].is_some() {
                        prop_assert_eq!(added, Err(KeyedError::DuplicateKey { key }));
                    } else {
                        let entity = plain.add(weight).unwrap();
                        entities[usize::from(key)] = Some(entity);
                        prop_assert_eq!(added, Ok(entity));
                    }
                }
                Step::Remove(key) => {
                    let expected = entity(&entities, key).and_then(|id| Ok(plain.remove(id)?));
                    if expected.is_ok() {
                        entities[usize::from(key)] = None;
                    }
                    prop_assert_eq!(keyed.remove(&key), expected);
                }
                Step::Wake(key) => {
                    let expected = entity(&entities, key).and_then(|id| Ok(plain.wake(id)?));
                    prop_assert_eq!(keyed.wake(&key), expected);
                }
                Step::Sleep(key) => {
                    let expected = entity(&entities, key).and_then(|id| Ok(plain.sleep(id)?));
                    prop_assert_eq!(keyed.sleep(&key), expected);
                }
                Step::SetWeight(key, value) => {
                    let weight = Weight::new(value).unwrap();
                    let expected =
                        entity(&entities, key).and_then(|id| Ok(plain.set_weight(id, weight)?));
                    prop_assert_eq!(keyed.set_weight(&key, weight), expected);
                }
                Step::Pick | Step::Turn(..) => {
                    let picked = keyed.pick().map(|(&key, pick)| (key, pick));
                    let expected = plain.pick();
                    prop_assert_eq!(picked.map(|(_, pick)| pick), expected);
                    let named = picked.map(|(key, _)| entities[usize::from(key)]);
                    prop_assert_eq!(named, expected.map(|pick| Some(pick.entity)));
                    if let (Step::Turn(used, then), Some((key, pick))) = (step, picked) {
                        keyed.charge(&key, used, then).unwrap();
                        plain.charge(pick.entity, used, then).unwrap();
                        if then == Then::Remove {
                            entities[usize::from(key)] = None;
                        }
                    }
                }
                Step::Charge(key, used, then) => {
                    let expected =
                        entity(&entities, key).and_then(|id| Ok(plain.charge(id, used, then)?));
                    if expected.is_ok() && then == Then::Remove {
                        entities[usize::from(key)] = None;
                    }
                    prop_assert_eq!(keyed.charge(&key, used, then), expected);
                }
                Step::Correct(key, charged, used) => {
                    let expected =
                        entity(&entities, key).and_then(|id| Ok(plain.correct(id, charged, used)?));
                    prop_assert_eq!(keyed.correct(&key, charged, used), expected);
                }
            }
            prop_assert_eq!(keyed.len(), entities.iter().flatten().count());
            for (key, known) in (0..).zip(entities) {
                prop_assert_eq!(keyed.entity(&key).ok(), known);
                prop_assert_eq!(known.and_then(|entity| keyed.key(entity)), known.map(|_| &key));
            }
        }
    }
}

#[test]
fn a_key_is_free_again_when_its_entity_has_left() {
    let mut keyed = Keyed::new(Order::StartTime);
    let key = String::from("worker");
    let first = keyed.add(key.clone(), Weight::MIN).unwrap();
    assert_eq!(
        keyed.add(key.clone(), Weight::MAX),
        Err(KeyedError::DuplicateKey { key: key.clone() })
    );
    keyed.wake(&key).unwrap();
    assert_eq!(keyed.pick().unwrap().0, "worker");
    assert_eq!(keyed.remove(&key), Err(Error::InService { entity: first }.into()));
    keyed.charge(&key, 1, Then::Remove).unwrap();
    assert!(keyed.is_empty());
    assert_eq!(keyed.key(first), None);
    assert_eq!(keyed.pick(), None);
    assert_eq!(keyed.remove(&key), Err(KeyedError::UnknownKey { key: key.clone() }));
    let second = keyed.add(key.clone(), Weight::MAX).unwrap();
    assert_ne!(first, second);
    assert_eq!((keyed.key(first), keyed.key(second)), (None, Some(&key)));
}

#[test]
fn groups_and_limits_are_the_schedulers() {
    let mut keyed = Keyed::with_quantum(Order::Eevdf, 4.try_into().unwrap()).unwrap();
    keyed.reserve(3);
    let group = keyed.add_group(None, Weight::MIN).unwrap();
    keyed.set_group_weight(group, Weight::MAX).unwrap();
    assert_eq!(keyed.scheduler().weight(group), Ok(Weight::MAX));
    keyed.add_to(group, 7, Weight::MIN).unwrap();
    keyed.add(8, Weight::MIN).unwrap();
    assert_eq!(keyed.remove_group(group), Err(Error::GroupNotEmpty { group, members: 1 }));
    let limit = Limit::new(1.try_into().unwrap(), 10.try_into().unwrap());
    keyed.set_group_limit(group, Some(limit)).unwrap();
    keyed.set_limit(&8, Some(limit)).unwrap();
    for key in [7, 8] {
        keyed.wake(&key).unwrap();
        keyed.set_request(&key, 2.try_into().unwrap()).unwrap();
    }
    for _ in 0..2 {
        let (&key, _) = keyed.pick().unwrap();
        keyed.charge(&key, 1, Then::Requeue).unwrap();
    }
    assert_eq!(keyed.pick(), None);
    assert_eq!(keyed.next_release(0), Some(10));
    assert_eq!(keyed.activity(&8), Ok(Activity::Throttled));
    keyed.advance(10).unwrap();
    let (&key, _) = keyed.pick().unwrap();
    let other = if key == 7 { 8 } else { 7 };
    assert_eq!(keyed.activity(&key), Ok(Activity::InService));
    assert_eq!(keyed.would_preempt(&other, &key), Ok(false));
    assert_eq!(keyed.would_preempt(&9, &key), Err(KeyedError::UnknownKey { key: 9 }));
    let entity = keyed.entity(&key).unwrap();
    let used = MAX_CHARGE + 1;
    assert_eq!(
        keyed.charge(&key, used, Then::Sleep),
        Err(Error::ChargeTooLarge { entity, used }.into())
    );
}
