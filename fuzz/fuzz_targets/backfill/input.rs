//! What the fuzzer makes up: a scheduler, and calls of it.

use std::cmp::Reverse;

use apportion_backfill::{
    ByPriority, Config, Correction, Depth, Error, JobOrder, MAX_PROCESSORS, MAX_TIME,
    MeanOfLastTwo, Predictor, QueuedJob, Requested, ShortestFirst, Submission, Supplied,
};
use arbitrary::Arbitrary;

#[derive(Arbitrary, Debug)]
pub(crate) struct Input {
    pub(crate) setup: Setup,
    pub(crate) calls: Calls,
}

/// Promises of starts bind only while the caller keeps the law of use: arbitrary calls hardly do.
#[derive(Arbitrary, Debug)]
pub(crate) enum Calls {
    Orderly(Vec<[u8; 3]>),
    Any(Vec<Call>),
}

impl Calls {
    pub(crate) fn into_list(self) -> Vec<Call> {
        let small = match self {
            Self::Any(calls) => return calls,
            Self::Orderly(small) => small,
        };
        let mut calls = Vec::new();
        for [processors, estimate, then] in small {
            calls.push(Call::ArriveSmall(processors, estimate));
            match then % 8 {
                0..=3 => {}
                4..=6 => calls.push(Call::Turn),
                _ => {
                    calls.push(Call::Finish(When::Now, Pick::Held(then / 8)));
                    calls.push(Call::Pass(When::Now));
                }
            }
        }
        calls
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Setup {
    machine: Machine,
    release: bool,
    pub(crate) policy: Policy,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Machine {
    Few(u8),
    Any(Amount),
}

#[derive(Arbitrary, Debug)]
pub(crate) enum Policy {
    Conservative,
    Backfill(Knobs),
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Knobs {
    depth: Limit,
    preemptive: bool,
    /// `None`: corrections straight to the request.
    minute: Option<Amount>,
    /// `None`: by submission.
    queue: Option<Order>,
    /// `None`: as in the queue.
    pub(crate) scan: Option<Order>,
    pub(crate) prediction: Prediction,
}

impl Setup {
    pub(crate) fn processors(&self) -> u64 {
        match self.machine {
            Machine::Few(processors) => u64::from(processors % 16) + 1,
            Machine::Any(processors) => processors.value(),
        }
    }

    pub(crate) const fn release(&self) -> bool {
        self.release
    }

    pub(crate) fn config(&self, knobs: &Knobs) -> Result<Config, Error> {
        let correction = knobs.minute.map_or(Correction::Requested, |minute| {
            Correction::Incremental { minute: minute.value() }
        });
        Ok(Config::new(self.processors())?
            .depth(knobs.depth())
            .preemptive(knobs.preemptive)
            .release_at_expected_end(self.release)
            .correction(correction))
    }
}

impl Knobs {
    pub(crate) fn depth(&self) -> Depth {
        match self.depth {
            Limit::Nobody => Depth::NoBackfill,
            Limit::One => Depth::Reservations(1),
            Limit::Some(depth) => Depth::Reservations(depth.into()),
            Limit::Any(depth) => Depth::Reservations(depth),
            Limit::All => Depth::Unbounded,
        }
    }

    pub(crate) fn queue(&self) -> Order {
        self.queue.unwrap_or(Order::Submission)
    }

    pub(crate) const fn preemptive(&self) -> bool {
        self.preemptive
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Limit {
    Nobody,
    One,
    Some(u8),
    Any(u64),
    All,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Call {
    /// A job of few processors and ticks arrives, and a pass follows, as the law of use asks.
    ArriveSmall(u8, u8),
    /// A job arrives, and a pass follows.
    Arrive(Job),
    /// All that is expected to end next does, and a pass follows.
    Turn,
    Submit(When, Job),
    Finish(When, Pick),
    Cancel(When, Pick),
    Expire(When, Pick),
    Plan(When, Pick),
    Pass(When),
    Reorder(Order),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Job {
    processors: Amount,
    estimate: Amount,
    user: u8,
    priority: u8,
    prediction: Option<Amount>,
}

impl Job {
    pub(crate) fn submission(self) -> Submission {
        Submission {
            user: self.user.into(),
            priority: self.priority.into(),
            prediction: self.prediction.map(Amount::value),
            ..Submission::new(self.processors.value(), self.estimate.value())
        }
    }
}

/// Which job, counted round.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Pick {
    Held(u8),
    Stale(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum When {
    Now,
    /// When the scheduler wants to be woken.
    Wakeup,
    After(u8),
    Later(Amount),
    Before(Amount),
}

impl When {
    pub(crate) fn time(self, last: u64, wakeup: Option<u64>) -> u64 {
        match self {
            Self::Now => last,
            Self::Wakeup => wakeup.unwrap_or(last),
            Self::After(span) => last.saturating_add(span.into()),
            Self::Later(span) => last.saturating_add(span.value()),
            Self::Before(span) => last.saturating_sub(span.value()),
        }
    }
}

/// A number that is small or near an edge more often than chance would have it.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Amount {
    Few(u8),
    Small(u8),
    Medium(u16),
    Processors(i8),
    Time(i8),
    Largest(u8),
    Any(u64),
}

impl Amount {
    fn value(self) -> u64 {
        match self {
            Self::Few(amount) => u64::from(amount % 16),
            Self::Small(amount) => amount.into(),
            Self::Medium(amount) => amount.into(),
            Self::Processors(beyond) => MAX_PROCESSORS.saturating_add_signed(beyond.into()),
            Self::Time(beyond) => MAX_TIME.saturating_add_signed(beyond.into()),
            Self::Largest(less) => u64::MAX - u64::from(less),
            Self::Any(amount) => amount,
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Submission,
    Shortest,
    Priority,
}

impl JobOrder for Order {
    type Key = (u64, Option<Reverse<u64>>);

    fn key(&self, job: &QueuedJob) -> Self::Key {
        match self {
            Self::Submission => (0, None),
            Self::Shortest => (ShortestFirst.key(job), None),
            Self::Priority => (0, Some(ByPriority.key(job))),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Prediction {
    Requested,
    Supplied,
    MeanOfLastTwo,
}

/// One of the predictors.
#[derive(Clone, Debug)]
pub(crate) struct Predicting {
    prediction: Prediction,
    mean: MeanOfLastTwo,
}

impl Predicting {
    pub(crate) fn by(prediction: Prediction) -> Self {
        Self { prediction, mean: MeanOfLastTwo::default() }
    }
}

impl Predictor for Predicting {
    fn predict(&self, job: &Submission) -> u64 {
        match self.prediction {
            Prediction::Requested => Requested.predict(job),
            Prediction::Supplied => Supplied.predict(job),
            Prediction::MeanOfLastTwo => self.mean.predict(job),
        }
    }

    fn finished(&mut self, job: &Submission, runtime: u64) {
        self.mean.finished(job, runtime);
    }
}
