//! Long queues: a pass that can start nothing, the time per event, a whole plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::iter;
use std::time::{Duration, Instant};

use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, BySubmission, Config, Conservative, Correction, Decision,
    Depth, JobId, JobOrder, MeanOfLastTwo, Predictor, Requested, ShortestFirst, Submission,
};
use apportion_benches::median;
use criterion::{BatchSize, BenchmarkId, Criterion};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

const PROCESSORS: u64 = 16_384;
const QUEUES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How many jobs for each that waits have ended when long queues are measured.
const TURNOVERS: [usize; 2] = [1, 10];
/// To fill longer queues takes long: too long for a run that measures nothing.
const MOST_TO_TEST: usize = 10_000;

fn queues() -> impl Iterator<Item = usize> {
    let is_test = std::env::args().any(|argument| argument == "--test");
    QUEUES.into_iter().filter(move |queued| !is_test || *queued <= MOST_TO_TEST)
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    blocked(&mut criterion);
    events(&mut criterion, "events-easy", || (AsQueued, Requested));
    events(&mut criterion, "events-easy-sjbf", || (ShortestFirst, Requested));
    events(&mut criterion, "events-easy++", || (ShortestFirst, MeanOfLastTwo::default()));
    plan(&mut criterion);
    criterion.final_summary();
    summary();
}

/// Log-uniform sizes and estimates, independent of each other; fifty users; runtimes at most the
/// estimates.
fn job(random: &mut Pcg64) -> (Submission, u32) {
    let mut up_to = |bits: u64| {
        let most = 1 << (random.next_u64() % (bits + 1));
        1 + random.next_u64() % most
    };
    let (processors, estimate) = (up_to(9), 60 * up_to(12));
    let user = random.next_u64() % 50;
    let runtime = 1 + random.next_u64() % estimate;
    let runtime = u32::try_from(runtime).expect("estimates are short");
    (Submission { user, ..Submission::new(processors, estimate) }, runtime)
}

/// 5,000 running jobs, 8 free processors, a head that needs the whole machine, and a queue of jobs
/// of which half are too wide and half too long. Timed is the pass after a running job has ended,
/// which has to look at everything and starts nothing.
fn blocked(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("blocked-pass");
    for queued in queues() {
        let mut policy =
            Backfill::new(Config::new(20_008).expect("a valid machine")).expect("valid knobs");
        let mut random = Pcg64::seed_from_u64(1);
        for _ in 0..5_000 {
            let estimate = 10_000 + random.next_u64() % 1_000_000;
            policy.submit(0, Submission::new(4, estimate)).expect("a valid job");
        }
        assert_eq!(policy.pass(0).expect("time goes on").len(), 5_000);
        policy.submit(0, Submission::new(20_008, 1_000)).expect("a valid job");
        for _ in 0..queued {
            let wide = random.next_u64().is_multiple_of(2);
            let processors = if wide { 16 } else { 1 } + random.next_u64() % 8;
            let estimate = if wide { 1 } else { 2_000_000 } + random.next_u64() % 5_000;
            policy.submit(0, Submission::new(processors, estimate)).expect("a valid job");
        }
        let short = Submission::new(1, 100);
        assert!(policy.pass(0).expect("time goes on").is_empty());
        let mut running = restart(&mut policy, short);
        group.bench_function(BenchmarkId::from_parameter(queued), |bencher| {
            bencher.iter_custom(|times| {
                let mut spent = Duration::ZERO;
                for _ in 0..times {
                    policy.finish(0, running).expect("it runs");
                    let begin = now();
                    let starts = black_box(policy.pass(0).expect("time goes on").len());
                    spent += begin.elapsed();
                    assert_eq!(starts, 0);
                    running = restart(&mut policy, short);
                }
                spent
            });
        });
    }
    group.finish();
}

fn restart(policy: &mut Backfill, short: Submission) -> JobId {
    let job = policy.submit(0, short).expect("a valid job");
    assert_eq!(policy.pass(0).expect("time goes on").len(), 1);
    job
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}

/// The next job ends; for each job that starts thereupon another one is submitted: the queue keeps
/// its length. Short jobs pass the others, so the longer that goes on, the harder is what waits to
/// place: queues of all lengths are measured while the next `queued` jobs end, again and again from
/// the same state, which is after as many jobs for each that waits.
fn events<B, P>(criterion: &mut Criterion, name: &str, make: impl Fn() -> (B, P))
where
    B: JobOrder + Clone,
    P: Predictor + Clone,
{
    for queued in queues() {
        let config =
            Config::new(PROCESSORS).expect("a valid machine").correction(Correction::Requested);
        let (scan, predictor) = make();
        let policy = Backfill::with(config, BySubmission, scan, predictor);
        let mut start = Cluster {
            policy: policy.expect("valid knobs"),
            random: Pcg64::seed_from_u64(2),
            now: 0,
            runtimes: Vec::new(),
            ends: BinaryHeap::new(),
            expiries: BinaryHeap::new(),
        };
        start.fill(queued);
        let mut turned_over = 0;
        for after in TURNOVERS {
            (turned_over * queued..after * queued).for_each(|_| start.turn(queued));
            turned_over = after;
            let mut group = criterion.benchmark_group(group_after(name, after));
            let (mut cluster, mut left) = (start.clone(), queued as u64);
            group.bench_function(BenchmarkId::from_parameter(queued), |bencher| {
                bencher.iter_custom(|times| {
                    let mut spent = Duration::ZERO;
                    let mut times = times;
                    while times > 0 {
                        if left == 0 {
                            (cluster, left) = (start.clone(), queued as u64);
                        }
                        let turns = times.min(left);
                        let begin = now();
                        (0..turns).for_each(|_| cluster.turn(queued));
                        spent += begin.elapsed();
                        times -= turns;
                        left -= turns;
                    }
                    spent
                });
            });
            group.finish();
        }
    }
}

#[derive(Clone)]
struct Cluster<B: JobOrder, P> {
    policy: Backfill<BySubmission, B, P>,
    random: Pcg64,
    now: u64,
    /// By number of the job; narrow, so that it weighs little beside what is measured.
    runtimes: Vec<u32>,
    ends: BinaryHeap<Reverse<(u64, JobId)>>,
    expiries: BinaryHeap<Reverse<(u64, JobId)>>,
}

impl<B: JobOrder, P: Predictor> Cluster<B, P> {
    fn fill(&mut self, queued: usize) {
        while self.policy.queued() < queued {
            let (submission, runtime) = job(&mut self.random);
            let id = self.policy.submit(self.now, submission).expect("a valid job");
            if self.runtimes.len() <= id.index() {
                self.runtimes.resize(id.index() + 1, 0);
            }
            self.runtimes[id.index()] = runtime;
        }
        self.pass();
    }

    fn pass(&mut self) {
        for decision in self.policy.pass(self.now).expect("time goes on") {
            if let Decision::Start { job, expected_end, .. } = *decision {
                let end = self.now + u64::from(self.runtimes[job.index()]);
                self.ends.push(Reverse((end, job)));
                if expected_end < end {
                    self.expiries.push(Reverse((expected_end, job)));
                }
            }
        }
    }

    fn turn(&mut self, queued: usize) {
        let Some(Reverse((end, job))) = self.ends.pop() else { return };
        while let Some(&Reverse((time, late))) = self.expiries.peek()
            && time < end
        {
            self.expiries.pop();
            self.policy.expire(time.max(self.now), late).expect("it runs");
        }
        self.now = end;
        self.policy.finish(end, job).expect("it runs");
        self.pass();
        self.fill(queued);
    }
}

/// 10,000 queued jobs, all with reservations.
fn plan(criterion: &mut Criterion) {
    let mut random = Pcg64::seed_from_u64(3);
    let jobs: Vec<Submission> = (0..10_000).map(|_| job(&mut random).0).collect();
    let mut group = criterion.benchmark_group("plan-10000");
    group.bench_function("conservative", |bencher| {
        bencher.iter_batched(
            || Conservative::new(PROCESSORS).expect("a valid machine"),
            |mut policy| {
                for &job in &jobs {
                    policy.submit(0, job).expect("a valid job");
                }
                policy
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("unbounded", |bencher| {
        let config = Config::new(PROCESSORS).expect("a valid machine").depth(Depth::Unbounded);
        let mut policy = Backfill::new(config).expect("valid knobs");
        for &job in &jobs {
            policy.submit(0, job).expect("a valid job");
        }
        bencher.iter_batched(
            || policy.clone(),
            |mut policy| {
                policy.pass(0).expect("time goes on");
                policy
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn group_after(name: &str, turnovers: usize) -> String {
    format!("{name}-after-{turnovers}")
}

fn summary() {
    let events = ["events-easy", "events-easy-sjbf", "events-easy++"];
    let events = events.iter().flat_map(|name| TURNOVERS.map(|times| group_after(name, times)));
    for group in iter::once("blocked-pass".to_owned()).chain(events) {
        let mut last = None;
        for queued in QUEUES {
            let Some(time) = median(&group, &queued.to_string()) else { continue };
            let growth =
                last.map_or(String::new(), |last: f64| format!("{:.2} x a tenth", time / last));
            println!("{group:24} {queued:>9} queued {:>10.3} µs {growth}", time / 1e3);
            last = Some(time);
        }
    }
    for function in ["conservative", "unbounded"] {
        if let Some(time) = median("plan-10000", function) {
            println!("plan of 10,000     {function:>16} {:>10.3} ms", time / 1e6);
        }
    }
}
