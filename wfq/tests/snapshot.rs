//! A scheduler that is saved and restored in mid-run goes on as if nothing had happened; one that
//! was tampered with in between is refused, or still works.

#[path = "snapshot/reckless.rs"]
mod reckless;
#[path = "snapshot/twice.rs"]
mod twice;

use apportion_wfq::testkit::{
    Driver, Episode, Failure, Full, Numbered, Offers, Profile, ProportionalShare, check, check_all,
    check_groups, check_limits,
};
use apportion_wfq::{EntityId, GroupId, Order, Scheduler, Weight};
use serde_json::{Value, json};
use twice::Twice;

/// More entities than a queue looks through one by one.
const ENTITIES: usize = 40;

const OPERATIONS: u64 = 100_000;

fn start_time() -> Twice {
    Twice::new(Scheduler::new(Order::StartTime).starting_at(u64::MAX - (1 << 40)))
}

fn eevdf(request: u64) -> Twice {
    let quantum = request.try_into().expect("not zero");
    Twice::new(Scheduler::with_quantum(Order::Eevdf, quantum).expect("in range"))
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
fn eventful(order: Order, seed: u64) -> Numbered {
    let profile = match order {
        Order::StartTime => Profile::start_time(),
        _ => Profile::eevdf(1),
    };
    let profile = profile.entities(24).largest_charge(1 << 30);
    let subject = Full(Numbered::new(Scheduler::new(order)));
    let mut driver = Driver::new(subject, profile);
    let mut episode = Episode::restless(seed, &profile, Offers::all());
    for _ in 0..2_000 {
        let operation = episode.next(driver.busy(), driver.idle());
        driver.play(operation).expect("no law is broken");
    }
    let mut numbered = driver.subject().0.clone();
    for _ in 0..3 {
        numbered.pick();
    }
    numbered
}

/// All places in a document, and what may be put there instead: nothing, something of another kind,
/// another number.
fn changes(at: &Value, path: &str, found: &mut Vec<(String, Option<Value>)>) {
    let mut change = |value: Option<Value>| found.push((path.to_owned(), value));
    match at {
        Value::Number(number) => {
            for other in [0, 1, 2, 7, 1 << 20, u64::from(u32::MAX), 1 << 42, 1 << 63, u64::MAX] {
                change(Some(json!(other)));
            }
            let near = number.as_u64().unwrap_or(0);
            change(Some(json!(near.wrapping_add(1))));
            change(Some(json!(near.wrapping_sub(1))));
            change(Some(json!(-1)));
        }
        Value::String(_) => {
            let words = ["Vacant", "Asleep", "Runnable", "Throttled", "No", "Alone", "Among"];
            for word in words.into_iter().chain(["StartTime", "Eevdf"]) {
                change(Some(json!(word)));
            }
        }
        _ => {}
    }
    change(None);
    change(Some(Value::Null));
    change(Some(json!([])));
    change(Some(json!({})));
    let keys: Vec<String> = match at {
        Value::Array(list) => (0..list.len()).map(|key| key.to_string()).collect(),
        Value::Object(fields) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    };
    for key in keys {
        let inner = format!("{path}/{key}");
        changes(at.pointer(&format!("/{key}")).expect("it is there"), &inner, found);
    }
}

fn tampered(document: &Value, path: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    if let Some(value) = value {
        *document.pointer_mut(path).expect("it is there") = value;
        return document;
    }
    let (above, key) = path.rsplit_once('/').unwrap_or(("", ""));
    match document.pointer_mut(above) {
        Some(Value::Object(fields)) => drop(fields.remove(key)),
        Some(Value::Array(list)) => drop(list.remove(key.parse().expect("a number"))),
        _ => {}
    }
    document
}

#[test]
fn tampered_snapshots_break_nothing() {
    let (mut refused, mut accepted) = (0, 0);
    for (order, seed) in
        [(Order::StartTime, 3), (Order::StartTime, 5), (Order::Eevdf, 3), (Order::Eevdf, 6)]
    {
        let numbered = eventful(order, seed);
        let entities: Vec<EntityId> = (0..24).filter_map(|at| numbered.entity(at)).collect();
        let groups: Vec<GroupId> = (0..4).filter_map(|at| numbered.group(at)).collect();
        let document = serde_json::to_value(&numbered.scheduler).expect("it can be saved");
        let mut all = Vec::new();
        changes(&document, "", &mut all);
        for (seed, (path, value)) in (0..).zip(all) {
            let changed = tampered(&document, &path, value);
            let Ok(scheduler) = serde_json::from_value::<Scheduler>(changed) else {
                refused += 1;
                continue;
            };
            accepted += 1;
            reckless::play(scheduler, entities.clone(), &groups, seed, 1_000);
        }
    }
    assert!(refused > 2_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}

#[test]
fn what_cannot_be_is_named() {
    let mut scheduler = Scheduler::default();
    let outer = scheduler.add_group(None, Weight::MIN).expect("there is room");
    let inner = scheduler.add_group(Some(outer), Weight::MIN).expect("there is room");
    let entity = scheduler.add_to(inner, Weight::MIN).expect("there is room");
    scheduler.wake(entity).expect("it sleeps");
    let document = serde_json::to_value(&scheduler).expect("it can be saved");
    for (path, value, why) in [
        ("/version", json!(2), "its version is unknown"),
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
        ("/nodes/2/held/service", json!("Among"), "those who are parked are others"),
        ("/groups/0/StartTime/parked", json!([3]), "somebody is parked who is not there"),
        ("/groups/0", json!({ "Eevdf": { "parked": [], "clock": 0 } }), "a group's virtual time"),
    ] {
        let changed = tampered(&document, path, Some(value));
        let error = serde_json::from_value::<Scheduler>(changed).expect_err("it cannot be");
        assert!(error.to_string().contains(why), "{path}: {error}");
    }
}

#[test]
fn a_handle_of_nobody_is_none() {
    let handle = json!({ "index": 0, "generation": 0 });
    assert!(serde_json::from_value::<EntityId>(handle.clone()).is_err());
    assert!(serde_json::from_value::<GroupId>(handle).is_err());
}
