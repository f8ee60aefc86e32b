//! Snapshots: flows with their items, tickets, and the scheduler. Where items lie, who is idle, what
//! is in service of each flow and which entity is whose is worked out.

use alloc::vec::Vec;
use core::hash::Hash;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::flows::{FORGIVEN, Flow, Flows};
use super::items::Items;
use super::tickets::Tickets;
use super::{Capacity, FairQueue};
use crate::rate::MAX_CHARGE;
use crate::snapshot::{Inconsistent, check};
use crate::{Activity, EntityId, Member, Order, Scheduler, Weight};

/// What is written, of borrowed parts, and read, of owned ones.
#[derive(Debug, Deserialize, Serialize)]
struct Snapshot<S, K, T> {
    version: u32,
    scheduler: S,
    capacity: Capacity,
    weight: Weight,
    /// On the circle.
    reached: u64,
    /// By number, which is that of the entity.
    flows: Vec<Option<FlowSnapshot<K, T>>>,
    tickets: Tickets,
}

#[derive(Debug, Deserialize, Serialize)]
struct FlowSnapshot<K, T> {
    key: K,
    items: Vec<Item<T>>,
    has_own_weight: bool,
    wakes: u32,
    refundable: u64,
    /// Where it is on virtual time while it sleeps, unless it has nothing to remember.
    finish: Option<Finish>,
}

/// Not on a circle: 128 bits in two numbers, as most formats end at 64.
#[derive(Debug, Deserialize, Serialize)]
struct Finish {
    /// How often it has gone round the circle more than what was reached.
    laps: i64,
    units: u64,
}

#[derive(Debug, Deserialize, Serialize)]
struct Item<T> {
    cost: u64,
    item: T,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

/// Nobody gets this far from virtual time: not ahead, as a charge is at most a quarter of the circle,
/// and not behind, with an item in service all the while, before others have had 2^38 such charges.
const MOST_LAPS: u64 = 1 << 36;

impl<K: Serialize, T: Serialize> Serialize for FairQueue<K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = Snapshot {
            version: VERSION,
            scheduler: &self.scheduler,
            capacity: self.capacity,
            weight: self.weight,
            reached: self.reached as u64,
            flows: self.flows.all().iter().map(|flow| self.save(flow)).collect(),
            tickets: self.tickets.clone(),
        };
        snapshot.serialize(serializer)
    }
}

impl<K, T> FairQueue<K, T> {
    fn save<'a>(&'a self, flow: &'a Flow<K>) -> Option<FlowSnapshot<&'a K, &'a T>> {
        let items = self.items.iter(&flow.items).map(|(cost, item)| Item { cost, item });
        let remembers = flow.items.len == 0 && flow.finish != FORGIVEN;
        let finish = || {
            let laps = (flow.finish >> 64) - (self.reached >> 64);
            Finish { laps: laps as i64, units: flow.finish as u64 }
        };
        Some(FlowSnapshot {
            key: flow.key()?,
            items: items.collect(),
            has_own_weight: flow.has_own_weight,
            wakes: flow.wakes,
            refundable: flow.refundable,
            finish: remembers.then(finish),
        })
    }
}

impl<'de, K, T> Deserialize<'de> for FairQueue<K, T>
where
    K: Clone + Eq + Hash + Deserialize<'de>,
    T: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl<K: Clone + Eq + Hash, T> Snapshot<Scheduler, K, T> {
    fn restore(self) -> Result<FairQueue<K, T>, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        self.tickets.check()?;
        let queue = FairQueue {
            scheduler: self.scheduler,
            flows: Flows::new(),
            items: Items::new(),
            tickets: self.tickets,
            capacity: Capacity::default(),
            weight: self.weight,
            reached: self.reached.into(),
        };
        let mut queue = queue.with_capacity(self.capacity);
        check(queue.capacity == self.capacity, "a capacity is out of range")?;
        check(queue.scheduler.in_service() == 0, "an entity is in service")?;
        let members: Vec<Member> = queue.scheduler.members().collect();
        check(members.len() == self.flows.len(), "there are not as many flows as entities")?;
        for (flow, member) in self.flows.into_iter().zip(members) {
            let entity = match member {
                Member::Entity(entity) if entity.index() == queue.flows.all().len() => entity,
                _ => return Err(Inconsistent("a flow is not an entity")),
            };
            queue.restore_flow(flow, entity)?;
        }
        queue.restore_service()?;
        queue.restore_idle()?;
        Ok(queue)
    }
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// The flow of the next number, or that this is vacant.
    fn restore_flow(
        &mut self,
        saved: Option<FlowSnapshot<K, T>>,
        entity: EntityId,
    ) -> Result<(), Inconsistent> {
        let mut flow = Flow::new(None, entity);
        if let Some(saved) = saved {
            flow = Flow::new(Some(saved.key), entity);
            for Item { cost, item } in saved.items {
                check(cost <= MAX_CHARGE, "an item costs too much")?;
                check(self.items.len() < Capacity::default().items, "it is too large")?;
                self.items.push(&mut flow.items, cost, item);
            }
            flow.has_own_weight = saved.has_own_weight;
            flow.wakes = saved.wakes;
            flow.refundable = saved.refundable;
            if let Some(Finish { laps, units }) = saved.finish {
                check(flow.items.len == 0, "a flow that has items is said to sleep")?;
                check(laps.unsigned_abs() < MOST_LAPS, "a flow is too far from virtual time")?;
                flow.finish = (i128::from(laps) << 64) + i128::from(units);
            }
        }
        check(self.scheduler.limit(entity) == Ok(None), "a flow has a limit")?;
        let activity = if flow.items.len > 0 { Activity::Queued } else { Activity::Asleep };
        check(
            self.scheduler.activity(entity) == Ok(activity),
            "a flow sleeps with items, or wakes without",
        )?;
        let cost = self.items.first_cost(&flow.items);
        let requests = cost.is_none_or(|cost| self.scheduler.requests(entity, cost.max(1)));
        check(requests, "a flow requests what its first item does not cost")?;
        check(self.flows.restore(flow), "two flows have the same key")
    }

    /// Counts what is in service of each flow.
    fn restore_service(&mut self) -> Result<(), Inconsistent> {
        for service in self.tickets.services() {
            let known = self.flows.all().get(service.flow as usize).is_some_and(Flow::is_known);
            check(known, "an item in service is of no flow")?;
            let charged = (1..=MAX_CHARGE).contains(&service.charged);
            check(charged, "an item in service costs too much, or nothing")?;
            self.flows.at(service.flow).in_service += 1;
        }
        Ok(())
    }

    /// Who may be forgotten later, and that nobody should have been.
    fn restore_idle(&mut self) -> Result<(), Inconsistent> {
        for number in 0..self.flows.all().len() as u32 {
            let flow = self.flows.get(number);
            let &Flow { finish, in_service, has_own_weight, .. } = flow;
            if !flow.is_known() || flow.items.len > 0 {
                continue;
            }
            if finish == FORGIVEN {
                check(in_service == 0, "a flow is charged for nothing")?;
                check(has_own_weight, "there is nothing to know a flow for")?;
                continue;
            }
            let is_there =
                self.scheduler.order() != Order::StartTime || self.finish(number, finish) == finish;
            check(is_there, "a flow is not where its entity is")?;
            if in_service == 0 {
                let is_ahead = finish > self.reached && !self.is_empty();
                check(is_ahead, "a flow should have been forgotten")?;
                self.flows.rest(number);
            }
        }
        Ok(())
    }
}
