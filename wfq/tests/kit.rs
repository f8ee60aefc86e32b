//! The kit: what is right passes, up to the bounds; each mistake is refused by the law it breaks.

#[path = "kit/adapted.rs"]
mod adapted;
#[path = "kit/eevdf.rs"]
mod eevdf;
#[path = "kit/exact.rs"]
mod exact;
#[path = "kit/several.rs"]
mod several;
#[path = "kit/spoiled.rs"]
mod spoiled;
#[path = "kit/worked.rs"]
mod worked;

use std::cell::Cell;

use apportion_wfq::reference::Twin;
use apportion_wfq::testkit::wrong::{Mistake, Model};
use apportion_wfq::testkit::{
    CounterFault, Driver, Episode, Failure, Fault, Full, Law, Offers, Operation, Operations, Plain,
    Profile, Violation, check, check_all, check_groups, check_isolation, check_limits, operations,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quickcheck::{QuickCheck, TestResult};
use spoiled::{Spoil, Spoiled};

#[test]
fn start_time_keeps_every_law_and_reaches_the_bounds() -> Result<(), Failure> {
    let profile = Profile::start_time().operations(1_000_000);
    let flat = check(profile, Twin::start_time)?;
    assert_eq!((flat.tightest, flat.operations), (1000, 1_000_000));
    assert!(flat.farthest > 4000, "O(n) charges off the share: {flat:?}");
    assert_eq!(check_all(profile.seed(1), Twin::start_time)?.tightest, 1000);
    check_limits(profile.seed(2), Twin::start_time)?;
    check_groups(profile.seed(3), Twin::start_time)?;
    let wrapping = || Twin::start_time().starting_at(u128::MAX - (1 << 50));
    check_all(profile.seed(4), wrapping)?;
    // Of a group, the twin has only one in service at a time.
    let several = check_limits(profile.seed(5).in_service(4), Twin::start_time)?;
    assert!(several.tightest >= 990, "{several:?}");
    Ok(())
}

#[test]
fn the_pairwise_bound_is_reached() {
    let serve = |used| [Operation::Pick, Operation::Charge { place: 0, used, stays: true }];
    let mut driver = Driver::new(Plain(Twin::start_time()), Profile::start_time());
    let mut all = Vec::new();
    for entity in 0..2 {
        all.extend([Operation::Add { entity, group: None, weight: 1 }, Operation::Wake { entity }]);
    }
    // 0 is 3 behind when 1 begins; both are equal again; 0 gains 3 by then, and 5 more in one go.
    all.extend([serve(5), serve(3), serve(1), serve(1), serve(5)].concat());
    driver.play_all(&all).expect("it keeps its laws");
    assert_eq!(driver.tightest(), 1000);
}

/// What a law makes of a model, on the operations of a profile, asked for alone.
fn refused(mistake: Mistake, law: Law) -> Violation {
    let profile = Profile::start_time().largest_charge(32).operations(2_000_000);
    let make = || Model::new(mistake);
    assert!(check_limits(profile, make).is_err(), "{mistake:?} keeps all laws together");
    check_limits(profile.only(&[law]), make).expect_err("the law lets it pass").violation
}

#[test]
fn a_model_without_a_mistake_keeps_all_laws() {
    let make = || Model::new(Mistake::Nothing);
    let report = check_limits(Profile::start_time().operations(1_000_000), make);
    assert_eq!(report.map(|report| report.tightest), Ok(1000));
}

#[test]
fn clamping_to_the_maximum_breaks_pairwise_fairness() {
    let violation = refused(Mistake::ClampsToMaximum, Law::Pairwise);
    let Violation::Pairwise { received, bound, .. } = violation else { panic!("{violation}") };
    assert!(received > bound);
    // Weights are erased.
    let mut model =
        Driver::new(Plain(Model::new(Mistake::ClampsToMaximum)), Profile::start_time().only(&[]));
    let mut runs = [0; 3];
    for (entity, weight) in [100, 200, 400].into_iter().enumerate() {
        model.play(Operation::Add { entity, group: None, weight }).expect("no law is asked for");
        model.play(Operation::Wake { entity }).expect("no law is asked for");
    }
    let mut model = model.subject().0.clone();
    for _ in 0..300 {
        use apportion_wfq::testkit::ProportionalShare;
        let picked = model.pick().expect("all are runnable");
        runs[picked] += 1;
        model.charge(picked, 1, true);
    }
    assert_eq!(runs, [100, 100, 100]);
}

#[test]
fn credit_wound_up_while_throttled_breaks_the_law_of_winding_up() {
    let violation = refused(Mistake::WindsUp, Law::WindUp);
    assert!(matches!(violation, Violation::WindUp { .. }), "{violation}");
    // Without limits it does nothing wrong.
    check(Profile::start_time(), || Model::new(Mistake::WindsUp)).expect("nobody is throttled");
}

#[test]
fn floats_starve() {
    let violation = refused(Mistake::Floats, Law::Starvation);
    assert!(matches!(violation, Violation::Starvation { .. }), "{violation}");
}

#[test]
fn forgetting_lag_breaks_the_law_of_reweights() {
    let violation = refused(Mistake::ForgetsLag, Law::Reweight);
    assert!(matches!(violation, Violation::Reweight { .. }), "{violation}");
    // As long as no weight is touched, it does nothing wrong.
    let profile = Profile::start_time().largest_charge(32);
    check_limits(profile.only(&[Law::Pairwise]), || Model::new(Mistake::ForgetsLag))
        .expect("weights that are touched end an interval of the law of pairs");
}

#[test]
fn letting_sleepers_catch_up_is_a_free_lunch() {
    let violation = refused(Mistake::LetsSleepersCatchUp, Law::FreeLunch);
    assert!(matches!(violation, Violation::FreeLunch { .. }), "{violation}");
}

#[test]
fn a_stride_of_zero_starves() {
    let violation = refused(Mistake::ZeroStride, Law::Starvation);
    assert!(matches!(violation, Violation::Starvation { .. }), "{violation}");
}

#[test]
fn a_horizon_overrun_by_a_reweight_breaks_pairwise_fairness() {
    let violation = refused(Mistake::FixedHorizon, Law::Pairwise);
    assert!(matches!(violation, Violation::Pairwise { .. }), "{violation}");
    let serve = || {
        let charge = Operation::Charge { place: 0, used: 32, stays: true };
        [Operation::Pick, charge].into_iter().cycle().take(200)
    };
    let profile = Profile::start_time().largest_charge(32);
    let mut driver = Driver::new(Plain(Model::new(Mistake::FixedHorizon)), profile);
    for entity in 0..3 {
        let all = [Operation::Add { entity, group: None, weight: 64 }, Operation::Wake { entity }];
        driver.play_all(&all).expect("nobody is served yet");
    }
    driver.play_all(&serve().collect::<Vec<_>>()).expect("it is within its horizon");
    driver.play(Operation::SetWeight { entity: 1, weight: 3 }).expect("nobody is served");
    let broken = driver.play_all(&serve().collect::<Vec<_>>());
    let broken = broken.expect_err("it is overrun").law();
    assert!(matches!(broken, Law::Pairwise | Law::Starvation | Law::Counters), "{broken:?}");
}

#[test]
fn counters_that_are_told_are_held_against_what_was_charged() {
    for (mistake, expected) in [
        (Mistake::LetsSleepersCatchUp, CounterFault::TooFarAhead),
        (Mistake::ZeroStride, CounterFault::Miscounted),
        (Mistake::ClampsToMaximum, CounterFault::Miscounted),
        (Mistake::FixedHorizon, CounterFault::Less),
    ] {
        let violation = refused(mistake, Law::Counters);
        let Violation::Counter { fault, .. } = violation else { panic!("{violation}") };
        assert_eq!(fault, expected, "{mistake:?}: {violation}");
    }
    let spoiled = || Spoiled::new(Spoil::MovesCounters);
    let failure = check(Profile::start_time().only(&[Law::Counters]), spoiled);
    let violation = failure.expect_err("it is spoiled").violation;
    let moved = CounterFault::Moved;
    assert!(matches!(violation, Violation::Counter { fault, .. } if fault == moved), "{violation}");
}

#[test]
fn whatever_is_spoiled_is_refused() {
    let fault = |spoil| match spoil {
        Spoil::PicksSleepers => Fault::Asleep,
        Spoil::PicksTwice => Fault::InService,
        _ => Fault::Unknown,
    };
    let all = [
        (Spoil::PicksSleepers, Law::Sanity),
        (Spoil::PicksTwice, Law::Sanity),
        (Spoil::PicksStrangers, Law::Sanity),
        (Spoil::Idles, Law::WorkConservation),
        (Spoil::RunsBackwards, Law::Monotone),
        (Spoil::IgnoresLimits, Law::Limit),
        (Spoil::PromisesEarly, Law::Release),
        (Spoil::PromisesNothing, Law::Release),
    ];
    for (spoil, law) in all {
        let profile = Profile::start_time().in_service(2).only(&[law]);
        let failure = check_limits(profile, || Spoiled::new(spoil)).expect_err("it is spoiled");
        assert_eq!(failure.violation.law(), law, "{spoil:?}: {failure}");
        if let Violation::Nonsense { fault: found, .. } = failure.violation {
            assert_eq!(found, fault(spoil), "{spoil:?}");
        }
    }
}

#[test]
fn isolation_refuses_a_scheduler_that_only_knows_entities() {
    let flat = check_isolation(Profile::start_time(), || Spoiled::new(Spoil::Flattens));
    let Failure { violation, operations, .. } = flat.expect_err("it has no groups");
    let Violation::Isolation { turn, .. } = violation else { panic!("{violation}") };
    assert_eq!(operations, turn + 1);
    let nested = check_groups(Profile::start_time(), || Spoiled::new(Spoil::Flattens));
    assert!(nested.is_err());
}

#[test]
fn a_group_is_served_by_its_new_weight() {
    let profile = Profile::start_time().only(&[Law::Pairwise]);
    let frozen = check_groups(profile, || Spoiled::new(Spoil::FreezesGroups));
    let violation = frozen.expect_err("its groups keep their weights").violation;
    assert!(matches!(violation, Violation::Pairwise { .. }), "{violation}");
}

#[test]
fn determinism_refuses_a_scheduler_that_changes_its_mind() {
    let made = Cell::new(0);
    let failure = check(Profile::eevdf(1).without(Law::Lag), || {
        made.set(made.get() + 1);
        if made.get() % 2 == 0 { Twin::start_time() } else { Twin::eevdf(1) }
    });
    let violation = failure.expect_err("two orders are not one").violation;
    assert!(matches!(violation, Violation::Undetermined { .. }), "{violation}");
}

proptest! {
    #[test]
    fn twins_keep_their_laws(all in operations(6, 300)) {
        Driver::new(Full(Twin::start_time()), Profile::start_time()).play_all(&all.0)?;
        Driver::new(Full(Twin::eevdf(3)), Profile::eevdf(3)).play_all(&all.0)?;
    }
}

#[test]
fn twins_keep_their_laws_on_what_quickcheck_draws() {
    #[expect(clippy::needless_pass_by_value, reason = "quickcheck hands values over")]
    fn keeps(all: Operations) -> TestResult {
        let mut driver = Driver::new(Full(Twin::start_time()), Profile::start_time());
        match driver.play_all(&all.0) {
            Ok(()) => TestResult::passed(),
            Err(violation) => TestResult::error(violation.to_string()),
        }
    }
    QuickCheck::new().tests(300).quickcheck(keeps as fn(Operations) -> TestResult);
}

type Like = fn(&Operation) -> bool;

/// How many of 100 sequences have an operation like that, and are played.
fn seen(draw: &mut dyn FnMut() -> Operations, like: Like) -> usize {
    let has = |all: Operations| {
        let mut driver = Driver::new(Full(Twin::start_time()), Profile::start_time());
        let legal = |operation: &Operation| driver.play(*operation) == Ok(true) && like(operation);
        all.0.iter().any(legal)
    };
    (0..100).filter(|_| has(draw())).count()
}

#[test]
fn strategies_draw_every_operation() {
    let likes: [(&str, Like); 14] = [
        ("add", |like| matches!(like, Operation::Add { group: None, .. })),
        ("add to a group", |like| matches!(like, Operation::Add { group: Some(_), .. })),
        ("group in a group", |like| matches!(like, Operation::AddGroup { parent: Some(_), .. })),
        ("remove", |like| matches!(like, Operation::Remove { .. })),
        ("sleep", |like| matches!(like, Operation::Sleep { .. })),
        ("set weight", |like| matches!(like, Operation::SetWeight { .. })),
        ("set the weight of a group", |like| matches!(like, Operation::SetGroupWeight { .. })),
        ("round trip", |like| matches!(like, Operation::RoundTrip { .. })),
        ("pick", |like| matches!(like, Operation::Pick)),
        ("charge", |like| matches!(like, Operation::Charge { stays: true, .. })),
        ("charge and sleep", |like| matches!(like, Operation::Charge { stays: false, .. })),
        ("limit", |like| matches!(like, Operation::Limit { .. })),
        ("limit a group", |like| matches!(like, Operation::LimitGroup { .. })),
        ("release", |like| matches!(like, Operation::AdvanceToRelease)),
    ];
    let mut runner = TestRunner::deterministic();
    let strategy = operations(6, 300);
    let mut by_proptest = || strategy.new_tree(&mut runner).expect("nothing is filtered").current();
    let mut seed = 0;
    let mut by_episode = || {
        seed += 1;
        let profile = Profile::start_time();
        let mut episode = Episode::restless(seed, &profile, Offers::all());
        let mut busy = 0;
        let all = (0..2000).map(|_| {
            let operation = episode.next(busy, false);
            busy = usize::from(operation == Operation::Pick);
            operation
        });
        Operations(all.collect())
    };
    for (name, like) in likes {
        assert!(seen(&mut by_proptest, like) >= 10, "{name}, by proptest");
        if name != "release" {
            assert!(seen(&mut by_episode, like) >= 10, "{name}, by episodes");
        }
    }
}

#[test]
fn operations_shrink_to_fewer() {
    let mut source = quickcheck::Gen::new(50);
    let all = Operations(vec![Operation::Pick; 9]);
    assert!(quickcheck::Arbitrary::shrink(&all).all(|fewer| fewer.0.len() < 9));
    let drawn: Vec<Operations> =
        (0..50).map(|_| quickcheck::Arbitrary::arbitrary(&mut source)).collect();
    assert!(drawn.iter().any(|all| all.0.len() > 50));
    source = quickcheck::Gen::new(5);
    let small = |_| <Operations as quickcheck::Arbitrary>::arbitrary(&mut source).0.len() <= 20;
    assert!((0..50).all(small));
}

#[test]
fn a_run_can_be_repeated() {
    let again = || check_all(Profile::start_time().seed(9), Twin::start_time);
    assert_eq!(again(), again());
    let failure = || check(Profile::start_time(), || Model::new(Mistake::Floats));
    assert_eq!(failure(), failure());
}
