use alloc::vec::Vec;

use super::MANY_ITEMS;
use crate::VectorInstance;
use crate::bounds::l2_of;

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
        l2_of(instance.capacity()[dimension], sizes.into_iter().map(|size| (size, 1)))
    });
    let sums = by_dimension.max().unwrap_or(0).max(usize::from(!items.is_empty()));
    if items.len() > MANY_ITEMS { sums } else { sums.max(conflicts(&items, instance.capacity())) }
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
