//! A scheduler that is saved and restored in mid-run goes on as if nothing had happened; one that
//! was tampered with in between is refused, or still works.

mod items;
#[path = "snapshot/keyed.rs"]
mod keyed;
#[path = "snapshot/queue.rs"]
mod queue;
#[path = "snapshot/reckless.rs"]
mod reckless;
#[path = "snapshot/tampering.rs"]
mod tampering;
#[path = "snapshot/twice.rs"]
mod twice;

use std::num::NonZeroU64;

use apportion_wfq::testkit::{
    Driver, Episode, Failure, Full, LimitedGroups, Numbered, Offers, Profile, check, check_all,
    check_groups, check_limits,
};
use apportion_wfq::{EntityId, Error, GroupId, Order, Scheduler, Then, Weight};
use serde_json::{Value, json};
use tampering::{refuses, tamper};
use twice::Twice;

/// More than play in a tournament, with debug assertions.
const ENTITIES: usize = 40;

const OPERATIONS: u64 = 100_000;

fn start_time() -> Twice<Numbered> {
    let scheduler = Scheduler::new(Order::StartTime).starting_at(u64::MAX - (1 << 40));
    Twice::new(Numbered::new(scheduler))
}

fn eevdf(request: u64) -> Twice<Numbered> {
    let quantum = request.try_into().expect("not zero");
    let scheduler = Scheduler::with_quantum(Order::Eevdf, quantum).expect("in range");
    Twice::new(Numbered::new(scheduler))
}

#[test]
fn start_time_goes_on_identically() -> Result<(), Failure> {
    let profile = Profile::start_time().operations(OPERATIONS).largest_charge(1 << 42);
    check(profile.entities(ENTITIES), start_time)?;
    check_groups(profile.entities(ENTITIES).seed(1), start_time)?;
    check_all(profile.seed(2), start_time)?;
    check_all(profile.entities(ENTITIES).seed(3), start_time)?;
    let several = profile.largest_charge(1 << 30).in_service(4);
    check_limits(several.entities(ENTITIES).seed(4), start_time)?;
    Ok(())
}

#[test]
fn eevdf_goes_on_identically() -> Result<(), Failure> {
    for request in [1, 1_000] {
        let make = || eevdf(request);
        let profile = Profile::eevdf(request).operations(OPERATIONS / 2).largest_charge(1 << 42);
        check(profile.entities(ENTITIES), make)?;
        check_all(profile.seed(1), make)?;
        check_all(profile.entities(ENTITIES).seed(2), make)?;
        let several = profile.largest_charge(1 << 30).in_service(4);
        check_limits(several.entities(ENTITIES).seed(3), make)?;
    }
    Ok(())
}

/// After an eventful time: vacant numbers, groups in groups, limits, some throttled, two in
/// service.
fn eventful<S: LimitedGroups + Clone>(empty: S, order: Order, seed: u64) -> S {
    let profile = match order {
        Order::StartTime => Profile::start_time(),
        _ => Profile::eevdf(1),
    };
    let profile = profile.entities(24).largest_charge(1 << 30);
    let mut driver = Driver::new(Full(empty), profile);
    let mut episode = Episode::restless(seed, &profile, Offers::all());
    for _ in 0..2_000 {
        let operation = episode.next(driver.busy(), driver.idle());
        driver.play(operation).expect("no law is broken");
    }
    let mut subject = driver.subject().0.clone();
    for _ in 0..3 {
        subject.pick();
    }
    subject
}

#[test]
fn tampered_snapshots_break_nothing() {
    let (mut refused, mut accepted) = (0, 0);
    for (order, seed) in
        [(Order::StartTime, 3), (Order::StartTime, 5), (Order::Eevdf, 3), (Order::Eevdf, 6)]
    {
        let numbered = eventful(Numbered::new(Scheduler::new(order)), order, seed);
        let entities: Vec<EntityId> = (0..24).filter_map(|at| numbered.entity(at)).collect();
        let groups: Vec<GroupId> = (0..4).filter_map(|at| numbered.group(at)).collect();
        let document = serde_json::to_value(&numbered.scheduler).expect("it can be saved");
        let counts = tamper(&document, |scheduler: Scheduler, seed| {
            let _ = reckless::play(scheduler, entities.clone(), &groups, seed, 1_000);
        });
        (refused, accepted) = (refused + counts.0, accepted + counts.1);
    }
    assert!(refused > 2_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}

/// However far apart, with corrections as large as charges.
#[test]
fn whatever_can_be_is_restored() -> Result<(), Error> {
    for (order, seed) in
        (0..5_000).flat_map(|seed| [(Order::StartTime, seed), (Order::Eevdf, seed)])
    {
        let quantum = NonZeroU64::MIN.saturating_add((1 << 30) - 1);
        let mut scheduler = Scheduler::with_quantum(order, quantum)?;
        let outer = scheduler.add_group(None, Weight::MIN)?;
        let groups = [outer, scheduler.add_group(Some(outer), Weight::MIN)?];
        let mut entities = vec![scheduler.add(Weight::MIN)?, scheduler.add(Weight::MIN)?];
        for group in [0, 0, 1, 1] {
            entities.push(scheduler.add_to(groups[group], Weight::MIN)?);
        }
        let played = reckless::play(scheduler, entities, &groups, seed, 200);
        let document = serde_json::to_value(&played).expect("it can be saved");
        let restored = serde_json::from_value::<Scheduler>(document);
        assert!(restored.is_ok(), "{order:?}, seed {seed}: {:?}", restored.err());
    }
    Ok(())
}

#[test]
fn what_cannot_be_is_named() {
    let mut scheduler = Scheduler::default();
    let outer = scheduler.add_group(None, Weight::MIN).expect("there is room");
    let inner = scheduler.add_group(Some(outer), Weight::MIN).expect("there is room");
    let entity = scheduler.add_to(inner, Weight::MIN).expect("there is room");
    scheduler.wake(entity).expect("it sleeps");
    let document = serde_json::to_value(&scheduler).expect("it can be saved");
    let all = [
        ("/version", json!(1), "its version is unknown"),
        ("/quantum", json!((1_u64 << 42) + 1), "its quantum is too large"),
        ("/nodes/0/held/parent", json!(2), "groups are in each other"),
        ("/nodes/0/held/parent", json!(1), "groups are in each other"),
        ("/nodes/0/held/parent", json!(3), "a member's group is unknown"),
        ("/nodes/1/held/group", json!(1), "a group is unknown, or there twice"),
        ("/nodes/1/held/limit", json!(0), "a limit is unknown, or there twice"),
        ("/nodes/2/held", Value::Null, "the vacant numbers are not the unused ones"),
        ("/nodes/2/held/state", json!("Vacant"), "a number is used by nobody"),
        ("/nodes/2/held/weight", json!(0), "weight 0 is not from 1 to 1048576"),
        ("/nodes/2/held/at/remainder", json!(1), "a remainder is too large"),
        ("/nodes/0/held/service", json!("Alone"), "somebody in service does not compete"),
        ("/groups/0", json!({ "Eevdf": { "eligible": [], "clock": 0 } }), "a group's virtual time"),
    ];
    refuses::<Scheduler>(&document, &all);
    let sibling = scheduler.add_to(inner, Weight::MIN).expect("there is room");
    scheduler.wake(sibling).expect("it sleeps");
    let document = serde_json::to_value(&scheduler).expect("it can be saved");
    let why = "virtual time is far from those who compete";
    let all = [3_u64 << 62, 1 << 63, (1 << 62) + (1 << 32) + 1]
        .map(|counter| ("/nodes/3/held/at/counter", json!(counter), why));
    refuses::<Scheduler>(&document, &all);
    let mut scheduler = Scheduler::new(Order::Eevdf);
    for _ in 0..2 {
        let entity = scheduler.add(Weight::MIN).expect("there is room");
        scheduler.wake(entity).expect("it sleeps");
    }
    let document = serde_json::to_value(&scheduler).expect("it can be saved");
    assert_eq!(document["groups"][0]["Eevdf"]["eligible"], json!([1, 2]));
    let all = [json!([0]), json!([1, 1]), json!([3])]
        .map(|ids| ("/groups/0/Eevdf/eligible", ids, "somebody is eligible who is not there"));
    refuses::<Scheduler>(&document, &all);
    let disordered = "those who are eligible are not in order";
    refuses::<Scheduler>(&document, &[("/groups/0/Eevdf/eligible", json!([2, 1]), disordered)]);
    let picked = scheduler.pick().expect("two wait").entity;
    scheduler.charge(picked, 5, Then::Requeue).expect("it is in service");
    let document = serde_json::to_value(&scheduler).expect("it can be saved");
    let half = json!((1_u64 << 63) + 1);
    refuses::<Scheduler>(&document, &[("/groups/0/Eevdf/clock", half, why)]);
}

#[test]
fn a_handle_of_nobody_is_none() {
    let handle = json!({ "index": 0, "generation": 0 });
    assert!(serde_json::from_value::<EntityId>(handle.clone()).is_err());
    assert!(serde_json::from_value::<GroupId>(handle).is_err());
}
