use alloc::vec::Vec;

use crate::reference::Twin;
use crate::testkit::ProportionalShare;

/// When a [`Forgetful`] one forgets what is owed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Forgets {
    /// Never: it keeps all laws of [`Profile::eevdf`](crate::testkit::Profile::eevdf).
    Nothing,
    /// When the weight of somebody queued changes: it is owed nothing from then on, and one that
    /// was ahead need not wait. Linux has had such faults more than once.
    /// [`Law::Reweight`](crate::testkit::Law::Reweight).
    OnReweight,
    /// When somebody who was queued sleeps: a nap takes away a debt.
    /// [`Law::Lag`](crate::testkit::Law::Lag).
    OnSleep,
}

/// EEVDF that forgets what it owes, and what it is owed.
#[derive(Clone, Debug)]
pub struct Forgetful {
    forgets: Forgets,
    twin: Twin,
    /// By entity.
    queued: Vec<bool>,
    weights: Vec<u32>,
}

impl Forgetful {
    /// A scheduler of entities that ask for `request` units of service at a time.
    #[must_use]
    pub fn new(request: u64, forgets: Forgets) -> Self {
        Self { forgets, twin: Twin::eevdf(request), queued: Vec::new(), weights: Vec::new() }
    }

    /// Somebody new has its place: nothing is owed either way.
    fn replace(&mut self, entity: usize) {
        self.twin.remove(entity);
        self.twin.add(entity, self.weights[entity]);
    }
}

impl ProportionalShare for Forgetful {
    fn add(&mut self, entity: usize, weight: u32) {
        let count = self.weights.len().max(entity + 1);
        self.weights.resize(count, weight);
        self.queued.resize(count, false);
        self.weights[entity] = weight;
        self.twin.add(entity, weight);
    }

    fn remove(&mut self, entity: usize) {
        self.queued[entity] = false;
        self.twin.remove(entity);
    }

    fn wake(&mut self, entity: usize) {
        self.queued[entity] = true;
        self.twin.wake(entity);
    }

    fn sleep(&mut self, entity: usize) {
        self.queued[entity] = false;
        self.twin.sleep(entity);
        if self.forgets == Forgets::OnSleep {
            self.replace(entity);
        }
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.weights[entity] = weight;
        if self.forgets == Forgets::OnReweight && self.queued[entity] {
            self.replace(entity);
            self.twin.wake(entity);
        } else {
            self.twin.set_weight(entity, weight);
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let picked = self.twin.pick()?;
        self.queued[picked] = false;
        Some(picked)
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.queued[entity] = stays;
        self.twin.charge(entity, used, stays);
    }
}
