//! The jobs of the model beside the distributions it is defined by, and beside a trace that others
//! made with it.
//!
//! Expected values are those of `distributions`. Tolerances are in standard errors of the sample.

mod distributions;

use std::num::NonZeroU64;

use apportion_workload::{CleaningRules, Estimates, Job, Lublin, Parameters, Reader, Trace};
use rand_pcg::Pcg64;

use distributions::{
    expect_over_sizes, float, ln_rounded, mean_gap, over_gamma, over_runtimes, power_of_two, sizes,
};

/// Largest deviation from an expected value, in standard errors. With some hundred comparisons of
/// fixed seeds a right model passes, and a wrong constant is tens of errors away.
const TOLERANCE: f64 = 4.0;

fn machine(processors: u64) -> NonZeroU64 {
    NonZeroU64::new(processors).unwrap()
}

fn jobs(model: &Lublin, seed: u128, count: usize) -> Vec<Job> {
    model.generate(Pcg64::new(seed, 1)).take(count).collect()
}

/// Asserts that the mean of a sample is an expected value within the tolerance.
fn assert_mean(what: &str, sample: &[f64], expected: f64) {
    let count = f64::from(u32::try_from(sample.len()).unwrap());
    let mean = sample.iter().sum::<f64>() / count;
    let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    let deviation = (mean - expected) / error;
    assert!(
        deviation.abs() <= TOLERANCE,
        "{what}: mean {mean}, expected {expected}, {deviation:.1} standard errors of {error}"
    );
}

/// Asserts that a share of a sample is an expected value within the tolerance.
fn assert_share<T>(what: &str, sample: &[T], expected: f64, holds: impl Fn(&T) -> bool) {
    let found: Vec<f64> = sample.iter().map(|x| f64::from(u8::from(holds(x)))).collect();
    assert_mean(what, &found, expected);
}

fn presets(processors: u64) -> [(&'static str, Parameters); 3] {
    [
        ("typeless", Parameters::typeless(machine(processors))),
        ("batch", Parameters::batch(machine(processors))),
        ("interactive", Parameters::interactive(machine(processors))),
    ]
}

#[test]
fn presets_have_the_published_values() {
    // In the order of the program: sizes, runtimes, arrivals.
    let published = [
        [0.244, 0.576, 0.8, 4.5, 7.0, 0.86, 4.2, 0.94, 312.0, 0.03, -0.0054, 0.78].as_slice(),
        &[0.2927, 0.6686, 1.2, 5.0, 7.0, 0.875, 6.57, 0.823, 639.1, 0.0156, -0.003, 0.6986],
        &[0.1541, 0.625, 1.0, 3.0, 5.5, 0.705, 3.8351, 0.6605, 7.073, 0.6856, -0.0118, 0.9156],
    ];
    let arrivals = [
        [10.2303, 0.4871, 8.1737, 3.9631, 1.0225],
        [6.0415, 0.8531, 6.1271, 5.2740, 1.0519],
        [6.5510, 0.6621, 8.9186, 3.6680, 0.9797],
    ];
    for ((name, p), (first, last)) in presets(128).iter().zip(published.iter().zip(arrivals)) {
        let sizes = [p.log2_low, p.log2_middle, p.log2_high, p.low_probability];
        let short = [p.short_shape, p.short_scale];
        let long = [p.long_shape, p.long_scale, p.short_slope, p.short_intercept];
        let gaps = [p.gap_shape, p.gap_scale, p.cycle_shape, p.cycle_scale, p.gap_ratio];
        let kinds = [p.serial_probability, p.power_of_two_probability];
        let found = [&kinds[..], &sizes, &short, &long, &gaps].concat();
        assert_eq!(found, [first, &last[..]].concat(), "{name}");
    }
}

#[test]
fn sizes_follow_the_two_stage_uniform() {
    for (name, parameters) in presets(256) {
        let jobs = jobs(&Lublin::new(parameters).unwrap(), 11, 100_000);
        let probabilities = sizes(&parameters);
        let total: f64 = probabilities.iter().sum();
        assert!((total - 1.0).abs() < 1e-12, "{name}: probabilities of sizes sum to {total}");
        let serial = probabilities[0];
        assert_share(&format!("{name}: serial"), &jobs, serial, |job| job.processors == 1);
        let powers = expect_over_sizes(&probabilities, power_of_two);
        let is_power = |job: &Job| job.processors.is_power_of_two();
        assert_share(&format!("{name}: powers of two"), &jobs, powers, is_power);
        let log2: Vec<f64> = jobs.iter().map(|job| float(job.processors).log2()).collect();
        let mean = expect_over_sizes(&probabilities, |size| float(size).log2());
        assert_mean(&format!("{name}: log2 of sizes"), &log2, mean);
        for size in [2, 3, 4, 7, 8, 16, 32, 45, 64, 128, 256] {
            let expected = probabilities[usize::try_from(size).unwrap() - 1];
            if expected > 1e-4 {
                let what = format!("{name}: size {size}");
                assert_share(&what, &jobs, expected, |job| job.processors == size);
            }
        }
    }
}

#[test]
fn unrounded_sizes_have_the_mean_that_the_authors_give() {
    // (Uprob·ULow + UMed + (1 − Uprob)·UHi) / 2; sizes of 2^40 and more lose nothing to rounding.
    let parameters = Parameters {
        serial_probability: 0.0,
        power_of_two_probability: 0.0,
        log2_low: 40.0,
        log2_middle: 45.0,
        log2_high: 50.0,
        ..Parameters::typeless(machine(1 << 50))
    };
    let jobs = jobs(&Lublin::new(parameters).unwrap(), 12, 50_000);
    let log2: Vec<f64> = jobs.iter().map(|job| float(job.processors >> 30).log2() + 30.0).collect();
    assert_mean("log2 of sizes", &log2, (0.86 * 40.0 + 45.0 + 0.14 * 50.0) / 2.0);
}

#[test]
fn runtimes_follow_the_hyper_gamma_of_their_size() {
    for (name, parameters) in presets(256) {
        for size in [1, 64] {
            // All jobs of one size: serial, or both stages shrunk to a point.
            let log2 = float(size).log2();
            let fixed = Parameters {
                serial_probability: f64::from(u8::from(size == 1)),
                power_of_two_probability: 0.0,
                log2_low: log2,
                log2_middle: log2,
                log2_high: log2,
                ..parameters
            };
            let jobs = jobs(&Lublin::new(fixed).unwrap(), 13, 50_000);
            assert!(jobs.iter().all(|job| job.processors == size));
            let what = format!("{name}: runtimes on {size}");
            let ln: Vec<f64> = jobs.iter().map(|job| float(job.runtime).ln()).collect();
            assert_mean(&what, &ln, over_runtimes(&fixed, size, ln_rounded));
            let square = over_runtimes(&fixed, size, |x| ln_rounded(x).powi(2));
            let squares: Vec<f64> = ln.iter().map(|ln| ln * ln).collect();
            assert_mean(&format!("{what}: squares"), &squares, square);
            for seconds in [10_u32, 100, 1000, 10_000, 100_000] {
                let below = |x: f64| f64::from(u8::from(x < f64::from(seconds).ln()));
                let expected = over_runtimes(&fixed, size, below);
                let what = format!("{what}: below {seconds} s");
                let short = |job: &Job| job.runtime < u64::from(seconds);
                assert_share(&what, &jobs, expected, short);
            }
        }
    }
}

#[test]
fn arrivals_have_the_mean_gap_and_the_daily_cycle() {
    const BATCHES: usize = 50;
    for (name, parameters) in presets(256) {
        let jobs = jobs(&Lublin::new(parameters).unwrap(), 14, 200_000);
        // Gaps shrink and stretch with the time of day, so that means over many days are compared:
        // the standard error is that of the means of consecutive batches.
        let batches: Vec<&[Job]> = jobs.chunks(jobs.len() / BATCHES).collect();
        let gaps: Vec<f64> = batches
            .windows(2)
            .map(|pair| {
                let seconds = pair[1][0].submit - pair[0][0].submit;
                float(seconds) / float(pair[0].len() as u64)
            })
            .collect();
        assert_mean(&format!("{name}: gaps"), &gaps, mean_gap(&parameters));

        // Within a half-hour the rate is even: places are uniform over its 1800 seconds.
        let places: Vec<f64> = batches
            .iter()
            .map(|batch| {
                let total: u64 = batch.iter().map(|job| job.submit % 1800).sum();
                float(total) / float(batch.len() as u64)
            })
            .collect();
        assert_mean(&format!("{name}: place in the half-hour"), &places, 1799.0 / 2.0);

        // The half-hour that begins at (number - 1) / 2 o'clock, from number 11 on past midnight.
        let mass = |number: u32| {
            let cumulative =
                |x: f64| over_gamma(parameters.cycle_shape, parameters.cycle_scale, x, |_| 1.0);
            cumulative(f64::from(number) + 0.5) - cumulative(f64::from(number) - 0.5)
        };
        let total: f64 = (11..59).map(mass).sum();
        for number in 11..59 {
            let bucket = u64::from((number - 1) % 48);
            let shares: Vec<f64> = batches
                .iter()
                .map(|batch| {
                    let inside = batch.iter().filter(|job| job.submit / 1800 % 48 == bucket);
                    float(inside.count() as u64) / float(batch.len() as u64)
                })
                .collect();
            assert_mean(&format!("{name}: half-hour {bucket}"), &shares, mass(number) / total);
        }
    }
}

#[test]
fn a_mix_has_both_streams_at_their_own_rates() {
    let processors = machine(256);
    let jobs = jobs(&Lublin::mixed(processors), 15, 200_000);
    let end = float(jobs[jobs.len() - 1].submit);
    for (queue, parameters) in
        [(0, Parameters::interactive(processors)), (1, Parameters::batch(processors))]
    {
        let count = jobs.iter().filter(|job| job.queue == queue).count();
        let ratio = end / float(count as u64) / mean_gap(&parameters);
        // Gaps deviate up to some five times their mean: 1 / sqrt(50,000) of that is 2 %.
        assert!((ratio - 1.0).abs() < 0.1, "queue {queue}: gaps are {ratio} of the mean");
    }
}

#[test]
fn estimates_are_uniform_between_the_runtime_and_f_plus_one_times_it() {
    let model = Lublin::typeless(machine(64)).with_estimates(Estimates::Factor { percent: 300 });
    let jobs = jobs(&model, 16, 50_000);
    // 0 at the runtime, 1 at four times it.
    let places: Vec<f64> = jobs
        .iter()
        .map(|job| float(job.estimate - job.runtime) / (3.0 * float(job.runtime)))
        .collect();
    assert!(places.iter().all(|place| (0.0..=1.0).contains(place)));
    assert_mean("places of estimates", &places, 0.5);
    // Of the long jobs only: of a runtime of some seconds the ends of the range are much of it.
    let long: Vec<Job> = jobs.into_iter().filter(|job| job.runtime > 1000).collect();
    assert_share("estimates up to twice the runtime", &long, 1.0 / 3.0, |job| {
        job.estimate <= 2 * job.runtime
    });
}

/// The shared trace `lublin_256`, 10,000 jobs that others made, is the typeless stream on 256
/// processors: its shares and means are those of [`Parameters::typeless`], within the tolerance.
#[test]
fn lublin_256_is_the_typeless_stream_on_256_processors() {
    let Some(folder) = apportion_testbed::data("lublin_256_is_the_typeless_stream") else {
        return;
    };
    let text = apportion_testbed::read(&folder.join("backfill/lublin_256.swf.gz")).unwrap();
    let trace = Trace::read(Reader::from_text(text), None, CleaningRules::default()).unwrap();
    let parameters = Parameters::typeless(trace.processors);
    let probabilities = sizes(&parameters);
    let jobs = &trace.jobs;

    assert_share("serial", jobs, probabilities[0], |job| job.processors == 1);
    let powers = expect_over_sizes(&probabilities, power_of_two);
    assert_share("powers of two", jobs, powers, |job| job.processors.is_power_of_two());
    let log2: Vec<f64> = jobs.iter().map(|job| float(job.processors).log2()).collect();
    let expected = expect_over_sizes(&probabilities, |size| float(size).log2());
    assert_mean("log2 of sizes", &log2, expected);

    let ln: Vec<f64> = jobs.iter().map(|job| float(job.runtime).ln()).collect();
    let expected = expect_over_sizes(&probabilities, |size| {
        // Beyond this size the first gamma has probability 0: the runtimes are those of the second.
        over_runtimes(&parameters, size.min(145), ln_rounded)
    });
    assert_mean("ln of runtimes", &ln, expected);
}
