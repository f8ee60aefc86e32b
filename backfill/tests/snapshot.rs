//! A policy that is saved and restored in mid-run decides as if nothing had happened.

use apportion_backfill::testkit::{Workload, workloads};
use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, ByPriority, BySubmission, Config, Conservative, Correction,
    Decision, Depth, JobId, JobOrder, MAX_TIME, MeanOfLastTwo, Outcome, Predictor, Replay,
    Requested, ShortestFirst, Submission, Ties,
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

/// Changes each number of a snapshot, as a whole and digit by digit: it is refused, or leads to a
/// policy that still works.
fn tamper<S>(mut policy: S)
where
    S: BatchPolicy + Serialize + DeserializeOwned,
{
    let submit = |policy: &mut S, now, jobs: &[(u64, u64)]| {
        for &(processors, estimate) in jobs {
            policy.submit(now, Submission::new(processors, estimate)).unwrap();
        }
    };
    submit(&mut policy, 0, &[(3, 4), (1, 9), (6, 4), (1, 4), (2, 6), (2, 40)]);
    let first = policy.pass(0).unwrap()[0];
    let Decision::Start { job, .. } = first else { panic!("{first:?}") };
    submit(&mut policy, 1, &[(4, 3), (6, 2)]);
    policy.finish(2, job).unwrap();
    let _ = policy.pass(3).unwrap();
    submit(&mut policy, 3, &[(1, 7)]);
    let text = serde_json::to_string(&policy).unwrap();
    let (mut refused, mut accepted) = (0, 0);
    for tampered in tampered(&text) {
        match serde_json::from_str::<S>(&tampered) {
            Err(_) => refused += 1,
            Ok(policy) => {
                accepted += 1;
                go_on(policy);
            }
        }
    }
    assert!(refused > 100 && accepted > 50, "{refused} refused, {accepted} accepted");
}

fn tampered(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let bytes = text.as_bytes();
    for at in (0..text.len()).filter(|&at| bytes[at].is_ascii_digit()) {
        for digit in ["0", "7", "9"] {
            all.push([&text[..at], digit, &text[at + 1..]].concat());
        }
        if !bytes[at - 1].is_ascii_digit() {
            let rest = text[at..].trim_start_matches(|digit: char| digit.is_ascii_digit());
            let huge = [u64::MAX, u64::MAX - 1, MAX_TIME, MAX_TIME + 1, u64::from(u32::MAX)];
            all.extend(huge.map(|number| format!("{}{number}{rest}", &text[..at])));
        }
    }
    all.retain(|tampered| tampered != text);
    all
}

/// Whatever the policy answers, it answers. A refusal is as good as a decision here.
fn go_on(mut policy: impl BatchPolicy) {
    let mut jobs = Vec::new();
    for now in [4, 5, 9, 50, 500, 1 << 40, MAX_TIME] {
        for job in (0..10).map(|index| JobId::new(index, 0)).chain(jobs.clone()) {
            let _ = policy.plan(now, job);
            let _ = policy.expire(now, job);
        }
        for (processors, estimate) in [(1, 1), (5, 30)] {
            jobs.extend(policy.submit(now, Submission::new(processors, estimate)));
        }
        let decisions = policy.pass(now).map(<[_]>::to_vec).unwrap_or_default();
        assert!(policy.next_wakeup().is_none_or(|wakeup| wakeup > now));
        for decision in decisions {
            if let Decision::Start { job, .. } = decision {
                let _ = policy.finish(now, job);
            }
        }
        let _ = policy.cancel(now, JobId::new(3, 0));
    }
}

#[test]
fn tampered_snapshots_break_nothing() {
    let config = Config::new(6).unwrap();
    let depths = [0, 1, 2].map(Depth::Reservations);
    for depth in depths.into_iter().chain([Depth::NoBackfill, Depth::Unbounded]) {
        for release in [false, true] {
            let config = config.depth(depth).release_at_expected_end(release);
            tamper(backfill(config, BySubmission, AsQueued, Requested));
        }
    }
    tamper(backfill(config.preemptive(true), BySubmission, AsQueued, Requested));
    tamper(backfill(config.preemptive(true), ByPriority, ShortestFirst, Requested));
    let minute = config.correction(Correction::Incremental { minute: 1 });
    tamper(backfill(minute, BySubmission, ShortestFirst, MeanOfLastTwo::default()));
    for release in [false, true] {
        tamper(Conservative::new(6).unwrap().release_at_expected_end(release));
    }
}

/// What the text of a snapshot is refused with, if one part of it is another.
fn refusal<S: DeserializeOwned + Serialize>(policy: &S, part: &str, other: &str) -> String {
    let text = serde_json::to_string(policy).unwrap();
    assert!(text.contains(part), "no {part} in {text}");
    serde_json::from_str::<S>(&text).map(drop).expect("a saved policy can be restored");
    let restored = serde_json::from_str::<S>(&text.replace(part, other));
    restored.map(drop).expect_err("nothing can have made it").to_string()
}

#[test]
fn layouts_of_other_versions_are_refused() {
    let easy = Backfill::new(Config::new(4).unwrap()).unwrap();
    let conservative = Conservative::new(4).unwrap();
    let (part, other) = ("\"version\":1", "\"version\":2");
    for refusal in [refusal(&easy, part, other), refusal(&conservative, part, other)] {
        assert!(refusal.contains("its version is unknown"), "{refusal}");
    }
    let text = serde_json::to_string(&easy).unwrap();
    let unmarked = text.replacen(&format!("{part},"), "", 1);
    assert!(serde_json::from_str::<Backfill>(&unmarked).is_err());
}

#[test]
fn more_submissions_than_time_allows_are_refused() {
    let easy = Backfill::new(Config::new(4).unwrap()).unwrap();
    for sequence in [u64::MAX, u64::MAX - 1] {
        let refusal = refusal(&easy, "\"sequence\":0", &format!("\"sequence\":{sequence}"));
        assert!(refusal.contains("more jobs were submitted than time allows"), "{refusal}");
    }
}

#[test]
fn impossible_reservations_are_refused() {
    let mut policy = Conservative::new(4).unwrap();
    for estimate in [10, 20, 30] {
        policy.submit(0, Submission::new(4, estimate)).unwrap();
    }
    assert_eq!(policy.pass(0).unwrap().len(), 1);
    let reservations = "\"reservations\":[[1,10,0],[2,30,0]]";
    let told = |other: &str, reason: &str| {
        let refusal = refusal(&policy, reservations, &format!("\"reservations\":{other}"));
        assert!(refusal.contains(reason), "{refusal}");
    };
    told("[[1,10,0],[2,10,0]]", "more processors are reserved than there are");
    told("[[1,10,0],[2,29,0]]", "more processors are reserved than there are");
    told("[[1,9,0],[2,30,0]]", "more processors are reserved than there are");
    told("[[1,10,0],[2,31,0]]", "a reservation starts after what was promised");
    told(&format!("[[1,10,0],[2,{},0]]", u64::MAX), "starts after what was promised");
    told("[[1,10,5],[2,30,0]]", "out of order");
    let refusal = refusal(&policy, "\"remade\":null", "\"remade\":1");
    assert!(refusal.contains("made anew in the future"), "{refusal}");
}
