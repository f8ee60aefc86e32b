//! The laws, for the policies that keep them, and for others that do not.

mod wrong;

use std::cell::Cell;

use apportion_backfill::testkit::{
    Fault, Rule, Violation, Workload, check_capacity, check_head_on_time, check_leaves_nothing,
    check_order, check_promises, check_repeatable, check_runs, workloads,
};
use apportion_backfill::{
    AsQueued, Backfill, BySubmission, Config, Conservative, Correction, Depth, MeanOfLastTwo,
    Requested, ShortestFirst, Ties, TraceJob,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quickcheck::{QuickCheck, TestResult};
use wrong::{Delays, Mistake, Wrong};

const TIES: [Ties; 3] = [Ties::Event, Ties::FinishFirst, Ties::Batch];

fn config(processors: u64, depth: Depth, ties: Ties) -> Config {
    Config::new(processors)
        .unwrap()
        .depth(depth)
        .release_at_expected_end(ties.releases_at_expected_end())
}

fn at_depth(depth: Depth, ties: Ties) -> impl Fn(u64) -> Backfill {
    move |processors| Backfill::new(config(processors, depth, ties)).unwrap()
}

fn easy(ties: Ties) -> impl Fn(u64) -> Backfill {
    at_depth(Depth::Reservations(1), ties)
}

fn shortest_first(ties: Ties) -> impl Fn(u64) -> Backfill<BySubmission, ShortestFirst> {
    move |processors| {
        let config = config(processors, Depth::Reservations(1), ties);
        Backfill::with(config, BySubmission, ShortestFirst, Requested).unwrap()
    }
}

fn preemptive(ties: Ties) -> impl Fn(u64) -> Backfill {
    move |processors| {
        let config = config(processors, Depth::Reservations(1), ties).preemptive(true);
        Backfill::new(config).unwrap()
    }
}

fn predicting(ties: Ties) -> impl Fn(u64) -> Backfill<BySubmission, AsQueued, MeanOfLastTwo> {
    move |processors| {
        let config = config(processors, Depth::Reservations(1), ties)
            .correction(Correction::Incremental { minute: 1 });
        Backfill::with(config, BySubmission, AsQueued, MeanOfLastTwo::default()).unwrap()
    }
}

fn conservative(ties: Ties) -> impl Fn(u64) -> Conservative {
    let release = ties.releases_at_expected_end();
    move |processors| Conservative::new(processors).unwrap().release_at_expected_end(release)
}

/// What every policy keeps: capacity, one whole run a job, the same decisions each time.
fn keeps_the_common_laws(workload: &Workload, ties: Ties) -> Result<(), Violation> {
    macro_rules! check {
        ($($policy:expr),*) => {$(
            check_capacity($policy, workload, ties)?;
            check_runs($policy, workload, ties)?;
            check_repeatable($policy, workload, ties)?;
        )*};
    }
    check!(
        at_depth(Depth::NoBackfill, ties),
        at_depth(Depth::Reservations(0), ties),
        easy(ties),
        at_depth(Depth::Reservations(3), ties),
        at_depth(Depth::Unbounded, ties),
        shortest_first(ties),
        preemptive(ties),
        predicting(ties),
        conservative(ties)
    );
    Ok(())
}

fn keeps_the_laws_of_order(workload: &Workload, ties: Ties) -> Result<(), Violation> {
    check_order(at_depth(Depth::NoBackfill, ties), workload, ties)?;
    for depth in [Depth::Reservations(1), Depth::Reservations(2), Depth::Unbounded] {
        check_head_on_time(at_depth(depth, ties), workload, ties)?;
    }
    check_head_on_time(shortest_first(ties), workload, ties)?;
    check_head_on_time(preemptive(ties), workload, ties)?;
    check_promises(conservative(ties), workload, ties)
}

fn leaves_nothing_startable(workload: &Workload, ties: Ties) -> Result<(), Violation> {
    let no_backfill = at_depth(Depth::NoBackfill, ties);
    check_leaves_nothing(no_backfill, Rule::InOrder, workload, ties)?;
    let greedy = at_depth(Depth::Reservations(0), ties);
    check_leaves_nothing(greedy, Rule::Greedy, workload, ties)?;
    check_leaves_nothing(easy(ties), Rule::Easy, workload, ties)?;
    check_leaves_nothing(shortest_first(ties), Rule::Easy, workload, ties)?;
    check_leaves_nothing(preemptive(ties), Rule::Easy, workload, ties)?;
    check_leaves_nothing(conservative(ties), Rule::Planned, workload, ties)?;
    check_leaves_nothing(at_depth(Depth::Unbounded, ties), Rule::Planned, workload, ties)
}

type Law = fn(&Workload, Ties) -> Result<(), Violation>;

/// The same law on workloads that quickcheck draws and shrinks.
fn quickly(law: Law) {
    fn in_all_ties(law: Law, workload: &Workload) -> TestResult {
        let broken = TIES.into_iter().find_map(|ties| law(workload, ties).err());
        broken.map_or_else(TestResult::passed, |violation| TestResult::error(violation.to_string()))
    }
    let property = move |workload: Workload| in_all_ties(law, &workload);
    QuickCheck::new().tests(200).quickcheck(Property(property));
}

/// A closure that quickcheck takes.
struct Property<F>(F);

impl<F: Fn(Workload) -> TestResult + 'static> quickcheck::Testable for Property<F> {
    fn result(&self, source: &mut quickcheck::Gen) -> TestResult {
        let mut workload = <Workload as quickcheck::Arbitrary>::arbitrary(source);
        let mut result = (self.0)(workload.clone());
        while result.is_failure() {
            let smaller = quickcheck::Arbitrary::shrink(&workload)
                .map(|smaller: Workload| ((self.0)(smaller.clone()), smaller))
                .find(|(result, _)| result.is_failure());
            let Some((again, smaller)) = smaller else {
                return TestResult::error(format!("{result:?} on {workload:?}"));
            };
            (result, workload) = (again, smaller);
        }
        result
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn common_laws(workload in workloads(30), ties in proptest::sample::select(&TIES[..])) {
        keeps_the_common_laws(&workload, ties)?;
    }

    #[test]
    fn laws_of_order(workload in workloads(30), ties in proptest::sample::select(&TIES[..])) {
        keeps_the_laws_of_order(&workload, ties)?;
    }

    #[test]
    fn nothing_startable(workload in workloads(30), ties in proptest::sample::select(&TIES[..])) {
        leaves_nothing_startable(&workload, ties)?;
    }
}

#[test]
fn common_laws_by_quickcheck() {
    quickly(keeps_the_common_laws);
}

#[test]
fn laws_of_order_by_quickcheck() {
    quickly(keeps_the_laws_of_order);
}

#[test]
fn nothing_startable_by_quickcheck() {
    quickly(leaves_nothing_startable);
}

/// The first violation of 500 drawn workloads.
fn caught(law: impl Fn(&Workload) -> Result<(), Violation>) -> Violation {
    let mut runner = TestRunner::deterministic();
    let mut draw = || workloads(20).new_tree(&mut runner).unwrap().current();
    (0..500).find_map(|_| law(&draw()).err()).expect("the law lets a wrong policy pass")
}

fn wrong(mistake: Mistake) -> impl Fn(u64) -> Wrong {
    move |processors| Wrong::new(mistake, processors, 0)
}

#[test]
fn the_law_of_capacity_catches_one_processor_too_many() {
    let law =
        |workload: &Workload| check_capacity(wrong(Mistake::Oversubscribes), workload, Ties::Batch);
    let Violation::Capacity { used, processors, .. } = caught(law) else { panic!() };
    assert_eq!(used, u128::from(processors) + 1);
}

#[test]
fn the_law_of_runs_catches_a_second_start() {
    let law = |workload: &Workload| check_runs(wrong(Mistake::StartsTwice), workload, Ties::Event);
    assert!(matches!(caught(law), Violation::Nonsense { fault: Fault::StartedAgain, .. }));
}

#[test]
fn the_law_of_order_catches_a_swap() {
    let law = |workload: &Workload| check_order(wrong(Mistake::Swaps), workload, Ties::Batch);
    let Violation::Order { job, passed, .. } = caught(law) else { panic!() };
    assert!(passed < job);
}

#[test]
fn the_law_of_order_catches_backfilling() {
    let law = |workload: &Workload| check_order(easy(Ties::Batch), workload, Ties::Batch);
    assert!(matches!(caught(law), Violation::Order { .. }));
}

#[test]
fn the_law_of_the_head_catches_a_forgotten_reservation() {
    let policy = || wrong(Mistake::IgnoresReservation);
    let law = |workload: &Workload| check_head_on_time(policy(), workload, Ties::Batch);
    let Violation::HeadLate { time, shadow, .. } = caught(law) else { panic!() };
    assert!(time > shadow);
    let greedy = |workload: &Workload| {
        check_head_on_time(at_depth(Depth::Reservations(0), Ties::Event), workload, Ties::Event)
    };
    assert!(matches!(caught(greedy), Violation::HeadLate { .. }));
}

#[test]
fn the_law_of_promises_catches_a_delay() {
    let law = |workload: &Workload| {
        let delays = |processors| Delays::new(conservative(Ties::Batch)(processors));
        // A start that is held back for good is another mistake than one that comes late.
        check_promises(delays, workload, Ties::Batch).or_else(|violation| match violation {
            Violation::Replay(_) => Ok(()),
            other => Err(other),
        })
    };
    let Violation::Promise { time, promised, .. } = caught(law) else { panic!() };
    assert!(time > promised);
}

#[test]
fn the_law_of_promises_catches_replanning() {
    let law = |workload: &Workload| {
        check_promises(at_depth(Depth::Unbounded, Ties::Batch), workload, Ties::Batch)
    };
    assert!(matches!(caught(law), Violation::Promise { .. }));
}

#[test]
fn nothing_startable_catches_a_pass_that_stops_early() {
    for rule in [Rule::InOrder, Rule::Greedy, Rule::Easy] {
        let law = |workload: &Workload| {
            check_leaves_nothing(wrong(Mistake::StopsEarly), rule, workload, Ties::Batch)
        };
        assert!(matches!(caught(law), Violation::Left { .. }), "{rule:?}");
    }
}

#[test]
fn nothing_startable_catches_fcfs_where_backfilling_is_due() {
    let law = |workload: &Workload| {
        let policy = at_depth(Depth::NoBackfill, Ties::Batch);
        check_leaves_nothing(policy, Rule::Easy, workload, Ties::Batch)
    };
    assert!(matches!(caught(law), Violation::Left { .. }));
}

#[test]
fn repetition_catches_a_policy_with_a_memory_of_its_own() {
    let passes = Cell::new(0);
    let law = |workload: &Workload| {
        let policy = |processors| {
            passes.set(passes.get() + 1);
            Wrong::new(Mistake::Remembers, processors, passes.get())
        };
        check_repeatable(policy, workload, Ties::Event)
    };
    assert!(matches!(caught(law), Violation::Differs { .. } | Violation::Reports { .. }));
}

#[test]
fn a_workload_shrinks_to_valid_ones() {
    let mut source = quickcheck::Gen::new(20);
    for _ in 0..200 {
        let workload = <Workload as quickcheck::Arbitrary>::arbitrary(&mut source);
        for smaller in quickcheck::Arbitrary::shrink(&workload).chain([workload.clone()]) {
            let fits = |job: &TraceJob| {
                (1..=smaller.processors).contains(&job.submission.processors)
                    && (1..=job.submission.estimate).contains(&job.runtime)
            };
            assert!(smaller.jobs.iter().all(fits));
            assert!(smaller.jobs.is_sorted_by_key(|job| job.submit));
        }
    }
}
