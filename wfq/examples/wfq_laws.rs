//! The long run: random operations by the hundred million on the schedulers of this crate, checked
//! by the kit. `cargo xtask laws` builds it optimised; `--operations N` says how many.
//!
//! One line for each configuration, on as many threads as there are cores. It ends with an error at
//! the first law broken, or if the bounds were not reached: then the checker would be too generous.

use std::error::Error;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

use apportion_wfq::testkit::{
    Failure, Numbered, Profile, Report, check, check_all, check_groups, check_limits,
};
use apportion_wfq::{MAX_CHARGE, Order, Scheduler};

/// What is played on, and how close it comes to what the laws allow.
struct Configuration {
    name: &'static str,
    play: fn(operations: u64, seed: u64) -> Result<Report, Failure>,
    /// The largest distance from the share of all service is in there, in thousandths of the
    /// largest charge.
    farthest: RangeInclusive<u128>,
    /// How far the bound on pairs is reached at least, in thousandths.
    tightest: u128,
}

fn configurations() -> [Configuration; 13] {
    // One of n comes to be owed about n / 2 charges, and more if others come and go.
    let start_time =
        |name, play| Configuration { name, play, farthest: 4_000..=64_000, tightest: 1_000 };
    let eevdf = |name, play| Configuration { name, play, farthest: 900..=999, tightest: 0 };
    // What anybody is owed cannot be told from outside then.
    let several = |name, tightest, play| Configuration { name, play, farthest: 0..=0, tightest };
    [
        start_time("start time, flat", |operations, seed| {
            check(by_start_time(operations, seed), least_first)
        }),
        start_time("start time, groups", |operations, seed| {
            check_groups(by_start_time(operations, seed), least_first)
        }),
        start_time("start time, limits", |operations, seed| {
            check_limits(by_start_time(operations, seed), least_first)
        }),
        start_time("start time, groups and limits", |operations, seed| {
            check_all(by_start_time(operations, seed), least_first)
        }),
        start_time("start time, counters that wrap", |operations, seed| {
            let start = u64::MAX - (1 << 40);
            let make = || Numbered::new(Scheduler::new(Order::StartTime).starting_at(start));
            check_all(by_start_time(operations, seed), make)
        }),
        start_time("start time, up to 64 entities", |operations, seed| {
            check_all(by_start_time(operations, seed).entities(64), least_first)
        }),
        several("start time, 4 in service", 990, |operations, seed| {
            let profile = by_start_time(operations, seed).entities(64);
            check_limits(profile.largest_charge(1 << 30).in_service(4), least_first)
        }),
        several("start time, groups, 4 in service", 990, |operations, seed| {
            let profile = by_start_time(operations, seed).entities(32);
            check_all(profile.largest_charge(1 << 30).in_service(4), least_first)
        }),
        eevdf("EEVDF, flat", |operations, seed| {
            check(by_deadline(operations, seed, 1), || due_first(1))
        }),
        eevdf("EEVDF, groups and limits", |operations, seed| {
            check_all(by_deadline(operations, seed, 7), || due_first(7))
        }),
        eevdf("EEVDF, up to 64 entities", |operations, seed| {
            check_all(by_deadline(operations, seed, 1_000).entities(64), || due_first(1_000))
        }),
        several("EEVDF, 4 in service", 0, |operations, seed| {
            let profile = by_deadline(operations, seed, 1).entities(64);
            check_limits(profile.largest_charge(1 << 30).in_service(4), || due_first(1))
        }),
        several("EEVDF, groups, 4 in service", 0, |operations, seed| {
            let profile = by_deadline(operations, seed, 1).entities(32);
            check_all(profile.largest_charge(1 << 30).in_service(4), || due_first(1))
        }),
    ]
}

fn by_start_time(operations: u64, seed: u64) -> Profile {
    Profile::start_time().largest_charge(MAX_CHARGE).operations(operations).seed(seed)
}

fn by_deadline(operations: u64, seed: u64, request: u64) -> Profile {
    Profile::eevdf(request).largest_charge(MAX_CHARGE).operations(operations).seed(seed)
}

fn least_first() -> Numbered {
    Numbered::new(Scheduler::new(Order::StartTime))
}

fn due_first(request: u64) -> Numbered {
    let request = request.try_into().expect("not zero");
    Numbered::new(Scheduler::with_quantum(Order::Eevdf, request).expect("in range"))
}

/// What came of a configuration, or part of it.
#[derive(Clone, Copy, Default)]
struct Played {
    report: Report,
    time: Duration,
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is part of what it tells")]
fn main() -> Result<(), Box<dyn Error>> {
    let operations: u64 = env::args().nth(1).map_or(Ok(OPERATIONS), |count| count.parse())?;
    let configurations = configurations();
    let each = operations.div_ceil(configurations.len() as u64);
    let parts = each.div_ceil(PART);
    let tasks: Vec<_> =
        (0..parts).flat_map(|part| (0..configurations.len()).map(move |of| (part, of))).collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Played::default(); configurations.len()]);
    let work = || -> Result<(), String> {
        while let Some(&(part, of)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Configuration { name, play, .. } = configurations[of];
            let count = PART.min(each - part * PART);
            let start = Instant::now();
            let report = play(count, part << 8 | of as u64).map_err(|failure| {
                next.store(tasks.len(), Ordering::Relaxed);
                format!("{name}: {failure}")
            })?;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            let Played { report: all, time } = &mut results[of];
            all.operations += report.operations;
            all.tightest = all.tightest.max(report.tightest);
            all.farthest = all.farthest.max(report.farthest);
            *time += start.elapsed();
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a scheduler panicked".to_owned()))
        })
    })?;
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{:32} {:>11} {:>9} {:>9} {:>6}", "", "operations", "tightest", "farthest", "ns");
    let mut loose = Vec::new();
    for (configuration, Played { report, time }) in configurations.iter().zip(results) {
        let Configuration { name, farthest, tightest, .. } = configuration;
        let nanoseconds = time.as_nanos() / u128::from(report.operations.max(1));
        let Report { operations, .. } = report;
        println!(
            "{name:32} {operations:>11} {:>9} {:>9} {nanoseconds:>6}",
            report.tightest, report.farthest
        );
        let reached = report.tightest >= *tightest;
        if !reached || !farthest.contains(&report.farthest) {
            loose.push(*name);
        }
    }
    // A few operations prove nothing.
    if loose.is_empty() || each < ENOUGH {
        return Ok(());
    }
    Err(format!("the bounds are not where they are expected: {}", loose.join("; ")).into())
}

/// In all, unless told otherwise.
const OPERATIONS: u64 = 100_000_000;

/// What one thread plays at a time.
const PART: u64 = 1 << 19;

/// From so many operations on, the bounds are sure to be reached.
const ENOUGH: u64 = 2_000_000;
