use alloc::vec::Vec;

use crate::VectorInstance;

/// Bins that no packing of the items that fit a bin can do without.
///
/// The largest of: the sum of sizes over the capacity, rounded up, in any dimension (L1); the bound
/// L2 of Martello and Toth in any dimension; and a set of items no two of which fit a bin together,
/// found greedily. Each drops all but a part of what an item needs, so each holds.
///
/// *Source:* Martello and Toth, *Lower bounds and reduction procedures for the bin packing
/// problem*, Discrete Applied Mathematics 1990; Spieksma, *A branch-and-bound algorithm for the
/// two-dimensional vector packing problem*, Computers & Operations Research 1994.
///
/// *Complexity*: O(D · n log n) for n items, and O(n² · D) for the set, which is left out beyond
/// 5,000 items.
#[must_use]
pub fn vector_lower_bound<const D: usize>(instance: &VectorInstance<D>) -> usize {
    let items: Vec<&[u64; D]> =
        instance.packable().map(|item| &instance.sizes()[item as usize]).collect();
    let by_dimension = (0..D).map(|dimension| {
        let mut sizes: Vec<u64> = items.iter().map(|size| size[dimension]).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        martello_toth(&sizes, instance.capacity()[dimension])
    });
    let sums = by_dimension.max().unwrap_or(0).max(usize::from(!items.is_empty()));
    if items.len() > 5_000 { sums } else { sums.max(conflicts(&items, instance.capacity())) }
}

/// L2 of sizes in decreasing order. With no threshold it is L1.
fn martello_toth(sizes: &[u64], capacity: u64) -> usize {
    if capacity == 0 {
        return 0;
    }
    let mut sums = Vec::with_capacity(sizes.len() + 1);
    let mut sum = 0_u128;
    sums.push(sum);
    for size in sizes {
        sum += u128::from(*size);
        sums.push(sum);
    }
    let sum_of = |from: usize, to: usize| sums[to] - sums[from];
    let capacity_wide = u128::from(capacity);
    // Items larger than half a bin come first; no two of them share one.
    let half = sizes.partition_point(|size| *size > capacity / 2);
    let mut best = 0;
    let mut threshold = 0;
    let mut small = sizes.len();
    loop {
        // Those larger than the capacity less the threshold share their bin with none that counts.
        let alone = sizes.partition_point(|size| *size > capacity - threshold);
        // Those between share what the large ones leave, and then need bins of their own.
        let left = (half - alone) as u128 * capacity_wide - sum_of(alone, half);
        let needed = sum_of(half, small).saturating_sub(left).div_ceil(capacity_wide);
        best = best.max(half + usize::try_from(needed).unwrap_or(usize::MAX));
        // The next threshold is the next larger size, up to half the capacity.
        small = sizes.partition_point(|size| *size > threshold);
        if small <= half {
            return best;
        }
        threshold = sizes[small - 1];
        small = sizes.partition_point(|size| *size >= threshold);
    }
}

/// The size of a set of items no two of which fit a bin together. Items come in the order of their
/// largest part of the capacity, and join if they conflict with all that have.
fn conflicts<const D: usize>(items: &[&[u64; D]], capacity: &[u64; D]) -> usize {
    let share = |size: &&[u64; D]| {
        let parts = size.iter().zip(capacity);
        let part = |(size, capacity): (&u64, &u64)| {
            (u128::from(*size) << 32).checked_div(u128::from(*capacity)).unwrap_or(0)
        };
        core::cmp::Reverse(parts.map(part).max())
    };
    let mut order: Vec<&[u64; D]> = items.to_vec();
    order.sort_by_cached_key(share);
    let mut set: Vec<&[u64; D]> = Vec::new();
    for item in order {
        let conflicts = |other: &&[u64; D]| {
            (0..D).any(|dimension| capacity[dimension] - item[dimension] < other[dimension])
        };
        if set.iter().all(conflicts) {
            set.push(item);
        }
    }
    set.len()
}
