//! The kit: what is right keeps every law; each mistake is refused by the law it breaks.

use apportion_binpack::reference::Online;
use apportion_binpack::testkit::wrong::{Mistake, Model};
use apportion_binpack::testkit::{
    Answer, ChangingPacker, Law, Numbered, OnlinePacker, Violation, check_changing, check_online,
    check_ratio, most_bins, most_bins_any_fit, most_bins_decreasing, sizes,
};
use apportion_binpack::{Assignment, Bins, Fit, Instance, check};
use proptest::prelude::*;

#[test]
fn bins_and_their_twin_keep_every_law() -> Result<(), Violation> {
    for fit in Fit::ALL {
        for seed in 0..10 {
            check_online(seed, fit, |opening| Numbered::new(fit, opening))?;
            check_online(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))?;
            check_changing(seed, fit, |opening| Numbered::new(fit, opening))?;
            check_changing(seed, fit, |opening| Online::new(fit, opening))?;
            check_changing(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))?;
            check_ratio(seed, fit, |opening| Numbered::new(fit, opening))?;
        }
    }
    Ok(())
}

#[test]
fn each_mistake_breaks_its_law() {
    for fit in Fit::ALL {
        for seed in 0..5 {
            let say =
                |mistake: Mistake, violation: Violation| format!("{fit} {mistake:?}: {violation}");
            for (mistake, laws) in [
                (Mistake::OffByOne, &[Law::Capacity][..]),
                (Mistake::OneCapacity, &[Law::Capacity, Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::Strict, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::ClosesEarly, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                (Mistake::ForgetsDepartures, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
                // Next fit has one bin to choose from where bins open, but not elsewhere.
                (Mistake::LastOfEqual, &[Law::Choice]),
                (Mistake::RejectsForNow, &[Law::EveryItem]),
                (Mistake::WaitsForever, &[Law::EveryItem]),
            ] {
                let model = |opening| Model::new(fit, opening, mistake);
                for violation in [
                    check_online(seed, fit, model).unwrap_err(),
                    check_changing(seed, fit, model).unwrap_err(),
                ] {
                    assert!(laws.contains(&violation.law()), "{}", say(mistake, violation));
                }
            }
            let mistake = Mistake::OneEach;
            let ratio = check_ratio(seed, fit, |opening| Model::new(fit, opening, mistake));
            assert_eq!(ratio.unwrap_err().law(), Law::Ratio);
        }
    }
}

#[test]
fn what_breaks_only_when_bins_go_away_is_found_then() {
    for fit in Fit::ALL {
        for (mistake, laws) in [
            (Mistake::KeepsRemoved, &[Law::Capacity, Law::EveryItem, Law::AnyFit, Law::Choice][..]),
            (Mistake::Inherits, &[Law::EveryItem, Law::AnyFit, Law::Choice]),
        ] {
            for seed in 0..5 {
                let model = |opening| Model::new(fit, opening, mistake);
                assert_eq!(check_online(seed, fit, model), Ok(()));
                let violation = check_changing(seed, fit, model).unwrap_err();
                assert!(laws.contains(&violation.law()), "{fit} {mistake:?}: {violation}");
            }
        }
    }
}

/// First fit of somebody else: numbers only grow, and nothing is said of those left out.
struct Growing {
    opening: Option<u64>,
    residuals: Vec<Option<u64>>,
}

impl OnlinePacker for Growing {
    fn add(&mut self, capacity: u64) -> usize {
        self.residuals.push(Some(capacity));
        self.residuals.len() - 1
    }

    fn place(&mut self, size: u64) -> Answer {
        let has_room = |residual: &Option<u64>| residual.is_some_and(|residual| residual >= size);
        let bin = self.residuals.iter().position(has_room).or_else(|| {
            let capacity = self.opening.filter(|capacity| *capacity >= size)?;
            Some(self.add(capacity))
        });
        if let Some(residual) = bin.and_then(|bin| self.residuals[bin].as_mut()) {
            *residual -= size;
        }
        bin.into()
    }

    fn release(&mut self, bin: usize, size: u64) {
        *self.residuals[bin].as_mut().unwrap() += size;
    }
}

impl ChangingPacker for Growing {
    fn remove(&mut self, bin: usize) {
        self.residuals[bin] = None;
    }
}

#[test]
fn numbers_need_not_be_used_again() -> Result<(), Violation> {
    let make = |opening| Growing { opening, residuals: Vec::new() };
    for seed in 0..10 {
        check_changing(seed, Fit::First, make)?;
        check_ratio(seed, Fit::First, make)?;
    }
    Ok(())
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
    assert_eq!([0, 1, 10].map(|optimum| most_bins_any_fit(3, optimum)), [0, 5, 59]);
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
