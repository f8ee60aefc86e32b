//! A pick and its charge, beside other priority queues that do the same arithmetic.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "there are at most a million entities, of weights up to 1024"
)]

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::hint::black_box;
use std::time::Duration;

use apportion_benches::beside;
use apportion_wfq::{EntityId, GroupId, Order, Scheduler, Then, Weight};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use priority_queue::PriorityQueue;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const SIZES: [usize; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// So many turns in a row: it takes some thousand until the caches hold what the other left of them.
const SLICE: u64 = 200_000;
/// Service in a quantum.
const QUANTUM: u64 = 1_000;
/// Units of virtual time in a unit of service, for the peers.
const RESOLUTION_BITS: u32 = 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut rows = Vec::new();
    for weights in [Weights::Equal, Weights::LogUniform, Weights::Changing] {
        let mut group = criterion.benchmark_group(weights.name());
        // There are many, and a turn is short.
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
        group.sample_size(30);
        for size in SIZES {
            let drawn = weights.draw(size);
            let own = scheduler(Order::StartTime, &drawn, weights == Weights::Changing);
            let row = row_beside(&mut group, size, own, peers(weights, &drawn));
            rows.extend(row.map(|row| format!("{:12}{size:>8}{row}", weights.name())));
        }
        group.finish();
    }
    rows.extend(in_service(&mut criterion));
    criterion.final_summary();
    for row in rows {
        println!("{row}");
    }
    memory();
}

/// How long a turn takes at best, and the peers beside it; how many times as long theirs take, at best
/// and in the median. `None` if all are filtered out, or only tested.
fn row_beside(
    group: &mut BenchmarkGroup<'_, WallTime>,
    size: usize,
    mut own: Turn,
    peers: Vec<(&'static str, Turn)>,
) -> Option<String> {
    let mut least = f64::INFINITY;
    let columns = peers.into_iter().filter_map(|(name, turn)| {
        let found = beside(group, &format!("{name}/{size}"), SLICE, || (&mut own, turn))?;
        least = least.min(found.first[0]);
        let ([best, median], time) = (found.ratio, found.second[0] * 1e9);
        Some(format!("   {name} {time:6.1} ({best:.2}, {median:.2})"))
    });
    let columns: String = columns.collect();
    least.is_finite().then(|| format!(" wfq {:6.1} ns{columns}", least * 1e9))
}

/// Several CPUs: whoever has been in service for longest is charged, sleeps and wakes, and another
/// one is picked.
fn in_service(criterion: &mut Criterion) -> Vec<String> {
    let mut group = criterion.benchmark_group("in-service");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    let weights = Weights::LogUniform.draw(1_000);
    let rows = [1, 16, 256].into_iter().filter_map(|servers| {
        let btree = vec![("btree", btrees(&weights, servers))];
        let row = row_beside(&mut group, servers, several(&weights, servers), btree)?;
        Some(format!("{servers:>9} in service{row}"))
    });
    rows.collect()
}

fn several(weights: &[u32], servers: usize) -> Turn {
    let (mut scheduler, _) = filled(Order::StartTime, weights);
    let mut served: VecDeque<EntityId> =
        (0..servers).map(|_| scheduler.pick().expect("somebody waits").entity).collect();
    Box::new(move || {
        let entity = served.pop_front().expect("one is in service");
        scheduler.charge(black_box(entity), QUANTUM, Then::Sleep).expect("in service");
        scheduler.wake(entity).expect("asleep");
        served.push_back(scheduler.pick().expect("somebody waits").entity);
    })
}

/// A set of those who wait and one of those in service, both by counter.
fn btrees(weights: &[u32], servers: usize) -> Turn {
    let mut shares = shares(weights);
    let mut queue: BTreeSet<(u64, u32)> =
        first_counters(&mut shares).into_iter().zip(0..).collect();
    let mut order: VecDeque<(u64, u32)> =
        (0..servers).map(|_| queue.pop_first().expect("somebody waits")).collect();
    let mut served: BTreeSet<(u64, u32)> = order.iter().copied().collect();
    Box::new(move || {
        let (counter, id) = order.pop_front().expect("one is in service");
        served.remove(&(counter, id));
        let charged = shares[black_box(id) as usize].charge(counter, QUANTUM);
        let least = [queue.first(), served.first()].into_iter().flatten().min().copied();
        let (least, _) = least.unwrap_or((counter, id));
        queue.insert((charged.max(least), id));
        let next = queue.pop_first().expect("somebody waits");
        served.insert(next);
        order.push_back(next);
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Weights {
    Equal,
    LogUniform,
    /// Log-uniform, and one at random changes with each pick.
    Changing,
}

impl Weights {
    fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::LogUniform => "log-uniform",
            Self::Changing => "reweighted",
        }
    }

    fn draw(self, size: usize) -> Vec<u32> {
        let mut chance = SmallRng::seed_from_u64(1);
        (0..size).map(|_| if self == Self::Equal { 1 } else { log_uniform(&mut chance) }).collect()
    }
}

/// From 1 to 1024.
fn log_uniform(chance: &mut SmallRng) -> u32 {
    let exponent: f64 = chance.random_range(0.0..10.0);
    exponent.exp2() as u32
}

/// Entities, as a queue knows them, and their new weights, drawn beforehand: chance takes as long as a
/// turn.
struct Changes<E> {
    drawn: Vec<(E, u32)>,
    next: usize,
}

impl<E: Copy> Changes<E> {
    fn new(entities: impl ExactSizeIterator<Item = E>) -> Self {
        let entities: Vec<E> = entities.collect();
        let mut chance = SmallRng::seed_from_u64(2);
        let mut draw =
            || (entities[chance.random_range(0..entities.len())], log_uniform(&mut chance));
        Self { drawn: (0..1 << 16).map(|_| draw()).collect(), next: 0 }
    }

    /// The same again after 2^16.
    fn next(&mut self) -> (E, u32) {
        let drawn = self.drawn[self.next % (1 << 16)];
        self.next += 1;
        drawn
    }
}

fn numbers(entities: usize) -> impl ExactSizeIterator<Item = u32> {
    0..entities as u32
}

type Turn = Box<dyn FnMut()>;

/// What each has used when it has been served for the first time, in turn: a part of a quantum, drawn.
/// From there on, everybody is anywhere on the way to its next quantum, as it is after a long time.
fn first_charges(entities: usize) -> impl Iterator<Item = u64> {
    let mut chance = SmallRng::seed_from_u64(3);
    (0..entities).map(move |_| chance.random_range(1..=QUANTUM))
}

/// Each plays one turn when called.
fn peers(weights: Weights, drawn: &[u32]) -> Vec<(&'static str, Turn)> {
    let changing = weights == Weights::Changing;
    let mut found: Vec<(&'static str, Turn)> = vec![
        ("btree", btree(drawn, changing)),
        ("priority-queue", priority_queue(drawn, changing)),
    ];
    if !changing {
        found.push(("eevdf", scheduler(Order::Eevdf, drawn, false)));
        found.push(("binary-heap", binary_heap(drawn)));
        found.push(("hierarchy", hierarchy(drawn)));
    }
    found
}

/// A scheduler with an entity for each weight, all awake.
fn filled(order: Order, weights: &[u32]) -> (Scheduler, Vec<EntityId>) {
    let quantum = QUANTUM.try_into().expect("not zero");
    let mut scheduler = Scheduler::with_quantum(order, quantum).expect("in range");
    scheduler.reserve(weights.len());
    let entities = weights
        .iter()
        .map(|&weight| {
            let weight = Weight::new(weight).expect("in range");
            let entity = scheduler.add(weight).expect("few");
            scheduler.wake(entity).expect("asleep");
            entity
        })
        .collect();
    serve_each(&mut scheduler, weights.len());
    (scheduler, entities)
}

fn serve_each(scheduler: &mut Scheduler, entities: usize) {
    for used in first_charges(entities) {
        let pick = scheduler.pick().expect("somebody waits");
        scheduler.charge(pick.entity, used, Then::Requeue).expect("in service");
    }
}

fn scheduler(order: Order, weights: &[u32], changing: bool) -> Turn {
    let (mut scheduler, entities) = filled(order, weights);
    let mut changes = Changes::new(entities.into_iter());
    Box::new(move || {
        if changing {
            let (entity, weight) = changes.next();
            let weight = Weight::new(weight).expect("in range");
            scheduler.set_weight(entity, weight).expect("known");
        }
        let pick = scheduler.pick().expect("somebody waits");
        scheduler.charge(black_box(pick.entity), QUANTUM, Then::Requeue).expect("in service");
    })
}

/// Three levels, the same number of members at each node.
fn hierarchy(weights: &[u32]) -> Turn {
    let mut scheduler =
        Scheduler::with_quantum(Order::StartTime, QUANTUM.try_into().expect("not zero"))
            .expect("in range");
    let fan = (weights.len() as f64).cbrt().ceil() as usize;
    let weight = |n: usize| Weight::new(weights[n % weights.len()]).expect("in range");
    let groups: Vec<GroupId> = (0..fan)
        .flat_map(|n| {
            let above = scheduler.add_group(None, weight(n)).expect("few");
            (0..fan)
                .map(|m| scheduler.add_group(Some(above), weight(n * fan + m)).expect("few"))
                .collect::<Vec<_>>()
        })
        .collect();
    for (n, &weight) in weights.iter().enumerate() {
        let weight = Weight::new(weight).expect("in range");
        let entity = scheduler.add_to(groups[n % groups.len()], weight).expect("few");
        scheduler.wake(entity).expect("asleep");
    }
    serve_each(&mut scheduler, weights.len());
    Box::new(move || {
        let pick = scheduler.pick().expect("somebody waits");
        scheduler.charge(black_box(pick.entity), QUANTUM, Then::Requeue).expect("in service");
    })
}

/// The arithmetic of a charge, as in the scheduler: exact, and without a division.
#[derive(Clone, Copy)]
struct Share {
    weight: u64,
    reciprocal: u64,
    remainder: u64,
}

impl Share {
    fn new(weight: u32) -> Self {
        let weight = u64::from(weight);
        Self { weight, reciprocal: u64::MAX / weight, remainder: 0 }
    }

    /// How far a counter moves for so many units; keeps the remainder.
    fn distance(&mut self, units: u64) -> u64 {
        let estimate = ((u128::from(units) * u128::from(self.reciprocal)) >> 64) as u64;
        let left = units - estimate * self.weight;
        let one = u64::from(left >= self.weight);
        self.remainder = left - one * self.weight;
        estimate + one
    }

    fn charge(&mut self, counter: u64, used: u64) -> u64 {
        let remainder = self.remainder;
        counter.wrapping_add(self.distance((used << RESOLUTION_BITS) + remainder))
    }

    /// The counter at another weight that keeps the lag.
    fn reweight(&mut self, counter: u64, least: u64, weight: u32) -> u64 {
        let lag = (counter - least) * self.weight + self.remainder;
        *self = Self::new(weight);
        least + self.distance(lag)
    }
}

fn shares(weights: &[u32]) -> Vec<Share> {
    weights.iter().map(|&weight| Share::new(weight)).collect()
}

fn first_counters(shares: &mut [Share]) -> Vec<u64> {
    let charges = first_charges(shares.len());
    shares.iter_mut().zip(charges).map(|(share, used)| share.charge(0, used)).collect()
}

fn btree(weights: &[u32], changing: bool) -> Turn {
    let mut shares = shares(weights);
    let mut counters = first_counters(&mut shares);
    let mut queue: BTreeSet<(u64, u32)> = counters.iter().copied().zip(0..).collect();
    let mut changes = Changes::new(numbers(weights.len()));
    Box::new(move || {
        if changing {
            let (id, weight) = changes.next();
            let (least, _) = *queue.first().expect("somebody waits");
            let counter = &mut counters[id as usize];
            queue.remove(&(*counter, id));
            *counter = shares[id as usize].reweight(*counter, least.min(*counter), weight);
            queue.insert((*counter, id));
        }
        let (counter, id) = queue.pop_first().expect("somebody waits");
        let counter = shares[black_box(id) as usize].charge(counter, QUANTUM);
        counters[id as usize] = counter;
        queue.insert((counter, id));
    })
}

fn binary_heap(weights: &[u32]) -> Turn {
    let mut shares = shares(weights);
    let mut queue: BinaryHeap<Reverse<(u64, u32)>> =
        first_counters(&mut shares).into_iter().zip(0..).map(Reverse).collect();
    Box::new(move || {
        let Reverse((counter, id)) = queue.pop().expect("somebody waits");
        let counter = shares[black_box(id) as usize].charge(counter, QUANTUM);
        queue.push(Reverse((counter, id)));
    })
}

fn priority_queue(weights: &[u32], changing: bool) -> Turn {
    let mut shares = shares(weights);
    let counters = first_counters(&mut shares).into_iter().zip(0..);
    let mut queue: PriorityQueue<u32, Reverse<(u64, u32)>> =
        counters.map(|(counter, id)| (id, Reverse((counter, id)))).collect();
    let mut changes = Changes::new(numbers(weights.len()));
    Box::new(move || {
        if changing {
            let (id, weight) = changes.next();
            let (_, &Reverse((least, _))) = queue.peek().expect("somebody waits");
            let share = &mut shares[id as usize];
            queue.change_priority_by(&id, |Reverse((counter, _))| {
                *counter = share.reweight(*counter, least, weight);
            });
        }
        let (&id, &Reverse((counter, _))) = queue.peek().expect("somebody waits");
        let counter = shares[black_box(id) as usize].charge(counter, QUANTUM);
        queue.change_priority(&id, Reverse((counter, id)));
    })
}

/// Bytes for each of so many entities, all awake.
fn memory() {
    for order in [Order::StartTime, Order::Eevdf] {
        print!("bytes for each of");
        for size in SIZES {
            let scheduler = filled(order, &Weights::LogUniform.draw(size)).0;
            print!(" {size} {:.1},", scheduler.memory() as f64 / size as f64);
        }
        println!(" {order:?}");
    }
}
