//! What is owed: EEVDF keeps it at all times, and who forgets it is refused.

use apportion_wfq::reference::{RESOLUTION_BITS, Twin};
use apportion_wfq::testkit::wrong::{Forgetful, Forgets};
use apportion_wfq::testkit::{
    Driver, Episode, Failure, Law, Offers, Operation, Plain, Profile, ProportionalShare, Violation,
    check, check_all, check_limits,
};

#[test]
fn eevdf_is_off_its_share_by_less_than_a_request() -> Result<(), Failure> {
    for request in [1, 2, 7, 1000] {
        let profile = Profile::eevdf(request).operations(400_000).seed(request);
        let report = check_all(profile, || Twin::eevdf(request))?;
        assert!((900..1000).contains(&report.farthest), "{report:?}");
    }
    check_limits(Profile::eevdf(1).in_service(4), || Twin::eevdf(1))?;
    Ok(())
}

#[test]
fn start_time_is_not_as_accurate_as_eevdf() {
    let failure = check(Profile::eevdf(1), Twin::start_time).expect_err("it is O(n) charges off");
    assert!(matches!(failure.violation, Violation::Owed { .. }));
    // The heaviest of 12 is owed n/2 charges in the end, where it stays below one with EEVDF.
    let mut driver = Driver::new(Plain(Twin::start_time()), Profile::start_time());
    for entity in 0..12 {
        let weight = if entity == 11 { 11 } else { 1 };
        let added = driver.play(Operation::Add { entity, group: None, weight });
        assert_eq!((added, driver.play(Operation::Wake { entity })), (Ok(true), Ok(true)));
    }
    for _ in 0..1000 {
        let charge = Operation::Charge { place: 0, used: 1, stays: true };
        driver.play_all(&[Operation::Pick, charge]).expect("it keeps its laws");
    }
    assert_eq!(driver.farthest(), 5500);
}

/// Start-time order serves only those who are owed something, but not in the order that is due.
#[test]
fn what_is_owed_is_bounded_while_others_come_and_go() {
    let profile = Profile::eevdf(1);
    let refused = |seed: &u64| {
        let mut episode = Episode::restless(*seed, &profile, Offers::default());
        let mut driver = Driver::new(Plain(Twin::start_time()), profile);
        let played = (0..2000).try_for_each(|_| {
            let within = |operation| match operation {
                Operation::Charge { place, stays, .. } => {
                    Operation::Charge { place, used: 1, stays }
                }
                other => other,
            };
            driver.play(within(episode.next(driver.busy(), driver.idle()))).map(drop)
        });
        matches!(played, Err(Violation::Owed { .. }))
    };
    let count = (0..200).filter(refused).count();
    assert!(count > 20, "{count} of 200");
}

#[test]
fn who_forgets_lag_on_reweight_is_refused_at_every_seed() {
    for seed in 0..20 {
        for request in [1, 7, 1000] {
            let profile = Profile::eevdf(request).seed(seed);
            let make = || Forgetful::new(request, Forgets::OnReweight);
            let failure = check(profile, make).expect_err("it forgets");
            let known = matches!(failure.violation.law(), Law::Reweight | Law::Lag);
            assert!(known, "seed {seed}: {failure}");
            let failure = check(profile.only(&[Law::Reweight]), make).expect_err("it forgets");
            assert!(matches!(failure.violation, Violation::ForgottenLag { .. }), "{failure}");
            check(profile.rounding(1), make).expect_err("no rounding explains that");
        }
    }
}

#[test]
fn who_forgets_lag_on_sleep_is_refused_at_every_seed() {
    for seed in 0..20 {
        let profile = Profile::eevdf(7).seed(seed);
        let make = || Forgetful::new(7, Forgets::OnSleep);
        let failure = check(profile, make).expect_err("it forgets");
        assert_eq!(failure.violation.law(), Law::Lag, "{failure}");
        check(profile.in_service(3), make).expect_err("it forgets");
        // It does what is right as long as weights are all that changes.
        check(profile.only(&[Law::Reweight]), make).expect("weights are not what it forgets over");
    }
}

#[test]
fn who_forgets_nothing_keeps_all_laws() -> Result<(), Failure> {
    check(Profile::eevdf(7), || Forgetful::new(7, Forgets::Nothing)).map(drop)
}

/// EEVDF whose unit is smaller than the reference's by this factor, and which so rounds lags
/// otherwise.
struct Finer(Twin, u64);

impl ProportionalShare for Finer {
    fn add(&mut self, entity: usize, weight: u32) {
        self.0.add(entity, weight);
    }
    fn remove(&mut self, entity: usize) {
        self.0.remove(entity);
    }
    fn wake(&mut self, entity: usize) {
        self.0.wake(entity);
    }
    fn sleep(&mut self, entity: usize) {
        self.0.sleep(entity);
    }
    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.0.set_weight(entity, weight);
    }
    fn pick(&mut self) -> Option<usize> {
        self.0.pick()
    }
    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.0.charge(entity, self.1 * used, stays);
    }
}

#[test]
fn who_rounds_otherwise_says_so() -> Result<(), Failure> {
    let profile = Profile::eevdf(7).largest_charge(1 << 40).operations(1_000_000);
    let make = || Finer(Twin::eevdf(3 * 7), 3);
    let failure = check(profile, make).expect_err("it does not round as the reference does");
    assert!(matches!(
        failure.violation,
        Violation::Ineligible { .. } | Violation::ForgottenLag { .. }
    ));
    for seed in 0..10 {
        let profile = profile.operations(200_000).seed(seed);
        check(profile.rounding(2), make)?;
        // Next to exact.
        check(profile.rounding(1), || Finer(Twin::eevdf(1000 * 7), 1000))?;
    }
    // That is no licence to forget.
    let forgets = check(profile.rounding(2), || Forgetful::new(7, Forgets::OnReweight));
    assert!(forgets.is_err());
    Ok(())
}

/// As V is the mean of those who are runnable, who leaves with a debt moves it back for the others:
/// then they may be more than a request ahead, which no law can forbid.
#[test]
fn a_lag_of_more_than_a_request_can_be_right() {
    let mut driver = Driver::new(Plain(Twin::eevdf(10)), Profile::eevdf(10));
    let mut all = Vec::new();
    for entity in 0..4 {
        all.extend([Operation::Add { entity, group: None, weight: 1 }, Operation::Wake { entity }]);
    }
    all.extend([Operation::Pick, Operation::Charge { place: 0, used: 10, stays: true }]);
    all.extend([Operation::Pick, Operation::Charge { place: 0, used: 10, stays: true }]);
    driver.play_all(&all).expect("it keeps its laws");
    let quanta = |driver: &Driver<Plain<Twin>>, entity| {
        driver.subject().0.lag(entity).map(|lag| lag >> RESOLUTION_BITS)
    };
    assert_eq!([0, 1, 2, 3].map(|entity| quanta(&driver, entity)), [-5, -5, 5, 5].map(Some));
    all = vec![Operation::Sleep { entity: 1 }];
    driver.play_all(&all).expect("it keeps its laws");
    // -5 - 5 / 3, and so on: each of many that leave takes the rest further.
    assert_eq!([0, 2, 3].map(|entity| quanta(&driver, entity)), [-7, 3, 3].map(Some));
}
