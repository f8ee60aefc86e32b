//! Once room has been made, placing and removing items allocates nothing: an allocator that counts.

mod held;

use apportion_binpack::testkit::Random;
use apportion_binpack::{Bins, Fit, Packer};
use apportion_testbed::{Counting, allocations};

use held::Held;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1]))), 1);
}

#[test]
fn items_come_and_go_without_allocation() {
    for fit in Fit::ALL {
        for (bins, capacity) in [(10, 100), (1_000, 65_535), (1_000, 1 << 40), (1_000, u64::MAX)] {
            let mut packer = Packer::new(Bins::new(fit));
            let added = (0..bins).filter(|_| packer.add_bin(capacity).is_ok());
            assert_eq!(added.count(), bins);
            let mut random = Random::new(1);
            let mut items = Vec::with_capacity(100 * bins);
            let mut turn = |load: usize| {
                items.extend(packer.place(1 + random.below(capacity / 5)).unwrap().item());
                if items.len() > load {
                    let which = usize::try_from(random.below(items.len() as u64)).unwrap();
                    packer.remove(items.swap_remove(which)).unwrap();
                }
            };
            // As many items at one time as there will ever be.
            (0..8 * bins).for_each(|_| turn(8 * bins));
            assert_eq!(allocations(|| (0..20 * bins).for_each(|_| turn(7 * bins))), 0, "{fit}");
            Held::of(&packer).check();
        }
    }
}

#[test]
fn bins_open_with_amortised_growth_only() {
    for fit in Fit::ALL {
        let mut bins = Bins::opening(fit, 10);
        let mut placed = Vec::with_capacity(100_000);
        let count = allocations(|| placed.extend((0..100_000).map(|_| bins.put(7).unwrap())));
        assert_eq!(bins.len(), 100_000);
        let mut held = Held::default();
        for bin in placed.into_iter().map(Option::unwrap) {
            held.joins(bin, [10]);
            held.comes(bin, [7]);
        }
        held.check();
        // A few vectors that double, and for each bitmap and level of a tree one.
        assert!(count < 250, "{fit}: {count} allocations for 100,000 bins");
    }
}
