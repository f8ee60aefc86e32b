//! A scheduler by keys: what is saved includes them.

use apportion_wfq::testkit::{
    Failure, Hierarchical, Limited, LimitedGroups, Profile, ProportionalShare, check, check_all,
    check_limits,
};
use apportion_wfq::{
    Activity, EntityId, GroupId, Keyed, KeyedError, Limit, Order, Scheduler, Then, Weight,
};
use serde_json::json;

use crate::tampering::{refuses, tamper};
use crate::twice::{Saved, Twice};
use crate::{ENTITIES, OPERATIONS, eventful};

/// The kit's numbers of entities are keys. Those of groups are not.
#[derive(Clone)]
struct ByKey {
    keyed: Keyed<usize>,
    groups: Vec<GroupId>,
}

impl ByKey {
    fn new(order: Order, quantum: u64) -> Self {
        let quantum = quantum.try_into().expect("not zero");
        let keyed = Keyed::with_quantum(order, quantum).expect("in range");
        Self { keyed, groups: Vec::new() }
    }
}

impl Saved for ByKey {
    type State = Keyed<usize>;

    fn state(&mut self) -> &mut Keyed<usize> {
        &mut self.keyed
    }

    fn scheduler(&self) -> &Scheduler {
        self.keyed.scheduler()
    }

    fn handle(&self, number: usize) -> Option<EntityId> {
        self.keyed.entity(&number).ok()
    }
}

fn weight(weight: u32) -> Weight {
    Weight::new(weight).expect("the kit keeps to the largest weight")
}

fn limit(quota: u64, period: u64, burst: u64) -> Limit {
    let [quota, period] =
        [quota, period].map(|amount| amount.try_into().expect("the kit's limits are not of zero"));
    Limit::new(quota, period).with_burst(burst)
}

impl ProportionalShare for ByKey {
    fn add(&mut self, entity: usize, of: u32) {
        self.keyed.add(entity, weight(of)).expect("the key is free");
    }

    fn remove(&mut self, entity: usize) {
        self.keyed.remove(&entity).expect("it is not in service");
    }

    fn wake(&mut self, entity: usize) {
        self.keyed.wake(&entity).expect("it sleeps");
    }

    fn sleep(&mut self, entity: usize) {
        self.keyed.sleep(&entity).expect("it is awake");
    }

    fn set_weight(&mut self, entity: usize, to: u32) {
        self.keyed.set_weight(&entity, weight(to)).expect("it is known");
    }

    fn pick(&mut self) -> Option<usize> {
        self.keyed.pick().map(|(&key, _)| key)
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        let then = if stays { Then::Requeue } else { Then::Sleep };
        self.keyed.charge(&entity, used, then).expect("it is in service");
    }
}

impl Hierarchical for ByKey {
    fn add_group(&mut self, _: usize, parent: Option<usize>, of: u32) {
        let parent = parent.map(|number| self.groups[number]);
        self.groups.push(self.keyed.add_group(parent, weight(of)).expect("it is known"));
    }

    fn add_to(&mut self, group: usize, entity: usize, of: u32) {
        self.keyed.add_to(self.groups[group], entity, weight(of)).expect("the key is free");
    }
}

impl Limited for ByKey {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        let limit = limit(quota, period, burst);
        self.keyed.set_limit(&entity, Some(limit)).expect("it is known");
    }

    fn advance(&mut self, now: u64) {
        self.keyed.advance(now).expect("time does not go back");
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        self.keyed.next_release(now)
    }
}

impl LimitedGroups for ByKey {
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        let limit = limit(quota, period, burst);
        self.keyed.set_group_limit(self.groups[group], Some(limit)).expect("it is known");
    }
}

#[test]
fn keys_go_on_identically() -> Result<(), Failure> {
    for (order, profile) in
        [(Order::StartTime, Profile::start_time()), (Order::Eevdf, Profile::eevdf(10))]
    {
        let make = || Twice::new(ByKey::new(order, 10));
        let profile = profile.operations(OPERATIONS / 4).largest_charge(1 << 30);
        check(profile.entities(ENTITIES), make)?;
        check_all(profile.seed(1), make)?;
        check_all(profile.entities(ENTITIES).seed(2), make)?;
        check_limits(profile.in_service(4).entities(ENTITIES).seed(3), make)?;
    }
    Ok(())
}

/// Whoever is known by a handle is known by a key, and the other way round; whoever is picked has
/// a key to be charged by.
fn is_whole(mut keyed: Keyed<usize>) {
    let mut keys: Vec<usize> = (0..24).chain([1 << 20]).collect();
    keys.retain(|key| keyed.entity(key).is_ok());
    for &key in &keys {
        let entity = keyed.entity(&key).expect("it is known");
        assert_eq!(keyed.key(entity), Some(&key));
    }
    for _ in 0..100 {
        let Some((&key, pick)) = keyed.pick() else { break };
        assert_eq!(keyed.entity(&key), Ok(pick.entity));
        assert_eq!(keyed.activity(&key), Ok(Activity::InService));
        let charged = keyed.charge(&key, 3, Then::Requeue);
        assert!(matches!(charged, Ok(()) | Err(KeyedError::Scheduler(_))), "{charged:?}");
    }
    let added = (100..110).all(|key| keyed.add(key, Weight::MIN).is_ok());
    assert!(added, "there is room");
    for key in keys {
        let removed = keyed.remove(&key);
        assert!(matches!(removed, Ok(()) | Err(KeyedError::Scheduler(_))), "{removed:?}");
    }
}

#[test]
fn tampered_keys_break_nothing() {
    for (order, seed) in [(Order::StartTime, 3), (Order::Eevdf, 6)] {
        let subject = eventful(ByKey::new(order, 1), order, seed);
        let document = serde_json::to_value(&subject.keyed).expect("it can be saved");
        let (refused, accepted) = tamper(&document, |keyed, _| is_whole(keyed));
        assert!(refused > 500 && accepted > 250, "{refused} refused, {accepted} accepted");
    }
}

#[test]
fn keys_that_cannot_be_are_named() {
    let mut keyed = Keyed::new(Order::StartTime);
    let group = keyed.add_group(None, Weight::MIN).expect("there is room");
    for key in ["ann", "bob"] {
        keyed.add_to(group, key.to_owned(), Weight::MIN).expect("there is room");
    }
    let document = serde_json::to_value(&keyed).expect("it can be saved");
    assert_eq!(document["keys"], json!(["ann", "bob"]));
    let all = [
        ("/version", json!(2), "its version is unknown"),
        ("/keys/0", json!("bob"), "a key is there twice"),
        ("/keys", json!(["ann"]), "there are not as many keys as entities"),
        ("/keys", json!(["ann", "bob", "eve"]), "there are not as many keys as entities"),
        ("/scheduler/version", json!(1), "its version is unknown"),
    ];
    refuses::<Keyed<String>>(&document, &all);
}
