//! From a snapshot, which may have been tampered with, to a scheduler.

use alloc::vec;
use alloc::vec::Vec;

use super::super::{Group, ROOT, Scheduler, Service, check_quantum};
use super::{Member, NodeSnapshot, Snapshot, VERSION};
use crate::Order;
use crate::Weight;
use crate::contest::Contest;
use crate::limit::Budget;
use crate::node::{NIL, NONE, Place, State};
use crate::rate::{MAX_CHARGE, MAX_SERVICE};
use crate::snapshot::{Inconsistent, check, check_vacant};
use crate::table::{Kin, Request, Table};

impl Snapshot {
    pub(super) fn restore(self) -> Result<Scheduler, Inconsistent> {
        let Self { order, quantum, start, now, .. } = self;
        check(self.version == VERSION, "its version is unknown")?;
        check(check_quantum(quantum).is_ok(), "its quantum is too large")?;
        check_vacant(ROOT, self.groups.iter().map(Option::is_none), &self.vacant_groups)?;
        check_vacant(0, self.budgets.iter().map(Option::is_none), &self.vacant_budgets)?;
        let mut scheduler = Scheduler::build(order, quantum);
        (scheduler.start, scheduler.now, scheduler.beside) = (start, now, self.beside);
        scheduler.groups.clear();
        for contest in self.groups {
            let node = if contest.is_some() { NONE } else { VACANT };
            let contest = contest.unwrap_or_else(|| Contest::new(order, start));
            check(contest.order() == order && contest.is_possible(), "a group's virtual time")?;
            scheduler.groups.push(Group { contest, node, members: 0, held: 0 });
        }
        let root = scheduler.groups.first_mut().filter(|root| root.node != VACANT);
        root.ok_or(Inconsistent("there is no root"))?.node = NIL;
        scheduler.vacant_groups = self.vacant_groups;
        let unused: Vec<_> = self.budgets.iter().map(Option::is_some).collect();
        for budget in self.budgets {
            let budget = budget.unwrap_or_else(Budget::vacant);
            check(budget.is_possible(now), "a limit was given what it does not give")?;
            scheduler.budgets.push(budget);
        }
        scheduler.vacant_budgets = self.vacant_budgets;
        scheduler.promised.reserve(scheduler.budgets.len());
        scheduler.restore_nodes(self.nodes, &self.vacant, unused)?;
        scheduler.restore_order()?;
        Ok(scheduler)
    }
}

impl Scheduler {
    /// All nodes, each in its group and with its limit, and nobody in a queue.
    fn restore_nodes(
        &mut self,
        nodes: Vec<NodeSnapshot>,
        vacant: &[u32],
        mut unused: Vec<bool>,
    ) -> Result<(), Inconsistent> {
        check_vacant(NIL + 1, nodes.iter().map(|node| node.held.is_none()), vacant)?;
        for node in nodes {
            let NodeSnapshot { generation, held } = node;
            let weight = held.as_ref().map_or(Weight::MIN, |member| member.weight);
            let id = self.table.add(weight, ROOT, 1).ok_or(Inconsistent("it is too large"))?;
            self.table.nodes[id as usize].generation = generation;
            if let Some(member) = held {
                self.restore_member(id, &member, &mut unused)?;
            }
        }
        self.table.restore_vacant(vacant);
        check(self.groups.iter().all(|group| group.node != NONE), "a group is nobody's")?;
        check(!unused.contains(&true), "a limit is nobody's")
    }

    fn restore_member(
        &mut self,
        id: u32,
        member: &Member,
        unused: &mut [bool],
    ) -> Result<(), Inconsistent> {
        member.check(self.order)?;
        let parent = self.groups.get_mut(member.parent as usize);
        let parent = parent.filter(|group| group.node != VACANT);
        parent.ok_or(Inconsistent("a member's group is unknown"))?.members += 1;
        if let Some(place) = member.group {
            let group = self.groups.get_mut(place as usize).filter(|group| group.node == NONE);
            group.ok_or(Inconsistent("a group is unknown, or there twice"))?.node = id;
        }
        if let Some(place) = member.limit {
            let limit = unused.get_mut(place as usize).filter(|unused| **unused);
            *limit.ok_or(Inconsistent("a limit is unknown, or there twice"))? = false;
        }
        if let Some(request) = member.request {
            self.table.set_request(id, request);
        }
        if let Some(quarter) = self.table.quarters.get_mut(id as usize) {
            *quarter = member.left_in.unwrap_or(NONE);
        }
        self.table.change_kin(id, |kin| {
            *kin = Kin {
                parent: member.parent,
                group: member.group.unwrap_or(NONE),
                limit: member.limit.unwrap_or(NONE),
            };
        });
        let node = &mut self.table.nodes[id as usize];
        node.set_reading(member.at);
        node.set_state(member.state);
        node.set_held(member.service == Service::Among);
        self.open += u32::from(member.service != Service::No);
        if member.service == Service::Alone {
            check(self.alone == NIL, "several are said to be alone in service")?;
            self.alone = id;
        }
        Ok(())
    }

    /// Everybody into the queue where it belongs.
    fn restore_order(&mut self) -> Result<(), Inconsistent> {
        let groups = self.deepest_first()?;
        for (place, group) in (0..).zip(&mut self.groups) {
            let table = &mut self.table;
            for (position, id) in (0..).zip(group.contest.eligible()) {
                let is_there = is_competitor(table, place, id);
                check(is_there, "somebody is eligible who is not there")?;
                table.nodes[id as usize].set_place(Place::Eligible);
                table.nodes.positions[id as usize] = position;
            }
        }
        for id in NIL + 1..self.table.nodes.len() as u32 {
            let Kin { parent, group, .. } = self.table.kin(id);
            if group == NONE {
                let is_queued = !self.table.nodes[id as usize].is_held();
                if !is_queued && parent != ROOT {
                    self.groups[parent as usize].held += 1;
                }
                self.restore_place(id, is_queued)?;
            }
        }
        for place in groups {
            let Group { node: id, held, ref contest, .. } = self.groups[place as usize];
            let Kin { parent, limit, .. } = self.table.kin(id);
            let is_asleep = self.table.nodes[id as usize].state() == State::Asleep;
            check(contest.is_idle() == is_asleep, "a group does what its members do not")?;
            if let Some(budget) = self.budgets.get_mut(limit as usize) {
                budget.hold(self.quantum.get().saturating_mul(held.into()));
            }
            if parent != ROOT {
                self.groups[parent as usize].held += held;
            }
            // By what was left when it was saved: limits learn the time when they are asked.
            let has_queued = self.groups[place as usize].contest.has_queued();
            let is_queued = has_queued && self.leaves_something(place);
            self.restore_place(id, is_queued)?;
        }
        for group in &mut self.groups {
            group.contest.restore_deadlines(&self.table);
        }
        let fits = self.groups.iter().all(|group| group.contest.is_near_members());
        check(fits && self.all_in_reach(), "virtual time is far from those who compete")
    }

    fn all_in_reach(&self) -> bool {
        let table = &self.table;
        let now = |group: &Group| group.contest.virtual_time(table);
        let times: Vec<u64> = self.groups.iter().map(now).collect();
        (NIL + 1..table.nodes.len() as u32).all(|id| {
            let Kin { parent, group, .. } = table.kin(id);
            let node = &table.nodes[id as usize];
            let is_competitor = group == NONE && node.state() == State::Runnable;
            let contest = &self.groups[parent as usize].contest;
            !is_competitor || contest.is_in_reach(node, times[parent as usize])
        })
    }

    /// Lets a node compete, or wait for its release, if it does.
    fn restore_place(&mut self, id: u32, is_queued: bool) -> Result<(), Inconsistent> {
        let node = &self.table.nodes[id as usize];
        let Kin { parent, limit, .. } = self.table.kin(id);
        let contest = &mut self.groups[parent as usize].contest;
        match node.state() {
            State::Runnable => {
                let is_spent = self.budgets.get(limit as usize).is_some_and(Budget::is_spent);
                check(!is_spent, "somebody competes who is throttled")?;
                let fits = contest.readmit(&mut self.table, id, is_queued);
                check(
                    fits,
                    "somebody who competes is too far from others, or eligible and not queued",
                )
            }
            State::Throttled => {
                check(limit != NONE, "somebody is throttled without a limit")?;
                self.throttle(id);
                Ok(())
            }
            State::Asleep | State::Vacant => Ok(()),
        }
    }

    /// The places of all groups but the root, members before the groups that they are in.
    fn deepest_first(&self) -> Result<Vec<u32>, Inconsistent> {
        let parent = |place: u32| self.table.kin(self.groups[place as usize].node).parent;
        let places =
            || (ROOT + 1..).zip(&self.groups[1..]).filter(|(_, group)| group.node != VACANT);
        let mut inner = vec![0_u32; self.groups.len()];
        for (place, _) in places() {
            inner[parent(place) as usize] += 1;
        }
        let mut order: Vec<u32> = places().map(|(place, _)| place).collect();
        let count = order.len();
        order.retain(|&place| inner[place as usize] == 0);
        let mut next = 0;
        while let Some(&place) = order.get(next) {
            next += 1;
            let above = parent(place);
            inner[above as usize] -= 1;
            if inner[above as usize] == 0 && above != ROOT {
                order.push(above);
            }
        }
        // Of a circle, none ever is the innermost.
        check(order.len() == count, "groups are in each other")?;
        Ok(order)
    }
}

impl Member {
    /// Whether its parts go together.
    fn check(&self, order: Order) -> Result<(), Inconsistent> {
        check(self.at.is_possible(), "a remainder is too large")?;
        let competes = self.state == State::Runnable;
        let can_serve = competes && self.group.is_none();
        check(self.state != State::Vacant, "a number is used by nobody")?;
        check(self.service == Service::No || can_serve, "somebody in service does not compete")?;
        match order {
            Order::StartTime => {
                check(self.left_in.is_none() == competes, "somebody left who competes")?;
                check(self.request.is_none(), "a request is not one of this order")
            }
            Order::Eevdf => {
                let lag = i128::from(self.at.counter.cast_signed());
                check(competes || lag.abs() < MAX_SERVICE, "a lag is too large")?;
                check(!competes || self.at.is_at(self.weight), "a remainder is of another weight")?;
                check(self.left_in.is_none(), "a quarter is not one of this order")?;
                let request = self.request.is_some_and(|Request { length, left }| {
                    [length, left].iter().all(|amount| (1..=MAX_CHARGE).contains(amount))
                });
                check(request, "a request is out of range")
            }
        }
    }
}

/// Whether somebody competes in the group at this place, and is not said to be anywhere else.
fn is_competitor(table: &Table, place: u32, id: u32) -> bool {
    let node = table.nodes.get(id as usize).filter(|_| id != NIL);
    node.is_some_and(|node| {
        node.state() == State::Runnable && table.kin(id).parent == place && !node.is_queued()
    })
}

/// The node of a vacant group.
const VACANT: u32 = NONE - 1;
