//! Nice levels for weights.

use std::num::NonZeroU64;

/// The levels of siblings, from `least`, which the heaviest gets, to 19; and the kernel's weight of
/// each. The others get the level whose weight comes nearest, of two as near the lower one; those
/// too light get 19. Each level is a factor of about 1.25, so ratios are met within some 11 %.
///
/// Equal weights get equal levels, and heavier ones no higher level than others.
pub(crate) fn levels(weights: &[NonZeroU64], least: i32) -> Vec<(i32, u64)> {
    let Some(heaviest) = weights.iter().max() else { return Vec::new() };
    let heaviest = u128::from(heaviest.get());
    let least = least.clamp(LOWEST, HIGHEST);
    let most = u128::from(weight_of(least));
    weights
        .iter()
        .map(|weight| {
            let wanted = u128::from(weight.get()) * most;
            // As long as the middle between this level and the next is above what is wanted.
            let level = (least..HIGHEST)
                .find(|&level| {
                    let middle = u128::from(weight_of(level)) + u128::from(weight_of(level + 1));
                    2 * wanted >= heaviest * middle
                })
                .unwrap_or(HIGHEST);
            (level, weight_of(level))
        })
        .collect()
}

/// What a nice level weighs, of the kernel's table `sched_prio_to_weight`.
fn weight_of(level: i32) -> u64 {
    let index = usize::try_from(level - LOWEST).unwrap_or(0);
    TABLE.get(index).copied().unwrap_or(TABLE[TABLE.len() - 1])
}

pub(crate) const LOWEST: i32 = -20;
pub(crate) const HIGHEST: i32 = 19;

const TABLE: [u64; 40] = [
    88_761, 71_755, 56_483, 46_273, 36_291, 29_154, 23_254, 18_705, 14_949, 11_916, 9_548, 7_620,
    6_100, 4_904, 3_906, 3_121, 2_501, 1_991, 1_586, 1_277, 1_024, 820, 655, 526, 423, 335, 272,
    215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weight::applied;
    use proptest::prelude::*;

    fn weights(values: &[u64]) -> Vec<NonZeroU64> {
        values.iter().map(|&value| NonZeroU64::new(value).unwrap()).collect()
    }

    #[test]
    fn powers_of_a_quarter_more() {
        assert_eq!(levels(&weights(&[4, 4, 4]), 0), [(0, 1_024); 3]);
        assert_eq!(levels(&weights(&[1, 2, 4]), 0), [(6, 272), (3, 526), (0, 1_024)]);
        assert_eq!(levels(&weights(&[1, u64::MAX]), -20), [(19, 15), (-20, 88_761)]);
        assert_eq!(levels(&weights(&[1, 2]), 19), [(19, 15), (19, 15)]);
        assert!(levels(&[], 0).is_empty());
    }

    #[test]
    fn what_it_cannot_hold_is_told() {
        let asked = weights(&[1, 2, 4]);
        let set: Vec<u64> = levels(&asked, 0).into_iter().map(|(_, weight)| weight).collect();
        let applied = applied(&asked, &set);
        // 272 of 1822 where a seventh was asked for.
        assert!((applied[0].error - (272.0 / 1_822.0 - 1.0 / 7.0)).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn order_and_equals(
            asked in prop::collection::vec(
                prop_oneof![1..100_u64, 1..=u64::MAX].prop_map(|w| NonZeroU64::new(w).unwrap()), 1..9,
            ),
            least in LOWEST..=HIGHEST,
        ) {
            let set = levels(&asked, least);
            for (one, set_one) in asked.iter().zip(&set) {
                prop_assert!((least..=HIGHEST).contains(&set_one.0));
                for (two, set_two) in asked.iter().zip(&set) {
                    prop_assert!(one != two || set_one == set_two);
                    prop_assert!(one >= two || set_one.0 >= set_two.0);
                }
            }
        }
    }
}
