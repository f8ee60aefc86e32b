//! A replay, and the laws, against policies that decide what cannot be done, or that do not suit
//! the convention.

use apportion_backfill::testkit::{
    Fault, Violation, Workload, check_repeatable, check_same, workloads,
};
use apportion_backfill::{
    Backfill, BatchPolicy, Config, Conservative, Decision, Error, JobId, Plan, Replay, ReplayError,
    StartReason, Submission, Ties, TraceJob, reference,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Decides what it was told to decide, pass by pass.
#[derive(Clone, Debug)]
struct Scripted {
    script: Vec<Vec<Decision>>,
    passes: usize,
    /// What it calls every job, if not by numbers that are as they should be.
    number: Option<JobId>,
    numbers: Backfill,
}

impl Scripted {
    fn new(script: &[&[Decision]]) -> Self {
        Self {
            script: script.iter().map(|pass| pass.to_vec()).collect(),
            passes: 0,
            number: None,
            numbers: Backfill::new(Config::new(4).unwrap()).unwrap(),
        }
    }
}

impl BatchPolicy for Scripted {
    fn processors(&self) -> u64 {
        4
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        let number = self.numbers.submit(now, job)?;
        Ok(self.number.unwrap_or(number))
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.numbers.cancel(now, job)
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.numbers.cancel(now, job)
    }

    fn expire(&mut self, now: u64, _: JobId) -> Result<u64, Error> {
        Ok(now)
    }

    fn pass(&mut self, _: u64) -> Result<&[Decision], Error> {
        self.passes += 1;
        Ok(self.script.get(self.passes - 1).map_or(&[], Vec::as_slice))
    }

    fn next_wakeup(&self) -> Option<u64> {
        None
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.numbers.plan(now, job)
    }

    fn queued(&self) -> usize {
        self.numbers.queued()
    }
}

/// Two jobs, submitted at 50, that run for 10 and for 20.
fn jobs() -> Vec<TraceJob> {
    let job = |runtime| TraceJob { submit: 50, runtime, submission: Submission::new(1, 30) };
    vec![job(10), job(20)]
}

fn workload() -> Workload {
    let mut workload = workloads(1).new_tree(&mut TestRunner::deterministic()).unwrap().current();
    (workload.processors, workload.jobs) = (4, jobs());
    workload
}

const FIRST: JobId = JobId::new(0, 0);
const REASON: StartReason = StartReason::Head;

const fn start(job: JobId) -> Decision {
    Decision::Start { job, reason: REASON, expected_end: 80 }
}

const fn resume(job: JobId) -> Decision {
    Decision::Resume { job, reason: REASON, expected_end: 80 }
}

const fn suspend(job: JobId) -> Decision {
    Decision::Suspend { job, head: FIRST }
}

/// What the replay and the checkers have to say of a policy that decides so.
fn check(script: &[&[Decision]], time: u64, decision: Decision, expected: &Violation) {
    let policy = || Scripted::new(script);
    let outcome = Replay::new(policy(), &jobs(), Ties::Batch).unwrap().run();
    assert_eq!(outcome, Err(ReplayError::Impossible { time, decision }));
    let found = check_repeatable(|_| policy(), &workload(), Ties::Batch);
    assert_eq!(found.as_ref(), Err(expected));
    let found = check_same(|_| policy(), |_| policy(), &workload(), Ties::Batch);
    assert_eq!(found.as_ref(), Err(expected));
}

#[test]
fn nobody_starts_resumes_or_suspends_a_job_that_is_not_held() {
    let (never, stale) = (JobId::new(5, 0), JobId::new(0, 1));
    for job in [never, stale, JobId::new(u32::MAX, u32::MAX)] {
        for decision in [start(job), resume(job), suspend(job)] {
            check(&[&[decision]], 50, decision, &Violation::UnknownJob { time: 50 });
        }
    }
    // The first has ended by 60.
    for decision in [start(FIRST), resume(FIRST), suspend(FIRST)] {
        check(&[&[start(FIRST)], &[decision]], 60, decision, &Violation::UnknownJob { time: 60 });
    }
}

#[test]
fn a_decision_has_to_suit_the_state_of_its_job() {
    let nonsense = |fault| Violation::Nonsense { job: 0, time: 50, fault };
    let unfit = |script: &[&[Decision]], decision, fault| {
        check(script, 50, decision, &nonsense(fault));
    };
    unfit(&[&[suspend(FIRST)]], suspend(FIRST), Fault::NotRunning);
    unfit(&[&[resume(FIRST)]], resume(FIRST), Fault::NotSuspended);
    unfit(&[&[start(FIRST), start(FIRST)]], start(FIRST), Fault::StartedAgain);
    unfit(&[&[start(FIRST), resume(FIRST)]], resume(FIRST), Fault::NotSuspended);
    let suspended = [start(FIRST), suspend(FIRST)];
    unfit(&[&[suspended[0], suspended[1], suspend(FIRST)]], suspend(FIRST), Fault::NotRunning);
    unfit(&[&[suspended[0], suspended[1], start(FIRST)]], start(FIRST), Fault::StartedAgain);
    for expected_end in [0, 50] {
        let at_once = Decision::Start { job: FIRST, reason: REASON, expected_end };
        unfit(&[&[at_once]], at_once, Fault::NoTimeToRun);
    }
}

#[test]
fn numbers_are_dense_and_unique() {
    for (number, index) in [(JobId::new(u32::MAX, 0), 0), (JobId::new(1, 0), 0), (FIRST, 1)] {
        let policy = Scripted { number: Some(number), ..Scripted::new(&[]) };
        let outcome = Replay::new(policy, &jobs(), Ties::Batch).unwrap().run();
        assert_eq!(outcome, Err(ReplayError::Number { index, job: number }));
    }
}

/// The convention of the classic simulators does not suit a policy that holds on to processors
/// until it is told, and nobody may find that out from other figures.
#[test]
fn conventions_that_need_release_are_refused_without() {
    fn made(policy: impl BatchPolicy, ties: Ties) -> Option<ReplayError> {
        Replay::new(policy, &jobs(), ties).err()
    }
    let config = Config::new(4).unwrap();
    let conservative = || Conservative::new(4).unwrap();
    let slow = || reference::Conservative::new(4).unwrap();
    for ties in [Ties::default(), Ties::FinishFirst] {
        let refused = Some(ReplayError::NeedsRelease { ties });
        assert_eq!(made(Backfill::new(config).unwrap(), ties), refused);
        assert_eq!(made(reference::Backfill::new(config).unwrap(), ties), refused);
        assert_eq!(made(conservative(), ties), refused);
        assert_eq!(made(slow(), ties), refused);
    }
    for ties in [Ties::Event, Ties::FinishFirst, Ties::Batch] {
        let config = config.release_at_expected_end(true);
        assert_eq!(made(Backfill::new(config).unwrap(), ties), None);
        assert_eq!(made(reference::Backfill::new(config).unwrap(), ties), None);
        assert_eq!(made(conservative().release_at_expected_end(true), ties), None);
        assert_eq!(made(slow().release_at_expected_end(true), ties), None);
        assert_eq!(made(Scripted::new(&[]), ties), None, "it does not say");
    }
    assert_eq!(made(Backfill::new(config).unwrap(), Ties::Batch), None);
    assert_eq!(made(conservative(), Ties::Batch), None);
}
