//! The fair queue of items: laws over random operations, and a model that looks through everything.

mod model;

use std::collections::BTreeMap;

use apportion_wfq::{Capacity, FairQueue, Order, Refusal, Refused, Ticket, Weight};
use model::Model;
use proptest::prelude::*;

const FLOWS: u8 = 8;

#[derive(Clone, Copy, Debug)]
enum Step {
    Enqueue(u8, u64),
    Dequeue,
    Start,
    Complete(usize, u64),
    SetWeight(u8, u32),
    ClearWeight(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = || prop_oneof![Just(1), 0..5_u64, 0..1_000_u64];
    let step = prop_oneof![
        8 => (0..FLOWS, cost()).prop_map(|(flow, cost)| Step::Enqueue(flow, cost)),
        4 => Just(Step::Dequeue),
        3 => Just(Step::Start),
        3 => (any::<usize>(), cost()).prop_map(|(which, used)| Step::Complete(which, used)),
        1 => (0..FLOWS, 1..=6_u32).prop_map(|(flow, weight)| Step::SetWeight(flow, weight)),
        1 => (0..FLOWS).prop_map(Step::ClearWeight),
    ];
    proptest::collection::vec(step, 0..300)
}

fn capacities() -> impl Strategy<Value = Capacity> {
    (1..40_u32, 1..12_u32, 1..=u32::from(FLOWS), 0..6_u32).prop_map(
        |(items, items_per_flow, flows, in_service)| Capacity {
            items,
            items_per_flow,
            flows,
            in_service,
        },
    )
}

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

/// Each item is handed out once, those of a flow in their order; nothing is above the capacity; and
/// every answer is that of the model.
fn agrees(
    order: Order,
    start: u64,
    capacity: Capacity,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut model = Model::new(order, start, 2, capacity);
    let mut queue: FairQueue<u8, u64> =
        FairQueue::new(order).with_capacity(capacity).with_weight(weight(2)).starting_at(start);
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut waiting: BTreeMap<u64, u8> = BTreeMap::new();
    let drained = vec![Step::Dequeue; capacity.items as usize + 1];
    for (item, &step) in (0..).zip(steps.iter().chain(&drained)) {
        match step {
            Step::Enqueue(flow, cost) => {
                let accepted = queue.enqueue(flow, cost, item);
                let expected = model.enqueue(flow, cost, item);
                prop_assert_eq!(accepted, expected.map_err(|reason| Refused { item, reason }));
                if accepted.is_ok() {
                    waiting.insert(item, flow);
                }
            }
            Step::Dequeue | Step::Start => {
                let starts = matches!(step, Step::Start);
                let served = if starts {
                    queue.start().map(|(ticket, served)| (Some(ticket), served))
                } else {
                    queue.dequeue().map(|served| (None, served))
                };
                let expected = model.take(starts);
                let shown = served.map(|(_, next)| (next.flow, next.cost, next.item, next.counter));
                prop_assert_eq!(shown, expected);
                tickets.extend(served.and_then(|(ticket, _)| ticket));
                if let Some((_, next)) = served {
                    let first = waiting.iter().find(|&(_, &flow)| flow == next.flow);
                    prop_assert_eq!(first, Some((&next.item, &next.flow)));
                    waiting.remove(&next.item);
                }
            }
            Step::Complete(which, used) if !tickets.is_empty() => {
                let which = which % tickets.len();
                let charged = model.tickets[which].charged;
                // Where a counter falls back below `s_min`, that is no longer a matter of counters.
                let used = if order == Order::StartTime { charged + used } else { used };
                model.complete(which, used);
                let ticket = tickets.swap_remove(which);
                prop_assert_eq!(queue.complete(ticket, used), Ok(()));
                let twice = queue.complete(ticket, used);
                prop_assert_eq!(twice, Err(Refusal::UnknownTicket { ticket }));
            }
            Step::SetWeight(flow, value) => {
                let expected = model.set_weight(flow, value);
                prop_assert_eq!(queue.set_weight(flow, weight(value)), expected);
            }
            Step::ClearWeight(flow) => {
                prop_assert_eq!(queue.clear_weight(&flow), model.clear_weight(flow));
            }
            Step::Complete(..) => {}
        }
        prop_assert_eq!(queue.len(), model.len());
        prop_assert_eq!(queue.flows(), model.known());
        prop_assert_eq!(queue.in_service(), tickets.len());
        prop_assert!(queue.len() <= capacity.items as usize);
        prop_assert!(queue.flows() <= capacity.flows as usize);
        prop_assert!(queue.in_service() <= capacity.in_service as usize);
        for flow in 0..FLOWS {
            prop_assert!(queue.len_of(&flow) <= capacity.items_per_flow as usize);
        }
    }
    prop_assert!(waiting.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn start_time_decides_as_a_model_that_never_forgets_a_flow(
        start in prop_oneof![Just(0), (u64::MAX - (1 << 32))..=u64::MAX, any::<u64>()],
        capacity in capacities(),
        steps in steps(),
    ) {
        agrees(Order::StartTime, start, capacity, &steps)?;
    }

    #[test]
    fn eevdf_decides_as_a_model_that_looks_through_all(
        start in prop_oneof![Just(0), (u64::MAX - (1 << 32))..=u64::MAX, any::<u64>()],
        capacity in capacities(),
        steps in steps(),
    ) {
        agrees(Order::Eevdf, start, capacity, &steps)?;
    }
}

/// What flows are owed of each other, over the intervals in which both have items.
struct Pairs {
    weights: Vec<u32>,
    served: Vec<i128>,
    largest: Vec<i128>,
    /// For each pair the least and the largest `S_i w_j - S_j w_i` since both have had items.
    spans: BTreeMap<(usize, usize), (i128, i128)>,
}

impl Pairs {
    fn difference(&self, i: usize, j: usize) -> i128 {
        self.served[i] * i128::from(self.weights[j]) - self.served[j] * i128::from(self.weights[i])
    }

    fn check(&mut self, backlogged: &[bool]) -> Result<(), TestCaseError> {
        for i in 0..backlogged.len() {
            for j in 0..i {
                let now = self.difference(i, j);
                let (least, most) = self.spans.get(&(i, j)).copied().unwrap_or((now, now));
                let (least, most) = (least.min(now), most.max(now));
                let bound = self.largest[i] * i128::from(self.weights[j])
                    + self.largest[j] * i128::from(self.weights[i]);
                prop_assert!(most - least <= bound, "{} of {}", most - least, bound);
                if backlogged[i] && backlogged[j] {
                    self.spans.insert((i, j), (least, most));
                } else {
                    self.spans.remove(&(i, j));
                }
            }
        }
        Ok(())
    }
}

fn backlogged(queue: &FairQueue<usize, ()>, pairs: &Pairs) -> Vec<bool> {
    (0..pairs.weights.len()).map(|flow| queue.len_of(&flow) > 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Goyal, Vin and Cheng, theorem 1, with nothing added.
    #[test]
    fn flows_that_have_items_differ_by_one_item_of_each(
        weights in proptest::collection::vec(1..=20_u32, 2..6),
        steps in proptest::collection::vec(
            (any::<usize>(), 0..100_u64, 0..5_usize, 0..5_usize),
            0..300,
        ),
    ) {
        let mut queue = FairQueue::new(Order::StartTime);
        let mut pairs = Pairs {
            served: vec![0; weights.len()],
            largest: vec![0; weights.len()],
            spans: BTreeMap::new(),
            weights,
        };
        for (flow, &value) in pairs.weights.iter().enumerate() {
            queue.set_weight(flow, weight(value)).unwrap();
        }
        for (flow, cost, items, turns) in steps {
            let flow = flow % pairs.weights.len();
            for _ in 0..items {
                queue.enqueue(flow, cost, ()).unwrap();
            }
            pairs.largest[flow] = pairs.largest[flow].max(cost.max(1).into());
            for _ in 0..turns {
                pairs.check(&backlogged(&queue, &pairs))?;
                let Some(served) = queue.dequeue() else { break };
                pairs.served[served.flow] += i128::from(served.cost.max(1));
                pairs.check(&backlogged(&queue, &pairs))?;
            }
        }
    }

    /// However wrong the estimates are, what flows get follows what their items really used.
    #[test]
    fn shares_follow_what_items_really_used(
        order in prop_oneof![Just(Order::StartTime), Just(Order::Eevdf)],
        weights in proptest::collection::vec(1..=6_u32, 2..5),
        limit in 1..6_u32,
        services in proptest::collection::vec(
            (any::<usize>(), prop_oneof![Just(0), 0..100_u64]),
            1..600,
        ),
    ) {
        let capacity = Capacity { in_service: limit, ..Capacity::default() };
        let mut queue = FairQueue::new(order).with_capacity(capacity);
        for (flow, &value) in weights.iter().enumerate() {
            queue.set_weight(flow, weight(value)).unwrap();
            for item in 0..services.len() + limit as usize {
                queue.enqueue(flow, 10, item).unwrap();
            }
        }
        let mut served = vec![0; weights.len()];
        let mut open = Vec::new();
        for (which, used) in services {
            while let Some((ticket, next)) = queue.start() {
                open.push((ticket, next.flow));
            }
            prop_assert_eq!(open.len(), limit as usize);
            let (ticket, flow) = open.swap_remove(which % open.len());
            queue.complete(ticket, used).unwrap();
            served[flow] += i128::from(used.max(1));
        }
        // The most that may be unknown: all in service but one, of one flow; and one item's cost in
        // the comparison itself.
        let most = i128::from(limit) * 100;
        let total: i128 = served.iter().sum();
        let sum: i128 = weights.iter().copied().map(i128::from).sum();
        for (flow, &value) in weights.iter().enumerate() {
            let owed = total * i128::from(value) - served[flow] * sum;
            prop_assert!(owed.abs() <= 2 * most * sum, "{flow} of {weights:?}: {served:?}");
        }
    }

    /// Nobody joins or leaves, so `s_min` has no part in it: corrections either way, in fractions.
    #[test]
    fn what_is_given_back_is_exact(
        weights in proptest::collection::vec(1..=6_u32, 2..5),
        start: u64,
        steps in proptest::collection::vec((0..3_u8, any::<usize>(), 0..1_000_u64), 1..200),
    ) {
        let mut queue = FairQueue::new(Order::StartTime).starting_at(start);
        let mut model = Model::new(Order::StartTime, start, 1, Capacity::default());
        for (flow, &value) in (0..).zip(&weights) {
            queue.set_weight(flow, weight(value)).unwrap();
            model.set_weight(flow, value).unwrap();
        }
        for (item, &(_, _, cost)) in (0..).zip(&steps) {
            for flow in (0..).take(weights.len()) {
                let cost = cost + u64::from(flow);
                queue.enqueue(flow, cost, item).unwrap();
                model.enqueue(flow, cost, item).unwrap();
            }
        }
        let mut tickets = Vec::new();
        // One item of each flow stays to the end.
        for (kind, which, used) in steps.into_iter().skip(1) {
            if kind == 0 && !tickets.is_empty() {
                let which = which % tickets.len();
                queue.complete(tickets.swap_remove(which), used).unwrap();
                model.complete(which, used);
                continue;
            }
            let (ticket, served) = queue.start().unwrap();
            let expected = model.take(true);
            let shown = (served.flow, served.cost, served.item, served.counter);
            prop_assert_eq!(Some(shown), expected);
            tickets.push(ticket);
        }
    }
}
