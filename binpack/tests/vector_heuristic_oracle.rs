//! Every heuristic for vectors against its slow twin, item by item.

use apportion_binpack::reference::pack_vectors;
use apportion_binpack::testkit::{Family, Random, items};
use apportion_binpack::{VectorHeuristic, VectorInstance};

fn agrees<const D: usize>(instance: &VectorInstance<D>) {
    for heuristic in VectorHeuristic::all() {
        assert_eq!(
            heuristic.pack(instance),
            pack_vectors(instance, heuristic),
            "{heuristic}: {instance:?}"
        );
    }
}

/// Capacities that are equal and that are not, or nothing; sizes of all families, small ones that are
/// often equal, zero, and too large.
fn small_instances<const D: usize>(seed: u64, amounts: &[u64], count: u64) {
    let mut random = Random::new(seed);
    for _ in 0..count {
        let most = amounts[usize::try_from(random.below(amounts.len() as u64)).unwrap()];
        let capacity: [u64; D] = match random.below(3) {
            0 => [most; D],
            1 => [(); D].map(|()| 8 + random.below(most)),
            _ => [(); D].map(|()| random.below(most)),
        };
        let length = usize::try_from(random.below(16)).unwrap();
        let sizes = if random.below(2) == 0 {
            let family = Family::ALL[usize::try_from(random.below(6)).unwrap()];
            items(random.word(), family, capacity, length)
        } else {
            (0..length).map(|_| capacity.map(|most| random.below(most + 2))).collect()
        };
        agrees(&VectorInstance::new(capacity, sizes).unwrap());
    }
}

#[test]
fn small_instances_are_packed_as_by_the_twins() {
    small_instances::<1>(1, &[4, 12, 100, 1_000], 1_000);
    small_instances::<2>(2, &[4, 12, 100, 1_000], 2_000);
    small_instances::<3>(3, &[4, 12, 100], 2_000);
    small_instances::<6>(4, &[4, 12], 300);
}

/// Where weights are cut to 32 bits, and dimensions count with very different ones.
#[test]
fn many_items_in_capacities_that_are_unlike() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let capacity = [64_000, 16_384, 100];
        let sizes = (0..60).map(|_| {
            let divisors = [2, 7, 40];
            let most = divisors[usize::try_from(random.below(3)).unwrap()];
            capacity.map(|amount| random.below(amount / most + 1))
        });
        agrees(&VectorInstance::new(capacity, sizes.collect()).unwrap());
    }
}
