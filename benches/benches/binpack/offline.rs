//! Many items, one after the other, none of which leaves.

use std::hint::black_box;
use std::time::Duration;

use apportion_benches::median;
use apportion_binpack::testkit::Random;
use apportion_binpack::{Bins, Fit};
use criterion::{BatchSize, Criterion};

const MILLION: &str = "binpack a million items";
const SHARED: &str = "binpack shared instances";

pub(super) fn measure(criterion: &mut Criterion) {
    let mut random = Random::new(7);
    let sizes: Vec<u64> = (0..1_000_000).map(|_| 1 + random.below(1_000_000)).collect();
    let pairs: Vec<(u64, u32)> = sizes.iter().copied().zip(0..).collect();
    let mut sorted = pairs.clone();
    sorted.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let mut group = criterion.benchmark_group(MILLION);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
    group.sample_size(10);
    group.bench_function("one stable sort", |bencher| {
        bencher.iter_batched_ref(
            || pairs.clone(),
            |pairs| pairs.sort_by_key(|(size, _)| std::cmp::Reverse(*size)),
            BatchSize::LargeInput,
        );
    });
    for fit in Fit::ALL {
        group.bench_function(format!("{fit} fit of sorted"), |bencher| {
            bencher.iter(|| {
                let mut bins = Bins::opening(fit, 1_000_000);
                assert!(sorted.iter().all(|(size, _)| bins.put(*size).is_ok()));
                assert!(fit != Fit::First || bins.len() == 499_926);
            });
        });
    }
    group.finish();
    let instances = shared();
    if instances.is_empty() {
        return;
    }
    let mut group = criterion.benchmark_group(SHARED);
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    group.bench_function("ten heuristics", |bencher| {
        bencher.iter(|| ten_heuristics(&instances));
    });
    group.finish();
}

fn ten_heuristics(instances: &[(u64, Vec<u64>)]) {
    for (capacity, sizes) in instances {
        let mut sorted = sizes.clone();
        sorted.sort_by_key(|size| std::cmp::Reverse(*size));
        for sizes in [&sorted, sizes] {
            for fit in Fit::ALL {
                let mut bins = Bins::opening(fit, *capacity);
                assert!(sizes.iter().all(|size| bins.put(*size).is_ok()));
                black_box(bins.len());
            }
        }
    }
}

/// Capacity and sizes of each, shuffled.
fn shared() -> Vec<(u64, Vec<u64>)> {
    let Some(folder) = apportion_testbed::data("the bench on shared instances") else {
        return Vec::new();
    };
    let folder = std::fs::read_dir(folder.join("packing/bpp1d")).expect("it can be listed");
    let mut instances = Vec::new();
    for entry in folder {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "xz") {
            continue;
        }
        for (_, content) in apportion_testbed::members(&path).expect("it can be read") {
            let text = String::from_utf8(content).expect("it is text");
            let mut numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
            let (count, capacity) = (numbers.next(), numbers.next().expect("a capacity"));
            let mut sizes: Vec<u64> = numbers.collect();
            assert_eq!(count, Some(sizes.len() as u64));
            Random::new(1).shuffle(&mut sizes);
            instances.push((capacity, sizes));
        }
    }
    instances
}

pub(super) fn report() {
    let milliseconds = |group: &str, name: &str| median(group, name).map(|time| time / 1e6);
    if let Some(sort) = milliseconds(MILLION, "one stable sort") {
        println!("{MILLION}: one stable sort {sort:.1} ms");
        for fit in Fit::ALL {
            if let Some(place) = milliseconds(MILLION, &format!("{fit} fit of sorted")) {
                let ratio = (sort + place) / sort;
                println!("{fit:>14} fit of sorted {place:6.1} ms; with the sort {ratio:.2} sorts");
            }
        }
    }
    if let Some(time) = milliseconds(SHARED, "ten heuristics") {
        println!("{SHARED}: ten heuristics on all of them {time:.0} ms");
    }
}
