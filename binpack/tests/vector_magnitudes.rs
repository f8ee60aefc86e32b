//! What is relative decides alike, whatever the magnitude of the capacities.

mod held;

use apportion_binpack::testkit::Random;
use apportion_binpack::{BinSet, Error, Measure, Norm, Scale, VectorBins, VectorFit};

use held::CheckedVectors;

/// Every policy that compares amounts.
fn fits(scale: Scale<2>) -> Vec<VectorFit<2>> {
    let mut fits = vec![VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        fits.extend([VectorFit::Best(measure), VectorFit::Worst(measure)]);
        fits.extend([VectorFit::AlmostWorst(measure), VectorFit::NormBased(measure)]);
    }
    fits
}

/// The bins of items that come one by one; or that bins of this capacity are refused.
fn pack(
    fit: VectorFit<2>,
    capacity: [u64; 2],
    sizes: &[[u64; 2]],
) -> Result<Vec<Option<usize>>, Error> {
    let mut bins = CheckedVectors::new(VectorBins::opening(fit, capacity)?);
    let place =
        |size: &[u64; 2]| Ok(bins.place(*size)?.placement().map(|placed| placed.bin.number()));
    sizes.iter().map(place).collect()
}

fn multiplies(fit: &VectorFit<2>) -> bool {
    matches!(fit, VectorFit::DotProduct(_)) || fit.to_string().ends_with("L2")
}

#[test]
fn the_emptier_bin_is_not_taken_for_the_fuller() {
    for exponent in [40, 46, 47, 48, 50, 52] {
        let capacity = [1 << exponent, 100];
        let part = |tenths: u64| (tenths << exponent) / 10;
        let sizes = [[part(6), 10], [part(5), 70], [part(1), 10]];
        let scale = Scale::normalizing(&capacity);
        for norm in [Norm::L1, Norm::LInfinity] {
            let measure = Measure { norm, scale };
            for (fit, bin) in [
                (VectorFit::Best(measure), 1),
                (VectorFit::NormBased(measure), 1),
                (VectorFit::Worst(measure), 0),
                (VectorFit::AlmostWorst(measure), 1),
            ] {
                let expected = Ok(vec![Some(0), Some(1), Some(bin)]);
                assert_eq!(pack(fit, capacity, &sizes), expected, "{fit} 2^{exponent}");
            }
        }
    }
}

/// The same parts of the capacity, with many ties.
#[test]
fn magnitude_does_not_matter() {
    let mut random = Random::new(1);
    for _ in 0..50 {
        let parts: Vec<[u64; 2]> = (0..60).map(|_| [(); 2].map(|()| random.below(60))).collect();
        let small = [100, 100];
        let expected: Vec<_> = fits(Scale::normalizing(&small))
            .into_iter()
            .map(|fit| pack(fit, small, &parts).unwrap())
            .collect();
        for shift in [0, 33, 39, 40, 41, 42, 43, 44, 45, 57] {
            let capacity = [100 << shift, 100];
            let sizes: Vec<[u64; 2]> =
                parts.iter().map(|[first, second]| [first << shift, *second]).collect();
            for (fit, expected) in fits(Scale::normalizing(&capacity)).iter().zip(&expected) {
                match pack(*fit, capacity, &sizes) {
                    Ok(found) => assert_eq!(found, *expected, "{fit} by 2^{shift}"),
                    Err(error) => {
                        assert!(matches!(error, Error::TooLargeToCompare { .. }));
                        assert!(multiplies(fit) && capacity[0] > 1 << 46, "{fit} by 2^{shift}");
                    }
                }
            }
        }
    }
}
