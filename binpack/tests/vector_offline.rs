//! Vectors, offline: against brute force, and against what was published about shared instances.

#[path = "vector_data/mod.rs"]
mod vector_data;

use apportion_binpack::reference::fewest_bins;
use apportion_binpack::{
    Assignment, Flaw, VectorHeuristic, VectorImprover, VectorInstance, check_vectors,
    vector_lower_bound, vector_portfolio,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use vector_data::{Published, for_each_instance};

fn instances<const D: usize>(
    items: std::ops::Range<usize>,
    most: u64,
) -> impl Strategy<Value = VectorInstance<D>> {
    let amounts = move |range: std::ops::RangeInclusive<u64>| {
        proptest::collection::vec(range, D).prop_map(|amounts| amounts.try_into().unwrap())
    };
    let capacities = prop_oneof![3 => Just([most; D]), 1 => amounts(0..=most)];
    // Correlated, anticorrelated and independent sizes, and some that fit no bin.
    let base = (0..=most / 2, amounts(0..=most / 4), any::<bool>());
    let correlated = base.prop_map(move |(base, noise, mirrored): (u64, [u64; D], bool)| {
        std::array::from_fn(|dimension| {
            let base = if mirrored && dimension % 2 == 1 { most / 2 - base } else { base };
            base + noise[dimension]
        })
    });
    let size = prop_oneof![3 => correlated, 3 => amounts(0..=most / 2), 1 => amounts(0..=most)];
    (capacities, proptest::collection::vec(size, items))
        .prop_map(|(capacity, sizes)| VectorInstance::new(capacity, sizes).unwrap())
}

fn check_all<const D: usize>(instance: &VectorInstance<D>, optimum: Option<usize>) {
    let check = |packed: &Assignment| {
        check_vectors(instance.capacity(), instance.sizes(), packed).unwrap();
        assert!(optimum.is_none_or(|optimum| optimum <= packed.bins()));
    };
    let bound = vector_lower_bound(instance);
    if let Some(optimum) = optimum {
        assert!(bound <= optimum, "a bound of {bound} and {optimum} bins");
    }
    let mut fewest = usize::MAX;
    for heuristic in VectorHeuristic::all() {
        let packed = heuristic.pack(instance);
        check(&packed);
        fewest = fewest.min(packed.bins());
    }
    let (packed, heuristic) = vector_portfolio(instance);
    assert_eq!(packed.bins(), fewest);
    assert_eq!(heuristic.pack(instance), packed);

    let start = VectorHeuristic::FirstFit.pack(instance);
    let mut whole = VectorImprover::new(instance.clone(), start.clone(), 7).unwrap();
    whole.run(20_000);
    check(whole.assignment());
    assert!(whole.assignment().bins() <= start.bins());
    assert_eq!(whole.is_optimal(), whole.assignment().bins() == bound);
    // Cut into runs, the budget gives the same.
    let mut parts = VectorImprover::new(instance.clone(), start, 7).unwrap();
    while parts.steps() < whole.steps() {
        parts.run(1);
    }
    assert_eq!((parts.steps(), parts.assignment()), (whole.steps(), whole.assignment()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// So a program may have the library for a few numbers of dimensions only.
    #[test]
    fn dimensions_of_no_capacity_have_no_say(few in instances::<3>(0..30, 40)) {
        let fill = |amounts: &[u64; 3]| {
            std::array::from_fn(|dimension| amounts.get(dimension).copied().unwrap_or(0))
        };
        let sizes = few.sizes().iter().map(fill).collect();
        let filled = VectorInstance::<5>::new(fill(few.capacity()), sizes).unwrap();
        prop_assert_eq!(vector_lower_bound(&few), vector_lower_bound(&filled));
        for heuristic in VectorHeuristic::all() {
            prop_assert_eq!(heuristic.pack(&few), heuristic.pack(&filled));
        }
        let start = VectorHeuristic::FirstFit.pack(&few);
        let mut improver = VectorImprover::new(few, start.clone(), 7).unwrap();
        let mut other = VectorImprover::new(filled, start, 7).unwrap();
        prop_assert_eq!(improver.run(5_000), other.run(5_000));
        prop_assert_eq!(improver.assignment(), other.assignment());
    }

    #[test]
    fn nothing_beats_brute_force(
        one in instances::<1>(0..8, 10),
        two in instances::<2>(0..8, 20),
        three in instances::<3>(0..8, 1 << 50),
    ) {
        check_all(&one, Some(fewest_bins(one.capacity(), one.sizes())));
        check_all(&two, Some(fewest_bins(two.capacity(), two.sizes())));
        check_all(&three, Some(fewest_bins(three.capacity(), three.sizes())));
    }

    #[test]
    fn packings_hold_whatever_the_amounts(
        two in instances::<2>(0..60, 100),
        huge in instances::<4>(0..40, u64::MAX),
    ) {
        check_all(&two, None);
        check_all(&huge, None);
    }
}

#[test]
fn improvement_finds_the_optimum_of_small_instances() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = instances::<2>(8..9, 12);
    let (mut optimal, mut first) = (0, 0);
    for _ in 0..200 {
        let instance = strategy.new_tree(&mut runner).unwrap().current();
        let optimum = fewest_bins(instance.capacity(), instance.sizes());
        let start = VectorHeuristic::FirstFit.pack(&instance);
        first += usize::from(start.bins() == optimum);
        let mut improver = VectorImprover::new(instance.clone(), start, 1).unwrap();
        let packed = improver.run(50_000);
        check_vectors(instance.capacity(), instance.sizes(), packed).unwrap();
        optimal += usize::from(packed.bins() == optimum);
    }
    assert_eq!(optimal, 200, "first fit finds {first}");
    assert!(first < 200);
}

#[test]
fn a_packing_with_a_flaw_is_refused() {
    let instance = VectorInstance::new([4, 4], vec![[3, 1], [2, 1]]).unwrap();
    let both = Assignment::new(&[Some(0), Some(0)]);
    let flaw = Flaw::Overfull { bin: 0, dimension: 0, load: 5, capacity: 4 };
    assert_eq!(VectorImprover::new(instance, both, 1).err(), Some(flaw));
}

#[test]
fn empty_sets_and_sizes_need_few_bins() {
    let none = VectorInstance::new([4, 4], Vec::new()).unwrap();
    check_all(&none, Some(0));
    assert_eq!(vector_portfolio(&none).0.bins(), 0);
    let zero = VectorInstance::new([0, 4], vec![[0, 0]; 9]).unwrap();
    check_all(&zero, Some(1));
    assert_eq!(vector_portfolio(&zero).0.bins(), 1);
    let large = VectorInstance::new([4, 4], vec![[5, 1], [1, 1]]).unwrap();
    check_all(&large, Some(1));
    assert_eq!(vector_portfolio(&large).0.left_out().collect::<Vec<_>>(), [0]);
    let whole = VectorInstance::new([u64::MAX; 2], vec![[u64::MAX, 0], [0, u64::MAX]]).unwrap();
    check_all(&whole, Some(1));
}

/// The best published item-centric heuristic of the family is never better.
fn no_worse<const D: usize>(instance: &VectorInstance<D>, published: &Published) {
    let (start, _) = vector_portfolio(instance);
    check_vectors(instance.capacity(), instance.sizes(), &start).unwrap();
    let expected = published.bins("best_IC");
    let mut improver = VectorImprover::new(instance.clone(), start, 1).unwrap();
    while improver.assignment().bins() > expected && improver.steps() < 20_000_000 {
        improver.run(100_000);
    }
    let packed = improver.assignment();
    check_vectors(instance.capacity(), instance.sizes(), packed).unwrap();
    assert!(packed.bins() <= expected, "{}: {} {expected}", published.name, packed.bins());
    if let Ok(optimum) = usize::try_from(published.number("OPT")) {
        assert!(improver.lower_bound() <= optimum && optimum <= packed.bins());
    }
}

#[test]
fn published_heuristics_are_never_better() {
    for (set, every) in [("New", 8), ("Triplet", 4), ("Panigrahy", 16)] {
        let mut turn = 0;
        let found = for_each_instance!(set, |instance, published| {
            turn += 1;
            if turn % every == 0 {
                no_worse(&instance, &published);
            }
        });
        if found.is_none() {
            return;
        }
    }
}
