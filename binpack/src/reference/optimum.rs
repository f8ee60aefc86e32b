use alloc::vec::Vec;

/// The fewest bins that hold the items, by trying every way to put them together: item after item,
/// in each bin that has room and in a new one. For about ten items. Items that fit no bin do not
/// count.
#[must_use]
pub fn fewest_bins<const D: usize>(capacity: &[u64; D], sizes: &[[u64; D]]) -> usize {
    let fits = |size: &&[u64; D]| size.iter().zip(capacity).all(|(size, most)| size <= most);
    let sizes: Vec<[u64; D]> = sizes.iter().filter(fits).copied().collect();
    let mut fewest = sizes.len();
    place(capacity, &sizes, &mut Vec::new(), &mut fewest);
    fewest
}

fn place<const D: usize>(
    capacity: &[u64; D],
    sizes: &[[u64; D]],
    bins: &mut Vec<[u64; D]>,
    fewest: &mut usize,
) {
    let Some((size, rest)) = sizes.split_first() else {
        *fewest = bins.len().min(*fewest);
        return;
    };
    for bin in 0..bins.len() {
        let before = bins[bin];
        if before.iter().zip(size).all(|(left, size)| size <= left) {
            for (left, size) in bins[bin].iter_mut().zip(size) {
                *left -= size;
            }
            place(capacity, rest, bins, fewest);
            bins[bin] = before;
        }
    }
    let mut fresh = *capacity;
    for (left, size) in fresh.iter_mut().zip(size) {
        *left -= size;
    }
    bins.push(fresh);
    place(capacity, rest, bins, fewest);
    bins.pop();
}
