//! Reading the Standard Workload Format.

use std::hint::black_box;

use apportion_benches::text;
use apportion_workload::{CleaningRules, Reader, Trace};
use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("swf");
    if let Some(text) = text("CTC-SP2") {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("read", |bencher| {
            bencher.iter(|| Reader::from_text(black_box(&text)).flatten().count());
        });
        group.bench_function("read-and-clean", |bencher| {
            bencher.iter(|| {
                Trace::read(Reader::from_text(black_box(&text)), None, CleaningRules::default())
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
