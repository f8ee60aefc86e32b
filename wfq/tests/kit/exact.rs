//! EEVDF without any rounding, for the kit to take: weights change, but nobody comes or goes.

use apportion_wfq::testkit::{Driver, Operation, Plain, Profile, ProportionalShare, Violation};
use proptest::collection;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// A wide integer, negative ones as complements of two.
#[derive(Clone, Copy)]
struct Wide([u64; Self::DIGITS]);

impl Wide {
    /// Enough for 80 changes of weight.
    const DIGITS: usize = 32;

    fn new(number: u64) -> Self {
        let mut digits = [0; Self::DIGITS];
        digits[0] = number;
        Self(digits)
    }

    fn times(self, by: u64) -> Self {
        let mut carry = 0;
        Self(self.0.map(|digit| {
            let (low, high) = digit.carrying_mul(by, carry);
            carry = high;
            low
        }))
    }

    fn minus(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (digit, other) in self.0.iter_mut().zip(other.0) {
            let (once, first) = digit.overflowing_sub(other);
            let (twice, second) = once.overflowing_sub(borrow.into());
            (*digit, borrow) = (twice, first || second);
        }
        self
    }

    fn plus(self, other: Self) -> Self {
        self.minus(Self::new(0).minus(other))
    }

    fn is_negative(self) -> bool {
        self.0[Self::DIGITS - 1] >> 63 == 1
    }
}

/// All that is kept of an entity, times `one`.
struct Entity {
    weight: u64,
    left: u64,
    lag: Wide,
}

struct Exact {
    request: u64,
    entities: Vec<Entity>,
    /// The common denominator of all lags.
    one: Wide,
    /// `one / W`.
    share: Wide,
}

impl Exact {
    fn new(request: u64) -> Self {
        Self { request, entities: Vec::new(), one: Wide::new(1), share: Wide::new(1) }
    }

    /// W is another: the denominator becomes a multiple of it.
    fn rescale(&mut self) {
        let weights = self.entities.iter().map(|entity| entity.weight).sum();
        self.share = self.one;
        self.one = self.one.times(weights);
        for entity in &mut self.entities {
            entity.lag = entity.lag.times(weights);
        }
    }

    /// From V to the deadline, times the weight.
    fn due(&self, entity: usize) -> Wide {
        self.one.times(self.entities[entity].left).minus(self.entities[entity].lag)
    }

    fn is_due_before(&self, entity: usize, other: usize) -> bool {
        let scaled = |entity: usize, by: usize| self.due(entity).times(self.entities[by].weight);
        scaled(entity, other).minus(scaled(other, entity)).is_negative()
    }
}

impl ProportionalShare for Exact {
    fn add(&mut self, entity: usize, weight: u32) {
        assert_eq!(entity, self.entities.len(), "they come one after another");
        let lag = Wide::new(0);
        self.entities.push(Entity { weight: weight.into(), left: self.request, lag });
        self.rescale();
    }

    fn wake(&mut self, _: usize) {}

    fn remove(&mut self, _: usize) {
        unreachable!("nobody goes");
    }

    fn sleep(&mut self, _: usize) {
        unreachable!("nobody sleeps");
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.entities[entity].weight = weight.into();
        self.rescale();
    }

    fn pick(&mut self) -> Option<usize> {
        let all = 0..self.entities.len();
        let eligible = all.filter(|&entity| !self.entities[entity].lag.is_negative());
        eligible.reduce(|best, other| if self.is_due_before(other, best) { other } else { best })
    }

    fn charge(&mut self, entity: usize, used: u64, _: bool) {
        for entity in &mut self.entities {
            entity.lag = entity.lag.plus(self.share.times(used * entity.weight));
        }
        let served = &mut self.entities[entity];
        served.lag = served.lag.minus(self.one.times(used));
        served.left = if used < served.left { served.left - used } else { self.request };
    }
}

fn driver(weights: &[u32]) -> Result<Driver<Plain<Exact>>, Violation> {
    let mut driver = Driver::new(Plain(Exact::new(7)), Profile::eevdf(7).rounding(1));
    for (entity, &weight) in weights.iter().enumerate() {
        driver.play(Operation::Add { entity, group: None, weight })?;
        driver.play(Operation::Wake { entity })?;
    }
    Ok(driver)
}

fn serve(used: u64) -> [Operation; 2] {
    [Operation::Pick, Operation::Charge { place: 0, used, stays: true }]
}

/// A weight that shrinks leaves service of more than the sum of weights to be counted.
#[test]
fn one_weight_after_another_is_no_mistake() -> Result<(), Violation> {
    let set = |entity, weight| [Operation::SetWeight { entity, weight }];
    let mut driver = driver(&[1, 1 << 17, 1 << 20])?;
    driver.play_all(&serve(3))?;
    driver.play_all(&set(0, 1 << 16))?;
    driver.play_all(&[serve(1), serve(3)].concat())?;
    driver.play_all(&[set(0, 3), set(1, 1 << 16), set(1, 1 << 20)].concat())?;
    driver.play(Operation::Pick).map(drop)
}

#[test]
fn what_is_exact_keeps_all_laws() -> Result<(), Violation> {
    let weight = || select(vec![1, 3, 1 << 16, 1 << 17, 1 << 20]);
    let set = (0usize..5, weight())
        .prop_map(|(entity, weight)| vec![Operation::SetWeight { entity, weight }]);
    let serve = (1u64..=7).prop_map(|used| serve(used).to_vec());
    let steps = (collection::vec(weight(), 2..=5), collection::vec(prop_oneof![set, serve], 60));
    let mut runner = TestRunner::deterministic();
    for _ in 0..20_000 {
        let (weights, steps) = steps.new_tree(&mut runner).expect("nothing is filtered").current();
        driver(&weights)?.play_all(&steps.concat())?;
    }
    Ok(())
}
