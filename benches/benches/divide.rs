//! A division, beside the usual ways to find the level; and a change of one claim, beside a division
//! of all anew.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the peers compute in floats; there are at most a million claims"
)]

use std::hint::black_box;
use std::time::Duration;

use apportion_benches::median;
use apportion_fairshare::{Claim, ClaimId, Division, Reading, Rules, Tree, Weight, divide};
use criterion::{BenchmarkId, Criterion, Throughput};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const SIZES: [usize; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// Units for each claim, on average.
const UNITS: u64 = 1_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for bounds in Bounds::ALL {
        let mut group = criterion.benchmark_group(bounds.name());
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800));
        group.sample_size(20);
        for size in SIZES {
            group.throughput(Throughput::Elements(size as u64));
            let claims = claims(bounds, size);
            let capacity = size as u64 * UNITS;
            let mut bench = |name, run: &dyn Fn(u64, &[Claim]) -> u64| {
                let id = BenchmarkId::new(name, size);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| run(black_box(capacity), black_box(&claims)));
                });
            };
            bench("divide", &own);
            bench("breakpoints", &breakpoints);
            bench("bisection", &bisection);
            bench("tree", &tree);
        }
        for size in SIZES {
            let mut change = changes(bounds, size);
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::new("change", size), |bencher| {
                bencher.iter(&mut change);
            });
        }
        group.finish();
    }
    criterion.final_summary();
    ratios();
}

#[derive(Clone, Copy, PartialEq)]
enum Bounds {
    /// Weights alone, log-uniform from 1 to 1024.
    None,
    /// The same, with a limit for every third claim, and a reservation for every third.
    Some,
    /// A demand of its own for every claim.
    All,
}

impl Bounds {
    const ALL: [Self; 3] = [Self::None, Self::Some, Self::All];

    fn name(self) -> &'static str {
        match self {
            Self::None => "weights",
            Self::Some => "some bounds",
            Self::All => "demands",
        }
    }
}

fn claims(bounds: Bounds, size: usize) -> Vec<Claim> {
    let mut chance = SmallRng::seed_from_u64(1);
    (0..size).map(|number| claim(&mut chance, bounds, number)).collect()
}

fn claim(chance: &mut SmallRng, bounds: Bounds, number: usize) -> Claim {
    let exponent: f64 = chance.random_range(0.0..10.0);
    let claim = Claim::new(Weight::new(exponent.exp2() as u64).expect("in range"));
    let amount = chance.random_range(0..4 * UNITS);
    match (bounds, number % 3) {
        (Bounds::Some, 0) => claim.limited_to(amount),
        (Bounds::Some, 1) => claim.reserving(amount / 4),
        (Bounds::All, _) => claim.demanding(amount),
        _ => claim,
    }
}

fn own(capacity: u64, claims: &[Claim]) -> u64 {
    let shares = divide(capacity, claims, Rules::default()).expect("little is reserved");
    shares.last().map_or(0, |share| share.allocation)
}

/// Groups in groups, ten members each.
fn tree(capacity: u64, claims: &[Claim]) -> u64 {
    let mut tree = Tree::new();
    let mut groups = vec![None];
    for (number, claim) in claims.iter().enumerate() {
        let parent = groups[number / 10];
        let id = tree.add(parent, Claim::new(claim.weight()).demanding(claim.demand()));
        groups.push(Some(id.expect("the parent is there")));
    }
    let shares = tree.divide(capacity, Rules::default()).expect("nothing is reserved");
    shares.last().map_or(0, |share| share.allocation)
}

/// What the peers are given of a claim.
fn bounds_of(claim: &Claim) -> (f64, f64, f64) {
    let most = claim.limit().min(claim.demand());
    (claim.weight().get().into(), claim.reservation() as f64, most as f64)
}

/// Sorts the levels at which claims leave their reservations and reach their limits, and goes
/// through them with the sum of the weights in between. What is lost by rounding down is not handed
/// out.
fn breakpoints(capacity: u64, claims: &[Claim]) -> u64 {
    let all: Vec<_> = claims.iter().map(bounds_of).collect();
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(2 * all.len());
    let mut total = 0.0;
    for &(weight, least, most) in &all {
        points.push((least / weight, weight));
        points.push((most / weight, -weight));
        total += least;
    }
    points.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (mut level, mut weight) = (0.0, 0.0);
    for (point, change) in points {
        let more = weight * (point - level);
        if total + more >= capacity as f64 {
            break;
        }
        total += more;
        level = point;
        weight += change;
    }
    level += (capacity as f64 - total) / weight;
    handed_out(level, &all)
}

/// Halves the level sixty times. What is lost by rounding down is not handed out.
fn bisection(capacity: u64, claims: &[Claim]) -> u64 {
    let all: Vec<_> = claims.iter().map(bounds_of).collect();
    let (mut low, mut high) = (0.0, capacity as f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let total: f64 =
            all.iter().map(|(weight, least, most)| (middle * weight).max(*least).min(*most)).sum();
        if total <= capacity as f64 { low = middle } else { high = middle }
    }
    handed_out(low, &all)
}

fn handed_out(level: f64, all: &[(f64, f64, f64)]) -> u64 {
    let units: Vec<u64> = all
        .iter()
        .map(|(weight, least, most)| (level * weight).max(*least).min(*most) as u64)
        .collect();
    units.last().copied().unwrap_or(0)
}

/// Another claim in the place of one at random, and what it gets.
fn changes(bounds: Bounds, size: usize) -> impl FnMut() -> u64 {
    let capacity = size as u64 * UNITS;
    let (mut division, ids): (Division, Vec<ClaimId>) =
        Division::of_claims(capacity, Reading::FloorOfShare, &claims(bounds, size))
            .expect("little is reserved");
    // Drawn beforehand.
    let mut chance = SmallRng::seed_from_u64(2);
    let drawn: Vec<(ClaimId, Claim)> = (0..1 << 14)
        .map(|_| {
            let number = chance.random_range(0..size);
            (ids[number], claim(&mut chance, bounds, number))
        })
        .collect();
    let mut next = 0;
    move || {
        let (id, claim) = drawn[next % drawn.len()];
        next += 1;
        division.set_claim(id, claim).expect("little is reserved");
        division.allocation(id).expect("it is there")
    }
}

/// Nanoseconds for each claim, and how many times as long the peers take.
fn ratios() {
    for bounds in Bounds::ALL {
        println!("{}", bounds.name());
        for size in SIZES {
            let of = |name: &str| median(bounds.name(), &format!("{name}/{size}"));
            let Some(own) = of("divide") else { continue };
            print!("{size:>9} divide {:6.1} ns per claim", own / size as f64);
            for peer in ["breakpoints", "bisection", "tree"] {
                if let Some(time) = of(peer) {
                    print!("   {peer} {:6.1} ({:.2})", time / size as f64, time / own);
                }
            }
            if let Some(time) = of("change") {
                print!("   change {time:8.1} ns ({:.0} times as fast)", own / time);
            }
            println!();
        }
    }
}
