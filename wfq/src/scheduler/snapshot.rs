//! Snapshots: what cannot be worked out again is saved. Queues, but for who was found eligible in
//! EEVDF, sums and counts are rebuilt, so that a snapshot that was tampered with can be refused, but
//! cannot break them.

mod restore;

use alloc::vec::Vec;
use core::num::NonZeroU64;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scheduler, Service};
use crate::contest::Contest;
use crate::limit::Budget;
use crate::node::{NIL, NONE, Node, Reading, State};
use crate::table::{Kin, Request};
use crate::{Order, Weight};

/// What is written. Numbers that are free have no entry; in which order they will be used again is
/// in the lists beside.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Snapshot {
    version: u32,
    order: Order,
    quantum: NonZeroU64,
    start: u64,
    now: u64,
    beside: bool,
    /// From number 1 on; 0 is the root.
    nodes: Vec<NodeSnapshot>,
    vacant: Vec<u32>,
    /// From the root on.
    groups: Vec<Option<Contest>>,
    vacant_groups: Vec<u32>,
    budgets: Vec<Option<Budget>>,
    vacant_budgets: Vec<u32>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct NodeSnapshot {
    generation: u32,
    held: Option<Member>,
}

/// An entity or a group.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Member {
    weight: Weight,
    at: Reading,
    /// The place of the group it competes in.
    parent: u32,
    /// The place of the group that it is.
    group: Option<u32>,
    limit: Option<u32>,
    state: State,
    service: Service,
    /// In start-time order, of one that does not compete: the quarter of the circle it left in.
    left_in: Option<u32>,
    /// In EEVDF.
    request: Option<Request>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 3;

impl Serialize for Scheduler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Snapshot::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scheduler {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl Snapshot {
    fn of(scheduler: &Scheduler) -> Self {
        let Scheduler { table, groups, budgets, order, quantum, start, now, .. } = scheduler;
        Self {
            version: VERSION,
            order: *order,
            quantum: *quantum,
            start: *start,
            now: *now,
            beside: scheduler.beside,
            nodes: (NIL + 1..).zip(table.nodes.iter().skip(1)).map(of_node(scheduler)).collect(),
            vacant: table.vacant(),
            groups: without(groups, &scheduler.vacant_groups, |group| group.contest.clone()),
            vacant_groups: scheduler.vacant_groups.clone(),
            budgets: without(budgets, &scheduler.vacant_budgets, Budget::clone),
            vacant_budgets: scheduler.vacant_budgets.clone(),
        }
    }
}

fn of_node(scheduler: &Scheduler) -> impl Fn((u32, &Node)) -> NodeSnapshot {
    |(id, node)| {
        let table = &scheduler.table;
        let Kin { parent, group, limit } = table.kin(id);
        let quarters = scheduler.order == Order::StartTime && node.state() != State::Runnable;
        let member = || Member {
            weight: Weight::new(node.weight()).unwrap_or(Weight::MIN),
            at: node.reading(),
            parent,
            group: (group != NONE).then_some(group),
            limit: (limit != NONE).then_some(limit),
            state: node.state(),
            service: scheduler.service(id),
            left_in: quarters.then(|| table.quarters[id as usize]),
            request: table.request(id),
        };
        NodeSnapshot {
            generation: node.generation,
            held: (node.state() != State::Vacant).then(member),
        }
    }
}

/// All but those at vacant places.
fn without<T, U>(all: &[T], vacant: &[u32], save: impl Fn(&T) -> U) -> Vec<Option<U>> {
    let mut saved: Vec<_> = all.iter().map(|one| Some(save(one))).collect();
    for &place in vacant {
        saved[place as usize] = None;
    }
    saved
}
