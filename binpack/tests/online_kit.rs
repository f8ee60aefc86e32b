//! The kit: what is right keeps every law; each mistake is refused by the law it breaks.

use apportion_binpack::reference::Online;
use apportion_binpack::testkit::wrong::{Mistake, Model};
use apportion_binpack::testkit::{
    Law, Numbered, Violation, check_online, check_ratio, most_bins, most_bins_decreasing, sizes,
};
use apportion_binpack::{Assignment, Bins, Fit, Instance, check};
use proptest::prelude::*;

#[test]
fn bins_and_their_twin_keep_every_law() -> Result<(), Violation> {
    for fit in Fit::ALL {
        for seed in 0..10 {
            check_online(seed, fit, |opening| Numbered::new(fit, opening))?;
            check_online(seed, fit, |opening| Online::new(fit, opening))?;
            check_online(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))?;
            check_ratio(seed, fit, |opening| Numbered::new(fit, opening))?;
        }
    }
    Ok(())
}

#[test]
fn each_mistake_breaks_its_law() {
    for fit in Fit::ALL {
        for seed in 0..5 {
            let online = |mistake| {
                check_online(seed, fit, |opening| Model::new(fit, opening, mistake)).unwrap_err()
            };
            let say =
                |mistake: Mistake, violation: Violation| format!("{fit} {mistake:?}: {violation}");
            for (mistake, laws) in [
                (Mistake::OffByOne, &[Law::Capacity][..]),
                (Mistake::Strict, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::ClosesEarly, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::ForgetsDepartures, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::LastOfEqual, &[Law::Choice]),
            ] {
                // Next fit has one bin to choose from where bins open, but not elsewhere.
                let violation = online(mistake);
                assert!(laws.contains(&violation.law()), "{}", say(mistake, violation));
            }
            let mistake = Mistake::OneEach;
            let ratio = check_ratio(seed, fit, |opening| Model::new(fit, opening, mistake));
            assert_eq!(ratio.unwrap_err().law(), Law::Ratio);
        }
    }
}

#[test]
fn each_policy_is_told_from_the_others() {
    for fit in Fit::ALL {
        for other in Fit::ALL.into_iter().filter(|other| *other != fit) {
            let violation = check_online(1, fit, |opening| Numbered::new(other, opening));
            let law = violation.unwrap_err().law();
            assert!(matches!(law, Law::Choice | Law::AnyFit | Law::EveryItem), "{fit} {other}");
        }
    }
}

#[test]
fn proved_bounds() {
    assert_eq!([1, 2, 3, 10].map(|optimum| most_bins(Fit::First, optimum)), [1, 3, 5, 17]);
    assert_eq!([0, 1, 10].map(|optimum| most_bins(Fit::Next, optimum)), [0, 1, 19]);
    assert_eq!([1, 2, 3, 9].map(most_bins_decreasing), [1, 3, 4, 11]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_packing_passes_the_checker((capacity, sizes) in sizes(90)) {
        for fit in Fit::ALL {
            let mut bins = Bins::opening(fit, capacity);
            let assigned: Vec<Option<u32>> = sizes
                .iter()
                .map(|size| bins.put(*size).unwrap().map(|bin| bin.number().try_into().unwrap()))
                .collect();
            let instance = Instance::new(capacity, sizes.clone()).unwrap();
            let assignment = Assignment::new(&assigned);
            prop_assert_eq!(check(&instance, &assignment), Ok(()));
            prop_assert_eq!(bins.len(), assignment.bins());
            // Two neighbours hold more than one can, so at most one bin of all is half empty.
            let used: Vec<u64> = bins.iter().map(|bin| bins.used(bin).unwrap()).collect();
            for pair in used.windows(2) {
                prop_assert!(u128::from(pair[0]) + u128::from(pair[1]) > u128::from(capacity));
            }
        }
    }
}
