mod limits;
mod service;
#[cfg(feature = "serde")]
mod snapshot;
mod tree;

use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::contest::Contest;
use crate::limit::Budget;
use crate::node::{NIL, NONE, State};
use crate::queue::{ByTime, Heap};
use crate::rate::MAX_CHARGE;
use crate::table::{ROOT, Table};
use crate::{EntityId, Error, GroupId, Member, Weight};

/// The order in which the members of each group are served.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Order {
    /// The least counter first: weighted fair queueing by start tags, SFQ in the literature.
    ///
    /// *Source*: Goyal, Vin and Cheng, "Start-time fair queueing", SIGCOMM 1996. Two members that
    /// both compete never come further apart than `q_i / w_i + q_j / w_j` (theorem 1). What one of
    /// `n` is owed by the ideal can reach `n / 2` quanta.
    #[default]
    StartTime,
    /// Earliest eligible virtual deadline first.
    ///
    /// *Source*: Stoica and Abdel-Wahab, "Earliest eligible virtual deadline first", TR-95-22,
    /// 1995. What anybody is owed by the ideal, or owes, stays below one quantum while none joins,
    /// leaves or changes its weight. About four times the cost of start time.
    Eevdf,
}

/// Entities with weights, and who of them is served next.
///
/// *Complexity*: with one entity in service at a time, each call takes `O(log n)` up to 1,024 members
/// beside each other, and from there on time that does not depend on how many there are, but for the
/// rare restructuring of a queue, in `O(n)`, amortised to a constant; with several in service,
/// heaps make it `O(log n)`. So does a tournament of those who are eligible in [`Order::Eevdf`].
/// Charges of 2^42 units at weight 1 carry counters round the circle they lie on: then up to 1,024
/// members are looked at now and again, in EEVDF all nodes. Every level of groups costs as much
/// again. What looks at virtual time without a pick may have to look through a bucket of those who
/// wait, as it must not change anything: [`virtual_time`](Self::virtual_time), [`lag`](Self::lag),
/// [`correct`](Self::correct), and in start-time order a charge beside others. Equal counters, or
/// deadlines, go by [`EntityId::index`].
///
/// With the feature `serde` it can be saved and restored in mid-run, in linear time, and goes on as
/// if nothing had happened. What was tampered with so that no scheduler can have made it is refused.
/// Room made by [`reserve`](Self::reserve) is not saved.
#[derive(Clone, Debug)]
pub struct Scheduler {
    table: Table,
    groups: Vec<Group>,
    vacant_groups: Vec<u32>,
    budgets: Vec<Budget>,
    vacant_budgets: Vec<u32>,
    /// Those throttled, by the time of their release.
    releases: Heap<ByTime>,
    /// Places, in their order, of groups that have somebody to serve, but a limit that those in service
    /// may use up. Some may not be so any more.
    promised: Vec<u32>,
    order: Order,
    quantum: NonZeroU64,
    /// Where virtual time begins.
    start: u64,
    now: u64,
    /// How many entities are in service.
    open: u32,
    /// The entity in service that is still in its queue, as no other was asked for since.
    alone: u32,
    /// Whether others were in service when that one was picked, or were corrected since: then it, or a
    /// group that it is in, may be far ahead.
    beside: bool,
}

#[derive(Clone, Debug)]
struct Group {
    contest: Contest,
    /// The node that competes for the group.
    node: u32,
    members: u32,
    /// How many entities in service have been counted in advance.
    held: u32,
}

/// Who is served next, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Pick {
    /// The entity. It is in service until it is charged.
    pub entity: EntityId,
    /// How much service it may have: the quantum, or what is left of its request. It may turn out
    /// to use less, or more.
    pub slice: u64,
    /// Its counter, the least of those who may be served: in units of 2^-20, on a circle.
    pub counter: u64,
}

/// How much service somebody has had, divided by its weight: exactly.
///
/// `units + remainder / denominator`, in units of 2^-20 of a unit of service, on a circle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a number has no more parts")]
pub struct Counter {
    /// Whole units.
    pub units: u64,
    /// Parts of a unit.
    pub remainder: u32,
    /// How many of them make a unit: the weight; or before the first charge, that of whoever had
    /// the least counter when the entity woke.
    pub denominator: u32,
}

/// What becomes of an entity after its service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an entity stays, sleeps or leaves")]
pub enum Then {
    /// It goes on.
    Requeue,
    /// It falls asleep.
    Sleep,
    /// It leaves for good.
    Remove,
}

/// What an entity is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else to do")]
pub enum Activity {
    /// It does not want service.
    Asleep,
    /// It waits for service.
    Queued,
    /// It has been picked, and not charged yet.
    InService,
    /// It wants service, and has used its limit up. Above it, groups may have as well.
    Throttled,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(Order::StartTime)
    }
}

/// Whether an entity is in service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
enum Service {
    No,
    /// The only one: it keeps its place in the queue, as nobody asks for the next.
    Alone,
    /// One of several: out of the queue.
    Among,
}

impl Scheduler {
    /// Nobody yet; a quantum of 1.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self::build(order, NonZeroU64::MIN)
    }

    /// Nobody yet. The quantum is the slice that an entity is given, the request that it has in
    /// [`Order::Eevdf`] unless told otherwise, and what a group is charged in advance for each of
    /// its members in service when there are several, up to 2^30 units.
    ///
    /// # Errors
    ///
    /// [`Error::QuantumTooLarge`] above [`MAX_CHARGE`](crate::MAX_CHARGE).
    pub fn with_quantum(order: Order, quantum: NonZeroU64) -> Result<Self, Error> {
        check_quantum(quantum)?;
        Ok(Self::build(order, quantum))
    }

    fn build(order: Order, quantum: NonZeroU64) -> Self {
        let root = Group { contest: Contest::new(order, 0), node: NIL, members: 0, held: 0 };
        Self {
            table: Table::new(order),
            groups: alloc::vec![root],
            vacant_groups: Vec::new(),
            budgets: Vec::new(),
            vacant_budgets: Vec::new(),
            releases: Heap::default(),
            promised: Vec::new(),
            order,
            quantum,
            start: 0,
            now: 0,
            open: 0,
            alone: NIL,
            beside: false,
        }
    }

    /// The same, with virtual time beginning at `counter` instead of 0. Counters wrap, so that
    /// makes no difference; a test may want to see it.
    #[must_use]
    pub fn starting_at(mut self, counter: u64) -> Self {
        self.start = counter;
        if let Some(root) = self.groups.first_mut() {
            root.contest = Contest::new(self.order, counter);
        }
        self
    }

    /// Makes room for so many more entities and groups beside each other at the root. After that,
    /// nothing allocates but [`add_group`](Self::add_group), [`set_limit`](Self::set_limit) and what
    /// goes on in groups; for those, see [`reserve_in`](Self::reserve_in).
    pub fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional);
        let nodes = self.table.nodes.len() + additional;
        self.groups[ROOT as usize].contest.reserve(&self.table, nodes);
    }

    /// Makes room for so many members in a group, those that it has included, as
    /// [`reserve`](Self::reserve) does for those at the root and for all in all.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn reserve_in(&mut self, group: GroupId, members: usize) -> Result<(), Error> {
        let place = self.find_group(group)?;
        self.groups[place as usize].contest.reserve(&self.table, members);
        Ok(())
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn memory(&self) -> usize {
        let contests: usize = self.groups.iter().map(|group| group.contest.memory()).sum();
        self.table.memory()
            + contests
            + self.groups.capacity() * size_of::<Group>()
            + self.budgets.capacity() * size_of::<Budget>()
            + self.releases.memory()
            + self.promised.capacity() * size_of::<u32>()
    }

    /// The order of service.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// The quantum.
    #[must_use]
    pub fn quantum(&self) -> NonZeroU64 {
        self.quantum
    }

    /// How many entities are in service.
    #[must_use]
    pub fn in_service(&self) -> usize {
        self.open as usize
    }

    /// Virtual time in a group, or at the root: `s_min`, or `V` rounded down. In units of 2^-20.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn virtual_time(&self, group: Option<GroupId>) -> Result<u64, Error> {
        let group = self.group_or_root(group)?;
        Ok(self.groups[group as usize].contest.virtual_time(&self.table))
    }

    /// The counter of an entity or a group. `None` for one that sleeps or is throttled in
    /// [`Order::Eevdf`], which has a lag instead.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    pub fn counter(&self, member: impl Into<Member>) -> Result<Option<Counter>, Error> {
        let node = &self.table.nodes[self.find(member.into())? as usize];
        let kept = self.order == Order::StartTime || node.state() == State::Runnable;
        Ok(kept.then_some(Counter {
            units: node.counter,
            remainder: node.remainder(),
            denominator: node.denominator(),
        }))
    }

    /// How much service a member is owed among its siblings, in units of 2^-20; below zero, it has
    /// had too much. In start-time order the one with the least counter is the reference, so nobody
    /// is owed anything.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    pub fn lag(&self, member: impl Into<Member>) -> Result<i128, Error> {
        let id = self.find(member.into())?;
        let node = &self.table.nodes[id as usize];
        let contest = &self.groups[self.table.kin(id).parent as usize].contest;
        Ok(contest.lag(&self.table, id, node.state() == State::Runnable))
    }

    /// The weight of an entity or a group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    pub fn weight(&self, member: impl Into<Member>) -> Result<Weight, Error> {
        let id = self.find(member.into())?;
        Weight::new(self.table.nodes[id as usize].weight())
    }

    /// When an entity's slice would be over, if it got its share from now on: in units of 2^-20, on
    /// a circle. Zero for one that sleeps or is throttled in [`Order::Eevdf`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`].
    pub fn deadline(&self, entity: EntityId) -> Result<u64, Error> {
        let id = self.find_entity(entity)?;
        let node = &self.table.nodes[id as usize];
        if self.order == Order::Eevdf && node.state() != State::Runnable {
            return Ok(0);
        }
        let contest = &self.groups[self.table.kin(id).parent as usize].contest;
        Ok(contest.deadline(&self.table, id, self.quantum.get()))
    }

    /// What an entity is doing.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`].
    pub fn activity(&self, entity: EntityId) -> Result<Activity, Error> {
        let id = self.find_entity(entity)?;
        Ok(match (self.service(id), self.table.nodes[id as usize].state()) {
            (Service::No, State::Runnable) => Activity::Queued,
            (Service::No, State::Throttled) => Activity::Throttled,
            (Service::No, _) => Activity::Asleep,
            _ => Activity::InService,
        })
    }

    /// Whether an entity is in service.
    #[inline(always)]
    fn service(&self, id: u32) -> Service {
        if id == self.alone {
            Service::Alone
        } else if self.table.nodes[id as usize].is_held() {
            Service::Among
        } else {
            Service::No
        }
    }

    /// The number of a member, if the handle is valid.
    #[inline]
    fn find(&self, member: Member) -> Result<u32, Error> {
        match member {
            Member::Entity(entity) => self.find_entity(entity),
            Member::Group(group) => self.find_group(group).map(|_| group.index),
        }
    }

    #[inline(always)]
    fn find_entity(&self, entity: EntityId) -> Result<u32, Error> {
        match self.table.nodes.get(entity.index as usize) {
            Some(node)
                if node.generation == entity.generation
                    && node.state() != State::Vacant
                    && self.table.kin(entity.index).group == NONE =>
            {
                Ok(entity.index)
            }
            _ => Err(Error::UnknownEntity { entity }),
        }
    }

    /// The place of a group in `groups`.
    fn find_group(&self, group: GroupId) -> Result<u32, Error> {
        match self.table.nodes.get(group.index as usize) {
            Some(node)
                if node.generation == group.generation
                    && node.state() != State::Vacant
                    && self.table.kin(group.index).group != NONE =>
            {
                Ok(self.table.kin(group.index).group)
            }
            _ => Err(Error::UnknownGroup { group }),
        }
    }

    fn group_or_root(&self, group: Option<GroupId>) -> Result<u32, Error> {
        group.map_or(Ok(ROOT), |group| self.find_group(group))
    }

    /// All entities and groups, by number.
    #[cfg(feature = "serde")]
    pub(crate) fn members(&self) -> impl Iterator<Item = Member> {
        let ids = NIL + 1..self.table.nodes.len() as u32;
        let is_known = |&id: &u32| self.table.nodes[id as usize].state() != State::Vacant;
        ids.filter(is_known).map(|id| self.member(id))
    }

    /// Whether an entity asks for so much service at a time, and all of it is still to come. In
    /// start-time order nobody asks for any.
    #[cfg(feature = "serde")]
    pub(crate) fn requests(&self, entity: EntityId, request: u64) -> bool {
        let known = self.table.request(entity.index);
        known.is_none_or(|known| known.length == request && known.left == request)
    }

    /// The handle of a node.
    fn member(&self, id: u32) -> Member {
        let node = &self.table.nodes[id as usize];
        if self.table.kin(id).group == NONE {
            Member::Entity(EntityId { index: id, generation: node.generation })
        } else {
            Member::Group(GroupId { index: id, generation: node.generation })
        }
    }
}

/// Refuses a quantum or a request that could not be charged.
fn check_quantum(quantum: NonZeroU64) -> Result<(), Error> {
    if quantum.get() > MAX_CHARGE {
        return Err(Error::QuantumTooLarge { quantum: quantum.get() });
    }
    Ok(())
}
