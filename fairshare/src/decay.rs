//! Half-lives without floats.

use crate::Error;

/// After how many ticks usage counts half: from 1 to 2^40 ticks of the caller's clock.
///
/// Zero, which elsewhere stands for "never forget", and half-lives that come to the same are
/// refused: they would switch fair share off, or turn it into a quota.
///
/// ```
/// use apportion_fairshare::{Error, HalfLife};
///
/// assert_eq!(HalfLife::new(7 * 24 * 3_600)?.ticks(), 604_800);
/// assert_eq!(HalfLife::new(0), Err(Error::HalfLifeOutOfRange { ticks: 0 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u64", into = "u64"))]
pub struct HalfLife(u64);

impl HalfLife {
    /// The longest: 34,865 years of seconds. A tick of it still makes a difference of 2^-41.
    pub const MAX: Self = Self(1 << 40);

    /// A half-life in ticks.
    ///
    /// # Errors
    ///
    /// [`Error::HalfLifeOutOfRange`] unless it is from 1 to 2^40.
    pub fn new(ticks: u64) -> Result<Self, Error> {
        if (1..=Self::MAX.0).contains(&ticks) {
            Ok(Self(ticks))
        } else {
            Err(Error::HalfLifeOutOfRange { ticks })
        }
    }

    /// Its length.
    #[must_use]
    pub fn ticks(self) -> u64 {
        self.0
    }

    /// How many half-lives have passed by `now`, and `2^x` for the part `x` of one that is left
    /// over, in units of 2^-63: from 1 up to 2, off by less than 2^-55.
    pub(crate) fn split(self, now: u64) -> (u64, u64) {
        let part = u128::from(now % self.0);
        let bits = ((part << 64) / u128::from(self.0)) as u64;
        let mut growth = ONE;
        for (at, &root) in (0..).zip(&ROOTS) {
            if bits & (1 << (63 - at)) != 0 {
                growth = ((u128::from(growth) * u128::from(root)) >> 63) as u64;
            }
        }
        (now / self.0, growth)
    }
}

impl TryFrom<u64> for HalfLife {
    type Error = Error;

    fn try_from(ticks: u64) -> Result<Self, Error> {
        Self::new(ticks)
    }
}

impl From<HalfLife> for u64 {
    fn from(half_life: HalfLife) -> Self {
        half_life.0
    }
}

/// `value * factor / divisor`, rounded down, or the greatest number if it does not fit.
pub(crate) fn scaled(value: u128, factor: u64, divisor: u64) -> u128 {
    let (factor, divisor) = (u128::from(factor), u128::from(divisor).max(1));
    let low = (value & LOW) * factor;
    let high = (value >> 64) * factor + (low >> 64);
    // Three digits of 64 bits, divided one after the other.
    let first = (high >> 64) / divisor;
    let rest = (high >> 64) % divisor;
    let second = (rest << 64) | (high & LOW);
    let rest = second % divisor;
    let third = (rest << 64) | (low & LOW);
    if first > 0 {
        return u128::MAX;
    }
    ((second / divisor) << 64) + third / divisor
}

const LOW: u128 = u64::MAX as u128;

/// One, in units of 2^-63.
pub(crate) const ONE: u64 = 1 << 63;

/// 2 to the power of 1/2, 1/4, 1/8 and so on, in units of 2^-63: each the root of the one before.
const ROOTS: [u64; 63] = {
    let mut roots = [0; 63];
    // Two.
    let mut root: u128 = 1 << 64;
    let mut at = 0;
    while at < roots.len() {
        root = (root << 63).isqrt();
        roots[at] = root as u64;
        at += 1;
    }
    roots
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "compared to floats")]
    fn growth_is_a_power_of_two_and_never_shrinks() {
        for ticks in [1, 2, 3, 7, 1_000, 604_800, 1 << 40] {
            let half_life = HalfLife::new(ticks).unwrap();
            for step in 0..1_000 {
                let now = ticks.min(1_000) * step / 300 + step % 2;
                let (passed, growth) = half_life.split(now);
                assert_eq!(passed, now / ticks);
                let exact = ((now % ticks) as f64 / ticks as f64).exp2();
                assert!((growth as f64 / ONE as f64 - exact).abs() < 1e-15, "{ticks} {now}");
            }
            for part in 1..ticks.min(1_000) {
                assert!(half_life.split(part).1 > half_life.split(part - 1).1, "{ticks} {part}");
            }
        }
    }

    #[test]
    fn products_are_divided_exactly() {
        assert_eq!(scaled(u128::MAX, 7, 7), u128::MAX);
        assert_eq!(scaled(u128::MAX, u64::MAX, u64::MAX), u128::MAX);
        assert_eq!(scaled(u128::MAX, 2, 1), u128::MAX);
        assert_eq!(scaled(u128::MAX / 3, 3, 2), u128::MAX / 2);
        assert_eq!(scaled(1 << 100, 1 << 40, 1 << 50), 1 << 90);
        assert_eq!(scaled(10, 10, 3), 33);
        assert_eq!(scaled(10, 10, 0), 100);
    }
}
