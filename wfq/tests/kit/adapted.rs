//! Schedulers that know of nobody but those who are runnable.

#[path = "../../examples/check_another/theirs.rs"]
mod theirs;

use apportion_wfq::reference::Twin;
use apportion_wfq::testkit::{Adapted, Calls, Failure, Law, Profile, check};
use theirs::RunQueue;

#[test]
fn what_is_right_keeps_all_laws() -> Result<(), Failure> {
    let calls = Calls {
        wake: |twin: &mut Twin, entity, weight| {
            twin.add(entity, weight);
            twin.set_weight(entity, weight);
            twin.wake(entity);
        },
        sleep: Twin::sleep,
        pick: Twin::pick,
        charge: Twin::charge,
        set_weight: Some(Twin::set_weight),
    };
    let report = check(Profile::start_time(), || Adapted::new(Twin::start_time(), calls))?;
    assert_eq!(report.tightest, 1000);
    check(Profile::eevdf(7), || Adapted::new(Twin::eevdf(7), calls))?;
    // Whose weights cannot change is not asked to.
    let calls = Calls { set_weight: None, ..calls };
    check(Profile::start_time(), || Adapted::new(Twin::start_time(), calls))?;
    Ok(())
}

#[test]
fn what_is_wrong_is_refused() {
    let calls = Calls {
        wake: RunQueue::enqueue,
        sleep: RunQueue::dequeue,
        pick: RunQueue::next,
        charge: RunQueue::account,
        set_weight: Some(RunQueue::reweight),
    };
    let make = || Adapted::new(RunQueue::default(), calls);
    let failure = check(Profile::start_time(), make).expect_err("it is not fair");
    assert_eq!(failure.violation.law(), Law::Pairwise);
    let calls = Calls { pick: |_| Some(1000), ..calls };
    let make = || Adapted::new(RunQueue::default(), calls);
    let failure = check(Profile::start_time(), make).expect_err("it makes no sense");
    assert_eq!(failure.violation.law(), Law::Sanity);
}

#[test]
fn ten_lines_are_enough() {
    let example = include_str!("../../examples/check_another/main.rs");
    let (_, rest) = example.split_once("// All that it takes:\n").expect("it says where");
    let (lines, _) = rest.split_once("// That was it.").expect("it says how far");
    assert!(lines.trim().lines().count() <= 10);
}
