//! Sorting some hundreds of keys that are spread evenly.

use alloc::vec::Vec;

/// So few are sorted by insertion.
const INSERTED: usize = 8;

/// From so many on, a pass over all digits of 6 bits, or of 8, is short beside the keys.
const DISTRIBUTED: [usize; 2] = [48, 160];

/// If more keys than this have a digit in common, they are not spread evenly.
const CROWD: u16 = 16;

/// Sorts keys of which `bits` differ at most, up to the highest; fewer than 2^16. `spare` is room for
/// as many.
///
/// By the highest digit, then by insertion: nearly all are in their places by then, and no branch
/// depends on a comparison but those that are foreseen (Knuth, "The Art of Computer Programming" 3,
/// 5.2.1 and 5.2.5).
#[inline(always)]
pub(crate) fn sort(keys: &mut [u64], spare: &mut Vec<u64>, bits: u32) {
    let is_sorted = match keys.len() {
        0..=INSERTED => return sort_few(keys),
        few if few < DISTRIBUTED[0] => false,
        some if some < DISTRIBUTED[1] => distribute::<{ 1 << 6 }>(keys, spare, bits),
        _ => distribute::<{ 1 << 8 }>(keys, spare, bits),
    };
    if !is_sorted {
        keys.sort_unstable();
    }
}

/// Without branches that depend on the keys, as those could not be foreseen.
#[inline(always)]
fn sort_few(keys: &mut [u64]) {
    for end in 1..keys.len() {
        let (sorted, rest) = keys.split_at_mut(end);
        for key in sorted {
            (*key, rest[0]) = ((*key).min(rest[0]), (*key).max(rest[0]));
        }
    }
}

/// Sorts by the highest digit, then by insertion, unless many have that digit in common.
fn distribute<const DIGITS: usize>(keys: &mut [u64], spare: &mut Vec<u64>, bits: u32) -> bool {
    let shift = bits.saturating_sub(DIGITS.ilog2());
    let digit = |key: u64| (key >> shift) as usize % DIGITS;
    let mut ends = [0_u16; DIGITS];
    for &key in &*keys {
        ends[digit(key)] += 1;
    }
    let (mut sum, mut most) = (0, 0);
    for end in &mut ends {
        most = most.max(*end);
        sum += *end;
        *end = sum;
    }
    if most > CROWD {
        return false;
    }
    if spare.len() < keys.len() {
        spare.resize(keys.len(), 0);
    }
    for &key in &*keys {
        let end = &mut ends[digit(key)];
        *end -= 1;
        spare[*end as usize] = key;
    }
    for (at, &key) in spare.iter().take(keys.len()).enumerate() {
        let mut place = at;
        while place > 0 && keys[place - 1] > key {
            keys[place] = keys[place - 1];
            place -= 1;
        }
        keys[place] = key;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Spread evenly, crowded, or with few that differ.
        #[test]
        fn keys_are_in_order(
            above: u64,
            bits in 0_u32..=64,
            spread in 0_u32..=64,
            keys in proptest::collection::vec(any::<u64>(), 0..600),
        ) {
            let differing = u64::MAX.checked_shr(64 - bits).unwrap_or(0);
            let keys = keys.into_iter().map(|key| key.checked_shr(64 - spread).unwrap_or(0));
            let mut keys: Vec<u64> =
                keys.map(|key| above & !differing | key & differing).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sort(&mut keys, &mut Vec::new(), bits);
            prop_assert_eq!(keys, expected);
        }
    }
}
