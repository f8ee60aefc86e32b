use alloc::vec::Vec;
use core::iter::FusedIterator;

use rand::Rng;

use super::chance::{at_most, below, gamma, happens, to_float, to_whole, uniform, words_of};
use super::cycle::{DailyCycle, HALF_HOUR, HALF_HOURS};
use super::{Estimates, Lublin, Parameters, Stream};
use crate::job::Job;

/// The jobs of a [`Lublin`] model, by arrival, for ever: it ends only when a time or a number would
/// pass the range of its type.
///
/// Time starts at midnight. Jobs are numbered from 1, their user is -1, their line 0.
///
/// *Draws*, in this order: at the start the first arrival of each stream; then for a job its kind,
/// if it is parallel its stage and its place in it, its gamma and its runtime, its estimate (one
/// word, always), and the next arrival in its stream.
///
/// *Complexity*: O(1) a job, expected.
#[derive(Clone, Debug)]
pub struct Generator<R> {
    model: Lublin,
    /// The next arrival in each stream.
    clocks: Vec<Clock>,
    last_id: i64,
    rng: R,
}

impl<R: Rng> Generator<R> {
    pub(super) fn new(model: Lublin, mut rng: R) -> Self {
        let mut clocks = Vec::with_capacity(model.streams.len());
        for stream in &model.streams {
            let mut clock = Clock::default();
            clock.advance(&stream.parameters, &stream.cycle, &mut rng);
            clocks.push(clock);
        }
        Self { model, clocks, last_id: 0, rng }
    }
}

impl<R: Rng> Iterator for Generator<R> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let arrivals = self.model.streams.iter().zip(&mut self.clocks);
        // The minimum of equal keys is the first: the interactive stream.
        let (stream, clock) = arrivals.min_by_key(|(_, clock)| clock.arrival)?;
        let Stream { parameters, cycle, queue } = stream;
        let submit = clock.arrival;
        if submit == u64::MAX {
            return None;
        }
        let id = self.last_id.checked_add(1)?;
        let rng = &mut self.rng;
        let processors = size(parameters, rng);
        let runtime = runtime(parameters, processors, rng);
        // Drawn whether it is needed or not: other estimates leave the jobs as they are.
        let estimate = estimate(self.model.estimates, runtime, rng.next_u64());
        clock.advance(parameters, cycle, rng);
        self.last_id = id;
        Some(Job { id, submit, runtime, processors, estimate, user: -1, queue: *queue, line: 0 })
    }
}

impl<R: Rng> FusedIterator for Generator<R> {}

/// The arrivals of one stream.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    /// Half-hours that have passed before the one of the arrival.
    half_hours: u64,
    /// What the arrival has paid of the weight of its half-hour.
    points: f64,
    /// The second of the arrival; `u64::MAX` when time has run out.
    arrival: u64,
}

impl Clock {
    /// Moves to the next arrival.
    ///
    /// A gap of so many seconds in the mean half-hour pays for half-hours by their weights, so that
    /// it is shorter where the weight is large.
    fn advance(&mut self, parameters: &Parameters, cycle: &DailyCycle, rng: &mut impl Rng) {
        let shape = parameters.gap_shape * parameters.gap_ratio;
        let gap = at_most(MAX_LN_GAP, rng, |rng| gamma(shape, parameters.gap_scale, rng));
        self.points += libm::exp(gap) / to_float(HALF_HOUR);
        for _ in 0..MAX_STEPS {
            let weight = cycle.weight(self.half_hours);
            if self.points < weight {
                break;
            }
            self.points -= weight;
            self.half_hours = self.half_hours.saturating_add(1);
        }
        let passed = self.points / cycle.weight(self.half_hours);
        // Differs from the program, which drops the fraction of a second at every gap and so loses
        // half a second a job: here only the arrival is rounded down, never the time itself.
        let seconds = to_whole(passed * to_float(HALF_HOUR)).min(HALF_HOUR - 1);
        self.arrival = self.half_hours.saturating_mul(HALF_HOUR).saturating_add(seconds);
    }
}

/// Processors of a job.
fn size(parameters: &Parameters, rng: &mut impl Rng) -> u64 {
    let kind = uniform(rng);
    if kind < parameters.serial_probability {
        return 1;
    }
    let (low, high) = if happens(parameters.low_probability, rng) {
        (parameters.log2_low, parameters.log2_middle)
    } else {
        (parameters.log2_middle, parameters.log2_high)
    };
    let log2 = low + (high - low) * uniform(rng);
    let processors = parameters.processors.get();
    if kind < parameters.serial_probability + parameters.power_of_two_probability {
        // Differs from the program, which rounds above a machine that is no power of two.
        let exponent = to_whole(log2 + 0.5).min(u64::from(processors.ilog2()));
        return 1 << exponent;
    }
    to_whole(libm::exp2(log2) + 0.5).clamp(1, processors)
}

/// Seconds that a job of so many processors runs.
fn runtime(parameters: &Parameters, processors: u64, rng: &mut impl Rng) -> u64 {
    let line = parameters.short_slope * to_float(processors) + parameters.short_intercept;
    let ln = at_most(MAX_LN_RUNTIME, rng, |rng| hyper_gamma(parameters, line, rng));
    to_whole(libm::exp(ln)).max(1)
}

/// A number of the first gamma with this probability, else of the second.
fn hyper_gamma(parameters: &Parameters, short_probability: f64, rng: &mut impl Rng) -> f64 {
    if happens(short_probability, rng) {
        gamma(parameters.short_shape, parameters.short_scale, rng)
    } else {
        gamma(parameters.long_shape, parameters.long_scale, rng)
    }
}

/// Seconds that the user of a job asks for, by one word of chance.
fn estimate(estimates: Estimates, runtime: u64, word: u64) -> u64 {
    match estimates {
        Estimates::Exact => runtime,
        Estimates::Factor { percent } => {
            let span = u128::from(runtime) * u128::from(percent) / 100;
            let values = u64::try_from(span).unwrap_or(u64::MAX).saturating_add(1);
            runtime.saturating_add(below(values, words_of(word)))
        }
    }
}

/// The ln of the seconds that a job runs at most: just below two days.
const MAX_LN_RUNTIME: f64 = 12.0;

/// The ln of the seconds between arrivals at most: just above five days.
const MAX_LN_GAP: f64 = 13.0;

/// Half-hours that an arrival passes at most: the longest gap pays for exp(13) / 1800 / 48 days of
/// mean weight 1, that is less than 6, and one day is begun.
const MAX_STEPS: usize = 8 * HALF_HOURS;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::num::NonZeroU64;
    use rand_pcg::Pcg64;

    const MACHINE: NonZeroU64 = NonZeroU64::new(256).unwrap();

    #[test]
    fn hyper_gamma_has_the_moments_of_a_mixture() {
        // Mean m = p·m1 + (1 - p)·m2; second moment p·(v1 + m1²) + (1 - p)·(v2 + m2²). The comment
        // in the authors' program squares the probabilities in the variance, which is a slip.
        const COUNT: u32 = 200_000;
        for parameters in [Parameters::typeless(MACHINE), Parameters::interactive(MACHINE)] {
            for processors in [1.0, 16.0, 128.0] {
                let p = (parameters.short_slope * processors + parameters.short_intercept).max(0.0);
                let moments = |shape: f64, scale: f64| {
                    let mean = shape * scale;
                    (mean, mean * scale + mean * mean)
                };
                let (m1, s1) = moments(parameters.short_shape, parameters.short_scale);
                let (m2, s2) = moments(parameters.long_shape, parameters.long_scale);
                let (m, s) = (p * m1 + (1.0 - p) * m2, p * s1 + (1.0 - p) * s2);
                let mut rng = Pcg64::new(7, 7);
                let drawn: Vec<f64> =
                    (0..COUNT).map(|_| hyper_gamma(&parameters, p, &mut rng)).collect();
                let mean = |power: i32| {
                    drawn.iter().map(|x| x.powi(power)).sum::<f64>() / f64::from(COUNT)
                };
                let error = ((s - m * m) / f64::from(COUNT)).sqrt();
                assert!((mean(1) - m).abs() < 4.0 * error, "mean at {processors}");
                // The error of the mean square from the sample itself.
                let error = ((mean(4) - mean(2).powi(2)) / f64::from(COUNT)).sqrt();
                assert!((mean(2) - s).abs() < 4.0 * error, "mean square at {processors}");
            }
        }
    }

    #[test]
    fn value_stability() {
        let machine = |processors| NonZeroU64::new(processors).unwrap();
        let factor = Estimates::Factor { percent: 300 };
        // Submit, runtime, processors, estimate and queue of the first jobs.
        for (model, expected) in [
            (
                Lublin::typeless(MACHINE),
                [
                    (145, 12743, 64, 12743, 0),
                    (5509, 470, 16, 470, 0),
                    (5550, 11, 1, 11, 0),
                    (5580, 6130, 32, 6130, 0),
                ],
            ),
            (
                Lublin::typeless(MACHINE).with_estimates(factor),
                [
                    (145, 12743, 64, 24605, 0),
                    (5509, 470, 16, 1759, 0),
                    (5550, 11, 1, 22, 0),
                    (5580, 6130, 32, 18112, 0),
                ],
            ),
            (
                Lublin::mixed(MACHINE),
                [
                    (56, 15, 3, 15, 0),
                    (652, 171, 64, 171, 0),
                    (706, 181, 64, 181, 0),
                    (1115, 30, 8, 30, 1),
                ],
            ),
            (
                Lublin::batch(machine(100)),
                [
                    (134, 22952, 4, 22952, 1),
                    (24374, 33445, 16, 33445, 1),
                    (24389, 41, 1, 41, 1),
                    (24399, 13269, 16, 13269, 1),
                ],
            ),
            (
                Lublin::interactive(machine(3)),
                [
                    (56, 144, 1, 144, 0),
                    (2728, 55, 1, 55, 0),
                    (2741, 4, 1, 4, 0),
                    (2751, 3, 1, 3, 0),
                ],
            ),
        ] {
            let jobs = model.generate(Pcg64::new(2003, 63)).take(4);
            let found: Vec<_> = jobs
                .map(|job| (job.submit, job.runtime, job.processors, job.estimate, job.queue))
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn jobs_are_numbered_and_the_streams_merged_by_arrival() {
        let jobs: Vec<_> = Lublin::mixed(MACHINE).generate(Pcg64::new(5, 5)).take(5000).collect();
        assert!(jobs.iter().zip(1..).all(|(job, id)| job.id == id && job.user == -1));
        assert!(jobs.is_sorted_by_key(|job| job.submit));
        assert!([0, 1].iter().all(|&queue| jobs.iter().any(|job| job.queue == queue)));
    }

    #[test]
    fn estimates_fill_their_range() {
        let drawn: Vec<u64> =
            (0..2000).map(|word| estimate(Estimates::Factor { percent: 150 }, 10, word)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&10), Some(&25)));
        assert_eq!(estimate(Estimates::Factor { percent: 0 }, 10, 7), 10);
        let widest = Estimates::Factor { percent: u32::MAX };
        assert!(estimate(widest, u64::MAX / 2, 7) >= u64::MAX / 2);
        assert_eq!(estimate(widest, u64::MAX, 7), u64::MAX);
    }

    #[test]
    fn the_end_of_time_ends_the_jobs() {
        let mut generator = Lublin::typeless(MACHINE).generate(Pcg64::new(1, 1));
        generator.clocks[0].half_hours = u64::MAX / HALF_HOUR - 1000;
        assert!(generator.by_ref().is_sorted_by_key(|job| job.submit));
        assert_eq!(generator.next(), None);

        let mut generator = Lublin::typeless(MACHINE).generate(Pcg64::new(1, 1));
        generator.last_id = i64::MAX - 2;
        assert_eq!(generator.count(), 2);
    }

    #[test]
    fn extreme_parameters_end() {
        let mut parameters = Parameters::typeless(NonZeroU64::MAX);
        parameters.long_shape = f64::MAX;
        parameters.long_scale = f64::MAX;
        parameters.short_shape = f64::MIN_POSITIVE;
        parameters.gap_shape = f64::MAX;
        parameters.gap_ratio = f64::MAX;
        parameters.gap_scale = f64::MIN_POSITIVE;
        let jobs = Lublin::new(parameters).unwrap().generate(Pcg64::new(1, 1)).take(3);
        assert!(jobs.into_iter().all(|job| (1..=162_754).contains(&job.runtime)));
    }
}
