//! Lower bounds on the number of bins that take one pass over the sorted sizes.

use alloc::vec::Vec;

use crate::Instance;

/// The sum of the sizes in whole bins, rounded up. Items that are larger than a bin do not count.
///
/// *Source:* Martello and Toth, *Lower bounds and reduction procedures for the bin packing
/// problem*, Discrete Applied Mathematics 28, 1990 (`L1`). *Complexity:* O(n).
///
/// A capacity of zero holds items of size zero only, in one bin.
///
/// ```
/// # use apportion_binpack::{Instance, l1};
/// let instance = Instance::new(10, vec![6, 6, 6])?;
/// assert_eq!(l1(&instance), 2);
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[must_use]
pub fn l1(instance: &Instance) -> usize {
    let fitting = instance.sizes().iter().filter(|size| **size <= instance.capacity());
    let (count, sum) =
        fitting.fold((0_usize, 0_u128), |(count, sum), size| (count + 1, sum + u128::from(*size)));
    usize::from(count > 0).max(whole_bins(sum, instance.capacity()))
}

/// The best of Martello and Toth's bounds over all thresholds `α`: an item above `C - α` needs a bin
/// to itself as far as items of at least `α` are concerned, those above `C / 2` a bin each, and
/// those from `α` to `C / 2` what these leave.
///
/// *Source:* as for [`l1`] (`L2`). *Complexity:* O(n log n). At least [`l1`], at most the optimum.
///
/// ```
/// # use apportion_binpack::{Instance, l2};
/// let instance = Instance::new(10, vec![6, 6, 6])?;
/// assert_eq!(l2(&instance), 3);
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[must_use]
pub fn l2(instance: &Instance) -> usize {
    let capacity = instance.capacity();
    let mut sizes: Vec<u64> =
        instance.sizes().iter().copied().filter(|size| *size <= capacity).collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let bound = l2_of(capacity, sizes.iter().map(|size| (*size, 1)));
    bound.max(usize::from(!sizes.is_empty()))
}

/// The bound for `kinds` of items, each a size up to the capacity, decreasing, and a number of items.
/// Two passes: the thresholds grow from the smallest size to half a bin in the one, and in the other
/// those that are alone are added from the largest on.
pub(crate) fn l2_of(
    capacity: u64,
    kinds: impl DoubleEndedIterator<Item = (u64, u32)> + Clone,
) -> usize {
    let load = |(size, count): (u64, u32)| u128::from(size) * u128::from(count);
    let is_half = |size: u64| size > capacity - size;
    // Above half a bin: all share their bins at first; those that are alone are taken out.
    let mut halves = 0;
    let mut room = 0_u128;
    for (size, count) in kinds.clone().take_while(|(size, _)| is_half(*size)) {
        halves += count as usize;
        room += u128::from(capacity - size) * u128::from(count);
    }
    let small = kinds.clone().rev().take_while(|(size, _)| !is_half(*size));
    let mut sum: u128 = small.clone().map(load).sum();
    let mut best = halves;
    let mut large = kinds.take_while(|(size, _)| is_half(*size)).peekable();
    for (threshold, count) in small {
        while let Some((size, count)) = large.next_if(|(size, _)| *size > capacity - threshold) {
            room -= u128::from(capacity - size) * u128::from(count);
        }
        best = best.max(halves + whole_bins(sum.saturating_sub(room), capacity));
        sum -= load((threshold, count));
    }
    best
}

/// How many bins hold `sum`. At most the number of items of which it is the sum.
fn whole_bins(sum: u128, capacity: u64) -> usize {
    if capacity == 0 {
        return 0;
    }
    usize::try_from(sum.div_ceil(u128::from(capacity))).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    /// Straight from the definition.
    fn l2_by_definition(capacity: u64, sizes: &[u64]) -> usize {
        let sizes: Vec<u128> =
            sizes.iter().filter(|size| **size <= capacity).map(|size| u128::from(*size)).collect();
        let capacity = u128::from(capacity);
        let thresholds = sizes.iter().copied().filter(|size| 2 * size <= capacity).chain([0]);
        let bound = |threshold: u128| {
            let among = |test: &dyn Fn(u128) -> bool| -> Vec<u128> {
                sizes.iter().copied().filter(|size| test(*size)).collect()
            };
            let first = among(&|size| size > capacity - threshold);
            let second = among(&|size| size <= capacity - threshold && 2 * size > capacity);
            let third = among(&|size| 2 * size <= capacity && size >= threshold);
            let room = second.len() as u128 * capacity - second.iter().sum::<u128>();
            let rest = third.iter().sum::<u128>().saturating_sub(room);
            let more = if capacity == 0 { 0 } else { rest.div_ceil(capacity) };
            first.len() + second.len() + usize::try_from(more).unwrap()
        };
        thresholds.map(bound).max().unwrap_or(0).max(usize::from(!sizes.is_empty()))
    }

    proptest! {
        #[test]
        fn l2_is_the_best_over_all_thresholds(
            capacity in 0_u64..30,
            sizes in prop::collection::vec(0_u64..32, 0..20),
        ) {
            let instance = Instance::new(capacity, sizes.clone()).unwrap();
            prop_assert_eq!(l2(&instance), l2_by_definition(capacity, &sizes));
            prop_assert!(l1(&instance) <= l2(&instance));
        }
    }

    #[test]
    fn sums_beyond_64_bits_are_counted() {
        let instance = Instance::new(u64::MAX, vec![u64::MAX; 5]).unwrap();
        assert_eq!((l1(&instance), l2(&instance)), (5, 5));
        let instance = Instance::new(0, vec![0, 0, 7]).unwrap();
        assert_eq!((l1(&instance), l2(&instance)), (1, 1));
    }
}
