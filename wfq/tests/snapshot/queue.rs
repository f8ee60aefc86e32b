//! A fair queue: what is saved includes keys, items and who holds which ticket.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use apportion_wfq::{
    Error, FairQueue, Limit, MAX_CHARGE, Order, Refusal, Scheduler, Ticket, Weight,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::items::{Call, Item, Queue, play};
use crate::reckless::Random;
use crate::tampering::{refuses, tamper};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn items_go_on_identically(
        setup: [u8; 5],
        calls in proptest::collection::vec(any::<[u8; 4]>().prop_map(Call::from), 0..200),
    ) {
        play(setup, &calls);
    }
}

/// Makes calls of all kinds, and keeps the tickets.
fn use_up(queue: &mut Queue, tickets: &mut Vec<Ticket>, random: &mut Random, calls: usize) {
    for _ in 0..calls {
        let [kind, who, size, more, ..] = random.word().to_le_bytes();
        match Call::from([kind, who, size, more]) {
            Call::Enqueue { flow, cost } => drop(queue.enqueue(flow, cost, Item(0))),
            Call::Dequeue => drop(queue.dequeue()),
            Call::Start => tickets.extend(queue.start().map(|(ticket, _)| ticket)),
            Call::Complete { which, used } => {
                let ticket = which.checked_rem(tickets.len()).map(|at| tickets[at]);
                let _ = ticket.map(|ticket| queue.complete(ticket, used));
            }
            Call::SetWeight(flow, weight) => drop(queue.set_weight(flow, weight)),
            Call::ClearWeight(flow) => drop(queue.clear_weight(&flow)),
            Call::Save => {}
        }
    }
}

/// After an eventful time.
fn eventful(order: Order, seed: u64) -> (Value, Vec<Ticket>) {
    let mut queue = Queue::new(order);
    let mut tickets = Vec::new();
    use_up(&mut queue, &mut tickets, &mut Random(seed), 300);
    (serde_json::to_value(&queue).expect("it can be saved"), tickets)
}

/// Whatever waits is handed out, and nobody is known any longer whom there is nothing to know for.
fn is_whole(mut queue: Queue, mut tickets: Vec<Ticket>, seed: u64) {
    use_up(&mut queue, &mut tickets, &mut Random(seed), 200);
    for left in (0..queue.len()).rev() {
        assert!(queue.dequeue().is_some(), "items wait");
        assert_eq!(queue.len(), left);
    }
    assert_eq!(queue.dequeue(), None);
    for ticket in tickets {
        let _ = queue.complete(ticket, 1);
    }
    for flow in 0..=u8::MAX {
        let _ = queue.clear_weight(&flow);
    }
    assert!(queue.flows() <= queue.in_service());
}

/// What a snapshot has to say.
fn told(document: &Value) -> Vec<&'static str> {
    let flows = document["flows"].as_array().expect("it has some");
    let tickets = &document["tickets"];
    let any = |is: fn(&Value) -> bool| flows.iter().any(is);
    let has_items = |flow: &Value| flow["items"].as_array().is_some_and(|all| !all.is_empty());
    let all = [
        ("a number is vacant", any(Value::is_null)),
        ("a flow has items", any(has_items)),
        ("a flow sleeps ahead", any(|flow| flow["finish"].is_object())),
        ("a flow woke in service", any(|flow| flow["wakes"].as_u64() > Some(0))),
        ("a flow has its own weight", any(|flow| flow["has_own_weight"] == json!(true))),
        ("a ticket is valid", tickets["all"].as_array().map_or(0, Vec::len) > 0),
        ("a ticket was handed back", tickets["vacant"] != json!([])),
    ];
    all.into_iter().filter_map(|(what, is_so)| is_so.then_some(what)).collect()
}

#[test]
fn tampered_queues_break_nothing() {
    for order in [Order::StartTime, Order::Eevdf] {
        let (mut refused, mut accepted, mut all) = (0, 0, BTreeSet::new());
        for seed in [7, 32, 40, 84] {
            let (document, tickets) = eventful(order, seed);
            all.extend(told(&document));
            let counts = tamper(&document, |queue, seed| is_whole(queue, tickets.clone(), seed));
            (refused, accepted) = (refused + counts.0, accepted + counts.1);
        }
        assert_eq!(all.len(), 7, "{all:?}");
        assert!(refused > 1_000 && accepted > 500, "{refused} refused, {accepted} accepted");
    }
}

/// "eve" has left; "ann" has an item in service and another that waits; "bob", who has used more
/// than estimated, sleeps ahead of the others; "own" has nothing but a weight.
fn small(order: Order) -> FairQueue<String, u8> {
    let mut queue = FairQueue::new(order);
    for (flow, cost) in [("eve", 1), ("ann", 4), ("bob", 4), ("ann", 4), ("ann", 4)] {
        queue.enqueue(flow.to_owned(), cost, 0).expect("there is room");
    }
    queue.set_weight("own".to_owned(), Weight::MAX).expect("there is room");
    assert_eq!(queue.dequeue().expect("it waits").flow, "eve");
    assert_eq!(queue.start().expect("it waits").1.flow, "ann");
    let (ticket, served) = queue.start().expect("it waits");
    assert_eq!(served.flow, "bob");
    queue.complete(ticket, 9).expect("it is in service");
    assert_eq!(queue.dequeue().expect("it waits").flow, "ann");
    queue
}

#[test]
fn queues_that_cannot_be_are_named() {
    let finish = |laps: i64, units: u64| json!({ "laps": laps, "units": units });
    let issued = |charged: u64, flow: u32| {
        let service = json!({ "charged": charged, "flow": flow, "wakes": 0 });
        json!([{ "generation": 0, "service": service }, { "generation": 1, "service": null }])
    };
    let item = |cost: u64| json!([{ "cost": cost, "item": 0 }]);
    let limit = json!({ "quota": 1, "period": 1, "burst": 0 });
    let budget = json!([{ "limit": limit, "left": 1, "since": 0 }]);
    let document = serde_json::to_value(small(Order::StartTime)).expect("it can be saved");
    let all = [
        ("/version", json!(2), "its version is unknown"),
        ("/scheduler/version", json!(1), "its version is unknown"),
        ("/scheduler/nodes/1/held/service", json!("Alone"), "an entity is in service"),
        ("/scheduler/nodes/1/held/weight", json!(0), "weight 0 is not from 1 to 1048576"),
        ("/scheduler/budgets", budget, "a limit is nobody's"),
        ("/capacity/items", json!(u32::MAX), "a capacity is out of range"),
        ("/flows", json!([]), "there are not as many flows as entities"),
        ("/flows/1/key", json!("bob"), "two flows have the same key"),
        ("/flows/1", Value::Null, "a flow sleeps with items, or wakes without"),
        ("/flows/1/items", json!([]), "a flow sleeps with items, or wakes without"),
        ("/flows/1/items", item(MAX_CHARGE + 1), "an item costs too much"),
        ("/flows/1/finish", finish(0, 0), "a flow that has items is said to sleep"),
        ("/flows/3/items", item(4), "a flow sleeps with items, or wakes without"),
        ("/flows/2/finish", Value::Null, "there is nothing to know a flow for"),
        ("/flows/2/finish", finish(0, 10 << 20), "a flow is not where its entity is"),
        ("/flows/2/finish", finish(-1, 9 << 20), "a flow should have been forgotten"),
        ("/flows/2/finish", finish(1 << 36, 9 << 20), "a flow is too far from virtual time"),
        ("/flows/3/has_own_weight", json!(false), "there is nothing to know a flow for"),
        ("/reached", json!(9 << 20), "a flow should have been forgotten"),
        ("/tickets/all", issued(4, 0), "an item in service is of no flow"),
        ("/tickets/all", issued(4, 3), "a flow is charged for nothing"),
        ("/tickets/all", issued(4, 4), "an item in service is of no flow"),
        ("/tickets/all", issued(0, 1), "an item in service costs too much, or nothing"),
        ("/tickets/all", issued(MAX_CHARGE + 1, 1), "an item in service costs too much"),
        ("/tickets/vacant", json!([]), "the vacant numbers are not the unused ones"),
        ("/tickets/vacant", json!([0]), "the vacant numbers are not the unused ones"),
        ("/tickets/vacant", json!([1, 1]), "the vacant numbers are not the unused ones"),
    ];
    refuses::<FairQueue<String, u8>>(&document, &all);
    let document = serde_json::to_value(small(Order::Eevdf)).expect("it can be saved");
    let all = [
        ("/flows/1/items/0/cost", json!(5), "a flow requests what its first item does not cost"),
        ("/scheduler/nodes/1/held/request/length", json!(5), "what its first item does not cost"),
        ("/scheduler/nodes/1/held/request/left", json!(3), "what its first item does not cost"),
    ];
    refuses::<FairQueue<String, u8>>(&document, &all);
}

/// No queue has groups, limits or entities of nobody: neither has one that is restored.
#[test]
fn a_scheduler_that_is_not_of_a_queue_is_refused() -> Result<(), Error> {
    let document = serde_json::to_value(small(Order::StartTime)).expect("it can be saved");
    let scheduler: Scheduler =
        serde_json::from_value(document["scheduler"].clone()).expect("it is one");
    let mut grouped = scheduler.clone();
    grouped.add_group(None, Weight::MIN)?;
    let mut limited = scheduler.clone();
    let entity = limited.add(Weight::MIN)?;
    limited.set_limit(entity, Some(Limit::new(NonZeroU64::MIN, NonZeroU64::MIN)))?;
    let mut awake = scheduler.clone();
    let entity = awake.add(Weight::MIN)?;
    awake.wake(entity)?;
    for (other, why) in [
        (scheduler, "there are not as many flows as entities"),
        (grouped, "a flow is not an entity"),
        (limited, "a flow has a limit"),
        (awake, "a flow sleeps with items, or wakes without"),
    ] {
        let mut changed = document.clone();
        changed["flows"].as_array_mut().expect("it has some").push(Value::Null);
        let other = serde_json::to_value(other).expect("it can be saved");
        refuses::<FairQueue<String, u8>>(&changed, &[("/scheduler", other, why)]);
    }
    Ok(())
}

/// A ticket that was issued before is worth the same after: once.
#[test]
fn tickets_outlive_it() {
    let mut queue = FairQueue::new(Order::StartTime);
    for item in 0..2 {
        queue.enqueue(String::from("ann"), 5, item).expect("there is room");
        queue.enqueue(String::from("bob"), 5, item).expect("there is room");
    }
    let (ticket, _) = queue.start().expect("it waits");
    let text = serde_json::to_string(&(&queue, ticket)).expect("it can be saved");
    let (mut restored, held): (FairQueue<String, u8>, Ticket) =
        serde_json::from_str(&text).expect("it was saved");
    assert_eq!((held, restored.in_service()), (ticket, 1));
    assert_eq!(restored.complete(held, 20), Ok(()));
    assert_eq!(restored.complete(held, 20), Err(Refusal::UnknownTicket { ticket }));
    let rest: Vec<String> =
        std::iter::from_fn(|| restored.dequeue()).map(|next| next.flow).collect();
    assert_eq!(rest, ["bob", "bob", "ann"]);
}
