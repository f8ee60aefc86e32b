//! Weights of any size on a scale with ends, so that their ratios survive.

use std::num::NonZeroU64;

use crate::Applied;

/// The weights that a kernel takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scale {
    least: u64,
    most: u64,
    /// What a group has that is told nothing.
    usual: u64,
}

impl Scale {
    /// `cpu.shares` of version 1.
    pub const SHARES: Self = Self { least: 2, most: 262_144, usual: 1_024 };
    /// `cpu.weight` of version 2.
    pub const WEIGHT: Self = Self { least: 1, most: 10_000, usual: 100 };

    /// The weights on this scale of siblings with any weights.
    ///
    /// If they fit with their ratios exact, they are multiplied by the least number that brings the
    /// lightest up to what a group has by default, or by the greatest that fits. If not, the
    /// heaviest gets one of the [`CANDIDATES`] highest weights of the scale and the others are
    /// rounded to the nearest, halves upwards: whichever makes the greatest relative error of a
    /// share least, of equals the highest. Those too light for the scale get its least weight.
    ///
    /// Equal weights stay equal, and heavier ones do not become lighter than others.
    ///
    /// *Complexity*: `O(n)` for `n` siblings, times [`CANDIDATES`] where ratios do not fit.
    #[must_use]
    pub fn fit(self, weights: &[NonZeroU64]) -> Vec<u64> {
        let (Some(lightest), Some(heaviest)) = (weights.iter().min(), weights.iter().max()) else {
            return Vec::new();
        };
        let (lightest, heaviest) = (lightest.get(), heaviest.get());
        let divisor =
            weights.iter().fold(0, |divisor, weight| greatest_divisor(divisor, weight.get()));
        let (low, high) = (lightest / divisor, heaviest / divisor);
        if high <= self.most && low.saturating_mul(self.most / high) >= self.least {
            let factor = self.usual.div_ceil(low).min(self.most / high);
            return weights.iter().map(|weight| weight.get() / divisor * factor).collect();
        }
        let mut best: Option<(Fraction, Vec<u64>)> = None;
        let last = self.most.saturating_sub(CANDIDATES - 1).max(self.least);
        for top in (last..=self.most).rev() {
            let scaled: Vec<u64> =
                weights.iter().map(|weight| self.round(weight.get(), heaviest, top)).collect();
            let error = worst(weights, &scaled);
            if best.as_ref().is_none_or(|(least, _)| error.is_less(*least)) {
                best = Some((error, scaled));
            }
        }
        best.map_or_else(Vec::new, |(_, scaled)| scaled)
    }

    /// A weight, if the heaviest becomes `top`.
    fn round(self, weight: u64, heaviest: u64, top: u64) -> u64 {
        let exact = 2 * u128::from(weight) * u128::from(top) + u128::from(heaviest);
        // At most `top`, as no weight is above the heaviest.
        u64::try_from(exact / (2 * u128::from(heaviest)))
            .unwrap_or(top)
            .clamp(self.least, self.most)
    }
}

/// What became of each weight: what was set, and by how much its share is off.
#[must_use]
pub(crate) fn applied(weights: &[NonZeroU64], set: &[u64]) -> Vec<Applied> {
    let (asked, all) = (sum(weights.iter().map(|weight| weight.get())), sum(set.iter().copied()));
    weights
        .iter()
        .zip(set)
        .map(|(weight, &set)| {
            // (set * asked - weight * all) / (asked * all), of which only the result is rounded.
            let [plus, minus] = [u128::from(set) * asked, u128::from(weight.get()) * all];
            let difference = ratio(plus.abs_diff(minus), asked) / ratio(all, 1);
            Applied { weight: set, error: if plus < minus { -difference } else { difference } }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "for a report")]
fn ratio(numerator: u128, denominator: u128) -> f64 {
    numerator as f64 / denominator as f64
}

/// The greatest relative error of a share: of `|set/all - weight/asked| / (weight/asked)`.
fn worst(weights: &[NonZeroU64], set: &[u64]) -> Fraction {
    let (asked, all) = (sum(weights.iter().map(|weight| weight.get())), sum(set.iter().copied()));
    let mut worst = Fraction { numerator: 0, denominator: 1 };
    for (weight, &set) in weights.iter().zip(set) {
        let exact = u128::from(weight.get()) * all;
        let numerator = (u128::from(set) * asked).abs_diff(exact);
        let error = Fraction { numerator, denominator: exact };
        if worst.is_less(error) {
            worst = error;
        }
    }
    worst
}

fn sum(values: impl Iterator<Item = u64>) -> u128 {
    values.map(u128::from).sum()
}

fn greatest_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[derive(Clone, Copy, Debug)]
struct Fraction {
    numerator: u128,
    denominator: u128,
}

impl Fraction {
    /// Exact: whole parts are compared, then what remains, upside down, as Euclid would.
    fn is_less(self, other: Self) -> bool {
        let (mut one, mut two) = (self, other);
        loop {
            let wholes = (one.numerator / one.denominator, two.numerator / two.denominator);
            if wholes.0 != wholes.1 {
                return wholes.0 < wholes.1;
            }
            let rest = (one.numerator % one.denominator, two.numerator % two.denominator);
            if rest.0 == 0 || rest.1 == 0 {
                return rest.0 == 0 && rest.1 != 0;
            }
            (one, two) = (
                Self { numerator: two.denominator, denominator: rest.1 },
                Self { numerator: one.denominator, denominator: rest.0 },
            );
        }
    }
}

/// How many weights are tried for the heaviest.
pub const CANDIDATES: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(values: &[u64]) -> Vec<NonZeroU64> {
        values.iter().map(|&value| NonZeroU64::new(value).unwrap()).collect()
    }

    #[test]
    fn ratios_that_fit_are_exact() {
        assert_eq!(Scale::SHARES.fit(&weights(&[1, 2, 4])), [1_024, 2_048, 4_096]);
        assert_eq!(Scale::WEIGHT.fit(&weights(&[1, 2, 4])), [100, 200, 400]);
        assert_eq!(Scale::WEIGHT.fit(&weights(&[7])), [100]);
        assert_eq!(Scale::WEIGHT.fit(&weights(&[1, 10_000])), [1, 10_000]);
        assert_eq!(Scale::WEIGHT.fit(&weights(&[1, 500])), [20, 10_000]);
        assert_eq!(Scale::SHARES.fit(&weights(&[1, 131_072])), [2, 262_144]);
        assert_eq!(Scale::SHARES.fit(&weights(&[u64::MAX, u64::MAX])), [1_024, 1_024]);
        assert_eq!(Scale::SHARES.fit(&weights(&[1 << 63, 1 << 62])), [2_048, 1_024]);
        assert!(Scale::SHARES.fit(&[]).is_empty());
    }

    #[test]
    fn what_does_not_fit_saturates_and_says_so() {
        let asked = weights(&[1, u64::MAX]);
        let set = Scale::WEIGHT.fit(&asked);
        assert_eq!(set, [1, 10_000]);
        let applied = applied(&asked, &set);
        assert!((applied[0].error - 1.0 / 10_001.0).abs() < 1e-12);
        assert!((applied[1].error + 1.0 / 10_001.0).abs() < 1e-12);
        assert_eq!(Scale::SHARES.fit(&weights(&[1, 262_144])), [2, 262_144]);
    }

    #[test]
    fn fractions_are_compared_exactly() {
        let fraction = |numerator, denominator| Fraction { numerator, denominator };
        let huge = u128::MAX;
        assert!(fraction(huge - 2, huge - 1).is_less(fraction(huge - 1, huge)));
        assert!(!fraction(huge - 1, huge).is_less(fraction(huge - 2, huge - 1)));
        assert!(!fraction(2, 4).is_less(fraction(1, 2)));
        assert!(fraction(0, 7).is_less(fraction(1, huge)));
        assert!(fraction(1, 3).is_less(fraction(1, 2)));
    }

    fn any_weight() -> impl Strategy<Value = NonZeroU64> {
        prop_oneof![1..=10_u64, 1..=20_000_u64, 1..=u64::MAX, (0..64_u32).prop_map(|bit| 1 << bit)]
            .prop_map(|value| NonZeroU64::new(value).unwrap())
    }

    proptest! {
        #[test]
        fn order_range_and_least_error(
            asked in prop::collection::vec(any_weight(), 1..12),
            scale in prop_oneof![Just(Scale::SHARES), Just(Scale::WEIGHT)],
        ) {
            let set = scale.fit(&asked);
            prop_assert!(set.iter().all(|weight| (scale.least..=scale.most).contains(weight)));
            for (one, set_one) in asked.iter().zip(&set) {
                for (two, set_two) in asked.iter().zip(&set) {
                    prop_assert!(one != two || set_one == set_two);
                    prop_assert!(one >= two || set_one <= set_two);
                }
            }
            // No worse than the obvious: the heaviest at the end of the scale.
            let heaviest = asked.iter().max().unwrap().get();
            let plain: Vec<u64> =
                asked.iter().map(|weight| scale.round(weight.get(), heaviest, scale.most)).collect();
            prop_assert!(!worst(&asked, &plain).is_less(worst(&asked, &set)));
            let applied = applied(&asked, &set);
            prop_assert!(applied.iter().all(|applied| (-1.0..=1.0).contains(&applied.error)));
            prop_assert!(applied.iter().map(|applied| applied.error).sum::<f64>().abs() < 1e-9);
        }

        #[test]
        fn exact_where_they_fit(
            parts in prop::collection::vec(1..=100_u64, 1..8), factor in 1..=1_u64 << 50,
        ) {
            let asked = weights(&parts.iter().map(|part| part * factor).collect::<Vec<_>>());
            for scale in [Scale::SHARES, Scale::WEIGHT] {
                let set = scale.fit(&asked);
                for (one, set_one) in parts.iter().zip(&set) {
                    for (two, set_two) in parts.iter().zip(&set) {
                        prop_assert_eq!(one * set_two, two * set_one);
                    }
                }
                prop_assert!(applied(&asked, &set).iter().all(|applied| applied.error == 0.0));
            }
        }
    }
}
