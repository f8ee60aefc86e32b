//! Negative controls: schedulers that make one mistake each, all of them made in real ones before.
//!
//! A kit is worth what it refuses. Each [`Mistake`] tells which law it breaks; without one the
//! [`Model`] is start-time order, and keeps all of them. What [`Forgets`] lag is EEVDF.

mod forgetful;

use alloc::vec::Vec;

pub use forgetful::{Forgetful, Forgets};

use super::budget::Budget;
use super::{Counter, Limited, ProportionalShare};

/// What a [`Model`] does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// None.
    Nothing,
    /// Whoever is queued, be it again, starts no earlier than a clock that everybody's service
    /// advances, whatever the weight: all weights become equal. A model of `scx_rustland`.
    /// [`Law::Pairwise`](super::Law::Pairwise).
    ClampsToMaximum,
    /// Whoever was throttled keeps its counter, and makes up for the time when its limit allows.
    /// [`Law::WindUp`](super::Law::WindUp).
    WindsUp,
    /// Counters are `f64`, and stand at 2^53: where 10^10 charges of a millisecond in nanoseconds
    /// get them. From there on 1/3 is absorbed, and whoever is first stays first.
    /// [`Law::Starvation`](super::Law::Starvation).
    Floats,
    /// Whoever gets another weight starts anew at the least counter: what it was ahead by is
    /// forgotten, and one that sets its weight after each turn has every turn.
    /// [`Law::Reweight`](super::Law::Reweight).
    ForgetsLag,
    /// Whoever wakes keeps its counter, and makes up for its sleep.
    /// [`Law::FreeLunch`](super::Law::FreeLunch).
    LetsSleepersCatchUp,
    /// Counters advance by `used * (1024 / weight)`, in integers: nothing for weights above 1024.
    /// [`Law::Starvation`](super::Law::Starvation).
    ZeroStride,
    /// The queue is a wheel of 64 buckets, as wide in all as a charge of 64 at the least weight
    /// that was ever added: a lower weight, set later, goes round it, and is served too early.
    /// [`Law::Pairwise`](super::Law::Pairwise).
    FixedHorizon,
}

/// Start-time order, small and slow, with a [`Mistake`].
#[derive(Clone, Debug)]
pub struct Model {
    mistake: Mistake,
    entities: Vec<Option<Entity>>,
    /// The least counter when somebody was last runnable, and the largest finish tag.
    least: u128,
    finish: u128,
    /// All service: the clock of [`Mistake::ClampsToMaximum`].
    clock: u128,
    least_weight: u32,
    /// The bucket of the wheel served last, counted on.
    bucket: u128,
    now: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entity {
    weight: u32,
    state: State,
    tag: u128,
    rem: u128,
    float: f64,
    budget: Option<Budget>,
    competes: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Asleep,
    Queued,
    InService,
}

/// Counters count in units of one K-th, as in the [reference](crate::reference).
/// Its counters are compared without their remainders: `2 w_i w_j` must not exceed this.
const K: u128 = 1 << 41;
const LARGEST_WEIGHT: u32 = 1 << 20;
const BUCKETS: u128 = 64;
/// 2^53, from where `f64` knows no fractions, and every second integer only.
const ABSORBING: f64 = 9_007_199_254_740_992.0;

impl Model {
    /// A scheduler that makes this mistake.
    #[must_use]
    pub fn new(mistake: Mistake) -> Self {
        Self {
            mistake,
            entities: Vec::new(),
            least: 0,
            finish: 0,
            clock: 0,
            least_weight: u32::MAX,
            bucket: 0,
            now: 0,
        }
    }

    fn runnable(&self) -> impl Iterator<Item = &Entity> {
        self.entities.iter().flatten().filter(|entity| entity.competes)
    }

    fn least(&self) -> u128 {
        self.runnable().map(|entity| entity.tag).min().unwrap_or(self.least)
    }

    fn at(&mut self, entity: usize) -> &mut Entity {
        self.entities[entity].as_mut().expect("the kit names entities that it added")
    }

    fn change(&mut self, entity: usize, state: State) {
        let woken = self.at(entity).state == State::Asleep;
        self.at(entity).state = state;
        self.settle(entity, woken);
    }

    fn settle(&mut self, number: usize, woken: bool) {
        let least = self.least();
        let (mistake, clock) = (self.mistake, self.clock);
        let entity = self.at(number);
        let open = entity.budget.is_none_or(|budget| budget.open());
        let competes = match entity.state {
            State::Asleep => false,
            State::Queued => open,
            State::InService => true,
        };
        let enters = competes && !entity.competes;
        let leaves = entity.competes && !competes;
        entity.competes = competes;
        let forgiven = match mistake {
            Mistake::WindsUp => !woken,
            Mistake::LetsSleepersCatchUp => woken,
            _ => false,
        };
        if enters && !forgiven && entity.tag < least {
            (entity.tag, entity.rem) = (least, 0);
        }
        if mistake == Mistake::ClampsToMaximum && entity.state == State::Queued {
            entity.tag = entity.tag.max(clock);
        }
        if leaves && self.runnable().next().is_none() {
            self.least = least.max(self.finish);
        }
    }

    /// The place of a tag on the wheel, counted from the bucket served last.
    fn place(&self, tag: u128) -> u128 {
        let width = K / u128::from(self.least_weight).min(K);
        (tag / width.max(1)).wrapping_sub(self.bucket) % BUCKETS
    }
}

impl ProportionalShare for Model {
    fn add(&mut self, entity: usize, weight: u32) {
        if self.entities.len() <= entity {
            self.entities.resize(entity + 1, None);
        }
        self.least_weight = self.least_weight.min(weight);
        let tag = self.least();
        self.entities[entity] = Some(Entity {
            weight,
            state: State::Asleep,
            tag,
            rem: 0,
            float: ABSORBING,
            budget: None,
            competes: false,
        });
    }

    fn remove(&mut self, entity: usize) {
        self.change(entity, State::Asleep);
        self.entities[entity] = None;
    }

    fn wake(&mut self, entity: usize) {
        self.change(entity, State::Queued);
    }

    fn sleep(&mut self, entity: usize) {
        self.change(entity, State::Asleep);
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        let (mistake, least) = (self.mistake, self.least());
        let entity = self.at(entity);
        if mistake == Mistake::ForgetsLag {
            (entity.tag, entity.rem) = (least, 0);
        } else if entity.tag >= least {
            let service = (entity.tag - least) * u128::from(entity.weight) + entity.rem;
            entity.tag = least + service / u128::from(weight);
            entity.rem = service % u128::from(weight);
        } else {
            entity.rem = 0;
        }
        entity.weight = weight;
    }

    fn pick(&mut self) -> Option<usize> {
        let all = self.entities.iter().enumerate();
        let queued = all.filter_map(|(number, entity)| {
            let entity = entity.filter(|entity| entity.competes && entity.state == State::Queued);
            entity.map(|entity| (number, entity))
        });
        let picked = match self.mistake {
            // No tag is negative, and so the bits are in order.
            Mistake::Floats => {
                queued.min_by_key(|(number, entity)| (entity.float.to_bits(), *number))
            }
            Mistake::FixedHorizon => {
                queued.min_by_key(|(number, entity)| (self.place(entity.tag), entity.tag, *number))
            }
            _ => queued.min_by_key(|(number, entity)| (entity.tag, *number)),
        };
        let (picked, entity) = picked?;
        self.bucket = self.bucket.wrapping_add(self.place(entity.tag));
        self.change(picked, State::InService);
        Some(picked)
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        let mistake = self.mistake;
        let served = self.at(entity);
        let weight = u128::from(served.weight);
        if mistake == Mistake::ZeroStride {
            served.tag += u128::from(used) * (1024 / weight) * (K / 1024);
        } else {
            let total = served.rem + u128::from(used) * K;
            served.tag += total / weight;
            served.rem = total % weight;
        }
        #[expect(clippy::cast_precision_loss, reason = "the mistake")]
        let quotient = used as f64 / f64::from(served.weight);
        served.float += quotient;
        if let Some(budget) = &mut served.budget {
            budget.spend(used);
        }
        let finish = served.tag;
        self.finish = self.finish.max(finish);
        self.clock += u128::from(used) * K;
        self.change(entity, if stays { State::Queued } else { State::Asleep });
    }

    fn counter(&self, entity: usize) -> Option<Counter> {
        let entity = self.entities.get(entity)?.as_ref()?;
        // Those are compared without their remainders.
        Some(Counter::new(entity.tag, K).rounded(LARGEST_WEIGHT))
    }
}

impl Limited for Model {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        let now = self.now;
        self.at(entity).budget = Some(Budget::new(now, quota, period, burst));
        self.settle(entity, false);
    }

    fn advance(&mut self, now: u64) {
        self.now = now;
        for entity in 0..self.entities.len() {
            if let Some(budget) = self.entities[entity].as_mut().and_then(|at| at.budget.as_mut()) {
                budget.pass(now);
                self.settle(entity, false);
            }
        }
    }

    fn next_release(&self, _: u64) -> Option<u64> {
        let throttled = self.entities.iter().flatten();
        let queued = throttled.filter(|entity| entity.state == State::Queued);
        let releases = queued.filter_map(|entity| Some(entity.budget?.release()));
        releases.filter(|&release| release > 0).min()
    }
}
