//! The kit: what is right keeps every law; each mistake is refused by the law it breaks.

mod held;

use std::collections::BTreeSet;

use apportion_binpack::reference::Online;
use apportion_binpack::testkit::wrong::{Mistake, Model, PackingMistake, claim_optimal, pack};
use apportion_binpack::testkit::{
    Answer, Bounded, ChangingPacker, Law, Numbered, OnlinePacker, Violation, check_bounds,
    check_changing, check_offline, check_online, check_ratio, known_optima, most_bins,
    most_bins_any_fit, most_bins_decreasing, sizes,
};
use apportion_binpack::{Assignment, Bins, Fit, Instance, check};
use proptest::prelude::*;

use held::CheckedBins;

/// Bins of which the independent checker looks at each placement.
fn checked(fit: Fit, opening: Option<u64>) -> Numbered<CheckedBins> {
    Numbered::of(CheckedBins::new(match opening {
        Some(capacity) => Bins::opening(fit, capacity),
        None => Bins::new(fit),
    }))
}

#[test]
fn bins_and_their_twin_keep_every_law() -> Result<(), Violation> {
    for fit in Fit::ALL {
        for seed in 0..10 {
            check_online(seed, fit, |opening| checked(fit, opening))?;
            check_online(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))?;
            check_changing(seed, fit, |opening| checked(fit, opening))?;
            check_changing(seed, fit, |opening| Online::new(fit, opening))?;
            check_changing(seed, fit, |opening| Model::new(fit, opening, Mistake::Nothing))?;
            check_ratio(seed, fit, |opening| checked(fit, opening))?;
        }
    }
    Ok(())
}

#[test]
fn each_mistake_breaks_its_law() {
    for fit in Fit::ALL {
        for mistake in Mistake::ALL {
            for seed in 0..5 {
                let model = |opening| Model::new(fit, opening, mistake);
                let stays = check_online(seed, fit, model);
                let goes = check_changing(seed, fit, model);
                match mistake {
                    // In one dimension there is nothing wrong with these.
                    Mistake::Nothing | Mistake::FirstDimension | Mistake::PlainSum => {
                        assert_eq!((stays, goes), (Ok(()), Ok(())));
                    }
                    Mistake::KeepsRemoved | Mistake::Inherits => {
                        assert_eq!(stays, Ok(()));
                        breaks(goes, mistake);
                    }
                    Mistake::OneEach => breaks(check_ratio(seed, fit, model), mistake),
                    _ => {
                        breaks(stays, mistake);
                        breaks(goes, mistake);
                    }
                }
            }
        }
    }
}

#[track_caller]
fn breaks(found: Result<(), Violation>, mistake: Mistake) {
    let violation = found.expect_err(&format!("{mistake:?}"));
    assert!(mistake.laws().contains(&violation.law()), "{mistake:?}: {violation}");
}

/// No law is there in vain, and none of the ways to break it.
#[test]
fn every_violation_happens() {
    let mut kinds = BTreeSet::new();
    let mut laws = Vec::new();
    let mut count = |violation: Violation| {
        let text = format!("{violation:?}");
        kinds.insert(text[..text.find(' ').unwrap()].to_owned());
        if !laws.contains(&violation.law()) {
            laws.push(violation.law());
        }
    };
    for fit in Fit::ALL {
        for mistake in Mistake::ALL {
            let model = |opening| Model::new(fit, opening, mistake);
            for seed in 0..10 {
                check_online(seed, fit, model).map_err(&mut count).ok();
                check_changing(seed, fit, model).map_err(&mut count).ok();
            }
            check_ratio(1, fit, model).map_err(&mut count).ok();
        }
    }
    for mistake in PackingMistake::ALL {
        let wrong = |instance: &Instance| pack(instance, mistake);
        check_offline(known_optima(1), most_bins_decreasing, wrong).map_err(&mut count).ok();
    }
    check_bounds::<Instance>(known_optima(1), claim_optimal).map_err(&mut count).ok();
    let expected = [
        "FalseBound",
        "LeftOut",
        "NoPacking",
        "NoSuchBin",
        "NumberInUse",
        "OpenedEarly",
        "Overfull",
        "Rejected",
        "TooManyBins",
        "WaitsForNothing",
        "WrongBin",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(laws.len(), 6, "{laws:?}");
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

/// One that looks at nothing: every item goes in the bin with this number.
struct Always(usize);

impl OnlinePacker for Always {
    fn add(&mut self, _capacity: u64) -> usize {
        self.0
    }

    fn place(&mut self, _size: u64) -> Answer {
        Answer::Bin(self.0)
    }

    fn release(&mut self, _bin: usize, _size: u64) {}
}

/// Bins of which no amount is above a bound.
struct Small {
    bins: Numbered,
    most: u64,
}

impl OnlinePacker for Small {
    fn add(&mut self, capacity: u64) -> usize {
        assert!(capacity <= self.most);
        self.bins.add(capacity)
    }

    fn place(&mut self, size: u64) -> Answer {
        assert!(size <= self.most);
        self.bins.place(size)
    }

    fn release(&mut self, bin: usize, size: u64) {
        self.bins.release(bin, size);
    }
}

#[test]
fn a_packer_of_small_amounts_is_given_no_others() {
    for most in [0, 1, 3, 7, 8, 1_000, u64::from(u32::MAX)] {
        for policy in Fit::ALL {
            let fit = Bounded { policy, largest: most };
            let small = |opening| Small { bins: Numbered::new(policy, opening), most };
            assert_eq!(check_online(1, fit, small), Ok(()));
            assert_eq!(check_ratio(1, fit, small), Ok(()));
            // It is not that nothing is played.
            let wrong = |mistake| move |opening| Model::new(fit, opening, mistake);
            for mistake in Mistake::ALL.into_iter().filter(|_| most >= 1_000) {
                let (online, ratio) =
                    (check_changing(1, fit, wrong(mistake)), check_ratio(1, fit, wrong(mistake)));
                match mistake {
                    Mistake::Nothing | Mistake::FirstDimension | Mistake::PlainSum => {
                        assert_eq!((online, ratio), (Ok(()), Ok(())));
                    }
                    Mistake::OneEach => breaks(ratio, mistake),
                    _ => breaks(online, mistake),
                }
            }
            let ratio = check_ratio(1, fit, wrong(Mistake::OneEach));
            assert!(matches!(ratio, Err(Violation::TooManyBins { .. })), "{policy} {most}");
        }
    }
}

#[test]
fn few_bins_count_only_if_they_hold_what_is_in_them() {
    for fit in Fit::ALL {
        let found = check_ratio(1, fit, |_| Always(0));
        assert!(matches!(found, Err(Violation::Overfull { bin: 0, .. })), "{found:?}");
        for bin in [1, usize::MAX] {
            let found = check_ratio(1, fit, |_| Always(bin));
            assert!(matches!(found, Err(Violation::NoSuchBin { bins: 0, .. })), "{found:?}");
            let found = check_online(1, fit, |_| Always(bin));
            assert_eq!(found.unwrap_err().law(), Law::Capacity);
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
