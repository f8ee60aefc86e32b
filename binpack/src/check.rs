use alloc::vec;

use crate::{Assignment, Instance};

/// Whether an assignment packs every item of an instance, and no bin holds more than its capacity.
///
/// This knows nothing of the packers: it adds up. O(items + bins).
///
/// # Errors
///
/// The first [`Flaw`], in the order of items and then of bins.
pub fn check(instance: &Instance, assignment: &Assignment) -> Result<(), Flaw> {
    check_all([instance.capacity()], instance.sizes().iter().map(|size| [*size]), assignment)
}

/// The same for vectors: `sizes[item][dimension]`, and bins of this `capacity`.
///
/// # Errors
///
/// The first [`Flaw`], in the order of items and then of bins.
pub fn check_vectors<const D: usize>(
    capacity: &[u64; D],
    sizes: &[[u64; D]],
    assignment: &Assignment,
) -> Result<(), Flaw> {
    check_all(*capacity, sizes.iter().copied(), assignment)
}

fn check_all<const D: usize>(
    capacity: [u64; D],
    sizes: impl ExactSizeIterator<Item = [u64; D]>,
    assignment: &Assignment,
) -> Result<(), Flaw> {
    if sizes.len() != assignment.items() {
        return Err(Flaw::Items { expected: sizes.len(), found: assignment.items() });
    }
    if assignment.bins() > sizes.len() {
        return Err(Flaw::EmptyBins { bins: assignment.bins(), items: sizes.len() });
    }
    let mut loads = vec![[0_u128; D]; assignment.bins()];
    let mut used = vec![false; assignment.bins()];
    for (item, size) in sizes.enumerate() {
        let fits = (0..D).all(|dimension| size[dimension] <= capacity[dimension]);
        match assignment.bin_of(item) {
            None if fits => return Err(Flaw::LeftOut { item }),
            None => {}
            Some(_) if !fits => return Err(Flaw::TooLarge { item }),
            Some(bin) => {
                used[bin] = true;
                for (load, size) in loads[bin].iter_mut().zip(size) {
                    *load += u128::from(size);
                }
            }
        }
    }
    for (bin, (loads, used)) in loads.iter().zip(used).enumerate() {
        if !used {
            return Err(Flaw::EmptyBin { bin });
        }
        for (dimension, (load, capacity)) in loads.iter().zip(capacity).enumerate() {
            if *load > u128::from(capacity) {
                return Err(Flaw::Overfull { bin, dimension, load: *load, capacity });
            }
        }
    }
    Ok(())
}

/// What is wrong with an assignment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It is one of another number of items.
    #[error("{found} items are assigned, of {expected}")]
    Items {
        /// How many items there are.
        expected: usize,
        /// How many are assigned.
        found: usize,
    },
    /// An item that fits an empty bin is left out.
    #[error("item {item} is left out")]
    LeftOut {
        /// The item.
        item: usize,
    },
    /// An item is in a bin that it does not fit even when it is alone.
    #[error("item {item} is larger than a bin")]
    TooLarge {
        /// The item.
        item: usize,
    },
    /// Numbers run to more bins than there are items, so some are empty.
    #[error("{items} items cannot fill {bins} bins")]
    EmptyBins {
        /// One more than the highest number.
        bins: usize,
        /// How many items there are.
        items: usize,
    },
    /// A bin is counted and has nothing in it.
    #[error("bin {bin} is empty")]
    EmptyBin {
        /// The bin.
        bin: usize,
    },
    /// A bin holds too much.
    #[error("bin {bin} holds {load} of {capacity} in dimension {dimension}")]
    Overfull {
        /// The bin.
        bin: usize,
        /// The dimension, from 0.
        dimension: usize,
        /// What it holds.
        load: u128,
        /// What it can hold.
        capacity: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_named() {
        let instance = Instance::new(10, alloc::vec![4, 6, 11, 5]).unwrap();
        let verdict = |bins: &[Option<u32>]| check(&instance, &Assignment::new(bins));
        assert_eq!(verdict(&[Some(0), Some(0), None, Some(1)]), Ok(()));
        assert_eq!(verdict(&[Some(0)]), Err(Flaw::Items { expected: 4, found: 1 }));
        assert_eq!(verdict(&[Some(0), None, None, Some(1)]), Err(Flaw::LeftOut { item: 1 }),);
        assert_eq!(verdict(&[Some(0), Some(0), Some(1), Some(1)]), Err(Flaw::TooLarge { item: 2 }),);
        assert_eq!(
            verdict(&[Some(0), Some(7), None, Some(1)]),
            Err(Flaw::EmptyBins { bins: 8, items: 4 }),
        );
        assert_eq!(verdict(&[Some(0), Some(0), None, Some(2)]), Err(Flaw::EmptyBin { bin: 1 }),);
        assert_eq!(
            verdict(&[Some(0), Some(1), None, Some(1)]),
            Err(Flaw::Overfull { bin: 1, dimension: 0, load: 11, capacity: 10 }),
        );
    }

    #[test]
    fn loads_beyond_64_bits_are_added_up() {
        let instance = Instance::new(u64::MAX, alloc::vec![u64::MAX, u64::MAX]).unwrap();
        let both = Assignment::new(&[Some(0), Some(0)]);
        let load = 2 * u128::from(u64::MAX);
        let flaw = Flaw::Overfull { bin: 0, dimension: 0, load, capacity: u64::MAX };
        assert_eq!(check(&instance, &both), Err(flaw));
        assert_eq!(check(&instance, &Assignment::new(&[Some(0), Some(1)])), Ok(()));
    }
}
