//! The distributions of the model, by numerical integration and independently of the crate.

use apportion_workload::Parameters;

/// The number as a float, exact below 2^32.
pub(crate) fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// The integral of a function of x over the density of a gamma distribution from 0 to `end`, by
/// Simpson's rule.
pub(crate) fn over_gamma(shape: f64, scale: f64, end: f64, function: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 20_000;
    let width = end / f64::from(STEPS);
    let density = |x: f64| {
        if x <= 0.0 {
            return 0.0;
        }
        let y = x / scale;
        ((shape - 1.0) * y.ln() - y - libm::lgamma(shape)).exp() / scale
    };
    let sum: f64 = (0..=STEPS)
        .map(|step| {
            let x = width * f64::from(step);
            let factor = match step {
                0 | STEPS => 1.0,
                odd if odd % 2 == 1 => 4.0,
                _ => 2.0,
            };
            factor * density(x) * function(x)
        })
        .sum();
    sum * width / 3.0
}

/// The share of the two-stage uniform distribution below x.
fn two_stage(parameters: &Parameters, x: f64) -> f64 {
    let part = |from: f64, to: f64| ((x - from) / (to - from)).clamp(0.0, 1.0);
    let Parameters { log2_low, log2_middle, log2_high, low_probability, .. } = *parameters;
    low_probability * part(log2_low, log2_middle)
        + (1.0 - low_probability) * part(log2_middle, log2_high)
}

/// The probability of each size, from 1.
pub(crate) fn sizes(parameters: &Parameters) -> Vec<f64> {
    let serial = parameters.serial_probability;
    let powers = parameters.power_of_two_probability;
    let others = 1.0 - serial - powers;
    (1..=parameters.processors.get())
        .map(|size| {
            let between =
                |low: f64, high: f64| two_stage(parameters, high) - two_stage(parameters, low);
            let exact = float(size);
            let log2 = exact.log2();
            let rounded =
                if size.is_power_of_two() { between(log2 - 0.5, log2 + 0.5) } else { 0.0 };
            let any = between((exact - 0.5).log2(), (exact + 0.5).log2());
            f64::from(u8::from(size == 1)) * serial + powers * rounded + others * any
        })
        .collect()
}

/// The mean of a function of the size.
pub(crate) fn expect_over_sizes(probabilities: &[f64], value: impl Fn(u64) -> f64) -> f64 {
    probabilities.iter().zip(1..).map(|(probability, size)| probability * value(size)).sum()
}

/// 1 for a power of two, else 0.
pub(crate) fn power_of_two(size: u64) -> f64 {
    f64::from(u8::from(size.is_power_of_two()))
}

/// The mean, over the runtimes of jobs of one size, of a function of the ln of the runtime before
/// it is rounded down: both gammas cut at 12 together, as redrawing does.
pub(crate) fn over_runtimes(
    parameters: &Parameters,
    size: u64,
    function: impl Fn(f64) -> f64,
) -> f64 {
    let p = (parameters.short_slope * float(size) + parameters.short_intercept).clamp(0.0, 1.0);
    let mixture = |function: &dyn Fn(f64) -> f64| {
        p * over_gamma(parameters.short_shape, parameters.short_scale, 12.0, function)
            + (1.0 - p) * over_gamma(parameters.long_shape, parameters.long_scale, 12.0, function)
    };
    mixture(&function) / mixture(&|_| 1.0)
}

/// The ln of a runtime that is rounded down to whole seconds.
pub(crate) fn ln_rounded(ln: f64) -> f64 {
    ln.exp().floor().max(1.0).ln()
}

/// The mean gap of a stream over whole days, in seconds: the gap in the mean half-hour.
pub(crate) fn mean_gap(parameters: &Parameters) -> f64 {
    let shape = parameters.gap_shape * parameters.gap_ratio;
    over_gamma(shape, parameters.gap_scale, 13.0, f64::exp)
        / over_gamma(shape, parameters.gap_scale, 13.0, |_| 1.0)
}
