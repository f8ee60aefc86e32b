//! The fast policies against their slow twins: the same decisions for the same reasons, pass by
//! pass.

mod plain;

use apportion_backfill::testkit::{Violation, Workload, check_same, workloads};
use apportion_backfill::{
    AsQueued, Backfill, ByPriority, BySubmission, Config, Conservative, Correction, Depth,
    JobOrder, MeanOfLastTwo, Predictor, QueuedJob, Requested, ShortestFirst, Supplied, Ties,
    reference,
};
use plain::{Plain, Rule};
use proptest::prelude::*;
use quickcheck::{QuickCheck, TestResult};

/// Widest first, then longest first: an order that knows nothing of submission.
#[derive(Clone, Debug)]
struct Largest;

impl JobOrder for Largest {
    type Key = core::cmp::Reverse<(u64, u64)>;

    fn key(&self, job: &QueuedJob) -> Self::Key {
        core::cmp::Reverse((job.submission.processors, job.predicted))
    }
}

/// What is left of a configuration when the machine and the ties are known.
#[derive(Clone, Copy, Debug)]
struct Knobs {
    depth: Depth,
    preemptive: bool,
    correction: Correction,
}

impl Knobs {
    fn config(self, processors: u64, ties: Ties) -> Config {
        Config::new(processors)
            .unwrap()
            .depth(self.depth)
            .preemptive(self.preemptive)
            .correction(self.correction)
            .release_at_expected_end(ties.releases_at_expected_end())
    }
}

fn knobs() -> impl Strategy<Value = Knobs> {
    let depth = prop_oneof![
        Just((Depth::NoBackfill, false)),
        Just((Depth::Reservations(0), false)),
        Just((Depth::Reservations(1), false)),
        Just((Depth::Reservations(1), true)),
        Just((Depth::Reservations(1), true)),
        (2u64..6).prop_map(|depth| (Depth::Reservations(depth), false)),
        Just((Depth::Reservations(u64::MAX), false)),
        Just((Depth::Unbounded, false)),
    ];
    (depth, corrections()).prop_map(|((depth, preemptive), correction)| Knobs {
        depth,
        preemptive,
        correction,
    })
}

fn corrections() -> impl Strategy<Value = Correction> {
    prop_oneof![
        Just(Correction::Requested),
        (0u64..4).prop_map(|minute| Correction::Incremental { minute }),
    ]
}

fn all_ties() -> impl Strategy<Value = Ties> {
    prop_oneof![Just(Ties::Event), Just(Ties::FinishFirst), Just(Ties::Batch)]
}

fn agree<Q: JobOrder + Clone, B: JobOrder + Clone, P: Predictor + Clone>(
    knobs: Knobs,
    (queue, scan, predictor): (Q, B, P),
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let fast = |processors| {
        let config = knobs.config(processors, ties);
        Backfill::with(config, queue.clone(), scan.clone(), predictor.clone()).unwrap()
    };
    let slow = |processors| {
        let config = knobs.config(processors, ties);
        let (queue, scan) = (queue.clone(), scan.clone());
        reference::Backfill::with(config, queue, scan, predictor.clone()).unwrap()
    };
    check_same(fast, slow, workload, ties)
}

/// Every pair of orders with a predictor.
fn agree_in_every_order<P: Predictor + Clone>(
    knobs: Knobs,
    predictor: &P,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let p = || predictor.clone();
    agree(knobs, (BySubmission, AsQueued, p()), workload, ties)?;
    agree(knobs, (BySubmission, ShortestFirst, p()), workload, ties)?;
    agree(knobs, (ByPriority, AsQueued, p()), workload, ties)?;
    agree(knobs, (ByPriority, ShortestFirst, p()), workload, ties)?;
    agree(knobs, (ShortestFirst, Largest, p()), workload, ties)?;
    agree(knobs, (Largest, BySubmission, p()), workload, ties)
}

fn agree_in_all(knobs: Knobs, workload: &Workload, ties: Ties) -> Result<(), Violation> {
    agree_in_every_order(knobs, &Requested, workload, ties)?;
    agree_in_every_order(knobs, &Supplied, workload, ties)?;
    agree_in_every_order(knobs, &MeanOfLastTwo::default(), workload, ties)
}

fn conservative_agrees(workload: &Workload, ties: Ties) -> Result<(), Violation> {
    let release = ties.releases_at_expected_end();
    let fast = |processors| Conservative::new(processors).unwrap().release_at_expected_end(release);
    let slow = |processors| {
        reference::Conservative::new(processors).unwrap().release_at_expected_end(release)
    };
    check_same(fast, slow, workload, ties)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn backfilling(knobs in knobs(), workload in workloads(40), ties in all_ties()) {
        agree_in_all(knobs, &workload, ties)?;
    }

    #[test]
    fn conservative(workload in workloads(60), ties in all_ties()) {
        conservative_agrees(&workload, ties)?;
    }

    #[test]
    fn depths_that_have_names_coincide(workload in workloads(40), ties in all_ties()) {
        the_named_depths_are_what_they_are_called(&workload, ties)?;
    }
}

/// Depth 0 is greedy, 1 is EASY, and as many reservations as jobs are no bound at all.
fn the_named_depths_are_what_they_are_called(
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let at_depth = |depth| {
        let knobs = Knobs { depth, preemptive: false, correction: Correction::Requested };
        move |processors| Backfill::new(knobs.config(processors, ties)).unwrap()
    };
    let release = ties.releases_at_expected_end();
    let plain = |rule| move |processors| Plain::new(processors, rule, release);
    check_same(at_depth(Depth::NoBackfill), plain(Rule::InOrder), workload, ties)?;
    check_same(at_depth(Depth::Reservations(0)), plain(Rule::Greedy), workload, ties)?;
    check_same(at_depth(Depth::Reservations(1)), plain(Rule::Easy), workload, ties)?;
    let jobs = workload.jobs.len().max(2) as u64;
    check_same(at_depth(Depth::Reservations(jobs)), at_depth(Depth::Unbounded), workload, ties)?;
    check_same(at_depth(Depth::Unbounded), plain(Rule::Replanning), workload, ties)
}

#[test]
fn backfilling_by_quickcheck() {
    #[expect(clippy::needless_pass_by_value, reason = "quickcheck calls it so")]
    fn property(workload: Workload, depth: u64, preemptive: bool, ties: u8) -> TestResult {
        let ties = [Ties::Event, Ties::FinishFirst, Ties::Batch][usize::from(ties % 3)];
        let depth = Depth::Reservations(if preemptive { 1 } else { depth % 5 });
        let correction = Correction::Incremental { minute: 1 };
        let agree = agree_in_all(Knobs { depth, preemptive, correction }, &workload, ties)
            .and_then(|()| conservative_agrees(&workload, ties));
        agree.map_or_else(
            |violation| TestResult::error(violation.to_string()),
            |()| TestResult::passed(),
        )
    }
    QuickCheck::new().tests(300).quickcheck(property as fn(Workload, u64, bool, u8) -> TestResult);
}

/// A burst of jobs that keeps a long queue: the jobs of a drawn workload, over and over, on a
/// machine as small.
fn long(workload: &Workload, jobs: usize) -> Workload {
    let mut long = workload.clone();
    long.jobs = workload.jobs.iter().copied().cycle().take(jobs).collect();
    for (at, job) in long.jobs.iter_mut().enumerate() {
        let spread = at as u64 * 7919;
        // Neighbours must not be alike, or no index is put to the test.
        job.submit = at as u64 / 64;
        job.submission.estimate += spread % 61;
        job.submission.priority = spread % 5;
        job.submission.processors = 1 + spread % 1009 % long.processors;
    }
    long.jobs.iter_mut().for_each(|job| job.runtime = job.runtime.min(job.submission.estimate));
    long
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    /// Beyond 512 waiting jobs the queue is another structure.
    #[test]
    fn long_queues(
        workload in workloads(20).prop_filter("no jobs", |workload| !workload.jobs.is_empty()),
        ties in all_ties(),
    ) {
        let workload = long(&workload, 640);
        let correction = Correction::Incremental { minute: 1 };
        let knobs = |depth, preemptive| {
            Knobs { depth: Depth::Reservations(depth), preemptive, correction }
        };
        agree(knobs(0, false), (ByPriority, AsQueued, Requested), &workload, ties)?;
        agree(knobs(1, false), (BySubmission, AsQueued, Requested), &workload, ties)?;
        let predicting = (BySubmission, ShortestFirst, MeanOfLastTwo::default());
        agree(knobs(1, false), predicting, &workload, ties)?;
        agree(knobs(1, true), (BySubmission, ShortestFirst, Requested), &workload, ties)?;
        agree(knobs(3, false), (ByPriority, ShortestFirst, Requested), &workload, ties)?;
    }
}
