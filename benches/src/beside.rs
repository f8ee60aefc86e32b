//! Two measured side by side, so that what else the machine does slows both.

#![expect(clippy::cast_precision_loss, reason = "turns are counted in millions")]

use std::time::{Duration, Instant};

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// How long one took, and the other that was measured with it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Beside {
    /// A turn of the first, at best and in the median, in seconds.
    pub first: [f64; 2],
    /// A turn of the second.
    pub second: [f64; 2],
    /// How many times as long the second takes: the best of both, and the median of the pairs.
    pub ratio: [f64; 2],
    /// How many pairs there are.
    pub pairs: usize,
}

/// Some turns of the first, then as many of the second, again and again: up to `slice`, in which both
/// get back what the other took from the caches. Criterion is told how long the second took. `None` if
/// that is filtered out, when they are not even made, or only tested.
pub fn beside<F: FnMut(), S: FnMut()>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    slice: u64,
    make: impl FnOnce() -> (F, S),
) -> Option<Beside> {
    let mut make = Some(make);
    let mut turns = None;
    let mut pairs: Vec<(u64, [f64; 2])> = Vec::new();
    group.bench_function(name, |bencher| {
        // This is called for each sample.
        turns = turns.take().or_else(|| Some(make.take()?()));
        let Some((first, second)) = &mut turns else { return };
        bencher.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            let mut left = times;
            while left > 0 {
                let times = left.min(slice);
                left -= times;
                let pair = [timed(times, first), timed(times, second)];
                spent += pair[1];
                pairs.push((times, pair.map(|time| time.as_secs_f64() / times as f64)));
            }
            spent
        });
    });
    // A few turns, as a run begins with, tell little.
    let most = pairs.iter().map(|&(times, _)| times).max().filter(|_| pairs.len() > 1)?;
    pairs.retain(|&(times, _)| times > most / 2);
    let of = |which: fn([f64; 2]) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(|&(_, pair)| which(pair)).collect();
        all.sort_by(f64::total_cmp);
        [all[0], all[all.len() / 2]]
    };
    let (first, second) = (of(|pair| pair[0]), of(|pair| pair[1]));
    let ratio = [second[0] / first[0], of(|pair| pair[1] / pair[0])[1]];
    Some(Beside { first, second, ratio, pairs: pairs.len() })
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn timed(times: u64, turn: &mut impl FnMut()) -> Duration {
    let begin = Instant::now();
    (0..times).for_each(|_| turn());
    begin.elapsed()
}
