//! Whole replays, without parsing, beside a floor: an event loop over the same events that decides
//! nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use apportion_backfill::{
    Backfill, BatchPolicy, BySubmission, Config, Conservative, Correction, MeanOfLastTwo, Replay,
    Requested, ShortestFirst, Ties, TraceJob,
};
use apportion_benches::{Beside, beside, trace};
use criterion::Criterion;

const TRACES: [&str; 3] = ["KTH-SP2", "SDSC-SP2", "CTC-SP2"];

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    for name in TRACES {
        if let Some((processors, jobs)) = trace(name) {
            replays(&mut criterion, name, processors, &jobs);
        }
    }
    criterion.final_summary();
}

fn replays(criterion: &mut Criterion, name: &str, processors: u64, jobs: &[TraceJob]) {
    let config = Config::new(processors)
        .expect("a shared trace has processors")
        .release_at_expected_end(true);
    let valid = "a valid configuration";

    let easy = Backfill::new(config).expect(valid);
    beside_the_floor(criterion, name, "easy", jobs, &easy);

    let sjbf = Backfill::with(config, BySubmission, ShortestFirst, Requested).expect(valid);
    beside_the_floor(criterion, name, "easy-sjbf", jobs, &sjbf);

    let config = config.correction(Correction::Incremental { minute: 60 });
    let predictor = MeanOfLastTwo::default();
    let plus_plus = Backfill::with(config, BySubmission, ShortestFirst, predictor).expect(valid);
    beside_the_floor(criterion, name, "easy++", jobs, &plus_plus);

    let conservative = Conservative::new(processors).expect(valid).release_at_expected_end(true);
    beside_the_floor(criterion, name, "conservative", jobs, &conservative);
}

/// Each replay follows a floor, and criterion is told how long the replays took.
fn beside_the_floor(
    criterion: &mut Criterion,
    trace: &str,
    name: &str,
    jobs: &[TraceJob],
    policy: &(impl BatchPolicy + Clone),
) {
    let mut group = criterion.benchmark_group(trace);
    let floor = || {
        black_box(floor(black_box(jobs)));
    };
    let replay = || {
        black_box(replay(policy.clone(), jobs));
    };
    if let Some(Beside { ratio: [best, median], pairs, .. }) =
        beside(&mut group, name, 1, || (floor, replay))
    {
        println!(
            "{trace:10} {name:14} x floor: {best:7.2} at best, {median:7.2} in the median of \
             {pairs} pairs"
        );
    }
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
