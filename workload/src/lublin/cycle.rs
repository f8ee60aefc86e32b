use super::chance::to_float;

/// Seconds in a half-hour.
pub(super) const HALF_HOUR: u64 = 1800;

/// Half-hours in a day.
pub(super) const HALF_HOURS: usize = 48;

/// The weight of each half-hour of the day in arrivals, midnight first, mean 1.
///
/// The half-hours are numbered from 1. That with number i, from 11 to 58 and counted past midnight,
/// has the mass of a gamma distribution between i − 0.5 and i + 0.5.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DailyCycle([f64; HALF_HOURS]);

impl DailyCycle {
    /// `None` if the distribution has no mass in the day.
    pub(super) fn new(shape: f64, scale: f64) -> Option<Self> {
        let cumulative =
            |half_hour: usize| gamma_cumulative((to_float(half_hour as u64) - 0.5) / scale, shape);
        let mut weights = [0.0; HALF_HOURS];
        for number in DAY_START..DAY_START + HALF_HOURS {
            let mass = cumulative(number + 1) - cumulative(number);
            // The masses of a tail may differ by less than their error.
            weights[(number - 1) % HALF_HOURS] = mass.max(0.0);
        }
        let mean = weights.iter().sum::<f64>() / to_float(HALF_HOURS as u64);
        (mean.is_finite() && mean > 0.0).then(|| Self(weights.map(|weight| weight / mean)))
    }

    /// The weight of the half-hour that begins so many half-hours after the first midnight.
    pub(super) fn weight(&self, half_hour: u64) -> f64 {
        let bucket = usize::try_from(half_hour % HALF_HOURS as u64).unwrap_or_default();
        self.0[bucket % HALF_HOURS]
    }
}

impl Default for DailyCycle {
    /// A day without a cycle.
    fn default() -> Self {
        Self([1.0; HALF_HOURS])
    }
}

/// The number of the half-hour at which the day of the model starts.
const DAY_START: usize = 11;

/// The regularised lower incomplete gamma function P(shape, x): the probability that a gamma number
/// of this shape and scale 1 is at most `x`.
///
/// *Source*: NIST Digital Library of Mathematical Functions, 8.11.4 (the series, below shape + 1)
/// and 8.9.2 (the continued fraction, above, evaluated by Lentz's method).
#[expect(clippy::many_single_char_names, reason = "the usual symbols of Lentz's method")]
fn gamma_cumulative(x: f64, shape: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum) = (1.0 / shape, 1.0 / shape);
        for n in 1..=TERMS {
            term *= x / (shape + to_float(n));
            sum += term;
            if term < sum * PRECISION {
                break;
            }
        }
        return (front * sum).min(1.0);
    }
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..=TERMS {
        let n = to_float(n);
        let a = n * (shape - n);
        b += 2.0;
        d = 1.0 / away_from_zero(a * d + b);
        c = away_from_zero(b + a / c);
        fraction *= c * d;
        if libm::fabs(c * d - 1.0) < PRECISION {
            break;
        }
    }
    (1.0 - front * fraction).max(0.0)
}

fn away_from_zero(number: f64) -> f64 {
    if libm::fabs(number) < TINY { TINY } else { number }
}

const TERMS: u64 = 10_000;
const PRECISION: f64 = 1e-15;
const TINY: f64 = 1e-300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cumulative_gamma_agrees_with_closed_forms() {
        for x in [0.01, 0.5, 1.0, 1.9, 2.1, 3.9, 4.1, 10.0, 40.0, 700.0] {
            let x: f64 = x;
            let erlang_3 = 1.0 - (-x).exp() * (1.0 + x + x * x / 2.0);
            for (shape, expected) in
                [(1.0, 1.0 - (-x).exp()), (3.0, erlang_3), (0.5, libm::erf(x.sqrt()))]
            {
                let found = gamma_cumulative(x, shape);
                assert!((found - expected).abs() < 1e-13, "P({shape}, {x}) = {found}");
            }
        }
        assert!(gamma_cumulative(-1.0, 2.0) <= 0.0);
    }

    #[test]
    fn weights_have_mean_1_and_are_least_before_the_day_starts() {
        let cycle = DailyCycle::new(8.1737, 3.9631).unwrap();
        let total: f64 = cycle.0.iter().sum();
        assert!((total - 48.0).abs() < 1e-9);
        let least = (0..48).min_by(|&a, &b| cycle.weight(a).total_cmp(&cycle.weight(b)));
        assert_eq!(least, Some(10));
        // The mode of the gamma is (shape - 1) * scale = 28.4: the 28th half-hour, from 13:30.
        let most = (0..48).max_by(|&a, &b| cycle.weight(a).total_cmp(&cycle.weight(b)));
        assert_eq!(most, Some(27));
        assert_eq!(cycle.weight(48 * 1000 + 7).to_bits(), cycle.weight(7).to_bits());
    }

    #[test]
    fn days_without_mass_are_none() {
        assert_eq!(DailyCycle::new(1e9, 1.0), None);
        assert_eq!(DailyCycle::new(1.0, 1e-9), None);
        assert_eq!(DailyCycle::new(f64::NAN, 1.0), None);
    }
}
