//! The improver beside brute force, its proofs beside a table, and its budget.

mod offline;

use apportion_binpack::reference::fewest_bins;
use apportion_binpack::{Assignment, Flaw, Improver, Instance, Proof, check, l2};
use proptest::prelude::*;

use offline::{improve, pack_by_all_rules};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_small_instance_is_solved(
        capacity in 0_u64..60,
        sizes in prop::collection::vec(0_u64..62, 0..9),
    ) {
        let instance = Instance::new(capacity, sizes.clone()).unwrap();
        let vectors: Vec<[u64; 1]> = sizes.iter().map(|size| [*size]).collect();
        let fewest = fewest_bins(&[capacity], &vectors);
        let improver = improve(&instance, 10_000);
        prop_assert!(improver.lower_bound() <= fewest);
        prop_assert_eq!(improver.bins(), fewest);
        prop_assert!(l2(&instance) <= fewest && fewest <= pack_by_all_rules(&instance));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn larger_instances_get_better_and_pass_the_check(
        capacity in 50_u64..1_000,
        shares in prop::collection::vec(1_u64..700, 20..120),
        slice in 1_u64..400,
    ) {
        let sizes = shares.iter().map(|share| (share * capacity / 1_000).max(1)).collect();
        let instance = Instance::new(capacity, sizes).unwrap();
        let improver = improve(&instance, 3_000);
        let fresh = Improver::new(&instance);
        prop_assert_eq!(check(&instance, fresh.assignment()), Ok(()));
        prop_assert!(improver.bins() <= fresh.bins());
        // The same steps, in one call and in slices.
        let mut again = Improver::new(&instance);
        again.run(improver.steps());
        prop_assert_eq!(again.assignment(), improver.assignment());
        prop_assert_eq!(again.lower_bound(), improver.lower_bound());
        let mut sliced = Improver::new(&instance);
        while sliced.steps() < improver.steps() && !sliced.is_done() {
            sliced.run(slice.min(improver.steps() - sliced.steps()));
        }
        prop_assert_eq!(sliced.steps(), improver.steps());
        prop_assert_eq!(sliced.assignment(), improver.assignment());
        prop_assert_eq!(sliced.lower_bound(), improver.lower_bound());
    }

    #[test]
    fn bins_that_were_full_are_full_again(
        capacity in 100_u64..1_000,
        cuts in prop::collection::vec((250_u64..500, 250_u64..500), 10..25),
    ) {
        // Triplets: every bin is cut into three, so the optimum is known.
        let mut sizes = Vec::new();
        for (first, second) in &cuts {
            let (first, second) = (first * capacity / 1_000, second * capacity / 1_000);
            sizes.extend([first, second, capacity - first - second]);
        }
        let instance = Instance::new(capacity, sizes).unwrap();
        let improver = improve(&instance, 200_000);
        prop_assert_eq!(improver.bins(), cuts.len());
        prop_assert!(improver.is_optimal());
    }
}

#[test]
fn extremes_are_packed() {
    let bins = |capacity, sizes: &[u64]| {
        let improver = improve(&Instance::new(capacity, sizes.to_vec()).unwrap(), 1_000);
        assert!(improver.is_done());
        (improver.bins(), improver.lower_bound())
    };
    assert_eq!(bins(10, &[]), (0, 0));
    assert_eq!(bins(10, &[11, 12]), (0, 0));
    assert_eq!(bins(0, &[0, 0, 1]), (1, 1));
    assert_eq!(bins(5, &[0, 0]), (1, 1));
    assert_eq!(bins(u64::MAX, &[u64::MAX, u64::MAX, 1, 0]), (3, 3));
    let half = u64::MAX / 2;
    assert_eq!(bins(u64::MAX, &[half, half, half, half, 1, 1]), (2, 2));
    assert_eq!(bins(1, &[1; 1_000]), (1_000, 1_000));
}

#[test]
fn a_search_proves_what_sums_do_not() {
    // Two bins would have to be filled exactly, and cannot be.
    let instance = Instance::new(10, vec![4; 5]).unwrap();
    assert_eq!(l2(&instance), 2);
    let improver = improve(&instance, 1_000);
    assert_eq!((improver.bins(), improver.lower_bound()), (3, 3));
    assert_eq!(improver.proof(), &Proof::Search);
}

#[test]
fn a_packing_of_the_callers_is_checked_and_improved() {
    let instance = Instance::new(10, vec![5, 5, 5, 5]).unwrap();
    let each = Assignment::new(&[Some(0), Some(1), Some(2), Some(3)]);
    let mut improver = Improver::with_packing(&instance, each).unwrap();
    assert_eq!(improver.bins(), 4);
    assert!(improver.run(1_000));
    assert_eq!(improver.bins(), 2);
    assert_eq!(check(&instance, improver.assignment()), Ok(()));
    let missing = Assignment::new(&[Some(0), Some(0), None, Some(1)]);
    let refused = Improver::with_packing(&instance, missing);
    assert_eq!(refused.err(), Some(Flaw::LeftOut { item: 2 }));
}

#[test]
fn what_comes_out_is_pinned() {
    // Twelve steps of a generator; the improver's chance has a seed of its own.
    let mut state = 7_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        200 + (state >> 33) % 300
    };
    let instance = Instance::new(1_000, (0..120).map(|_| next()).collect()).unwrap();
    let improver = improve(&instance, 20_000);
    let hash = improver.assignment().hash_in_order(0..120);
    assert_eq!(
        (improver.bins(), improver.lower_bound(), hash),
        (43, 43, 7_731_348_059_473_563_730)
    );
}
