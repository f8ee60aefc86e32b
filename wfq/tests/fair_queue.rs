//! The fair queue of items: the cases that its documentation speaks of.

use std::collections::BTreeMap;

use apportion_wfq::{Capacity, FairQueue, MAX_CHARGE, Order, Refusal, Refused, Weight};

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

fn drain(queue: &mut FairQueue<&'static str, u32>) -> Vec<(&'static str, u32)> {
    core::iter::from_fn(|| queue.dequeue()).map(|next| (next.flow, next.item)).collect()
}

#[test]
fn a_decision_says_why() {
    let mut queue = FairQueue::new(Order::StartTime);
    for item in 0..2 {
        queue.enqueue("a", 3, item).unwrap();
        queue.enqueue("b", 2, item).unwrap();
    }
    let shown: Vec<_> = core::iter::from_fn(|| queue.dequeue())
        .map(|next| (next.flow, next.item, next.cost, next.counter >> 20))
        .collect();
    assert_eq!(shown, [("a", 0, 3, 0), ("b", 0, 2, 0), ("b", 1, 2, 2), ("a", 1, 3, 3)]);
}

#[test]
fn every_refusal_gives_the_item_back_and_changes_nothing() {
    let capacity = Capacity { items: 4, items_per_flow: 2, flows: 2, in_service: 1 };
    let mut queue = FairQueue::new(Order::StartTime).with_capacity(capacity);
    let refused = |item, reason| Err(Refused { item, reason });
    let cost = MAX_CHARGE + 1;
    assert_eq!(queue.enqueue("a", cost, 0), refused(0, Refusal::CostTooLarge { cost }));
    assert_eq!((queue.len(), queue.flows()), (0, 0));
    queue.enqueue("a", 1, 1).unwrap();
    queue.enqueue("a", 1, 2).unwrap();
    assert_eq!(queue.enqueue("a", 1, 3), refused(3, Refusal::FlowFull { limit: 2 }));
    queue.enqueue("b", 1, 4).unwrap();
    let too_many = Refusal::TooManyFlows { limit: 2 };
    assert_eq!(queue.enqueue("c", 1, 5), refused(5, too_many));
    assert_eq!(queue.set_weight("c", Weight::MAX), Err(too_many));
    assert_eq!(queue.clear_weight(&"c"), Err(Refusal::UnknownFlow));
    queue.enqueue("b", 1, 6).unwrap();
    assert_eq!(queue.enqueue("b", 1, 7), refused(7, Refusal::Full { limit: 4 }));
    let (ticket, first) = queue.start().unwrap();
    assert_eq!(queue.start(), None, "one is in service");
    assert_eq!(queue.complete(ticket, cost), Err(Refusal::CostTooLarge { cost }));
    assert_eq!(queue.in_service(), 1);
    queue.complete(ticket, 1).unwrap();
    assert_eq!(queue.complete(ticket, 1), Err(Refusal::UnknownTicket { ticket }));
    let (next, _) = queue.start().unwrap();
    assert_eq!(queue.complete(ticket, 1), Err(Refusal::UnknownTicket { ticket }), "used again");
    queue.complete(next, 1).unwrap();
    assert_eq!((first.flow, first.item), ("a", 1));
    assert_eq!(drain(&mut queue), [("a", 2), ("b", 6)]);
}

#[test]
fn no_capacity_at_all_is_a_queue_that_refuses() {
    let none = Capacity { items: 0, items_per_flow: 0, flows: 0, in_service: 0 };
    let mut queue = FairQueue::new(Order::Eevdf).with_capacity(none);
    let reason = Refusal::Full { limit: 0 };
    assert_eq!(queue.enqueue("a", 1, 0), Err(Refused { item: 0, reason }));
    assert_eq!((queue.dequeue(), queue.start()), (None, None));
}

/// A flow whose items cost nothing would be served for ever.
#[test]
fn a_cost_of_nothing_is_a_cost_of_one() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut queue = FairQueue::new(order);
        for item in 0..3 {
            queue.enqueue("free", 0, item).unwrap();
            queue.enqueue("one", 1, item).unwrap();
        }
        let flows: Vec<_> = drain(&mut queue).into_iter().map(|(flow, _)| flow).collect();
        assert_eq!(flows, ["free", "one", "free", "one", "free", "one"]);
        let (ticket, served) = {
            queue.enqueue("free", 0, 3).unwrap();
            queue.start().unwrap()
        };
        assert_eq!(served.cost, 0);
        queue.complete(ticket, 0).unwrap();
        assert_eq!((queue.in_service(), queue.flows()), (0, 0));
    }
}

#[test]
fn costs_at_their_maximum_are_charged_in_full() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut queue = FairQueue::new(order).starting_at(u64::MAX);
        queue.set_weight("two", weight(2)).unwrap();
        for item in 0..4 {
            queue.enqueue("one", MAX_CHARGE, item).unwrap();
            queue.enqueue("two", MAX_CHARGE, item).unwrap();
        }
        let mut counts = BTreeMap::new();
        for (flow, _) in drain(&mut queue).into_iter().take(6) {
            *counts.entry(flow).or_insert(0) += 1;
        }
        assert_eq!(counts, BTreeMap::from([("one", 2), ("two", 4)]));
    }
}

#[test]
fn memory_stays_within_the_capacity() {
    for order in [Order::StartTime, Order::Eevdf] {
        let capacity = Capacity { items: 100, items_per_flow: 10, flows: 100, in_service: 4 };
        let mut queue = FairQueue::new(order).with_capacity(capacity);
        let mut tickets = Vec::new();
        let mut after_warming = 0;
        for flow in 0..100_000_u64 {
            if queue.enqueue(flow % 8_191, flow % 7, [flow; 4]).is_err() {
                queue.dequeue().unwrap();
                tickets.extend(queue.start().map(|(ticket, _)| ticket));
            }
            if tickets.len() == 4 {
                queue.complete(tickets.remove(0), flow % 11).unwrap();
            }
            assert!(queue.len() <= 100 && queue.flows() <= 100 && queue.in_service() <= 4);
            if flow == 1_000 {
                after_warming = queue.memory();
            }
        }
        assert!(queue.memory() <= after_warming.max(40_000), "{} bytes", queue.memory());
    }
}

/// It has to be known until it has paid for what it had, and no longer.
#[test]
fn an_idle_flow_is_forgotten_when_virtual_time_has_passed_it() {
    let mut queue = FairQueue::new(Order::StartTime);
    queue.enqueue("a", 3, 0).unwrap();
    for item in 1..=4 {
        queue.enqueue("b", 1, item).unwrap();
    }
    assert_eq!(queue.dequeue().unwrap().flow, "a");
    for _ in 0..3 {
        assert_eq!(queue.dequeue().unwrap().flow, "b");
        assert_eq!(queue.flows(), 2);
    }
    assert_eq!(queue.dequeue().unwrap().counter, 3 << 20);
    assert_eq!(queue.flows(), 0);
}

#[test]
fn a_flow_in_service_is_not_forgotten() {
    let mut queue = FairQueue::new(Order::StartTime);
    queue.enqueue("a", 1, 0).unwrap();
    let (ticket, _) = queue.start().unwrap();
    for item in 0..10 {
        queue.enqueue("b", 1, item).unwrap();
    }
    for _ in 0..5 {
        queue.dequeue().unwrap();
    }
    assert_eq!(queue.flows(), 2);
    // It has used as much as the other has had since, and five more.
    queue.complete(ticket, 10).unwrap();
    assert_eq!(queue.flows(), 2);
    queue.enqueue("a", 1, 10).unwrap();
    let flows: Vec<_> = drain(&mut queue).into_iter().map(|(flow, _)| flow).collect();
    assert_eq!(flows, ["b", "b", "b", "b", "a", "b"]);
    assert_eq!(queue.flows(), 0);
}

#[test]
fn a_weight_of_its_own_is_kept_until_it_is_cleared() {
    let mut queue = FairQueue::new(Order::StartTime).with_weight(weight(3));
    queue.set_weight("a", weight(7)).unwrap();
    assert_eq!((queue.flows(), queue.weight(&"a")), (1, Some(weight(7))));
    queue.enqueue("b", 1, 0).unwrap();
    assert_eq!(queue.weight(&"b"), Some(weight(3)));
    drain(&mut queue);
    assert_eq!((queue.flows(), queue.weight(&"b")), (1, None));
    queue.enqueue("a", 1, 1).unwrap();
    assert_eq!(drain(&mut queue), [("a", 1)]);
    assert_eq!(queue.weight(&"a"), Some(weight(7)));
    queue.clear_weight(&"a").unwrap();
    assert_eq!((queue.flows(), queue.weight(&"a")), (0, None));
}

/// Estimated at 100, it would get 99 back for what virtual time has passed in the meantime.
#[test]
fn nothing_is_gained_by_sleeping_on_an_estimate() {
    let mut queue = FairQueue::new(Order::StartTime);
    queue.enqueue("a", 100, 0).unwrap();
    for item in 0..30 {
        queue.enqueue("b", 10, item).unwrap();
    }
    let (ticket, _) = queue.start().unwrap();
    for _ in 0..15 {
        assert_eq!(queue.dequeue().unwrap().flow, "b");
    }
    for item in 1..=5 {
        queue.enqueue("a", 10, item).unwrap();
    }
    queue.complete(ticket, 1).unwrap();
    let flows: Vec<_> = core::iter::from_fn(|| queue.dequeue()).map(|next| next.flow).collect();
    assert_eq!(flows[..8], ["a", "b", "a", "b", "a", "b", "a", "b"]);
}

/// At 50 of its 100, half of the estimate is still to be given back.
#[test]
fn what_has_not_been_forgiven_is_given_back() {
    let mut queue = FairQueue::new(Order::StartTime);
    queue.enqueue("a", 100, 0).unwrap();
    for item in 0..30 {
        queue.enqueue("b", 10, item).unwrap();
    }
    let (ticket, _) = queue.start().unwrap();
    for _ in 0..5 {
        assert_eq!(queue.dequeue().unwrap().flow, "b");
    }
    for item in 1..=5 {
        queue.enqueue("a", 10, item).unwrap();
    }
    queue.complete(ticket, 1).unwrap();
    let flows: Vec<_> = core::iter::from_fn(|| queue.dequeue()).map(|next| next.flow).collect();
    assert_eq!(flows[..6], ["a", "b", "a", "b", "a", "b"]);
}

#[test]
fn too_far_ahead_to_compare_is_refused_until_others_have_been_served() {
    for waits in [false, true] {
        let mut queue = FairQueue::new(Order::StartTime);
        for item in 0..3 {
            queue.enqueue("a", 1, item).unwrap();
        }
        if waits {
            queue.enqueue("a", 1, 3).unwrap();
        }
        let tickets = [(); 3].map(|()| queue.start().unwrap().0);
        for item in 0..3 {
            queue.enqueue("b", MAX_CHARGE, item).unwrap();
        }
        // The first is at 3 already.
        queue.complete(tickets[0], MAX_CHARGE - 3).unwrap();
        let refused = Err(Refusal::SpanExceeded { cost: MAX_CHARGE });
        assert_eq!(queue.complete(tickets[1], MAX_CHARGE), refused);
        assert_eq!(queue.in_service(), 2);
        assert_eq!(queue.dequeue().unwrap().flow, "b");
        assert_eq!(queue.dequeue().unwrap().flow, if waits { "a" } else { "b" });
        assert_eq!(queue.complete(tickets[1], MAX_CHARGE), Ok(()));
    }
}

/// At the largest cost, and a weight that does not divide it.
#[test]
fn what_is_given_back_is_never_too_much() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut queue = FairQueue::new(order).with_weight(weight(7));
        queue.enqueue("a", MAX_CHARGE, 0).unwrap();
        let (ticket, _) = queue.start().unwrap();
        assert_eq!(queue.complete(ticket, MAX_CHARGE), Ok(()));
        queue.enqueue("a", MAX_CHARGE, 0).unwrap();
        let (ticket, _) = queue.start().unwrap();
        assert_eq!(queue.complete(ticket, 1), Ok(()));
    }
}

#[test]
fn a_queue_can_be_copied() {
    let mut queue = FairQueue::new(Order::Eevdf);
    for (flow, item) in [("a", 0), ("b", 1), ("a", 2), ("c", 3)] {
        queue.enqueue(flow, 2, item).unwrap();
    }
    queue.start().unwrap();
    let mut copy = queue.clone();
    assert_eq!(drain(&mut copy), drain(&mut queue));
}
