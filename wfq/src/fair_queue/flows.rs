//! Flows, by key and by number, and which of them can be forgotten.

use alloc::collections::{BTreeSet, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::hash::Hash;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::items::List;
use crate::{EntityId, Scheduler, Weight};

#[derive(Clone, Debug)]
pub(super) struct Flows<K> {
    /// By number, which is that of the entity.
    all: Vec<Flow<K>>,
    numbers: IndexMap<K, u32, FixedState>,
    /// Numbers of nobody.
    vacant: BinaryHeap<Reverse<u32>>,
    /// Those that are idle, by where they are on virtual time, but for those of a weight of their
    /// own that it has passed.
    idle: BTreeSet<(i128, u32)>,
}

#[derive(Clone, Debug)]
pub(super) struct Flow<K> {
    /// `None` if the number is vacant.
    key: Option<K>,
    pub(super) entity: EntityId,
    pub(super) items: List,
    pub(super) in_service: u32,
    pub(super) has_own_weight: bool,
    /// How often it has woken with items in service.
    pub(super) wakes: u32,
    /// What may be given back to items in service since before it last woke.
    pub(super) refundable: u64,
    /// Its counter when its last item was taken, rounded up and not on a circle. [`FORGIVEN`] if
    /// the entity has nothing to remember.
    pub(super) finish: i128,
}

impl<K> Flow<K> {
    /// With nothing to remember. Without a key, its number is vacant.
    pub(super) fn new(key: Option<K>, entity: EntityId) -> Self {
        Self {
            key,
            entity,
            items: List::EMPTY,
            in_service: 0,
            has_own_weight: false,
            wakes: 0,
            refundable: 0,
            finish: FORGIVEN,
        }
    }

    /// Nothing waits, and nothing is in service.
    pub(super) fn is_idle(&self) -> bool {
        self.items.len == 0 && self.in_service == 0
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_known(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }
}

#[cfg(feature = "serde")]
impl<K> Flows<K> {
    /// By number.
    pub(super) fn all(&self) -> &[Flow<K>] {
        &self.all
    }
}

impl<K: Clone + Eq + Hash> Flows<K> {
    pub(super) fn new() -> Self {
        Self {
            all: Vec::new(),
            numbers: IndexMap::default(),
            vacant: BinaryHeap::new(),
            idle: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.all.capacity() * size_of::<Flow<K>>()
            + self.numbers.capacity() * (size_of::<(K, u32, u64)>() + size_of::<usize>())
            + self.vacant.capacity() * size_of::<u32>()
            + self.idle.len() * size_of::<(i128, u32)>() * 2
    }

    pub(super) fn find(&self, key: &K) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    pub(super) fn at(&mut self, number: u32) -> &mut Flow<K> {
        &mut self.all[number as usize]
    }

    pub(super) fn get(&self, number: u32) -> &Flow<K> {
        &self.all[number as usize]
    }

    /// A flow that was not known: takes the lowest number that is vacant. `None` if the scheduler
    /// is full.
    pub(super) fn appear(
        &mut self,
        key: K,
        weight: Weight,
        scheduler: &mut Scheduler,
    ) -> Option<u32> {
        let number = if let Some(Reverse(number)) = self.vacant.pop() {
            let flow = &mut self.all[number as usize];
            *flow = Flow::new(Some(key.clone()), renewed(scheduler, flow.entity, weight));
            number
        } else {
            let entity = scheduler.add(weight).ok()?;
            self.all.push(Flow::new(Some(key.clone()), entity));
            entity.index() as u32
        };
        self.numbers.insert(key, number);
        Some(number)
    }

    /// The flow of the next number, as it was saved. Tells whether its key is nobody else's.
    #[cfg(feature = "serde")]
    pub(super) fn restore(&mut self, flow: Flow<K>) -> bool {
        let number = self.all.len() as u32;
        let mut before = None;
        if let Some(key) = &flow.key {
            before = self.numbers.insert(key.clone(), number);
        } else {
            self.vacant.push(Reverse(number));
        }
        self.all.push(flow);
        before.is_none()
    }

    /// A flow that is idle, or may be forgotten from now on.
    pub(super) fn rest(&mut self, number: u32) {
        self.idle.insert((self.get(number).finish, number));
    }

    /// A flow is idle no longer, or moves on virtual time.
    pub(super) fn rouse(&mut self, number: u32) {
        self.idle.remove(&(self.get(number).finish, number));
    }

    /// Forgets those who are idle and whom virtual time, now at `reached`, has passed.
    pub(super) fn forget(&mut self, reached: i128, scheduler: &mut Scheduler) {
        while let Some(&(finish, number)) = self.idle.first()
            && finish <= reached
        {
            self.idle.pop_first();
            let flow = &mut self.all[number as usize];
            if flow.has_own_weight {
                flow.finish = FORGIVEN;
                if let Ok(weight) = scheduler.weight(flow.entity) {
                    flow.entity = renewed(scheduler, flow.entity, weight);
                }
            } else if let Some(key) = flow.key.take() {
                self.numbers.swap_remove(&key);
                self.vacant.push(Reverse(number));
            }
        }
    }
}

/// Before any counter.
pub(super) const FORGIVEN: i128 = i128::MIN;

/// The same number with nothing to remember.
fn renewed(scheduler: &mut Scheduler, entity: EntityId, weight: Weight) -> EntityId {
    let removed = scheduler.remove(entity);
    debug_assert_eq!(removed, Ok(()), "an idle flow sleeps");
    let added = scheduler.add(weight);
    debug_assert_eq!(added.map(EntityId::index), Ok(entity.index()), "the last to leave");
    added.unwrap_or(entity)
}
