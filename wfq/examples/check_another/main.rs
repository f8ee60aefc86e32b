//! Checks somebody else's scheduler in ten lines: the kit finds what comes of a weight that changes
//! without the virtual runtime, and names the law.

mod theirs;

use apportion_wfq::testkit::{Adapted, Calls, Law, Profile, check};
use theirs::RunQueue;

fn main() {
    // All that it takes:
    let calls = Calls {
        wake: |queue: &mut RunQueue, task, weight| queue.enqueue(task, weight),
        sleep: |queue, task| queue.dequeue(task),
        pick: |queue| queue.next(),
        charge: |queue, task, used, stays| queue.account(task, used, stays),
        set_weight: Some(RunQueue::reweight),
    };
    let result = check(Profile::start_time(), || Adapted::new(RunQueue::default(), calls));
    // That was it.

    let failure = result.expect_err("it is not fair");
    println!("{failure}");
    assert_eq!(failure.violation.law(), Law::Pairwise);
    // As long as weights stay what they are, it keeps all laws.
    let calls = Calls { set_weight: None, ..calls };
    let report = check(Profile::start_time(), || Adapted::new(RunQueue::default(), calls));
    println!("{report:?}");
    assert!(report.is_ok());
}
