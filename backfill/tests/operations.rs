//! Any calls in any order: the fast policies answer as their slow twins do, refuse what they have
//! to refuse, and are the same after a refusal as before.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use apportion_backfill::{
    Backfill, BatchPolicy, Blocker, ByPriority, Config, Conservative, Correction, Decision, Depth,
    Error, JobId, JobOrder, MAX_TIME, MeanOfLastTwo, Plan, QueuedJob, Requested, ShortestFirst,
    Submission, reference,
};
use proptest::prelude::*;

/// When a call is made, seen from the latest one that was not refused.
#[derive(Clone, Copy, Debug)]
enum When {
    Later(u64),
    Earlier(u64),
    AtWakeup,
    /// So long before the end of time.
    BeforeEnd(u64),
    /// So long after it.
    AfterEnd(u64),
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Submit(Submission),
    /// Which of all jobs ever submitted; of none if there are too few.
    Finish(usize),
    Cancel(usize),
    Expire(usize),
    Pass,
    Plan(usize),
}

/// An order that is another one for each number.
#[derive(Clone, Copy, Debug)]
struct Shuffled(u64);

impl JobOrder for Shuffled {
    type Key = u64;

    fn key(&self, job: &QueuedJob) -> u64 {
        (job.sequence + 1).wrapping_mul(self.0) % 7
    }
}

/// What is ordered anew.
#[derive(Clone, Copy, Debug)]
enum Reorder {
    Queue(Shuffled),
    Scan(Shuffled),
}

fn whens(far: u32) -> impl Strategy<Value = When> {
    prop_oneof![
        60 => Just(When::Later(0)),
        30 => (0u64..6).prop_map(When::Later),
        10 => Just(When::AtWakeup),
        1 => (1u64..4).prop_map(When::Earlier),
        1 => Just(When::Earlier(u64::MAX)),
        far => (0u64..40).prop_map(When::BeforeEnd),
        1 => prop_oneof![1u64..3, Just(u64::MAX)].prop_map(When::AfterEnd),
    ]
}

fn calls() -> impl Strategy<Value = Call> {
    let any_job = || prop_oneof![20 => 0usize..30, 1 => Just(usize::MAX)];
    prop_oneof![
        6 => submissions().prop_map(Call::Submit),
        3 => any_job().prop_map(Call::Finish),
        1 => any_job().prop_map(Call::Cancel),
        2 => any_job().prop_map(Call::Expire),
        5 => Just(Call::Pass),
        3 => any_job().prop_map(Call::Plan),
    ]
}

fn submissions() -> impl Strategy<Value = Submission> {
    let processors = prop_oneof![40 => 1u64..=8, 1 => Just(0), 1 => Just(9), 1 => Just(u64::MAX)];
    let estimate = prop_oneof![
        40 => 1u64..12,
        2 => (0u64..3).prop_map(|less| MAX_TIME - less),
        1 => Just(0),
        1 => Just(MAX_TIME + 1),
        1 => Just(u64::MAX)
    ];
    let any = || prop_oneof![6 => 0u64..3, 1 => Just(u64::MAX)];
    (processors, estimate, any(), any(), proptest::option::of(any())).prop_map(
        |(processors, estimate, user, priority, prediction)| Submission {
            processors,
            estimate,
            user,
            priority,
            prediction,
        },
    )
}

/// What is said of a queued job; what blocks it is known for sure only after a pass.
fn said(plan: Result<Plan, Error>, after_pass: bool) -> Result<Plan, Error> {
    plan.map(|mut plan| {
        if !after_pass {
            plan.blocker = Blocker::Nothing;
        }
        plan
    })
}

/// Makes the calls on both and compares.
fn play(
    fast: &mut (impl BatchPolicy + Debug),
    slow: &mut (impl BatchPolicy + Debug),
    calls: &[(When, Call)],
) -> Result<(), TestCaseError> {
    play_with(fast, slow, calls, |_, _, _| false)
}

/// The same. Before each call, by its place, `between` may change both, and says whether it did.
fn play_with<F: BatchPolicy + Debug, S: BatchPolicy + Debug>(
    fast: &mut F,
    slow: &mut S,
    calls: &[(When, Call)],
    mut between: impl FnMut(usize, &mut F, &mut S) -> bool,
) -> Result<(), TestCaseError> {
    let (mut now, mut jobs) = (0u64, Vec::new());
    let (unknown, mut after_pass) = (foreign(), None);
    for (place, &(when, call)) in calls.iter().enumerate() {
        if between(place, fast, slow) {
            after_pass = None;
        }
        let time = match when {
            When::Later(ticks) => now + ticks,
            When::Earlier(ticks) => now.saturating_sub(ticks),
            When::AtWakeup => fast.next_wakeup().unwrap_or(now).clamp(now, MAX_TIME.max(now)),
            When::BeforeEnd(ticks) => (MAX_TIME - ticks).max(now),
            When::AfterEnd(ticks) => MAX_TIME.saturating_add(ticks),
        };
        let id = |at: usize| jobs.get(at).copied().unwrap_or(unknown);
        let before = (format!("{fast:?}"), format!("{slow:?}"));
        let refused = match call {
            Call::Submit(job) => {
                let answer = fast.submit(time, job);
                prop_assert_eq!(answer, slow.submit(time, job));
                jobs.extend(answer.ok());
                answer.err()
            }
            Call::Finish(job) => same(fast.finish(time, id(job)), &slow.finish(time, id(job)))?,
            Call::Cancel(job) => same(fast.cancel(time, id(job)), &slow.cancel(time, id(job)))?,
            Call::Expire(job) => same(fast.expire(time, id(job)), &slow.expire(time, id(job)))?,
            Call::Pass => same(
                fast.pass(time).map(<[Decision]>::to_vec),
                &slow.pass(time).map(<[Decision]>::to_vec),
            )?,
            Call::Plan(job) => {
                let clean = after_pass == Some(time);
                let answer = said(fast.plan(time, id(job)), clean);
                prop_assert_eq!(answer, said(slow.plan(time, id(job)), clean), "at {}", time);
                answer.err()
            }
        };
        prop_assert_eq!(fast.queued(), slow.queued());
        prop_assert_eq!(fast.next_wakeup(), slow.next_wakeup());
        if refused.is_some() || matches!(call, Call::Plan(_)) {
            prop_assert_eq!(before, (format!("{fast:?}"), format!("{slow:?}")));
        } else {
            now = time;
            prop_assert!(fast.next_wakeup().is_none_or(|wakeup| wakeup > now));
            after_pass = matches!(call, Call::Pass).then_some(time);
        }
    }
    Ok(())
}

fn same<T: Debug + PartialEq>(
    fast: Result<T, Error>,
    slow: &Result<T, Error>,
) -> Result<Option<Error>, TestCaseError> {
    prop_assert_eq!(&fast, slow);
    Ok(fast.err())
}

/// What calls have led to can be saved and restored.
fn check_restored(
    policy: &(impl BatchPolicy + Serialize + DeserializeOwned),
) -> Result<(), TestCaseError> {
    fn read<S: DeserializeOwned>(_: &S, text: &str) -> Result<S, serde_json::Error> {
        serde_json::from_str(text)
    }
    let restored = read(policy, &serde_json::to_string(policy).unwrap());
    prop_assert!(restored.is_ok(), "{:?}", restored.err());
    let restored = restored.unwrap();
    prop_assert_eq!(restored.queued(), policy.queued());
    prop_assert_eq!(restored.next_wakeup(), policy.next_wakeup());
    Ok(())
}

/// The number of a job that no other scheduler has held.
fn foreign() -> JobId {
    let mut other = Backfill::new(Config::new(1).unwrap()).unwrap();
    let ids = (0..1000).map(|_| other.submit(0, Submission::new(1, 1)).unwrap());
    ids.last().unwrap()
}

fn configs() -> impl Strategy<Value = Config> {
    let depth = prop_oneof![
        Just((Depth::NoBackfill, false)),
        Just((Depth::Reservations(0), false)),
        Just((Depth::Reservations(1), false)),
        Just((Depth::Reservations(1), true)),
        Just((Depth::Reservations(1), true)),
        Just((Depth::Reservations(2), false)),
        Just((Depth::Unbounded, false)),
    ];
    let correction = prop_oneof![
        Just(Correction::Requested),
        Just(Correction::Incremental { minute: 0 }),
        Just(Correction::Incremental { minute: 1 }),
        Just(Correction::Incremental { minute: u64::MAX }),
    ];
    (depth, correction, any::<bool>()).prop_map(|((depth, preemptive), correction, release)| {
        Config::new(8)
            .unwrap()
            .depth(depth)
            .preemptive(preemptive)
            .correction(correction)
            .release_at_expected_end(release)
    })
}

fn reorders() -> impl Strategy<Value = Reorder> {
    let order = || (0u64..7).prop_map(Shuffled);
    prop_oneof![order().prop_map(Reorder::Queue), order().prop_map(Reorder::Scan)]
}

fn sequences(far: u32) -> impl Strategy<Value = Vec<(When, Call)>> {
    proptest::collection::vec((whens(far), calls()), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn backfill(config in configs(), calls in sequences(0)) {
        let mut fast = Backfill::new(config).unwrap();
        play(&mut fast, &mut reference::Backfill::new(config).unwrap(), &calls)?;
        check_restored(&fast)?;
    }

    #[test]
    fn backfill_near_the_end_of_time(config in configs(), calls in sequences(2)) {
        let mut fast = Backfill::new(config).unwrap();
        play(&mut fast, &mut reference::Backfill::new(config).unwrap(), &calls)?;
        check_restored(&fast)?;
    }

    #[test]
    fn backfill_with_orders_and_predictions(config in configs(), calls in sequences(1)) {
        let predictor = MeanOfLastTwo::default;
        let mut fast = Backfill::with(config, ByPriority, ShortestFirst, predictor()).unwrap();
        let mut slow =
            reference::Backfill::with(config, ByPriority, ShortestFirst, predictor()).unwrap();
        play(&mut fast, &mut slow, &calls)?;
        check_restored(&fast)?;
    }

    /// Orders of the queue and of the scan that are handed over anew between calls.
    #[test]
    fn backfill_with_orders_that_change(
        config in configs(),
        calls in sequences(0),
        reorders in proptest::collection::vec((0usize..80, reorders()), 0..9),
    ) {
        let shuffled = Shuffled(1);
        let mut fast = Backfill::with(config, shuffled, shuffled, Requested).unwrap();
        let mut slow = reference::Backfill::with(config, shuffled, shuffled, Requested).unwrap();
        play_with(&mut fast, &mut slow, &calls, |place, fast, slow| {
            let due = reorders.iter().filter(|reorder| reorder.0 == place);
            for (_, reorder) in due.clone() {
                match *reorder {
                    Reorder::Queue(order) => {
                        fast.set_queue_order(order);
                        slow.set_queue_order(order);
                    }
                    Reorder::Scan(order) => {
                        fast.set_backfill_order(order);
                        slow.set_backfill_order(order);
                    }
                }
            }
            due.count() > 0
        })?;
    }

    #[test]
    fn conservative(release in any::<bool>(), calls in sequences(0)) {
        let mut fast = Conservative::new(8).unwrap().release_at_expected_end(release);
        let mut slow = reference::Conservative::new(8).unwrap().release_at_expected_end(release);
        play(&mut fast, &mut slow, &calls)?;
        check_restored(&fast)?;
    }

    #[test]
    fn conservative_near_the_end_of_time(release in any::<bool>(), calls in sequences(2)) {
        let mut fast = Conservative::new(8).unwrap().release_at_expected_end(release);
        let mut slow = reference::Conservative::new(8).unwrap().release_at_expected_end(release);
        play(&mut fast, &mut slow, &calls)?;
        check_restored(&fast)?;
    }
}
