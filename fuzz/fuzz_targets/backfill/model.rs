//! What a caller knows of the scheduler: which jobs it holds, which of them run, and what it may
//! say next.

use std::collections::BTreeMap;

use apportion_backfill::{
    BatchPolicy, Blocker, Decision, Depth, Error, JobId, MAX_TIME, StartReason, Submission,
};

use crate::Subject;
use crate::input::{Order, Pick};

/// What the scheduler is, as far as its promises differ.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promises {
    Conservative,
    Backfill { depth: Depth, preemptive: bool, queue: Order },
}

pub(crate) struct Model {
    processors: u64,
    release: bool,
    promises: Promises,
    /// The latest time that was accepted.
    now: u64,
    sequence: u64,
    /// In order of submission.
    held: BTreeMap<u64, Held>,
    stale: Vec<JobId>,
    most_held: usize,
    /// Whether something happened since the last pass.
    unsettled: bool,
    /// Whether the caller has kept the law of use so far, and every job ended by its expected end:
    /// only then do promises of starts bind.
    orderly: bool,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    id: JobId,
    submission: Submission,
    state: State,
    /// The latest start that it was promised, if it was.
    promised: u64,
    /// Ticks it ran before it was suspended.
    worked: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Queued,
    Suspended,
    Running { since: u64, expected_end: u64, claim: Claim },
}

/// How a running job holds its processors, as far as a caller can tell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Claim {
    Firm,
    /// Started beyond the shadow time: it may be suspended.
    Lent,
    /// A pass has given its processors away at its expected end.
    Released,
    /// That, or it has never been given the processors that it was lent.
    LentOrReleased,
}

impl Held {
    const fn runs(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }
}

impl Model {
    pub(crate) fn new(processors: u64, release: bool, promises: Promises) -> Self {
        Self {
            processors,
            release,
            promises,
            now: 0,
            sequence: 0,
            held: BTreeMap::new(),
            stale: Vec::new(),
            most_held: 0,
            unsettled: false,
            orderly: true,
        }
    }

    pub(crate) const fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn pick(&self, pick: Pick) -> Option<JobId> {
        let nth = |at: u8, of: usize| usize::from(at).checked_rem(of);
        match pick {
            Pick::Held(at) => self.held.values().nth(nth(at, self.held.len())?).map(|held| held.id),
            Pick::Stale(at) => self.stale.get(nth(at, self.stale.len())?).copied(),
        }
    }

    /// The running jobs that are expected to have ended.
    pub(crate) fn due(&self, now: u64) -> Vec<JobId> {
        let due = |held: &&Held| match held.state {
            State::Running { expected_end, .. } => expected_end <= now,
            State::Queued | State::Suspended => false,
        };
        self.held.values().filter(due).map(|held| held.id).collect()
    }

    pub(crate) fn submit(
        &mut self,
        policy: &mut impl Subject,
        now: u64,
        submission: Submission,
    ) -> Result<(), Error> {
        let Submission { processors: asked, estimate, .. } = submission;
        let expected = self.check_time(now).and(match (asked, estimate) {
            (0, _) => Err(Error::NoProcessors),
            _ if asked > self.processors => {
                Err(Error::TooLarge { asked, available: self.processors })
            }
            (_, 1..=MAX_TIME) => Ok(()),
            _ => Err(Error::EstimateOutOfRange { estimate }),
        });
        let id = match policy.submit(now, submission) {
            Ok(id) => id,
            Err(error @ Error::BeyondHorizon { start }) => {
                assert!(matches!(self.promises, Promises::Conservative));
                assert!(expected.is_ok() && start > MAX_TIME);
                return Err(error);
            }
            Err(error) => {
                assert_eq!(Err(error), expected);
                return Err(error);
            }
        };
        assert_eq!(expected, Ok(()));
        assert!(!self.stale.contains(&id), "a number is given twice");
        assert!(self.held.values().all(|held| held.id.index() != id.index()), "an index is shared");
        self.happened(now);
        let promised = policy.promised(id).unwrap_or(u64::MAX);
        assert!(promised >= now);
        let held = Held { id, submission, state: State::Queued, promised, worked: 0 };
        self.held.insert(self.sequence, held);
        self.sequence += 1;
        self.most_held = self.most_held.max(self.held.len());
        assert!(id.index() < self.most_held, "numbers are not dense");
        Ok(())
    }

    pub(crate) fn finish(
        &mut self,
        policy: &mut impl Subject,
        now: u64,
        job: JobId,
    ) -> Result<(), Error> {
        let expected = self.check(now, job).and_then(|held| match held.state {
            State::Queued => Err(Error::NotRunning { job }),
            State::Suspended | State::Running { .. } => Ok(()),
        });
        let done = policy.finish(now, job);
        assert_eq!(done, expected);
        done?;
        self.happened(now);
        self.forget(job);
        Ok(())
    }

    pub(crate) fn cancel(
        &mut self,
        policy: &mut impl Subject,
        now: u64,
        job: JobId,
    ) -> Result<(), Error> {
        let expected = self.check(now, job).and_then(|held| match held.state {
            State::Running { .. } => Err(Error::NotQueued { job }),
            State::Queued | State::Suspended => Ok(()),
        });
        let done = policy.cancel(now, job);
        assert_eq!(done, expected);
        done?;
        self.happened(now);
        self.forget(job);
        Ok(())
    }

    pub(crate) fn expire(
        &mut self,
        policy: &mut impl Subject,
        now: u64,
        job: JobId,
    ) -> Result<(), Error> {
        let expected = self.check(now, job).and_then(|held| match held.state {
            State::Queued | State::Suspended => Err(Error::NotRunning { job }),
            State::Running { expected_end, .. } if expected_end > now => {
                Err(Error::NotExpired { job, expected_end, now })
            }
            State::Running { claim: Claim::Released, .. } => Err(Error::AlreadyReleased { job }),
            State::Running { since, expected_end, claim } => {
                Ok((expected_end, since - held.worked + held.submission.estimate, claim))
            }
        });
        let end = policy.expire(now, job);
        if let (Ok((.., Claim::LentOrReleased)), Err(error)) = (expected, end) {
            assert_eq!(error, Error::AlreadyReleased { job });
            return Err(error);
        }
        let ((old, killed, _), end) = match (expected, end) {
            (Ok(expected), Ok(end)) => (expected, end),
            (expected, end) => {
                assert_eq!(end.err(), expected.err());
                return end.map(|_| ());
            }
        };
        assert!(end >= old, "{end} is before {old}");
        if end == old {
            assert!(end >= killed, "no correction although {end} is before the kill at {killed}");
        } else {
            assert!(end <= killed && (end > now || end == killed), "{old} to {end} at {now}");
        }
        self.happened(now);
        self.orderly = false;
        if let State::Running { expected_end, claim, .. } = &mut self.of(job).state {
            *expected_end = end;
            if *claim == Claim::LentOrReleased {
                *claim = Claim::Lent;
            }
        }
        Ok(())
    }

    pub(crate) fn plan(
        &mut self,
        policy: &impl Subject,
        now: u64,
        job: JobId,
    ) -> Result<(), Error> {
        let expected = self.check(now, job).and_then(|held| match held.state {
            State::Running { .. } => Err(Error::NotQueued { job }),
            State::Queued | State::Suspended => Ok(held.promised),
        });
        let plan = policy.plan(now, job);
        assert_eq!(plan.err(), expected.err());
        let (plan, promised) = (plan?, expected?);
        match plan.blocker {
            Blocker::Processors { needed, free } => {
                assert!(free <= self.processors && needed <= self.processors);
            }
            Blocker::Reservation { job: other, .. } | Blocker::Order { head: other } => {
                assert!(other != job && !self.of(other).runs());
            }
            _ => {}
        }
        if self.orderly && !self.unsettled && now == self.now {
            assert!(plan.start >= now);
            if let Promises::Conservative = self.promises {
                assert!(plan.reserved && plan.start <= promised);
            }
        }
        Ok(())
    }

    pub(crate) fn pass(&mut self, policy: &mut impl Subject, now: u64) -> Result<(), Error> {
        let expected = self.check_time(now);
        let decisions = policy.pass(now).map(<[_]>::to_vec);
        let refusal = decisions.as_ref().err().copied();
        assert_eq!(refusal, expected.err());
        let decisions = decisions?;
        self.advance(now);
        self.unsettled = false;
        for held in self.held.values_mut() {
            if let State::Running { expected_end, claim, .. } = &mut held.state
                && *expected_end <= now
            {
                self.orderly = false;
                *claim = match *claim {
                    Claim::Firm if self.release => Claim::Released,
                    Claim::Lent if self.release => Claim::LentOrReleased,
                    claim => claim,
                };
            }
        }
        for &decision in &decisions {
            match decision {
                Decision::Start { job, reason, expected_end } => {
                    assert!(matches!(self.of(job).state, State::Queued));
                    self.start(job, reason, expected_end);
                }
                Decision::Resume { job, reason, expected_end } => {
                    assert!(matches!(self.of(job).state, State::Suspended));
                    self.start(job, reason, expected_end);
                }
                Decision::Suspend { job, head } => self.suspend(job, head),
                other => panic!("no decision of a scheduler: {other:?}"),
            }
            self.check_capacity();
        }
        self.check_heads(&decisions);
        let orderly = self.orderly;
        let late = |held: &Held| orderly && !held.runs() && held.promised <= now;
        assert!(!self.held.values().any(late), "a promise is broken at {now}");
        let waiting = self.held.values().any(|held| !held.runs());
        assert!(!waiting || self.held.values().any(Held::runs), "an empty machine, and jobs wait");
        // A lent job is released in two steps, of which the second may come with the next pass.
        let in_steps = self
            .held
            .values()
            .any(|held| matches!(held.state, State::Running { claim: Claim::LentOrReleased, .. }));
        let again = policy.clone().pass(now).map(<[_]>::len);
        assert!(in_steps || again == Ok(0), "a pass left {again:?} to decide");
        Ok(())
    }

    pub(crate) fn reordered(&mut self, order: Order) {
        if let Promises::Backfill { queue, .. } = &mut self.promises {
            *queue = order;
        }
        self.unsettled = true;
        // Who was promised a start as the head may no longer be the head.
        self.withdraw_promises();
    }

    /// What the scheduler says of itself at any time.
    pub(crate) fn compare(&self, policy: &impl BatchPolicy) {
        assert_eq!(policy.processors(), self.processors);
        let queued = self.held.values().filter(|held| !held.runs()).count();
        assert_eq!(policy.queued(), queued);
        let mut perhaps = Vec::new();
        let mut first = None;
        for held in self.held.values() {
            match held.state {
                // It is not waited for.
                State::Running { expected_end, .. } if expected_end <= self.now => {}
                State::Running { claim: Claim::LentOrReleased, expected_end, .. } => {
                    perhaps.push(Some(expected_end));
                }
                State::Running { claim: Claim::Firm | Claim::Lent, expected_end, .. } => {
                    first = Some(first.map_or(expected_end, |first| expected_end.min(first)));
                }
                _ => {}
            }
        }
        let wakeup = policy.next_wakeup();
        assert!(wakeup == first || perhaps.contains(&wakeup), "{wakeup:?} instead of {first:?}");
    }

    fn start(&mut self, job: JobId, reason: StartReason, expected_end: u64) {
        let (now, processors, promises) = (self.now, self.processors, self.promises);
        let first = self.held.values().find(|held| !held.runs()).map(|held| held.id);
        let orderly = self.orderly;
        let held = self.of(job);
        let Submission { processors: needed, estimate, .. } = held.submission;
        assert!(expected_end > now && expected_end <= now + estimate);
        match (reason, promises) {
            (StartReason::BeforeShadow { head, shadow }, _) => {
                assert!(head != job && expected_end <= shadow);
            }
            (StartReason::ExtraProcessors { head, shadow, extra }, _) => {
                assert!(head != job && expected_end > shadow);
                assert!(!orderly || (needed <= extra && extra <= processors));
            }
            (StartReason::Reserved { start }, _) => assert!(start <= now),
            (
                StartReason::BeyondShadow { head, shadow },
                Promises::Backfill { preemptive: true, .. },
            ) => assert!(head != job && now < shadow && shadow < expected_end),
            (
                StartReason::Greedy { free },
                Promises::Backfill { depth: Depth::Reservations(0), .. },
            ) => assert!(needed <= free && free <= processors),
            (StartReason::Head, Promises::Backfill { queue: Order::Submission, depth, .. })
                if depth != Depth::Unbounded && !matches!(depth, Depth::Reservations(2..)) =>
            {
                assert_eq!(Some(job), first);
            }
            (StartReason::Head, Promises::Conservative) => assert_eq!(Some(job), first),
            (StartReason::Head, Promises::Backfill { .. }) => {}
            other => panic!("{other:?}"),
        }
        let lent = matches!(reason, StartReason::BeyondShadow { .. });
        let claim = if lent { Claim::Lent } else { Claim::Firm };
        held.state = State::Running { since: now, expected_end, claim };
        held.promised = u64::MAX;
    }

    fn suspend(&mut self, job: JobId, due: JobId) {
        assert!(matches!(self.promises, Promises::Backfill { preemptive: true, .. }));
        assert!(!self.of(due).runs(), "the head runs already");
        let now = self.now;
        let held = self.of(job);
        let State::Running { since, claim: Claim::Lent | Claim::LentOrReleased, .. } = held.state
        else {
            panic!("{held:?} cannot be suspended");
        };
        held.worked += now - since;
        held.state = State::Suspended;
    }

    /// No processor has two jobs, but where the caller has had them released.
    fn check_capacity(&self) {
        let used: u64 = self
            .held
            .values()
            .filter(|held| match held.state {
                State::Running { claim, .. } => matches!(claim, Claim::Firm | Claim::Lent),
                State::Queued | State::Suspended => false,
            })
            .map(|held| held.submission.processors)
            .sum();
        assert!(used <= self.processors, "{used} processors of {} are used", self.processors);
    }

    /// The heads that reasons name still wait, and if they are the first of the queue they are
    /// promised their shadow times.
    fn check_heads(&mut self, decisions: &[Decision]) {
        let first = self.held.values().find(|held| !held.runs()).map(|held| held.id);
        for &decision in decisions {
            let (Decision::Start { reason, .. } | Decision::Resume { reason, .. }) = decision
            else {
                continue;
            };
            let (StartReason::BeforeShadow { head, shadow }
            | StartReason::ExtraProcessors { head, shadow, .. }
            | StartReason::BeyondShadow { head, shadow }) = reason
            else {
                continue;
            };
            let by_submission = matches!(
                self.promises,
                Promises::Conservative | Promises::Backfill { queue: Order::Submission, .. }
            );
            let held = self.of(head);
            assert!(!held.runs(), "{held:?} is said to wait");
            if by_submission && first == Some(head) {
                held.promised = held.promised.min(shadow);
            }
        }
    }

    fn withdraw_promises(&mut self) {
        if let Promises::Backfill { .. } = self.promises {
            for held in self.held.values_mut() {
                held.promised = u64::MAX;
            }
        }
    }

    /// Something was accepted that calls for a pass.
    fn happened(&mut self, now: u64) {
        self.advance(now);
        self.unsettled = true;
    }

    fn advance(&mut self, now: u64) {
        self.orderly &= !self.unsettled || now == self.now;
        self.now = now;
        let overdue = |held: &Held| match held.state {
            State::Running { expected_end, .. } => expected_end < now,
            State::Queued | State::Suspended => false,
        };
        self.orderly &= !self.held.values().any(overdue);
    }

    fn forget(&mut self, job: JobId) {
        self.held.retain(|_, held| held.id != job);
        self.stale.push(job);
    }

    fn check_time(&self, now: u64) -> Result<(), Error> {
        if now < self.now {
            return Err(Error::TimeWentBack { now, last: self.now });
        }
        if now > MAX_TIME {
            return Err(Error::TimeOutOfRange { now });
        }
        Ok(())
    }

    fn check(&self, now: u64, job: JobId) -> Result<Held, Error> {
        self.check_time(now)?;
        let mut held = self.held.values();
        held.find(|held| held.id == job).copied().ok_or(Error::UnknownJob { job })
    }

    fn of(&mut self, job: JobId) -> &mut Held {
        let mut held = self.held.values_mut();
        held.find(|held| held.id == job).expect("the scheduler names a job that it holds")
    }
}
