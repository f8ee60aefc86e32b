//! From the words of a generator to the distributions of the model, the same on every platform:
//! IEEE 754 operations and `libm` only.
//!
//! Rejection ends after [`TRIES`] words, so that a generator which repeats one word ends too.

use rand::Rng;

/// A uniform number in [0, 1), a multiple of 2^-53. One word.
pub(super) fn uniform(rng: &mut impl Rng) -> f64 {
    to_float(rng.next_u64() >> 11) * (1.0 / to_float(1 << 53))
}

/// Whether an event of this probability happens. One word.
pub(super) fn happens(probability: f64, rng: &mut impl Rng) -> bool {
    uniform(rng) < probability
}

/// A uniform number in (0, 1], of which the logarithm is finite. One word.
fn positive_uniform(rng: &mut impl Rng) -> f64 {
    1.0 - uniform(rng)
}

/// A uniform integer from 0 to `bound` − 1; 0 for bound 0. One word, seldom more, of `words`.
///
/// *Source*: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
pub(super) fn below(bound: u64, mut words: impl FnMut() -> u64) -> u64 {
    let surplus = bound.wrapping_neg().checked_rem(bound).unwrap_or_default();
    let mut high = 0;
    for _ in 0..TRIES {
        let wide = u128::from(words()) * u128::from(bound);
        high = u64::try_from(wide >> 64).unwrap_or_default();
        if wide & u128::from(u64::MAX) >= u128::from(surplus) {
            break;
        }
    }
    high
}

/// The words that follow from one word, the first not that word itself.
///
/// *Source*: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014: `SplitMix64`.
pub(super) fn words_of(mut word: u64) -> impl FnMut() -> u64 {
    move || {
        word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A standard normal number, the cosine of each pair of Box and Muller. Two words.
///
/// *Source*: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates",
/// Annals of Mathematical Statistics 29(2), 1958.
fn normal(rng: &mut impl Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(positive_uniform(rng)));
    radius * libm::cos(core::f64::consts::TAU * uniform(rng))
}

/// A gamma number. Three words a try, about one try; one word more for shapes below 1.
///
/// *Source*: G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM
/// TOMS 26(3), 2000, pages 363–372, without the squeeze; shapes below 1 are raised by 1 and
/// corrected by a power of a uniform number, as there.
#[expect(clippy::many_single_char_names, reason = "the symbols of the paper")]
pub(super) fn gamma(shape: f64, scale: f64, rng: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        let correction = libm::pow(positive_uniform(rng), 1.0 / shape);
        return gamma(shape + 1.0, scale, rng) * correction;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    for _ in 0..TRIES {
        let x = normal(rng);
        let root = 1.0 + c * x;
        let v = root * root * root;
        let u = positive_uniform(rng);
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
            return d * v * scale;
        }
    }
    d * scale
}

/// Draws until a number is at most `limit`; after [`TRIES`] draws `limit` itself.
pub(super) fn at_most<R: Rng>(limit: f64, rng: &mut R, draw: impl Fn(&mut R) -> f64) -> f64 {
    (0..TRIES).map(|_| draw(rng)).find(|&drawn| drawn <= limit).unwrap_or(limit)
}

/// The whole part of a number; 0 for negative numbers and NaN, `u64::MAX` for all above it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub(super) fn to_whole(number: f64) -> u64 {
    number as u64
}

/// The nearest float.
#[expect(clippy::cast_precision_loss, reason = "amounts beyond 2^53 may be rounded in a model")]
pub(super) fn to_float(number: u64) -> f64 {
    number as f64
}

/// Draws after which a rejection gives up. A good generator gets there with probability below
/// 10^-13 for any distribution here that keeps a twentieth of its draws.
const TRIES: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use rand::TryRng;
    use rand_pcg::Pcg64;

    /// Says always the same word.
    struct Stuck(u64);

    impl TryRng for Stuck {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(0)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(self.0)
        }

        fn try_fill_bytes(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
            words.fill(0);
            Ok(())
        }
    }

    /// Sample mean and variance of `count` draws.
    fn moments(count: u32, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let (mut mean, mut squares) = (0.0, 0.0);
        for n in 1..=count {
            let drawn = draw();
            let step = drawn - mean;
            mean += step / f64::from(n);
            squares += step * (drawn - mean);
        }
        (mean, squares / f64::from(count - 1))
    }

    #[test]
    fn gamma_numbers_have_the_moments_of_their_distribution() {
        // Mean ab, variance ab^2, fourth central moment 3ab^4(a + 2): 4 standard errors.
        const COUNT: u32 = 100_000;
        let mut rng = Pcg64::new(2003, 63);
        for (a, b) in
            [(0.3, 2.0), (0.97, 1.0), (1.0, 0.5), (4.2, 0.94), (10.46, 0.4871), (312.0, 0.03)]
        {
            let (mean, variance) = moments(COUNT, || gamma(a, b, &mut rng));
            let true_variance: f64 = a * b * b;
            let mean_error = (true_variance / f64::from(COUNT)).sqrt();
            assert!((mean - a * b).abs() < 4.0 * mean_error, "mean of {a}, {b}: {mean}");
            let fourth = 3.0 * a * b.powi(4) * (a + 2.0);
            let error = ((fourth - true_variance * true_variance) / f64::from(COUNT)).sqrt();
            assert!((variance - true_variance).abs() < 4.0 * error, "variance of {a}, {b}");
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut rng = Pcg64::new(1958, 29);
        let (mean, variance) = moments(100_000, || normal(&mut rng));
        // Standard errors sqrt(1/n) and sqrt(2/n): 4 of each.
        assert!(mean.abs() < 4.0 * 0.00317 && (variance - 1.0).abs() < 4.0 * 0.00448);
    }

    #[test]
    fn integers_below_a_bound_are_uniform() {
        let mut rng = Pcg64::new(3, 3);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[usize::try_from(below(6, || rng.next_u64())).unwrap()] += 1;
        }
        // Standard error sqrt(60000 / 6 * 5 / 6) = 91: 4 of them.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 4 * 91), "{counts:?}");
        assert_eq!(below(0, || rng.next_u64()), 0);
        assert_eq!(below(1, || rng.next_u64()), 0);
        // Three quarters of 2^64: the plain product would favour every third value.
        let bound = 3 << 62;
        assert!((0..100).all(|_| below(bound, || rng.next_u64()) < bound));
    }

    #[test]
    fn generators_that_are_stuck_end() {
        for word in [0, 1, u64::MAX / 2, u64::MAX] {
            let mut rng = Stuck(word);
            assert!(gamma(4.2, 0.94, &mut rng).is_finite());
            assert!(gamma(0.1, 0.94, &mut rng).is_finite());
            assert!(below((1 << 63) + 1, || word) <= 1 << 63);
            let limited = at_most(1.0, &mut rng, |rng| 2.0 + uniform(rng));
            assert_eq!(limited.to_bits(), 1.0_f64.to_bits());
        }
    }

    #[test]
    fn words_of_a_word_are_those_of_split_mix() {
        // The published first words of SplitMix64 from state 1234567.
        let mut words = words_of(1_234_567);
        assert_eq!(words(), 6_457_827_717_110_365_317);
        assert_eq!(words(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn value_stability() {
        let mut rng = Pcg64::new(42, 54);
        let found = [
            uniform(&mut rng),
            normal(&mut rng),
            gamma(4.2, 0.94, &mut rng),
            gamma(0.5, 2.0, &mut rng),
            to_float(below(1000, || rng.next_u64())),
        ];
        let expected: [f64; 5] = [
            0.526_151_306_332_416_5,
            -0.253_694_394_165_428_77,
            4.742_190_471_965_906,
            0.063_805_354_800_177_97,
            70.0,
        ];
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{found:?}");
    }
}
