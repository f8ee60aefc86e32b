//! A policy that is saved and restored in mid-run decides as if nothing had happened.

use apportion_backfill::testkit::{Workload, workloads};
use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, ByPriority, BySubmission, Config, Conservative, Correction,
    Depth, JobOrder, MeanOfLastTwo, Outcome, Predictor, Replay, Requested, ShortestFirst, Ties,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Replays, going through text at every `every`-th instant (0: never).
fn outcome<S>(policy: S, workload: &Workload, ties: Ties, every: usize) -> Outcome
where
    S: BatchPolicy + Serialize + DeserializeOwned,
{
    let mut replay = Replay::new(policy, &workload.jobs, ties).expect("a valid workload");
    let mut instants = 0;
    while replay.step().expect("a valid workload").is_some() {
        instants += 1;
        if every > 0 && instants % every == 0 {
            replay = replay.with_policy(|policy| {
                let text = serde_json::to_string(&policy).expect("a policy can be saved");
                serde_json::from_str(&text).expect("a saved policy can be restored")
            });
        }
    }
    replay.outcome().expect("every job ends")
}

fn check<S>(make: impl Fn() -> S, workload: &Workload, ties: Ties, every: usize)
where
    S: BatchPolicy + Serialize + DeserializeOwned,
{
    let through = outcome(make(), workload, ties, every);
    assert_eq!(through, outcome(make(), workload, ties, 0));
}

fn config(workload: &Workload, ties: Ties) -> Config {
    Config::new(workload.processors)
        .expect("a valid machine")
        .release_at_expected_end(ties.releases_at_expected_end())
}

fn backfill<Q, B, P>(config: Config, queue: Q, scan: B, predictor: P) -> Backfill<Q, B, P>
where
    Q: JobOrder,
    B: JobOrder,
    P: Predictor,
{
    Backfill::with(config, queue, scan, predictor).expect("a valid configuration")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn restored_policies_go_on_identically(
        workload in workloads(60),
        ties in prop_oneof![Just(Ties::Event), Just(Ties::FinishFirst), Just(Ties::Batch)],
        every in 1usize..6,
    ) {
        let config = config(&workload, ties);
        let depths = [0, 1, 2].map(Depth::Reservations);
        for depth in depths.into_iter().chain([Depth::NoBackfill, Depth::Unbounded]) {
            let config = config.depth(depth);
            check(|| backfill(config, BySubmission, AsQueued, Requested), &workload, ties, every);
        }
        let preemptive = config.preemptive(true);
        check(
            || backfill(preemptive, ByPriority, ShortestFirst, Requested),
            &workload, ties, every,
        );
        let minute = config.correction(Correction::Incremental { minute: 1 });
        check(
            || backfill(minute, BySubmission, ShortestFirst, MeanOfLastTwo::default()),
            &workload, ties, every,
        );
        let releases = ties.releases_at_expected_end();
        check(
            || {
                let policy = Conservative::new(workload.processors).expect("a valid machine");
                policy.release_at_expected_end(releases)
            },
            &workload, ties, every,
        );
    }
}

/// Changes one number of a snapshot at a time: it is refused or leads to a policy that still works.
#[test]
fn tampered_snapshots_break_nothing() {
    let mut policy = Backfill::new(Config::new(6).unwrap().preemptive(true)).unwrap();
    for (processors, estimate) in [(3, 4), (6, 4), (1, 4), (2, 6)] {
        policy.submit(0, apportion_backfill::Submission::new(processors, estimate)).unwrap();
    }
    assert_eq!(policy.pass(0).unwrap().len(), 3);
    let text = serde_json::to_string(&policy).unwrap();
    let (mut refused, mut accepted) = (0, 0);
    for (at, digit) in text.char_indices().filter(|(_, character)| character.is_ascii_digit()) {
        for other in ['0', '7', '9'].into_iter().filter(|other| *other != digit) {
            let mut tampered = text.clone();
            tampered.replace_range(at..=at, &other.to_string());
            match serde_json::from_str::<Backfill>(&tampered) {
                Err(_) => refused += 1,
                Ok(mut policy) => {
                    accepted += 1;
                    for now in [5, 50, 500] {
                        // A refusal is as good as an answer here.
                        let _ = policy.pass(now).map(<[_]>::len);
                    }
                }
            }
        }
    }
    assert!(refused > 50 && accepted > 10, "{refused} refused, {accepted} accepted");
}
