use alloc::vec::Vec;

use super::watch::{Event, Job, Observer, Planned, Seen, State, watch};
use super::{Violation, Workload};
use crate::{BatchPolicy, Outcome, Plan, StartReason, Ties};

/// Which waiting jobs a policy must not leave in the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The first of the queue, in order of submission, if it fits (FCFS).
    InOrder,
    /// Any job that fits (greedy, preemptive backfilling).
    Greedy,
    /// Any job that fits and, going by the requested times, does not delay the first of the queue
    /// beyond its shadow time (EASY, whatever the order of the scan).
    Easy,
    /// Any job whose planned start, as the policy itself tells it, has come (conservative).
    Planned,
}

/// At no time more processors are used than there are.
///
/// # Errors
///
/// [`Violation::Capacity`], or what keeps the workload from being played.
pub fn check_capacity<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let outcome = watch(make, Bystander, workload, ties)?;
    let stretches: Vec<(usize, u64, u64)> =
        (0..workload.jobs.len()).flat_map(|job| stretches(&outcome, job)).collect();
    for &(job, time, _) in &stretches {
        let used: u128 = stretches
            .iter()
            .filter(|other| other.1 <= time && time < other.2)
            .map(|other| u128::from(workload.jobs[other.0].submission.processors))
            .sum();
        if used > workload.processors.into() {
            let processors = workload.processors;
            return Err(Violation::Capacity { job, time, used, processors });
        }
    }
    Ok(())
}

/// Every job runs exactly once: not before it is submitted, and in all for its runtime.
///
/// # Errors
///
/// [`Violation::TooEarly`], [`Violation::Runtime`], [`Violation::Nonsense`], or what keeps the
/// workload from being played.
pub fn check_runs<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    let outcome = watch(make, Bystander, workload, ties)?;
    for (job, known) in workload.jobs.iter().enumerate() {
        let (time, submitted) = (outcome.runs[job].start, known.submit);
        if time < submitted {
            return Err(Violation::TooEarly { job, time, submitted });
        }
        let ran = stretches(&outcome, job).map(|(_, from, until)| until - from).sum();
        if ran != known.runtime {
            let (time, runtime) = (outcome.runs[job].end, known.runtime);
            return Err(Violation::Runtime { job, time, ran, runtime });
        }
    }
    Ok(())
}

/// No job starts before one that was submitted earlier (FCFS).
///
/// # Errors
///
/// [`Violation::Order`], or what keeps the workload from being played.
pub fn check_order<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    watch(make, InOrder, workload, ties).map(drop)
}

/// The first of the queue, in order of submission, never starts after the time at which enough
/// processors are free for it by the requested times of the jobs that run when it becomes the first
/// (EASY, preemptive backfilling, any number of reservations planned anew; not conservative
/// backfilling, where a job submitted later may hold an earlier reservation).
///
/// # Errors
///
/// [`Violation::HeadLate`], or what keeps the workload from being played.
pub fn check_head_on_time<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    watch(make, HeadOnTime::default(), workload, ties).map(drop)
}

/// No job starts after the start that was planned for it when it was submitted (conservative).
///
/// # Errors
///
/// [`Violation::Promise`], or what keeps the workload from being played.
pub fn check_promises<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    watch(make, Promises::default(), workload, ties).map(drop)
}

/// No pass leaves a job in the queue that could start by the rule.
///
/// # Errors
///
/// [`Violation::Left`], or what keeps the workload from being played.
pub fn check_leaves_nothing<S: BatchPolicy>(
    make: impl Fn(u64) -> S,
    rule: Rule,
    workload: &Workload,
    ties: Ties,
) -> Result<(), Violation> {
    watch(make, LeavesNothing { rule }, workload, ties).map(drop)
}

/// The job, and from when until before when it ran each time.
fn stretches(outcome: &Outcome, job: usize) -> impl Iterator<Item = (usize, u64, u64)> {
    let run = outcome.runs[job];
    let pauses = outcome.suspensions.iter().filter(move |pause| pause.index == job);
    let begins = [run.start].into_iter().chain(pauses.clone().map(|pause| pause.until));
    let ends = pauses.map(|pause| pause.from).chain([run.end]);
    begins.zip(ends).map(move |(from, until)| (job, from, until))
}

struct Bystander;

impl Observer for Bystander {}

struct InOrder;

impl Observer for InOrder {
    fn decided(&mut self, seen: &Seen, time: u64, event: Event) -> Result<(), Violation> {
        match (event, seen.waiting().next()) {
            (Event::Runs { job, .. }, Some((passed, _))) if passed < job => {
                Err(Violation::Order { job, time, passed })
            }
            _ => Ok(()),
        }
    }
}

/// The first of the queue and its shadow time.
#[derive(Default)]
struct HeadOnTime {
    head: Option<(usize, u64)>,
    /// Jobs that run on lent processors, and the head of the queue when they started.
    lent: Vec<(usize, usize)>,
}

impl Observer for HeadOnTime {
    fn decided(&mut self, seen: &Seen, time: u64, event: Event) -> Result<(), Violation> {
        let Event::Runs { job, reason } = event else { return Ok(()) };
        match self.head {
            Some((head, shadow)) if head == job && time > shadow => {
                return Err(Violation::HeadLate { job, time, shadow });
            }
            _ => {}
        }
        self.lent.retain(|lent| lent.0 != job);
        if let (StartReason::BeyondShadow { .. }, Some((head, _))) = (reason, seen.waiting().next())
        {
            self.lent.push((job, head));
        }
        Ok(())
    }

    fn passed(&mut self, seen: &Seen, time: u64, _: &Planned) -> Result<(), Violation> {
        let Some((head, job)) = seen.waiting().next() else {
            self.head = None;
            return Ok(());
        };
        if self.head.is_none_or(|known| known.0 != head) {
            // What started beyond the shadow time of this very head gives way to it, whatever else
            // may have become firm.
            let mut beside = seen.clone();
            for &(lent, _) in self.lent.iter().filter(|lent| lent.1 == head) {
                beside.jobs[lent].state = State::Gone;
            }
            self.head = Some((head, beside.shadow(job.submission.processors, time)));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Promises {
    promised: Vec<u64>,
}

impl Observer for Promises {
    fn submitted(&mut self, _: &Seen, _: u64, planned: Plan) {
        self.promised.push(planned.start);
    }

    fn decided(&mut self, _: &Seen, time: u64, event: Event) -> Result<(), Violation> {
        match event {
            Event::Runs { job, .. } if time > self.promised[job] => {
                Err(Violation::Promise { job, time, promised: self.promised[job] })
            }
            _ => Ok(()),
        }
    }
}

struct LeavesNothing {
    rule: Rule,
}

impl Observer for LeavesNothing {
    fn passed(&mut self, seen: &Seen, time: u64, planned: &Planned) -> Result<(), Violation> {
        let free = seen.free_at(time, time);
        let Some((first, head)) = seen.waiting().next() else { return Ok(()) };
        let shadow = seen.shadow(head.submission.processors, time);
        let extra = seen.free_at(shadow, time).saturating_sub(head.submission.processors);
        let may_start = |(place, job): &(usize, &Job)| {
            let needs = job.submission.processors;
            let fits = needs <= free;
            match self.rule {
                Rule::InOrder => fits && *place == first,
                Rule::Greedy => fits,
                Rule::Easy => fits && (time + job.submission.estimate <= shadow || needs <= extra),
                Rule::Planned => planned(job).is_none_or(|start| start <= time),
            }
        };
        match seen.waiting().find(may_start) {
            Some((job, _)) => Err(Violation::Left { job, time }),
            None => Ok(()),
        }
    }
}
