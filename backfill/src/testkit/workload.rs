use alloc::boxed::Box;
use alloc::vec::Vec;

use proptest::prelude::{Just, Strategy, prop_oneof};
use quickcheck::{Arbitrary, Gen};

use crate::{Submission, TraceJob};

/// A machine and the jobs submitted to it, in order of submission.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Workload {
    /// The processors of the machine.
    pub processors: u64,
    /// The jobs. Each fits the machine and runs for at least one tick and at most its estimate.
    pub jobs: Vec<TraceJob>,
}

/// Workloads of at most `jobs` jobs. Times are small, so that ties abound.
pub fn workloads(jobs: usize) -> impl Strategy<Value = Workload> {
    (1u64..=12, proptest::collection::vec(rough(), 0..=jobs))
        .prop_map(|(processors, jobs)| Rough::assemble(processors, &jobs))
}

/// A job as it is drawn: any of these can be made to fit a machine.
#[derive(Clone, Copy, Debug)]
struct Rough {
    /// Ticks since the submission before it.
    gap: u64,
    width: u64,
    estimate: u64,
    runtime: u64,
    user: u64,
    priority: u64,
    prediction: Option<u64>,
}

fn rough() -> impl Strategy<Value = Rough> {
    let gap = prop_oneof![6 => Just(0u64), 3 => 1u64..4, 1 => 4u64..30];
    let width = prop_oneof![3 => 1u64..4, 2 => 1u64..=12, 1 => Just(u64::MAX)];
    let estimate = prop_oneof![6 => 1u64..12, 2 => Just(6u64), 1 => 1u64..80];
    // Runtimes are cut to the estimate: the last of these is exact.
    let runtime = prop_oneof![2 => 1u64..12, 1 => 1u64..80, 3 => Just(u64::MAX)];
    let prediction = proptest::option::of(0u64..20);
    (gap, width, estimate, runtime, 0u64..3, 0u64..3, prediction).prop_map(
        |(gap, width, estimate, runtime, user, priority, prediction)| Rough {
            gap,
            width,
            estimate,
            runtime,
            user,
            priority,
            prediction,
        },
    )
}

impl Rough {
    fn assemble(processors: u64, jobs: &[Self]) -> Workload {
        let mut submit = 0;
        let jobs = jobs
            .iter()
            .map(|job| {
                submit += job.gap;
                TraceJob {
                    submit,
                    runtime: job.runtime.clamp(1, job.estimate),
                    submission: Submission {
                        processors: job.width.clamp(1, processors),
                        estimate: job.estimate,
                        user: job.user,
                        priority: job.priority,
                        prediction: job.prediction,
                    },
                }
            })
            .collect();
        Workload { processors, jobs }
    }

    fn arbitrary(source: &mut Gen) -> Self {
        fn below(source: &mut Gen, limit: u64) -> u64 {
            u64::arbitrary(source) % limit
        }
        fn one_of(source: &mut Gen, low: u64, high: u64, fixed: u64) -> u64 {
            let drawn = [1 + below(source, low), 1 + below(source, high), fixed];
            drawn[usize::arbitrary(source) % 3]
        }
        Self {
            gap: one_of(source, 1, 12, 1) - 1,
            width: one_of(source, 3, 12, u64::MAX),
            estimate: one_of(source, 11, 80, 6),
            runtime: one_of(source, 11, 80, u64::MAX),
            user: below(source, 3),
            priority: below(source, 3),
            prediction: bool::arbitrary(source).then(|| below(source, 20)),
        }
    }
}

impl Arbitrary for Workload {
    fn arbitrary(source: &mut Gen) -> Self {
        let processors = 1 + u64::arbitrary(source) % 12;
        let count = usize::arbitrary(source) % (source.size().max(1) + 1);
        let jobs: Vec<Rough> = (0..count).map(|_| Rough::arbitrary(source)).collect();
        Rough::assemble(processors, &jobs)
    }

    /// Fewer jobs first, then jobs that are narrower, shorter, submitted sooner, or like any other.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let count = self.jobs.len();
        let halves = [(count / 2, count), (0, count / 2)];
        let each = (0..count).map(|at| (at, at + 1));
        let without = halves.into_iter().filter(|cut| cut.0 < cut.1).chain(each).map({
            let all = self.clone();
            move |(from, until)| {
                let mut rest = all.clone();
                rest.jobs.drain(from..until);
                rest
            }
        });
        let simpler = (0..count).flat_map({
            let all = self.clone();
            move |at| simpler(&all, at)
        });
        Box::new(without.chain(simpler).filter({
            let all = self.clone();
            move |shrunk| *shrunk != all
        }))
    }
}

/// The same workload with one job simplified in one respect each.
fn simpler(workload: &Workload, at: usize) -> impl Iterator<Item = Workload> + use<> {
    let before = at.checked_sub(1).map_or(0, |before| workload.jobs[before].submit);
    let respects: [fn(&mut TraceJob); 6] = [
        |job| job.submission.processors = (job.submission.processors / 2).max(1),
        |job| job.submission.processors = (job.submission.processors - 1).max(1),
        |job| job.runtime = (job.runtime / 2).max(1),
        |job| job.runtime = (job.runtime - 1).max(1),
        |job| job.submission.estimate = job.runtime,
        |job| job.submission = Submission::new(job.submission.processors, job.submission.estimate),
    ];
    let workload = workload.clone();
    let mut sooner = workload.clone();
    let by = sooner.jobs[at].submit - before;
    for job in &mut sooner.jobs[at..] {
        job.submit -= by;
    }
    let smaller = respects.into_iter().map(move |simplify| {
        let mut smaller = workload.clone();
        simplify(&mut smaller.jobs[at]);
        smaller
    });
    smaller.chain([sooner])
}
