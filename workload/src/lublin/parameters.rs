use core::num::NonZeroU64;

use super::chance::to_float;
use super::cycle::DailyCycle;

/// The parameters of one stream of jobs.
///
/// *Source* of the values: the constants of `m_lublin99.c`; the symbols are those of the program.
///
/// | field | symbol | typeless | batch | interactive |
/// |---|---|---|---|---|
/// | [`serial_probability`](Self::serial_probability) | `SERIAL_PROB` | 0.244 | 0.2927 | 0.1541 |
/// | [`power_of_two_probability`](Self::power_of_two_probability) | `POW2_PROB` | 0.576 | 0.6686 | 0.625 |
/// | [`log2_low`](Self::log2_low) | `ULow` | 0.8 | 1.2 | 1 |
/// | [`log2_middle`](Self::log2_middle) | `UMed` | `UHi` − 2.5 | `UHi` − 2 | `UHi` − 2.5 |
/// | [`log2_high`](Self::log2_high) | `UHi` | log2 P | log2 P | log2 P − 1.5 |
/// | [`low_probability`](Self::low_probability) | `Uprob` | 0.86 | 0.875 | 0.705 |
/// | [`short_shape`](Self::short_shape) | `a1` | 4.2 | 6.57 | 3.8351 |
/// | [`short_scale`](Self::short_scale) | `b1` | 0.94 | 0.823 | 0.6605 |
/// | [`long_shape`](Self::long_shape) | `a2` | 312 | 639.1 | 7.073 |
/// | [`long_scale`](Self::long_scale) | `b2` | 0.03 | 0.0156 | 0.6856 |
/// | [`short_slope`](Self::short_slope) | `pa` | −0.0054 | −0.003 | −0.0118 |
/// | [`short_intercept`](Self::short_intercept) | `pb` | 0.78 | 0.6986 | 0.9156 |
/// | [`gap_shape`](Self::gap_shape) | `aarr` | 10.2303 | 6.0415 | 6.5510 |
/// | [`gap_scale`](Self::gap_scale) | `barr` | 0.4871 | 0.8531 | 0.6621 |
/// | [`gap_ratio`](Self::gap_ratio) | `ARAR` | 1.0225 | 1.0519 | 0.9797 |
/// | [`cycle_shape`](Self::cycle_shape) | `anum` | 8.1737 | 6.1271 | 8.9186 |
/// | [`cycle_scale`](Self::cycle_scale) | `bnum` | 3.9631 | 5.2740 | 3.6680 |
///
/// P is the number of processors. The sizes of the batch and the interactive set are published for
/// P = 128 (`UMed` 5 and 3, `UHi` 7 and 5.5); other machines keep their distances from log2 P.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Parameters {
    /// Processors of the machine: no job is larger.
    pub processors: NonZeroU64,
    /// Probability that a job is serial, that is of one processor.
    pub serial_probability: f64,
    /// Probability that a job's size is rounded to a power of two.
    pub power_of_two_probability: f64,
    /// Least log2 of the size of a parallel job: the lower end of the first stage.
    pub log2_low: f64,
    /// The end of the first stage and the start of the second.
    pub log2_middle: f64,
    /// Greatest log2 of the size: the upper end of the second stage.
    pub log2_high: f64,
    /// Probability of the first stage.
    pub low_probability: f64,
    /// Shape of the first gamma of the ln of the runtime in seconds.
    pub short_shape: f64,
    /// Scale of the first gamma.
    pub short_scale: f64,
    /// Shape of the second gamma of the ln of the runtime in seconds.
    pub long_shape: f64,
    /// Scale of the second gamma.
    pub long_scale: f64,
    /// Change of the probability of the first gamma for each processor of the job.
    pub short_slope: f64,
    /// Probability of the first gamma at no processors; the line is cut to the range 0 to 1.
    pub short_intercept: f64,
    /// Shape of the gamma of the ln of the gap between arrivals in seconds, in the rush hours.
    pub gap_shape: f64,
    /// Scale of the gamma of the ln of the gap.
    pub gap_scale: f64,
    /// Factor on `gap_shape` that takes it from the rush hours to the whole day.
    pub gap_ratio: f64,
    /// Shape of the gamma over the half-hours of the day whose mass is the share of arrivals.
    pub cycle_shape: f64,
    /// Scale of that gamma, in half-hours.
    pub cycle_scale: f64,
}

impl Parameters {
    /// The whole sample, types not told apart.
    ///
    /// `UHi` = log2 P and `UMed` = `UHi` − 2.5. On a machine so small that this is below `ULow`,
    /// `UMed` = `UHi` − 1.5, the least distance the authors name, and no bound crosses another.
    #[must_use]
    pub fn typeless(processors: NonZeroU64) -> Self {
        Self {
            processors,
            serial_probability: 0.244,
            power_of_two_probability: 0.576,
            low_probability: 0.86,
            short_shape: 4.2,
            short_scale: 0.94,
            long_shape: 312.0,
            long_scale: 0.03,
            short_slope: -0.0054,
            short_intercept: 0.78,
            gap_shape: 10.2303,
            gap_scale: 0.4871,
            gap_ratio: 1.0225,
            cycle_shape: 8.1737,
            cycle_scale: 3.9631,
            ..Self::sizes(processors, 0.8, 2.5, 0.0)
        }
    }

    /// The batch jobs.
    #[must_use]
    pub fn batch(processors: NonZeroU64) -> Self {
        Self {
            processors,
            serial_probability: 0.2927,
            power_of_two_probability: 0.6686,
            low_probability: 0.875,
            short_shape: 6.57,
            short_scale: 0.823,
            long_shape: 639.1,
            long_scale: 0.0156,
            short_slope: -0.003,
            short_intercept: 0.6986,
            gap_shape: 6.0415,
            gap_scale: 0.8531,
            gap_ratio: 1.0519,
            cycle_shape: 6.1271,
            cycle_scale: 5.2740,
            ..Self::sizes(processors, 1.2, 2.0, 0.0)
        }
    }

    /// The interactive jobs. The largest has about a third of the machine.
    #[must_use]
    pub fn interactive(processors: NonZeroU64) -> Self {
        Self {
            processors,
            serial_probability: 0.1541,
            power_of_two_probability: 0.625,
            low_probability: 0.705,
            short_shape: 3.8351,
            short_scale: 0.6605,
            long_shape: 7.073,
            long_scale: 0.6856,
            short_slope: -0.0118,
            short_intercept: 0.9156,
            gap_shape: 6.5510,
            gap_scale: 0.6621,
            gap_ratio: 0.9797,
            cycle_shape: 8.9186,
            cycle_scale: 3.6680,
            ..Self::sizes(processors, 1.0, 2.5, 1.5)
        }
    }

    /// Checks that the parameters are a model.
    ///
    /// # Errors
    ///
    /// [`LublinError`] for the first parameter, in the order of the fields, that is not.
    pub fn check(&self) -> Result<(), LublinError> {
        for (parameter, value) in [
            ("serial_probability", self.serial_probability),
            ("power_of_two_probability", self.power_of_two_probability),
            ("low_probability", self.low_probability),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(LublinError::NotAProbability { parameter, value });
            }
        }
        let (serial, power_of_two) = (self.serial_probability, self.power_of_two_probability);
        if serial + power_of_two > 1.0 {
            return Err(LublinError::SharesAboveOne { serial, power_of_two });
        }
        let (low, middle, high) = (self.log2_low, self.log2_middle, self.log2_high);
        if !(0.0 <= low && low <= middle && middle <= high && high <= MAX_LOG2) {
            return Err(LublinError::Unordered { low, middle, high });
        }
        for (parameter, value) in [
            ("short_shape", self.short_shape),
            ("short_scale", self.short_scale),
            ("long_shape", self.long_shape),
            ("long_scale", self.long_scale),
            ("gap_shape", self.gap_shape),
            ("gap_scale", self.gap_scale),
            ("gap_ratio", self.gap_ratio),
            ("cycle_shape", self.cycle_shape),
            ("cycle_scale", self.cycle_scale),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(LublinError::NotPositive { parameter, value });
            }
        }
        for (parameter, value) in
            [("short_slope", self.short_slope), ("short_intercept", self.short_intercept)]
        {
            if !value.is_finite() {
                return Err(LublinError::NotFinite { parameter, value });
            }
        }
        let (shape, scale) = (self.cycle_shape, self.cycle_scale);
        if DailyCycle::new(shape, scale).is_none() {
            return Err(LublinError::NoCycle { shape, scale });
        }
        Ok(())
    }

    /// The sizes for a machine; all other fields are to be replaced.
    fn sizes(processors: NonZeroU64, log2_low: f64, to_middle: f64, to_high: f64) -> Self {
        let high = (libm::log2(to_float(processors.get())) - to_high).clamp(0.0, MAX_LOG2);
        let low = log2_low.min(high);
        let middle = if high - to_middle >= low { high - to_middle } else { high - 1.5 };
        Self {
            processors,
            serial_probability: 0.0,
            power_of_two_probability: 0.0,
            log2_low: low,
            log2_middle: middle.max(low),
            log2_high: high,
            low_probability: 0.0,
            short_shape: 1.0,
            short_scale: 1.0,
            long_shape: 1.0,
            long_scale: 1.0,
            short_slope: 0.0,
            short_intercept: 0.0,
            gap_shape: 1.0,
            gap_scale: 1.0,
            gap_ratio: 1.0,
            cycle_shape: 1.0,
            cycle_scale: 1.0,
        }
    }
}

/// Why parameters are no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LublinError {
    /// A probability is not a number from 0 to 1.
    #[error("expected {parameter} from 0 to 1, found {value}")]
    NotAProbability {
        /// The field of [`Parameters`].
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// Serial jobs and powers of two are more than all jobs.
    #[error(
        "expected serial and power-of-two probabilities of at most 1 in all, found {serial} + {power_of_two}"
    )]
    SharesAboveOne {
        /// The probability of a serial job.
        serial: f64,
        /// The probability of a power of two.
        power_of_two: f64,
    },
    /// The ends of the stages are not in order.
    #[error(
        "expected 0 <= log2_low <= log2_middle <= log2_high <= 64, found {low}, {middle}, {high}"
    )]
    Unordered {
        /// The lower end of the first stage.
        low: f64,
        /// The end of the first stage.
        middle: f64,
        /// The end of the second stage.
        high: f64,
    },
    /// A shape, scale or ratio is not a positive finite number.
    #[error("expected a positive {parameter}, found {value}")]
    NotPositive {
        /// The field of [`Parameters`].
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// A coefficient is infinite or not a number.
    #[error("expected a finite {parameter}, found {value}")]
    NotFinite {
        /// The field of [`Parameters`].
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// The gamma of the daily cycle has no mass within the day.
    #[error(
        "expected a daily cycle with arrivals, found none with shape {shape} and scale {scale}"
    )]
    NoCycle {
        /// The shape of the daily cycle.
        shape: f64,
        /// The scale of the daily cycle, in half-hours.
        scale: f64,
    },
}

const MAX_LOG2: f64 = 64.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn processors(count: u64) -> NonZeroU64 {
        NonZeroU64::new(count).unwrap()
    }

    fn sizes(parameters: &Parameters) -> [f64; 3] {
        [parameters.log2_low, parameters.log2_middle, parameters.log2_high]
    }

    fn assert_bits(found: [f64; 3], expected: [f64; 3]) {
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{found:?}");
    }

    #[test]
    fn presets_of_128_processors_are_the_published_ones() {
        let machine = processors(128);
        assert_bits(sizes(&Parameters::typeless(machine)), [0.8, 4.5, 7.0]);
        assert_bits(sizes(&Parameters::batch(machine)), [1.2, 5.0, 7.0]);
        assert_bits(sizes(&Parameters::interactive(machine)), [1.0, 3.0, 5.5]);
    }

    #[test]
    fn eight_processors_have_the_middle_that_the_authors_advise() {
        assert_bits(sizes(&Parameters::typeless(processors(8))), [0.8, 1.5, 3.0]);
    }

    #[test]
    fn presets_are_models_on_every_machine() {
        for bits in 0..64 {
            for count in [1_u64 << bits, (1 << bits) + 1, u64::MAX >> bits] {
                let machine = processors(count);
                for preset in [
                    Parameters::typeless(machine),
                    Parameters::batch(machine),
                    Parameters::interactive(machine),
                ] {
                    assert_eq!(preset.check(), Ok(()), "{count}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_model_is_refused_by_name() {
        let good = Parameters::typeless(processors(64));
        let refused = |change: fn(&mut Parameters)| {
            let mut bad = good;
            change(&mut bad);
            alloc::string::ToString::to_string(&bad.check().unwrap_err())
        };
        assert_eq!(
            refused(|bad| bad.serial_probability = f64::NAN),
            "expected serial_probability from 0 to 1, found NaN"
        );
        assert_eq!(
            refused(|bad| bad.low_probability = -0.5),
            "expected low_probability from 0 to 1, found -0.5"
        );
        assert_eq!(
            refused(|bad| bad.power_of_two_probability = 0.8),
            "expected serial and power-of-two probabilities of at most 1 in all, found 0.244 + 0.8"
        );
        assert_eq!(
            refused(|bad| bad.log2_middle = 7.0),
            "expected 0 <= log2_low <= log2_middle <= log2_high <= 64, found 0.8, 7, 6"
        );
        assert_eq!(
            refused(|bad| bad.gap_scale = f64::INFINITY),
            "expected a positive gap_scale, found inf"
        );
        assert_eq!(refused(|bad| bad.long_shape = 0.0), "expected a positive long_shape, found 0");
        assert_eq!(
            refused(|bad| bad.short_slope = f64::NEG_INFINITY),
            "expected a finite short_slope, found -inf"
        );
        assert_eq!(
            refused(|bad| bad.cycle_shape = 1e9),
            "expected a daily cycle with arrivals, found none with shape 1000000000 and scale 3.9631"
        );
    }
}
