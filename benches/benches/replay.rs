//! Whole replays, without parsing, beside a floor: an event loop over the same events that decides
//! nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use apportion_backfill::{
    Backfill, BatchPolicy, BySubmission, Config, Conservative, Correction, MeanOfLastTwo, Replay,
    Requested, ShortestFirst, Ties, TraceJob,
};
use apportion_benches::{median, trace};
use criterion::{BatchSize, Criterion};

const TRACES: [&str; 3] = ["KTH-SP2", "SDSC-SP2", "CTC-SP2"];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for name in TRACES {
        if let Some((processors, jobs)) = trace(name) {
            replays(&mut criterion, name, processors, &jobs);
        }
    }
    criterion.final_summary();
    ratios();
}

fn replays(criterion: &mut Criterion, name: &str, processors: u64, jobs: &[TraceJob]) {
    let config = Config::new(processors)
        .expect("a shared trace has processors")
        .release_at_expected_end(true);
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("floor", |bencher| bencher.iter(|| floor(black_box(jobs))));
    group.bench_function("easy", |bencher| {
        let policy = Backfill::new(config).expect("a valid configuration");
        bencher.iter_batched(
            || policy.clone(),
            |policy| replay(policy, jobs),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("easy-sjbf", |bencher| {
        let policy = Backfill::with(config, BySubmission, ShortestFirst, Requested)
            .expect("a valid configuration");
        bencher.iter_batched(
            || policy.clone(),
            |policy| replay(policy, jobs),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("easy++", |bencher| {
        let config = config.correction(Correction::Incremental { minute: 60 });
        let predictor = MeanOfLastTwo::default();
        let policy = Backfill::with(config, BySubmission, ShortestFirst, predictor)
            .expect("a valid configuration");
        bencher.iter_batched(
            || policy.clone(),
            |policy| replay(policy, jobs),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("conservative", |bencher| {
        let policy =
            Conservative::new(processors).expect("a valid machine").release_at_expected_end(true);
        bencher.iter_batched(
            || policy.clone(),
            |policy| replay(policy, jobs),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn replay(policy: impl BatchPolicy, jobs: &[TraceJob]) -> usize {
    let outcome = Replay::new(policy, black_box(jobs), Ties::Event).and_then(Replay::run);
    outcome.expect("a shared trace can be replayed").runs.len()
}

/// Each job starts when it is submitted; its termination goes through a binary heap.
fn floor(jobs: &[TraceJob]) -> u64 {
    let mut ends = BinaryHeap::new();
    let mut last = 0;
    let mut next = 0;
    loop {
        let end = ends.peek().map_or(u64::MAX, |next: &Reverse<(u64, u64)>| next.0.0);
        match jobs.get(next) {
            Some(job) if job.submit <= end => {
                ends.push(Reverse((job.submit + job.runtime, next as u64)));
                next += 1;
            }
            _ => match ends.pop() {
                Some(Reverse((time, job))) => last = time ^ job,
                None => return last,
            },
        }
    }
}

/// How many times the floor each replay takes.
fn ratios() {
    for name in TRACES {
        let Some(floor) = median(name, "floor") else { continue };
        for policy in ["easy", "easy-sjbf", "easy++", "conservative"] {
            if let Some(time) = median(name, policy) {
                println!(
                    "{name:10} {policy:14} {:8.3} ms {:7.2} x floor",
                    time / 1e6,
                    time / floor
                );
            }
        }
    }
}
