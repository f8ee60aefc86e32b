//! Exact arithmetic of counters: what a charge does to them at a given weight.

use crate::Weight;

/// Units of a counter in one unit of service at weight 1, as a power of two.
pub(crate) const RESOLUTION_BITS: u32 = 20;

/// The largest charge: 2^42 units of service, 73 minutes in nanoseconds.
///
/// At weight 1 it moves a counter by a quarter of the circle that counters lie on.
pub const MAX_CHARGE: u64 = 1 << 42;

/// No charge may carry anybody further than this from virtual time.
pub(crate) const MAX_SERVICE: i128 = (MAX_CHARGE as i128) << RESOLUTION_BITS;

/// Service in the unit of counters at weight 1.
#[inline(always)]
pub(crate) fn units(service: u64) -> i128 {
    i128::from(service) << RESOLUTION_BITS
}

/// A number that is often divided by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Divisor<N> {
    divisor: N,
    reciprocal: u64,
}

impl<N: Copy + Into<u64>> Divisor<N> {
    pub(crate) fn new(divisor: N) -> Self {
        Self { divisor, reciprocal: u64::MAX / divisor.into() }
    }

    /// As [`parts`](Self::parts) has given them.
    #[inline(always)]
    pub(crate) fn from_parts(divisor: N, reciprocal: u64) -> Self {
        Self { divisor, reciprocal }
    }

    /// The number, and what saves dividing by it.
    #[inline(always)]
    pub(crate) fn parts(self) -> (N, u64) {
        (self.divisor, self.reciprocal)
    }

    #[inline(always)]
    pub(crate) fn get(self) -> N {
        self.divisor
    }

    /// Quotient and remainder.
    #[inline(always)]
    pub(crate) fn divide(self, value: u64) -> (u64, u64) {
        // The reciprocal is too small by less than one, so the product with a value below 2^64 is
        // by less than 2^64, and the estimate right or one too little.
        let estimate = ((u128::from(value) * u128::from(self.reciprocal)) >> 64) as u64;
        let left = value - estimate * self.divisor.into();
        let one = u64::from(left >= self.divisor.into());
        (estimate + one, left - one * self.divisor.into())
    }

    /// Quotient, rounded down, and remainder.
    pub(crate) fn divide_floor(self, value: i128) -> (i128, u64) {
        if let Ok(value) = u64::try_from(value) {
            let (quotient, remainder) = self.divide(value);
            (quotient.into(), remainder)
        } else {
            let divisor = i128::from(self.divisor.into());
            (value.div_euclid(divisor), value.rem_euclid(divisor) as u64)
        }
    }
}

/// A weight, ready to divide by.
///
/// A counter and a remainder below the weight are together the exact quotient of service and
/// weight.
pub(crate) type Rate = Divisor<u32>;

impl Rate {
    pub(crate) fn of(weight: Weight) -> Self {
        Self::new(weight.get())
    }

    /// By how much a counter grows for `used` units of service, at most [`MAX_CHARGE`], and the new
    /// remainder.
    #[inline(always)]
    pub(crate) fn growth(self, used: u64, remainder: u32) -> (u64, u32) {
        let (growth, remainder) = self.divide((used << RESOLUTION_BITS) + u64::from(remainder));
        (growth, remainder as u32)
    }

    /// What a distance between counters, with a remainder, is worth in service.
    #[inline(always)]
    pub(crate) fn service(self, distance: i64, remainder: u32) -> i128 {
        i128::from(distance) * i128::from(self.divisor) + i128::from(remainder)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn division_is_that_of_integers(
            bits in 0_u32..64, value: u64, divisor in 1_u32..=1 << 20, sign: bool,
        ) {
            for value in [value >> bits, u64::MAX, (value >> bits) / u64::from(divisor)] {
                let (quotient, remainder) = Rate::new(divisor).divide(value);
                prop_assert_eq!(quotient, value / u64::from(divisor));
                prop_assert_eq!(remainder, value % u64::from(divisor));
                let signed = i128::from(value) * if sign { -1 } else { 1 };
                let (quotient, remainder) = Rate::new(divisor).divide_floor(signed);
                prop_assert_eq!(quotient, signed.div_euclid(i128::from(divisor)));
                prop_assert_eq!(i128::from(remainder), signed.rem_euclid(i128::from(divisor)));
            }
        }

        #[test]
        fn division_by_a_sum_of_weights_is_that_of_integers(
            bits in 0_u32..64, value: u64, shift in 0_u32..64, divisor: u64,
        ) {
            let (value, divisor) = (value >> bits, (divisor >> shift).max(1));
            let (quotient, remainder) = Divisor::new(divisor).divide(value);
            prop_assert_eq!((quotient, remainder), (value / divisor, value % divisor));
        }

        /// So nothing drifts, however many charges there are.
        #[test]
        fn many_charges_are_one_charge(
            weight in 1_u32..=1 << 20,
            charges in proptest::collection::vec((0_u32..=42, 0..=MAX_CHARGE), 1..20),
        ) {
            let rate = Rate::new(weight);
            let mut remainder = 0;
            let (mut grown, mut total) = (0_u128, 0_u128);
            for (bits, charge) in charges {
                let (growth, left) = rate.growth(charge >> bits, remainder);
                remainder = left;
                grown += u128::from(growth);
                total += u128::from(charge >> bits);
            }
            let exact = total << RESOLUTION_BITS;
            prop_assert_eq!(grown, exact / u128::from(weight));
            prop_assert_eq!(u128::from(remainder), exact % u128::from(weight));
        }
    }
}
