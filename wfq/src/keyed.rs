//! A scheduler whose entities have names of the caller's.

#[cfg(feature = "serde")]
mod snapshot;

use alloc::vec::Vec;
use core::hash::Hash;
use core::num::NonZeroU64;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::{
    Activity, EntityId, Error, GroupId, Limit, Member, Order, Pick, Scheduler, Then, Weight,
};

/// A [`Scheduler`] for callers with ids of their own: process ids, tenants.
///
/// Every call looks its key up, and is otherwise the [`Scheduler`]'s of the same name: the same
/// decisions for the same calls, ties included. Nothing depends on the order of keys or on their
/// hashes. With the feature `serde` it can be saved and restored as that can, keys included.
///
/// ```
/// use apportion_wfq::{Keyed, KeyedError, Order, Then, Weight};
///
/// let mut scheduler = Keyed::new(Order::StartTime);
/// for (tenant, weight) in [("ann", 1), ("bob", 2)] {
///     scheduler.add(tenant, Weight::new(weight)?)?;
///     scheduler.wake(&tenant)?;
/// }
/// let mut served = Vec::new();
/// for _ in 0..6 {
///     let (&tenant, _) = scheduler.pick().unwrap();
///     scheduler.charge(&tenant, 1, Then::Requeue)?;
///     served.push(tenant);
/// }
/// assert_eq!(served, ["ann", "bob", "bob", "ann", "bob", "bob"]);
/// assert_eq!(scheduler.wake(&"eve"), Err(KeyedError::UnknownKey { key: "eve" }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Keyed<K> {
    scheduler: Scheduler,
    entities: IndexMap<K, EntityId, FixedState>,
    /// By number; groups have none.
    keys: Vec<Option<K>>,
}

/// What a caller of [`Keyed`] did wrong. Nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyedError<K> {
    /// No entity has the key, or not any more.
    #[error("there is no such key")]
    UnknownKey {
        /// The key.
        key: K,
    },
    /// An entity has the key already.
    #[error("there is such a key already")]
    DuplicateKey {
        /// The key.
        key: K,
    },
    /// The scheduler refused.
    #[error(transparent)]
    Scheduler(#[from] Error),
}

impl<K: Clone + Eq + Hash> Keyed<K> {
    /// Nobody yet; a quantum of 1.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self::over(Scheduler::new(order))
    }

    /// Nobody yet.
    ///
    /// # Errors
    ///
    /// [`Error::QuantumTooLarge`] above [`MAX_CHARGE`](crate::MAX_CHARGE).
    pub fn with_quantum(order: Order, quantum: NonZeroU64) -> Result<Self, Error> {
        Ok(Self::over(Scheduler::with_quantum(order, quantum)?))
    }

    fn over(scheduler: Scheduler) -> Self {
        Self { scheduler, entities: IndexMap::default(), keys: Vec::new() }
    }

    /// Makes room for so many more entities.
    pub fn reserve(&mut self, additional: usize) {
        self.scheduler.reserve(additional);
        self.entities.reserve(additional);
        self.keys.reserve(additional);
    }

    /// The scheduler, to ask it about entities and groups by their handles.
    #[must_use]
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The handle of an entity.
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`].
    pub fn entity(&self, key: &K) -> Result<EntityId, KeyedError<K>> {
        match self.entities.get(key) {
            Some(&entity) => Ok(entity),
            None => Err(KeyedError::UnknownKey { key: key.clone() }),
        }
    }

    /// The key of an entity.
    #[must_use]
    pub fn key(&self, entity: EntityId) -> Option<&K> {
        let key = self.keys.get(entity.index())?.as_ref()?;
        (self.entities.get(key) == Some(&entity)).then_some(key)
    }

    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whether there are no entities.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// A new entity, asleep, beside the top groups.
    ///
    /// # Errors
    ///
    /// [`KeyedError::DuplicateKey`], [`Error::Full`].
    pub fn add(&mut self, key: K, weight: Weight) -> Result<EntityId, KeyedError<K>> {
        self.insert(key, |scheduler| scheduler.add(weight))
    }

    /// A new entity, asleep, in a group.
    ///
    /// # Errors
    ///
    /// [`KeyedError::DuplicateKey`], [`Error::UnknownGroup`], [`Error::Full`].
    pub fn add_to(
        &mut self,
        group: GroupId,
        key: K,
        weight: Weight,
    ) -> Result<EntityId, KeyedError<K>> {
        self.insert(key, |scheduler| scheduler.add_to(group, weight))
    }

    fn insert(
        &mut self,
        key: K,
        add: impl FnOnce(&mut Scheduler) -> Result<EntityId, Error>,
    ) -> Result<EntityId, KeyedError<K>> {
        match self.entities.entry(key) {
            Entry::Occupied(entry) => Err(KeyedError::DuplicateKey { key: entry.key().clone() }),
            Entry::Vacant(entry) => {
                let entity = add(&mut self.scheduler)?;
                let number = entity.index();
                if self.keys.len() <= number {
                    self.keys.resize(number + 1, None);
                }
                self.keys[number] = Some(entry.key().clone());
                entry.insert(entity);
                Ok(entity)
            }
        }
    }

    /// Forgets an entity, asleep or not.
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`]; [`Error::InService`]: charge it with [`Then::Remove`].
    pub fn remove(&mut self, key: &K) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        self.scheduler.remove(entity)?;
        self.forget(key, entity);
        Ok(())
    }

    fn forget(&mut self, key: &K, entity: EntityId) {
        self.entities.swap_remove(key);
        self.keys[entity.index()] = None;
    }

    /// [`Scheduler::wake`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::InService`], [`Error::AlreadyAwake`].
    pub fn wake(&mut self, key: &K) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.wake(entity)?)
    }

    /// [`Scheduler::sleep`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::InService`], [`Error::AlreadyAsleep`].
    pub fn sleep(&mut self, key: &K) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.sleep(entity)?)
    }

    /// [`Scheduler::set_weight`] of an entity.
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`].
    pub fn set_weight(&mut self, key: &K, weight: Weight) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.set_weight(entity, weight)?)
    }

    /// [`Scheduler::set_request`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::QuantumTooLarge`].
    pub fn set_request(&mut self, key: &K, request: NonZeroU64) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.set_request(entity, request)?)
    }

    /// [`Scheduler::set_limit`] of an entity.
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`].
    pub fn set_limit(&mut self, key: &K, limit: Option<Limit>) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.set_limit(entity, limit)?)
    }

    /// [`Scheduler::activity`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`].
    pub fn activity(&self, key: &K) -> Result<Activity, KeyedError<K>> {
        Ok(self.scheduler.activity(self.entity(key)?)?)
    }

    /// [`Scheduler::pick`], with the key of whom it picked.
    pub fn pick(&mut self) -> Option<(&K, Pick)> {
        let pick = self.scheduler.pick()?;
        let key = self.keys.get(pick.entity.index())?.as_ref()?;
        Some((key, pick))
    }

    /// [`Scheduler::charge`]. With [`Then::Remove`] the key is free again.
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::NotInService`], [`Error::ChargeTooLarge`],
    /// [`Error::SpanExceeded`].
    pub fn charge(&mut self, key: &K, used: u64, then: Then) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        self.scheduler.charge(entity, used, then)?;
        if then == Then::Remove {
            self.forget(key, entity);
        }
        Ok(())
    }

    /// [`Scheduler::correct`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::InService`], [`Error::ChargeTooLarge`],
    /// [`Error::SpanExceeded`].
    pub fn correct(&mut self, key: &K, charged: u64, used: u64) -> Result<(), KeyedError<K>> {
        let entity = self.entity(key)?;
        Ok(self.scheduler.correct(entity, charged, used)?)
    }

    /// [`Scheduler::would_preempt`].
    ///
    /// # Errors
    ///
    /// [`KeyedError::UnknownKey`], [`Error::NotInService`].
    pub fn would_preempt(&self, waiting: &K, served: &K) -> Result<bool, KeyedError<K>> {
        let (waiting, served) = (self.entity(waiting)?, self.entity(served)?);
        Ok(self.scheduler.would_preempt(waiting, served)?)
    }

    /// [`Scheduler::add_group`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::Full`].
    pub fn add_group(&mut self, parent: Option<GroupId>, weight: Weight) -> Result<GroupId, Error> {
        self.scheduler.add_group(parent, weight)
    }

    /// [`Scheduler::remove_group`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::GroupNotEmpty`].
    pub fn remove_group(&mut self, group: GroupId) -> Result<(), Error> {
        self.scheduler.remove_group(group)
    }

    /// [`Scheduler::set_weight`] of a group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn set_group_weight(&mut self, group: GroupId, weight: Weight) -> Result<(), Error> {
        self.scheduler.set_weight(Member::Group(group), weight)
    }

    /// [`Scheduler::set_limit`] of a group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn set_group_limit(&mut self, group: GroupId, limit: Option<Limit>) -> Result<(), Error> {
        self.scheduler.set_limit(Member::Group(group), limit)
    }

    /// [`Scheduler::advance`].
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`].
    pub fn advance(&mut self, now: u64) -> Result<(), Error> {
        self.scheduler.advance(now)
    }

    /// [`Scheduler::next_release`].
    #[must_use]
    pub fn next_release(&self, now: u64) -> Option<u64> {
        self.scheduler.next_release(now)
    }
}
