//! Vectors, online: the scan and the cache beside a plain linear scan over an array of structures,
//! from 10 machines to a million; and what a dot product over 10,000 machines takes.

#![expect(clippy::cast_precision_loss, reason = "the peer computes in floating point")]

use std::hint::black_box;
use std::time::Duration;

use apportion_binpack::{BinId, Scale, VectorBins, VectorFit};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use rand::RngExt;
use rand_pcg::Pcg64;

const SIZES: [usize; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// Millicores, MiB, Mbit/s, GPUs in hundredths.
const MACHINE: [u64; 4] = [64_000, 262_144, 25_000, 800];

/// The peer: a machine after the other, in floating point, as schedulers do it.
struct Machine {
    residual: [u64; 4],
    weight: [f64; 4],
}

fn plain_scan(machines: &[Machine], size: &[u64; 4]) -> Option<usize> {
    let mut best = None;
    for (number, machine) in machines.iter().enumerate() {
        if (0..4).all(|d| size[d] <= machine.residual[d]) {
            let term = |d: usize| {
                machine.weight[d]
                    * (size[d] as f64)
                    * machine.weight[d]
                    * (machine.residual[d] as f64)
            };
            let score = (0..4).map(term).sum::<f64>();
            if best.is_none_or(|(_, most)| score > most) {
                best = Some((number, score));
            }
        }
    }
    best.map(|(number, _)| number)
}

fn random_size(random: &mut Pcg64, part: u64) -> [u64; 4] {
    MACHINE.map(|amount| random.random_range(0..=amount / part))
}

/// Machines with random loads, all different.
fn cell(count: usize, random: &mut Pcg64) -> (VectorBins<4>, Vec<Machine>) {
    let mut bins = VectorBins::new(VectorFit::DotProduct(Scale::normalizing(&MACHINE)));
    for _ in 0..count {
        let load = random_size(random, 1);
        bins.add(std::array::from_fn(|d| MACHINE[d] - load[d])).expect("within the limits");
    }
    let machine = |bin: BinId| Machine {
        residual: bins.residual(bin).expect("it is there"),
        weight: MACHINE.map(|amount| 1.0 / amount as f64),
    };
    let machines = bins.iter().map(machine).collect();
    (bins, machines)
}

fn scans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dot product, every size another");
    for count in SIZES {
        let mut random = Pcg64::new(1, 1);
        let (bins, machines) = cell(count, &mut random);
        let sizes: Vec<_> = (0..1024).map(|_| random_size(&mut random, 8)).collect();
        group.throughput(Throughput::Elements(count as u64));
        let mut turn = 0;
        group.bench_function(BenchmarkId::new("scan", count), |bencher| {
            bencher.iter(|| {
                turn = (turn + 1) % sizes.len();
                bins.choose(black_box(sizes[turn])).expect("there are numbers left")
            });
        });
        group.bench_function(BenchmarkId::new("plain scan", count), |bencher| {
            bencher.iter(|| {
                turn = (turn + 1) % sizes.len();
                plain_scan(black_box(&machines), &sizes[turn])
            });
        });
    }
    group.finish();
}

/// Thirty sizes that come again, on loaded machines; one item leaves for each that is placed.
fn churn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dot product, thirty sizes, churn");
    for count in SIZES {
        for (name, cache) in [("scan", 0), ("cache", 64)] {
            let mut random = Pcg64::new(2, 2);
            let mut bins = cell(count, &mut random).0.with_cache(cache);
            let sizes: Vec<_> = (0..30).map(|_| random_size(&mut random, 6)).collect();
            let mut placed = Vec::new();
            for _ in 0..count.min(10_000) {
                let size = sizes[random.random_range(0..sizes.len())];
                let decision = bins.place(size).expect("there are numbers left");
                placed.extend(decision.placement().map(|placement| (placement.bin, size)));
            }
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter(|| {
                    let size = sizes[random.random_range(0..sizes.len())];
                    let decision = bins.place(black_box(size)).expect("there are numbers left");
                    if let Some(placement) = decision.placement() {
                        placed.push((placement.bin, size));
                    }
                    if !placed.is_empty() {
                        let leaving = random.random_range(0..placed.len());
                        let (bin, size) = placed.swap_remove(leaving);
                        bins.release(bin, size).expect("it is in there");
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1));
    targets = scans, churn
}

fn main() {
    benches();
}
