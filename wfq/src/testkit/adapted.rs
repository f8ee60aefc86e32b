use alloc::vec::Vec;

use super::ProportionalShare;

/// What a scheduler of one's own does, each in a line: for [`Adapted`].
#[derive(Debug)]
pub struct Calls<S> {
    /// Somebody with this key and weight is runnable from now on: somebody new, or awake again. Keys
    /// count from 0; those of entities that were removed do not come again.
    pub wake: fn(&mut S, usize, u32),
    /// Somebody runnable, and not in service, is not runnable any more.
    pub sleep: fn(&mut S, usize),
    /// Who is served next; it is in service until charged.
    pub pick: fn(&mut S) -> Option<usize>,
    /// Who was in service used so much. It stays runnable if the last is true, else it sleeps.
    pub charge: fn(&mut S, usize, u64, bool),
    /// Somebody runnable, be it in service or not, has another weight. Without it, weights are not
    /// changed.
    pub set_weight: Option<fn(&mut S, usize, u32)>,
}

impl<S> Clone for Calls<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Calls<S> {}

/// A scheduler that knows of nobody but those who are runnable, made one that can be checked.
///
/// Who sleeps, and with which weight, is kept here.
#[derive(Clone, Debug)]
pub struct Adapted<S> {
    /// The scheduler.
    pub scheduler: S,
    calls: Calls<S>,
    /// By number.
    entities: Vec<Entity>,
    /// By key, the number.
    numbers: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Entity {
    key: usize,
    weight: u32,
    runnable: bool,
}

impl<S> Adapted<S> {
    /// A scheduler that knows of nobody yet.
    #[must_use]
    pub fn new(scheduler: S, calls: Calls<S>) -> Self {
        Self { scheduler, calls, entities: Vec::new(), numbers: Vec::new() }
    }
}

impl<S> ProportionalShare for Adapted<S> {
    fn add(&mut self, entity: usize, weight: u32) {
        let added = Entity { key: self.numbers.len(), weight, runnable: false };
        let count = self.entities.len().max(entity + 1);
        self.entities.resize(count, added);
        self.entities[entity] = added;
        self.numbers.push(entity);
    }

    fn remove(&mut self, entity: usize) {
        if self.entities[entity].runnable {
            self.sleep(entity);
        }
    }

    fn wake(&mut self, entity: usize) {
        let Entity { key, weight, runnable } = &mut self.entities[entity];
        *runnable = true;
        (self.calls.wake)(&mut self.scheduler, *key, *weight);
    }

    fn sleep(&mut self, entity: usize) {
        self.entities[entity].runnable = false;
        (self.calls.sleep)(&mut self.scheduler, self.entities[entity].key);
    }

    fn set_weight(&mut self, entity: usize, to: u32) {
        let Entity { key, weight, runnable } = &mut self.entities[entity];
        *weight = to;
        if let Some(set_weight) = self.calls.set_weight.filter(|_| *runnable) {
            set_weight(&mut self.scheduler, *key, to);
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let key = (self.calls.pick)(&mut self.scheduler)?;
        // A key that nobody has is a number that nobody has.
        Some(self.numbers.get(key).map_or(usize::MAX, |&number| number))
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.entities[entity].runnable = stays;
        (self.calls.charge)(&mut self.scheduler, self.entities[entity].key, used, stays);
    }

    fn can_reweight(&self) -> bool {
        self.calls.set_weight.is_some()
    }
}
