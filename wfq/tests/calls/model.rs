//! What a caller knows of a scheduler: who is there, what it is doing, what its limit leaves.

use apportion_wfq::{EntityId, Error, GroupId, Limit, MAX_CHARGE, Member, Scheduler, Weight};

pub(crate) struct Model {
    /// All that have ever been there, and one of another scheduler.
    pub(crate) entities: Vec<Entity>,
    pub(crate) groups: Vec<Group>,
    pub(crate) quantum: u64,
    pub(crate) now: u64,
    /// No more than this has ever been charged, or given back.
    pub(crate) total: u128,
    /// Whether an earlier charge has been corrected.
    pub(crate) corrected: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Entity {
    pub(crate) id: EntityId,
    pub(crate) parent: Option<usize>,
    pub(crate) doing: Doing,
    pub(crate) budget: Option<Budget>,
    /// What it has been charged, corrections included.
    pub(crate) charged: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) parent: Option<usize>,
    pub(crate) is_known: bool,
    pub(crate) budget: Option<Budget>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doing {
    Gone,
    Sleeps,
    Waits,
    IsServed,
}

/// What is left of a limit.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) limit: Limit,
    left: i128,
    since: u64,
}

impl Budget {
    pub(crate) fn new(limit: Limit, now: u64) -> Self {
        Self { limit, left: limit.quota().get().into(), since: now }
    }

    /// What is left at a time that does not go back.
    fn left(&mut self, now: u64) -> i128 {
        let (quota, period) = (i128::from(self.limit.quota().get()), self.limit.period().get());
        let periods = (now - self.since) / period;
        self.since += periods * period;
        if periods > 0 {
            let grown = quota.saturating_mul(periods.into()).saturating_add(self.left);
            self.left = grown.min(quota + i128::from(self.limit.burst()));
        }
        self.left
    }

    fn spend(&mut self, now: u64, used: u64) {
        self.left = self.left(now) - i128::from(used);
    }

    /// When there will be something left again.
    pub(crate) fn release(mut self, now: u64) -> Option<u64> {
        let debt = self.left(now).min(0).unsigned_abs();
        let periods = debt / u128::from(self.limit.quota().get()) + 1;
        let wait = u64::try_from(periods).ok()?.checked_mul(self.limit.period().get())?;
        self.since.checked_add(wait).filter(|&release| release < u64::MAX)
    }
}

impl Model {
    pub(crate) fn new(quantum: u64) -> Self {
        let mut other = Scheduler::default();
        let mut id = None;
        for _ in 0..=2 * MOST {
            id = other.add(Weight::MIN).ok();
        }
        let id = id.expect("there is room");
        let entity = Entity { id, parent: None, doing: Doing::Gone, budget: None, charged: 0 };
        let id = other.add_group(None, Weight::MIN).expect("there is room");
        let group = Group { id, parent: None, is_known: false, budget: None };
        Self {
            entities: vec![entity],
            groups: vec![group],
            quantum,
            now: 0,
            total: 0,
            corrected: false,
        }
    }

    /// The entity that a byte means: mostly one that is there.
    pub(crate) fn entity(&self, which: u8) -> usize {
        let there: Vec<usize> = self.there().collect();
        match usize::from(which) {
            which if which >= STRANGE => which % self.entities.len(),
            which => *there.get(which % there.len().max(1)).unwrap_or(&0),
        }
    }

    /// The group that a byte means: mostly one that is there.
    pub(crate) fn group(&self, which: u8) -> usize {
        let there: Vec<usize> =
            (0..self.groups.len()).filter(|&group| self.groups[group].is_known).collect();
        match usize::from(which) {
            which if which >= STRANGE => which % self.groups.len(),
            which => *there.get(which % there.len().max(1)).unwrap_or(&0),
        }
    }

    /// The group that a byte means, or the root.
    pub(crate) fn group_or_root(&self, which: u8) -> Option<usize> {
        (!which.is_multiple_of(3) && self.groups.len() > 1).then(|| self.group(which / 3))
    }

    /// The entities that are there.
    pub(crate) fn there(&self) -> impl Iterator<Item = usize> {
        (0..self.entities.len()).filter(|&entity| self.entities[entity].doing != Doing::Gone)
    }

    pub(crate) fn that(&self, doing: Doing) -> impl Iterator<Item = usize> {
        self.there().filter(move |&entity| self.entities[entity].doing == doing)
    }

    pub(crate) fn groups_there(&self) -> usize {
        self.groups.iter().filter(|group| group.is_known).count()
    }

    pub(crate) fn find(&self, id: EntityId) -> Option<usize> {
        self.there().find(|&entity| self.entities[entity].id == id)
    }

    /// Why a call about an entity is refused, whatever it is.
    pub(crate) fn unknown(&self, entity: usize) -> Option<Error> {
        let Entity { id, doing, .. } = self.entities[entity];
        (doing == Doing::Gone).then_some(Error::UnknownEntity { entity: id })
    }

    pub(crate) fn unknown_group(&self, group: usize) -> Option<Error> {
        let Group { id, is_known, .. } = self.groups[group];
        (!is_known).then_some(Error::UnknownGroup { group: id })
    }

    /// Why a call about an entity that is not to be in service is refused.
    pub(crate) fn unknown_or_served(&self, entity: usize) -> Option<Error> {
        let Entity { id, doing, .. } = self.entities[entity];
        let served = (doing == Doing::IsServed).then_some(Error::InService { entity: id });
        self.unknown(entity).or(served)
    }

    /// The groups that a group is in, itself the first.
    pub(crate) fn above(&self, group: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(group, |&group| self.groups[group].parent)
    }

    /// How many members a group has.
    pub(crate) fn members(&self, group: usize) -> u32 {
        let groups = self.groups.iter().filter(|inner| inner.is_known);
        let entities = self.there().filter(|&entity| self.entities[entity].parent == Some(group));
        let members = entities.count() + groups.filter(|inner| inner.parent == Some(group)).count();
        u32::try_from(members).expect("there are few")
    }

    /// How many entities in a group are in service.
    fn served_in(&self, group: usize) -> u64 {
        let inside =
            |&entity: &usize| self.above(self.entities[entity].parent).any(|above| above == group);
        self.that(Doing::IsServed).filter(inside).count() as u64
    }

    /// Whether an entity has used its own limit up.
    pub(crate) fn is_spent(&self, entity: usize) -> bool {
        self.entities[entity].budget.is_some_and(|mut budget| budget.left(self.now) <= 0)
    }

    /// Whether an entity that waits may be served: `None` if it depends on when those in service
    /// were last looked at.
    pub(crate) fn may_serve(&self, entity: usize) -> Option<bool> {
        let mut sure = true;
        if self.is_spent(entity) {
            return Some(false);
        }
        for group in self.above(self.entities[entity].parent) {
            let Some(mut budget) = self.groups[group].budget else { continue };
            let (left, served) = (budget.left(self.now), self.served_in(group));
            // Each in service may use a quantum.
            if left <= i128::from(self.quantum) * i128::from(served) {
                return Some(false);
            }
            sure &= served == 0;
        }
        sure.then_some(true)
    }

    /// Charges the limits of an entity and of all groups that it is in.
    pub(crate) fn spend(&mut self, entity: usize, used: u64) {
        self.total += u128::from(used);
        self.entities[entity].charged = self.entities[entity].charged.saturating_add(used);
        let now = self.now;
        let groups: Vec<usize> = self.above(self.entities[entity].parent).collect();
        let of_groups = groups.into_iter();
        for group in of_groups {
            if let Some(budget) = &mut self.groups[group].budget {
                budget.spend(now, used);
            }
        }
        if let Some(budget) = &mut self.entities[entity].budget {
            budget.spend(now, used);
        }
    }

    /// Whether so much more can carry anybody too far ahead.
    pub(crate) fn may_exceed(&self, used: u64) -> bool {
        let served = self.that(Doing::IsServed).count() as u128;
        let all = self.total + u128::from(used) + served * u128::from(self.quantum);
        // Whoever joins moves virtual time, and starts so much further away from it.
        all > u128::from(MAX_CHARGE) / 4
    }

    pub(crate) fn member(&self, which: u8) -> (Member, Option<Error>, Named) {
        if which % 4 == 3 && self.groups.len() > 1 {
            let group = self.group(which / 4);
            let id = self.groups[group].id;
            return (id.into(), self.unknown_group(group), Named::Group(group));
        }
        let entity = self.entity(which);
        (self.entities[entity].id.into(), self.unknown(entity), Named::Entity(entity))
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Named {
    Entity(usize),
    Group(usize),
}

/// Entities at a time.
pub(crate) const MOST: usize = 48;

/// Groups at a time.
pub(crate) const MOST_GROUPS: usize = 6;

/// From this byte on, anybody is meant who has ever been there.
const STRANGE: usize = 232;
