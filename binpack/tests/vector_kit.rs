//! The kit for vectors: what is right keeps every law; each mistake is refused by the law it breaks.

mod held;

use apportion_binpack::testkit::wrong::{Mistake, Model};
use apportion_binpack::testkit::{
    Answer, Bounded, Family, Law, Numbered, OnlinePacker, Operation, Operations, Policy,
    check_changing, check_online, check_ratio, most_bins_any_fit, operations, sizes, sizes_of,
};
use apportion_binpack::{
    Assignment, Measure, Norm, Scale, VectorBins, VectorFit, VectorInstance, check_vectors,
    reference, vector_lower_bound,
};
use proptest::prelude::*;
use quickcheck::QuickCheck;

use held::CheckedVectors;

/// Every policy, by weights that differ.
fn fits<const D: usize>(capacity: &[u64; D]) -> Vec<VectorFit<D>> {
    let weights = core::array::from_fn(|dimension| [3, 1, 7][dimension % 3]);
    let scale = Scale::normalizing(capacity).weighted(weights);
    let mut fits = vec![VectorFit::Next, VectorFit::First, VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        fits.extend([
            VectorFit::Best(measure),
            VectorFit::Worst(measure),
            VectorFit::AlmostWorst(measure),
            VectorFit::NormBased(measure),
        ]);
    }
    fits
}

/// Bins of which the independent checker looks at each placement.
fn checked<const D: usize>(
    fit: VectorFit<D>,
    opening: Option<[u64; D]>,
    cache: usize,
) -> Numbered<CheckedVectors<D>> {
    let bins = match opening {
        Some(capacity) => VectorBins::opening(fit, capacity).unwrap(),
        None => VectorBins::new(fit),
    };
    Numbered::of(CheckedVectors::new(bins.with_cache(cache)))
}

fn keeps_every_law<const D: usize>(capacity: &[u64; D]) {
    for fit in fits(capacity) {
        for seed in 0..2 {
            check_changing(seed, fit, |opening| checked(fit, opening, 0)).unwrap();
            check_changing(seed, fit, |opening| checked(fit, opening, 4)).unwrap();
            check_changing(seed, fit, |opening| reference::VectorBins::new(fit, opening)).unwrap();
            check_changing(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))
                .unwrap();
            check_ratio(seed, fit, |opening| checked(fit, opening, 0)).unwrap();
        }
    }
}

#[test]
fn bins_and_their_twin_keep_every_law() {
    keeps_every_law(&[100]);
    keeps_every_law(&[64, 256]);
    keeps_every_law(&[64_000, 262_144, 10_000, 4]);
    keeps_every_law(&[u64::MAX, 1 << 40, 0, 7]);
}

#[test]
fn each_mistake_breaks_its_law() {
    for fit in fits(&[5, 8, 100]) {
        for mistake in Mistake::ALL {
            for seed in 0..5 {
                let model = |opening| Model::new(fit, opening, mistake);
                let found = match mistake {
                    Mistake::KeepsRemoved | Mistake::Inherits => {
                        assert_eq!(check_online(seed, fit, model), Ok(()));
                        check_changing(seed, fit, model)
                    }
                    Mistake::OneEach => check_ratio(seed, fit, model),
                    _ => check_online(seed, fit, model),
                };
                // There is nothing to compare.
                let plain = mistake == Mistake::PlainSum && fit.scale().is_none();
                if mistake == Mistake::Nothing || plain {
                    assert_eq!(found, Ok(()), "{fit} {mistake:?}");
                    continue;
                }
                let violation = found.expect_err(&format!("{fit} {mistake:?} {seed}"));
                let laws = mistake.laws();
                assert!(laws.contains(&violation.law()), "{fit} {mistake:?}: {violation}");
            }
        }
    }
}

#[test]
fn each_policy_is_told_from_the_others() {
    let fits = fits(&[5, 8, 100]);
    // By L1, what an item takes away is the same of every bin.
    let sums = |fit: &VectorFit<3>| match fit {
        VectorFit::Best(measure) | VectorFit::NormBased(measure) => measure.norm == Norm::L1,
        _ => false,
    };
    for fit in &fits {
        let others = fits.iter().filter(|other| *other != fit && !(sums(fit) && sums(other)));
        for other in others {
            let make = |opening| Numbered::vectors(*other, opening);
            // Bins that any of them can compare.
            let policy = Bounded { policy: *fit, largest: 1 << 40 };
            let violation = check_online(1, policy, make);
            let law = violation.expect_err(&format!("{fit} {other}")).law();
            assert!(matches!(law, Law::Choice | Law::AnyFit | Law::EveryItem), "{fit} {other}");
        }
    }
}

/// Packs one by one, and has the packing checked.
fn pack<const D: usize>(fit: VectorFit<D>, capacity: [u64; D], sizes: &[[u64; D]]) -> Assignment {
    let mut bins = VectorBins::opening(fit, capacity).unwrap();
    let bin = |size: &[u64; D]| {
        let placement = bins.place(*size).unwrap().placement()?;
        u32::try_from(placement.bin.number()).ok()
    };
    let assignment = Assignment::new(&sizes.iter().map(bin).collect::<Vec<_>>());
    check_vectors(&capacity, sizes, &assignment).unwrap();
    assignment
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_packing_passes_the_checker((capacity, sizes) in sizes::<[u64; 3]>(60)) {
        let measure = Measure { norm: Norm::L1, scale: Scale::normalizing(&capacity) };
        for fit in [
            VectorFit::Next,
            VectorFit::First,
            VectorFit::Best(measure),
            VectorFit::Worst(measure),
            VectorFit::AlmostWorst(measure),
        ] {
            pack(fit, capacity, &sizes);
        }
    }

    #[test]
    fn any_operations_decide_as_the_twin(operations in operations::<[u64; 2]>(150)) {
        for fit in fits(&[64, 256]) {
            play(fit, operations.clone());
        }
    }

    #[test]
    fn perfect_packings_cannot_be_beaten((capacity, sizes) in sizes_of::<[u64; 2]>(Family::Cut, 60)) {
        // Whatever is left out, what remains needs no more bins than all of it.
        let packed = pack(VectorFit::First, capacity, &sizes);
        let instance = VectorInstance::new(capacity, sizes).unwrap();
        prop_assert!(vector_lower_bound(&instance) <= 20);
        prop_assert!(packed.bins() <= most_bins_any_fit(2, 20));
    }
}

/// The bins of the library and their twin side by side.
fn play(fit: VectorFit<2>, operations: Operations<[u64; 2]>) {
    let operations = operations.within(|dimension| fit.largest_capacity(dimension));
    let mut bins = checked(fit, operations.opening, 0);
    let mut twin = reference::VectorBins::new(fit, operations.opening);
    let mut items = Vec::new();
    for operation in operations.operations {
        match operation {
            Operation::Add { capacity } => assert_eq!(bins.add(capacity), twin.add(capacity)),
            Operation::Place { size } => {
                let answer = bins.place(size);
                assert_eq!(answer, OnlinePacker::place(&mut twin, size));
                if let Answer::Bin(bin) = answer {
                    items.push((bin, size));
                }
            }
            Operation::Leave { item } if !items.is_empty() => {
                let (bin, size) = items.swap_remove(item % items.len());
                bins.release(bin, size);
                twin.release(bin, size).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn any_operations_by_quickcheck() {
    let all = |operations: Operations<[u64; 2]>| {
        for fit in fits(&[64, 256]) {
            play(fit, operations.clone());
        }
    };
    QuickCheck::new().tests(100).quickcheck(all as fn(Operations<[u64; 2]>));
}
