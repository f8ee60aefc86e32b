//! The laws of the kit on the schedulers of this crate.

use apportion_wfq::testkit::{
    Failure, Numbered, Profile, Report, check, check_all, check_groups, check_limits,
};
use apportion_wfq::{MAX_CHARGE, Order, Scheduler};

fn start_time() -> Numbered {
    Numbered::new(Scheduler::new(Order::StartTime))
}

fn eevdf(request: u64) -> Numbered {
    let quantum = request.try_into().expect("not zero");
    Numbered::new(Scheduler::with_quantum(Order::Eevdf, quantum).expect("in range"))
}

fn profile() -> Profile {
    Profile::start_time().largest_charge(MAX_CHARGE)
}

#[test]
fn start_time_keeps_every_law_and_reaches_the_bound() -> Result<(), Failure> {
    let profile = profile().operations(2_000_000);
    let flat = check(profile, start_time)?;
    assert_eq!((flat.tightest, flat.operations), (1000, 2_000_000));
    assert!(flat.farthest > 4000, "O(n) charges off the share: {flat:?}");
    assert_eq!(check_all(profile.seed(1), start_time)?.tightest, 1000);
    check_limits(profile.seed(2), start_time)?;
    check_groups(profile.seed(3), start_time)?;
    Ok(())
}

#[test]
fn several_in_service_are_fair_beside_each_other() -> Result<(), Failure> {
    let profile = profile().largest_charge(1 << 30).operations(1_000_000);
    for (count, quantum) in [(2, 1), (4, 1), (4, 7)] {
        let profile = profile.seed(quantum).in_service(count).quantum(quantum);
        let make = || {
            let quantum = quantum.try_into().expect("not zero");
            Numbered::new(Scheduler::with_quantum(Order::StartTime, quantum).expect("in range"))
        };
        for report in [check_all(profile, make)?, check_limits(profile.entities(64), make)?] {
            assert!(report.tightest >= 990, "{report:?}");
        }
    }
    Ok(())
}

#[test]
fn counters_may_wrap() -> Result<(), Failure> {
    let wrapping =
        || Numbered::new(Scheduler::new(Order::StartTime).starting_at(u64::MAX - (1 << 40)));
    check_all(profile().operations(1_000_000).seed(4), wrapping)?;
    Ok(())
}

#[test]
fn eevdf_is_off_its_share_by_less_than_a_request() -> Result<(), Failure> {
    for request in [1, 2, 7, 1000] {
        let profile =
            Profile::eevdf(request).largest_charge(MAX_CHARGE).operations(1_000_000).seed(request);
        let report: Report = check_all(profile, || eevdf(request))?;
        assert!((900..1000).contains(&report.farthest), "{report:?}");
    }
    check_all(Profile::eevdf(1).largest_charge(1 << 30).in_service(4), || eevdf(1))?;
    Ok(())
}
