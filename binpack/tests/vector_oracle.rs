//! Any calls in any order: the vectors' fast bins against their slow twin, cached or not.

mod vector_play;

use apportion_binpack::testkit::Random;
use apportion_binpack::{
    BinId, BinSet, Decision, Error, Measure, Norm, Scale, VectorBins, VectorFit,
};
use apportion_testbed::tampered;
use proptest::prelude::*;

use vector_play::held::{CheckedVectors, Held};
use vector_play::{Call, Run, choice, play};

fn vectors<const D: usize>(most: u64) -> impl Strategy<Value = [u64; D]> {
    let amount = prop_oneof![6 => 0..=most, 1 => Just(0), 1 => Just(most)];
    proptest::collection::vec(amount, D).prop_map(|amounts| amounts.try_into().unwrap())
}

/// Vectors whose amounts are of different orders of magnitude.
fn skewed<const D: usize>(bits: u32) -> impl Strategy<Value = [u64; D]> {
    let amount =
        (0..=bits, any::<u64>()).prop_map(|(bits, word)| word.checked_shr(64 - bits).unwrap_or(0));
    proptest::collection::vec(amount, D).prop_map(|amounts| amounts.try_into().unwrap())
}

fn sizes<const D: usize>() -> impl Strategy<Value = [u64; D]> {
    prop_oneof![4 => vectors(12), 4 => vectors(40), 2 => vectors(100), 2 => skewed(46), 1 => skewed(64)]
}

fn capacities<const D: usize>() -> impl Strategy<Value = [u64; D]> {
    prop_oneof![4 => Just([100; D]), 2 => vectors(100), 1 => skewed(46), 1 => skewed(64)]
}

fn calls<const D: usize>() -> impl Strategy<Value = Vec<Call<D>>> {
    let call = prop_oneof![
        2 => capacities().prop_map(Call::Add),
        1 => any::<usize>().prop_map(Call::Remove),
        6 => sizes().prop_map(Call::Place),
        8 => any::<usize>().prop_map(Call::Repeat),
        2 => (any::<usize>(), sizes()).prop_map(|(which, size)| Call::Occupy(which, size)),
        5 => (any::<usize>(), any::<bool>()).prop_map(|(which, all)| Call::Release(which, all)),
        1 => Just(Call::Save),
    ];
    proptest::collection::vec(call, 0..120)
}

fn fits<const D: usize>() -> impl Strategy<Value = VectorFit<D>> {
    let norm = prop::sample::select(&Norm::ALL[..]);
    let scale = prop_oneof![
        Just(Scale::new([1; D])),
        Just(Scale::normalizing(&[100; D])).boxed(),
        vectors::<D>(16).prop_map(Scale::new),
        capacities().prop_map(|capacity| Scale::normalizing(&capacity)),
        skewed(64).prop_map(Scale::new),
    ];
    let weights = prop_oneof![
        Just([1; D]),
        vectors::<D>(5).prop_map(|weights| weights.map(|weight| u16::try_from(weight).unwrap())),
        Just([u16::MAX; D]),
    ];
    let measure = (norm, scale, weights)
        .prop_map(|(norm, scale, weights)| Measure { norm, scale: scale.weighted(weights) });
    (0..7, measure).prop_map(|(which, measure)| match which {
        0 => VectorFit::Next,
        1 => VectorFit::First,
        2 => VectorFit::Best(measure),
        3 => VectorFit::Worst(measure),
        4 => VectorFit::AlmostWorst(measure),
        5 => VectorFit::NormBased(measure),
        _ => VectorFit::DotProduct(measure.scale),
    })
}

macro_rules! oracle {
    ($($name:ident $dimensions:literal),*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(
                    fit in fits::<$dimensions>(),
                    opening in proptest::option::of(capacities()),
                    cache in 0..6_usize,
                    calls in calls(),
                ) {
                    play(fit, opening, cache, &calls);
                }
            )*
        }
    };
}

oracle!(one_dimension 1, two_dimensions 2, four_dimensions 4, nine_dimensions 9);

/// A thousand machines of three kinds, sizes that repeat, and a long time.
#[test]
fn a_cell_runs_for_long_and_the_cache_never_differs() {
    let machine = [64_000_u64, 262_144, 10_000, 4];
    let scale = Scale::normalizing(&machine).weighted([3, 2, 1, 5]);
    let mut policies = vec![VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        policies.extend([
            VectorFit::Best(measure),
            VectorFit::Worst(measure),
            VectorFit::AlmostWorst(measure),
            VectorFit::NormBased(measure),
        ]);
    }
    for fit in policies {
        let mut random = Random::new(1);
        let mut next = move || random.word();
        let mut run = Run::new(fit, None, 24).unwrap();
        for number in 0..1000 {
            let factor = 1 + number % 3;
            run.call(Call::Add(machine.map(|amount| amount * factor / 2)));
        }
        let shapes: Vec<_> =
            (0..30).map(|_| machine.map(|amount| next() % (amount / 6 + 2))).collect();
        let mut placed: Vec<(BinId, [u64; 4])> = Vec::new();
        for turn in 0..4000 {
            let size = shapes[usize::try_from(next() % 30).unwrap()];
            let cached = run.cached.place(size).unwrap();
            assert_eq!(run.fast.place(size).unwrap(), cached, "{fit} in turn {turn}");
            if turn % 16 == 0 {
                assert_eq!(choice(cached), run.slow.choose(size), "{fit} in turn {turn}");
            }
            if let Some(placement) = cached.placement() {
                placed.push((placement.bin, size));
                run.held.comes(placement.bin, size);
                let number = placement.bin.number();
                run.slow.bins[number].as_mut().unwrap().1 = placement.residual.amounts;
            }
            while placed.len() > 2500 {
                let which = usize::try_from(next()).unwrap() % placed.len();
                let (bin, size) = placed.swap_remove(which);
                run.fast.release(bin, size).unwrap();
                run.cached.release(bin, size).unwrap();
                run.slow.release(bin.number(), size).unwrap();
                run.held.leaves(bin, size);
            }
            if turn % 200 == 199 {
                run.held.check();
            }
        }
    }
}

/// As many dimensions, weights, units and capacities as there can be: nothing overflows.
#[test]
fn bins_at_the_limits_are_compared() {
    let linear = (Scale::new([1 << 63; 64]), 1 << 41);
    let whole = (Scale::new([1 << 40; 64]), u64::MAX);
    let square = (Scale::new([1; 64]), Scale::<64>::LIMIT);
    for (scale, most) in [linear, whole, square] {
        let scale = scale.weighted([u16::MAX; 64]);
        let mut fits = vec![VectorFit::DotProduct(scale)];
        for norm in Norm::ALL {
            let measure = Measure { norm, scale };
            fits.extend([VectorFit::Best(measure), VectorFit::Worst(measure)]);
            fits.extend([VectorFit::AlmostWorst(measure), VectorFit::NormBased(measure)]);
        }
        let mut compared = 0;
        for fit in fits {
            let Some(mut run) = Run::new(fit, Some([most; 64]), 2) else { continue };
            compared += 1;
            for capacity in [most, most - 1, most / 2] {
                run.call(Call::Add([capacity; 64]));
            }
            for size in [0, 1, most, most / 2, most - 1, 0, 1, most / 2 + 1, most, 1] {
                run.call(Call::Place([size; 64]));
                run.call(Call::Release(1, false));
            }
            run.held.check();
        }
        // Products are beyond the limit with all but the last.
        assert_eq!(compared, if scale.units()[0] == 1 { 13 } else { 8 });
    }
}

#[test]
fn a_unit_beyond_the_limit_has_no_say() {
    // No bin has any of the second dimension, so its unit may be anything.
    let scale = Scale::new([1, u64::MAX]).weighted([1, u16::MAX]);
    let mut fits = vec![VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        fits.extend([VectorFit::Best(measure), VectorFit::Worst(measure)]);
        fits.extend([VectorFit::AlmostWorst(measure), VectorFit::NormBased(measure)]);
    }
    for fit in fits {
        let mut bins = CheckedVectors::new(VectorBins::new(fit));
        let only = bins.add([9, 0]).unwrap();
        let placement = bins.place([4, 0]).unwrap().placement().unwrap();
        assert_eq!((placement.bin, placement.residual), (only, [5, 0]));
        assert!(matches!(bins.place([1, 1]), Ok(Decision::Reject)));
        let refused =
            matches!(bins.add([1, 1]), Err(Error::TooLargeToCompare { dimension: 1, .. }));
        let multiplies = matches!(fit, VectorFit::DotProduct(_));
        let squares = fit.to_string().ends_with("L2");
        assert_eq!(refused, multiplies || squares, "{fit}");
    }
}

#[test]
fn another_version_is_refused() {
    let bins = VectorBins::opening(VectorFit::<2>::First, [9, 7]).unwrap();
    let mut saved = serde_json::to_value(&bins).unwrap();
    assert_eq!(saved["version"], 1);
    saved["version"] = 2.into();
    let error = serde_json::from_value::<VectorBins<2>>(saved.clone()).unwrap_err();
    assert!(error.to_string().contains("its version is unknown"), "{error}");
    saved.as_object_mut().unwrap().remove("version");
    let error = serde_json::from_value::<VectorBins<2>>(saved).unwrap_err();
    assert!(error.to_string().contains("missing field `version`"), "{error}");
}

#[test]
fn what_was_tampered_with_is_refused_or_works() {
    let scale = Scale::new([3, 1]).weighted([2, 5]);
    for fit in [
        VectorFit::DotProduct(scale),
        VectorFit::NormBased(Measure { norm: Norm::L2, scale }),
        VectorFit::Next,
    ] {
        let mut bins = VectorBins::opening(fit, [9, 7]).unwrap().with_cache(2);
        let mut held = Held::default();
        for size in [[4, 1], [3, 5], [1, 1], [9, 9], [4, 1], [5, 5]] {
            if let Some(placement) = bins.place(size).unwrap().placement() {
                let left = placement.residual.amounts;
                held.placed(placement.bin, placement.opened, size, left);
            }
        }
        held.check();
        let first = bins.iter().next().unwrap();
        bins.remove(first).unwrap();
        tampered(&bins, |mut bins: VectorBins<2>| {
            let mut held = Held::default();
            for bin in bins.iter() {
                held.joins(bin, bins.capacity(bin).unwrap());
                held.comes(bin, bins.used(bin).unwrap());
            }
            for size in [[0, 0], [1, 1], [4, 3], [u64::MAX; 2]] {
                let chosen = bins.choose(size);
                assert_eq!(bins.place(size), chosen);
                if let Some(placement) = chosen.unwrap().placement() {
                    let left = placement.residual.amounts;
                    held.placed(placement.bin, placement.opened, size, left);
                }
            }
            held.check();
            let there: Vec<BinId> = bins.iter().collect();
            for bin in there {
                let used = bins.used(bin).unwrap();
                let empty = bins.release(bin, used).unwrap();
                assert_eq!(bins.capacity(bin), Ok(empty));
                assert_eq!(bins.remove(bin), Ok([0, 0]));
            }
            assert!(bins.is_empty());
        });
    }
}
