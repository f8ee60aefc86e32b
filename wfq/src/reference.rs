//! Slow twin: the same rules again, naive and independent of the fast scheduler.
//!
//! Plain vectors, linear scans, nothing derived is kept: the least counter, the weights in sum and
//! the virtual time are worked out from the members at every call. It shares nothing with the fast
//! scheduler, and is what the oracle tests hold that one against, state by state, and the place to
//! look up what a rule means.

mod eevdf;
mod limit;
mod look;
mod pick;
mod start_time;

use alloc::vec::Vec;

use limit::Budget;

/// Counters count in units of 1/K of a unit of service per unit of weight; K is 2 to this power.
pub const RESOLUTION_BITS: u32 = 20;

/// Which order a [`Twin`] keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    StartTime,
    Eevdf,
}

/// The slow twin of every scheduler of entities in this crate: start-time order or EEVDF, groups in
/// groups, hard limits, several entities in service.
///
/// Entities and groups are numbered by the caller, each from 0. A call that makes no sense (an
/// entity unknown, awake already, not in service) changes nothing. One thing is simpler than in the
/// fast scheduler: of a group, only one entity is in service at a time.
///
/// *Ties* go to the node in the lower slot; slots are given out in order of creation, and one that
/// was given back is given out again before any other, the last given back first.
///
/// *Bounds:* exact while no two counters in use are 2^127 apart, which takes 2^86 units of service
/// at a weight of 1. *Complexity:* O(n) and worse, on purpose.
#[derive(Clone, Debug)]
pub struct Twin {
    order: Order,
    /// The first is the root; those given back are `None`.
    nodes: Vec<Option<Node>>,
    /// Slots given back.
    free: Vec<usize>,
    entities: Vec<Option<usize>>,
    groups: Vec<Option<usize>>,
    now: u64,
    /// Service that a node asks for at a time (EEVDF).
    request: u64,
    /// Where the counters of a contest start.
    origin: u128,
}

#[derive(Clone, Debug)]
struct Node {
    parent: usize,
    kind: Kind,
    weight: u32,
    counter: Reading,
    /// What it was owed when it left its contest, in 1/K of a unit of service (EEVDF).
    lag: i128,
    request: u64,
    /// Of its request, what is left (EEVDF).
    left: u64,
    /// Whether it is in the runnable set of its parent's contest.
    competes: bool,
    limit: Option<Budget>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Entity(usize, State),
    Group(Contest),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Asleep,
    Queued,
    InService,
}

/// What a contest remembers besides its members.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Contest {
    /// Start time: `s_min` when the last member left. EEVDF: `v0`, which is whole.
    base: Reading,
    /// The largest counter that a member ever left with (start time).
    finish: Reading,
}

impl Contest {
    fn starting_at(origin: u128) -> Self {
        Self { base: Reading::whole(origin), finish: Reading::whole(origin) }
    }
}

/// `k + rem / of`, in units of 1/K.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Reading {
    k: u128,
    rem: u32,
    /// The weight of whoever the counter was worked out for.
    of: u32,
}

impl Reading {
    fn whole(k: u128) -> Self {
        Self { k, rem: 0, of: 1 }
    }

    fn is_before(self, other: Self) -> bool {
        let ours = u64::from(self.rem) * u64::from(other.of);
        let theirs = u64::from(other.rem) * u64::from(self.of);
        (ahead(self.k, other.k), ours) < (0, theirs)
    }

    fn later(self, other: Self) -> Self {
        if self.is_before(other) { other } else { self }
    }

    /// `rem / of` in parts of `weight`, rounded up.
    fn parts(self, weight: u32) -> u32 {
        let parts = (u64::from(self.rem) * u64::from(weight)).div_ceil(u64::from(self.of));
        u32::try_from(parts).unwrap_or(0)
    }
}

const ROOT: usize = 0;

impl Twin {
    /// Start-time order: the least counter first.
    #[must_use]
    pub fn start_time() -> Self {
        Self::new(Order::StartTime, 1)
    }

    /// EEVDF: of those that are owed service, the earliest virtual deadline first. Everybody asks
    /// for `request` units of service at a time (at least 1).
    #[must_use]
    pub fn eevdf(request: u64) -> Self {
        Self::new(Order::Eevdf, request.max(1))
    }

    fn new(order: Order, request: u64) -> Self {
        Self {
            order,
            nodes: Vec::new(),
            free: Vec::new(),
            entities: Vec::new(),
            groups: Vec::new(),
            now: 0,
            request,
            origin: 0,
        }
        .starting_at(0)
    }

    /// The same, empty, with all counters starting there: to see them wrap around, for example.
    #[must_use]
    pub fn starting_at(mut self, origin: u128) -> Self {
        self.origin = origin;
        let root = self.node(ROOT, Kind::Group(Contest::starting_at(origin)), 1);
        self.nodes.clear();
        self.nodes.push(Some(root));
        self.free.clear();
        self.entities.clear();
        self.groups.clear();
        self
    }

    fn node(&self, parent: usize, kind: Kind, weight: u32) -> Node {
        Node {
            parent,
            kind,
            weight: weight.max(1),
            counter: Reading::whole(self.origin),
            lag: 0,
            request: self.request,
            left: self.request,
            competes: false,
            limit: None,
        }
    }

    /// A new entity at the root, asleep.
    pub fn add(&mut self, entity: usize, weight: u32) {
        self.insert(entity, ROOT, weight);
    }

    /// A new entity in a group, asleep.
    pub fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        if let Some(parent) = self.group_slot(group) {
            self.insert(entity, parent, weight);
        }
    }

    /// A new group in `parent`, or at the root.
    pub fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        let parent = parent.map_or(Some(ROOT), |parent| self.group_slot(parent));
        let Some(parent) = parent else { return };
        if self.group_slot(group).is_some() {
            return;
        }
        let contest = Contest::starting_at(self.origin);
        let slot = self.place(parent, Kind::Group(contest), weight);
        note(&mut self.groups, group, slot);
    }

    fn insert(&mut self, entity: usize, parent: usize, weight: u32) {
        if self.slot(entity).is_none() {
            let slot = self.place(parent, Kind::Entity(entity, State::Asleep), weight);
            note(&mut self.entities, entity, slot);
        }
    }

    fn place(&mut self, parent: usize, kind: Kind, weight: u32) -> usize {
        let mut node = self.node(parent, kind, weight);
        // A counter from before would be caught up on the first wake-up anyway.
        node.counter = Reading::whole(self.position(parent));
        let slot = self.free.pop().unwrap_or(self.nodes.len());
        if slot == self.nodes.len() {
            self.nodes.push(Some(node));
        } else {
            self.nodes[slot] = Some(node);
        }
        slot
    }

    /// Forgets an entity that is not in service.
    pub fn remove(&mut self, entity: usize) {
        let Some(slot) = self.slot(entity) else { return };
        if self.state(slot) == Some(State::InService) {
            return;
        }
        self.set_state(slot, State::Asleep);
        self.settle(slot);
        self.nodes[slot] = None;
        self.free.push(slot);
        self.entities[entity] = None;
    }

    /// A sleeping entity becomes runnable.
    pub fn wake(&mut self, entity: usize) {
        self.change(entity, State::Asleep, State::Queued);
    }

    /// An entity that is runnable and not in service falls asleep.
    pub fn sleep(&mut self, entity: usize) {
        self.change(entity, State::Queued, State::Asleep);
    }

    fn change(&mut self, entity: usize, from: State, to: State) {
        let Some(slot) = self.slot(entity) else { return };
        if self.state(slot) == Some(from) {
            self.set_state(slot, to);
            self.settle(slot);
        }
    }

    /// Changes a weight; what the entity is ahead or behind by, in service, stays.
    pub fn set_weight(&mut self, entity: usize, weight: u32) {
        if let Some(slot) = self.slot(entity) {
            self.reweight(slot, weight);
        }
    }

    /// As [`Twin::set_weight`], for a group.
    pub fn set_group_weight(&mut self, group: usize, weight: u32) {
        if let Some(slot) = self.group_slot(group) {
            self.reweight(slot, weight);
        }
    }

    fn reweight(&mut self, slot: usize, weight: u32) {
        match self.order {
            Order::StartTime => self.start_time_reweight(slot, weight.max(1)),
            Order::Eevdf => self.eevdf_reweight(slot, weight.max(1)),
        }
    }

    /// Changes what an entity asks for at a time, from its next request on (EEVDF).
    pub fn set_request(&mut self, entity: usize, request: u64) {
        if let Some(slot) = self.slot(entity) {
            self.at_mut(slot).request = request.max(1);
        }
    }

    /// Ends the service of `entity`, which used `used` (0 counts as 1); it stays runnable if
    /// `stays`, else it sleeps.
    pub fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        let Some(slot) = self.slot(entity) else { return };
        if self.state(slot) != Some(State::InService) {
            return;
        }
        for node in self.path(slot) {
            match self.order {
                Order::StartTime => self.add_service(node, used.max(1)),
                Order::Eevdf => self.eevdf_charge(node, used.max(1)),
            }
            if let Some(limit) = &mut self.at_mut(node).limit {
                limit.spend(used.max(1));
            }
        }
        self.set_state(slot, if stays { State::Queued } else { State::Asleep });
        self.settle(slot);
    }

    fn position(&self, contest: usize) -> u128 {
        match self.order {
            Order::StartTime => self.start_time_least(contest).k,
            Order::Eevdf => self.eevdf_floor(contest),
        }
    }

    /// Lets those in whom nothing keeps out any more, and out those who may not compete, from the
    /// node up to the root.
    fn settle(&mut self, slot: usize) {
        for node in self.path(slot) {
            let may = self.may_compete(node);
            if may == self.at(node).competes {
                continue;
            }
            match (self.order, may) {
                (Order::StartTime, true) => self.start_time_enter(node),
                (Order::StartTime, false) => self.start_time_leave(node),
                (Order::Eevdf, true) => self.eevdf_enter(node),
                (Order::Eevdf, false) => self.eevdf_leave(node),
            }
        }
    }

    fn may_compete(&self, slot: usize) -> bool {
        let node = self.at(slot);
        let runnable = match node.kind {
            Kind::Entity(_, state) => state != State::Asleep,
            Kind::Group(_) => self.members(slot).next().is_some(),
        };
        // What is in service when its budget ends stays until it is charged.
        runnable && (self.serves(slot) || node.limit.is_none_or(|limit| limit.open()))
    }

    /// Whether the entity, or one in the group, is in service.
    fn serves(&self, slot: usize) -> bool {
        match self.at(slot).kind {
            Kind::Entity(_, state) => state == State::InService,
            Kind::Group(_) => self.children(slot).any(|(child, _)| self.serves(child)),
        }
    }

    fn set_state(&mut self, slot: usize, to: State) {
        if let Kind::Entity(_, state) = &mut self.at_mut(slot).kind {
            *state = to;
        }
    }

    fn contest(&mut self, slot: usize) -> &mut Contest {
        match &mut self.at_mut(slot).kind {
            Kind::Group(contest) => contest,
            Kind::Entity(..) => unreachable!("only groups have children"),
        }
    }
}

fn note(numbers: &mut Vec<Option<usize>>, number: usize, slot: usize) {
    if numbers.len() <= number {
        numbers.resize(number + 1, None);
    }
    numbers[number] = Some(slot);
}

/// How far a counter is ahead of another (negative: behind), wrap-around or not.
fn ahead(counter: u128, of: u128) -> i128 {
    counter.wrapping_sub(of).cast_signed()
}

/// Service in units of 1/K.
fn scaled(used: u64) -> u128 {
    u128::from(used) << RESOLUTION_BITS
}
