//! What must hold of the offline packers on any instance. Also played by the fuzzer.

use apportion_binpack::{Fit, Improver, Instance, Order, Proof, check, l1, l2, pack};

/// Packs by every rule in every order; the fewest bins that any of them needs.
pub(crate) fn pack_by_all_rules(instance: &Instance) -> usize {
    let bound = l2(instance);
    assert!(l1(instance) <= bound);
    let orders = [Order::AsGiven, Order::Decreasing, Order::Shuffled(1)];
    let rules = Fit::ALL.into_iter().flat_map(|fit| orders.map(|order| (fit, order)));
    let bins = rules.map(|(fit, order)| {
        let packing = pack(instance, fit, order);
        check(instance, &packing).unwrap();
        assert!(bound <= packing.bins(), "{fit}, {order}");
        packing.bins()
    });
    bins.min().unwrap()
}

/// Packs, and has every packing on the way checked.
pub(crate) fn improve(instance: &Instance, steps: u64) -> Improver {
    let mut improver = Improver::new(instance);
    check(instance, improver.assignment()).unwrap();
    improver.run(steps);
    check(instance, improver.assignment()).unwrap();
    check_proof(instance, &improver);
    improver
}

/// Works the bound out again, with nothing of the improver's: prices by the textbook's table.
fn check_proof(instance: &Instance, improver: &Improver) {
    match improver.proof() {
        Proof::Sizes => assert_eq!(improver.lower_bound(), l2(instance)),
        // The table has a place for each unit.
        Proof::Prices(prices) if instance.capacity() < 1 << 16 => {
            let capacity = usize::try_from(instance.capacity()).unwrap();
            let fitting = || instance.sizes().iter().filter(|size| **size <= instance.capacity());
            let price = |size: u64| {
                let known = prices.iter().find(|(priced, _)| *priced == size);
                known.map_or(0, |(_, price)| *price)
            };
            let mut most = vec![0; capacity + 1];
            for size in fitting() {
                let (size, price) = (usize::try_from(*size).unwrap(), price(*size));
                for free in (size..=capacity).rev() {
                    most[free] = most[free].max(most[free - size] + price);
                }
            }
            assert!(most[capacity] <= 1 << 32, "a bin is worth {}", most[capacity]);
            let worth: u64 = fitting().map(|size| price(*size)).sum();
            let bins = usize::try_from(worth.div_ceil(1 << 32)).unwrap();
            assert_eq!(improver.lower_bound(), bins);
        }
        _ => {}
    }
}
