//! What the policies are asked, and what they must answer.

use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use apportion_backfill::{
    Backfill, BatchPolicy, Config, Conservative, Metrics, Outcome, Replay, StartKind, Submission,
    Ties, TraceJob,
};
use apportion_binpack::{
    Bins, Decision, Fit, Improver, Instance, Scale, VectorBins, VectorFit, check,
};
use apportion_fairshare::{
    Accounts, Claim, Cpus, Division, HalfLife, Reading, Rules, Tree, divide,
};
use apportion_lottery::{Currencies, CurrencyId, Lottery, Stride};
use apportion_wfq::{EntityId, Order, Scheduler, Then, Weight};
use apportion_workload::{CleaningRules, Estimates, Job, Lublin, Reader, Trace, write};
use rand_pcg::Pcg64;

/// Panics if a policy decides otherwise than it should.
pub(crate) fn run() {
    a_trace_is_read_and_written();
    easy_passes_the_wide_job_and_conservative_keeps_its_promise();
    a_model_is_replayed();
    turns_are_shared_by_weight();
    a_capacity_is_divided();
    the_least_served_comes_first();
    tickets_are_drawn();
    items_are_packed();
}

/// The text of a small trace for six processors.
const TEXT: &str = "\
; MaxProcs: 6
1 0 -1 4 3 -1 -1 3 4 -1 1 7 -1 -1 -1 -1 -1 -1
2 0 -1 4 6 -1 -1 6 4 -1 1 7 -1 -1 -1 -1 -1 -1
3 0 -1 0 1 -1 -1 1 4 -1 0 7 -1 -1 -1 -1 -1 -1
4 1 -1 3 3 -1 -1 3 3 -1 1 8 -1 -1 -1 -1 -1 -1
5 1 -1 9 1 -1 -1 9 7 -1 1 8 -1 -1 -1 -1 -1 -1
";

fn trace() -> Trace {
    // Cut in the middle of fields and lines, as a file read by blocks is.
    let chunks = TEXT.as_bytes().chunks(7).map(Ok::<_, core::convert::Infallible>);
    Trace::read(Reader::new(chunks), None, CleaningRules::default()).expect("the text is a trace")
}

fn a_trace_is_read_and_written() {
    let trace = trace();
    assert_eq!((trace.processors.get(), trace.jobs.len()), (6, 4));
    assert_eq!((trace.report.dropped_runtime, trace.report.processors_capped), (1, 1));
    let mut text = String::new();
    write(&trace.header, trace.jobs.iter().map(Job::record), &mut text).expect("strings grow");
    let again = Trace::read(Reader::from_text(&text), None, CleaningRules::default());
    assert_eq!(again.expect("it was written as a trace").jobs.len(), 4);
}

fn easy_passes_the_wide_job_and_conservative_keeps_its_promise() {
    let jobs: Vec<TraceJob> = trace().jobs.iter().map(trace_job).collect();
    let easy = Backfill::new(config(6)).expect("EASY goes with every machine");
    let runs = replay(easy, &jobs).runs;
    let expected = [
        (0, 4, StartKind::Head),
        (4, 8, StartKind::Head),
        (1, 4, StartKind::BeforeShadow),
        (8, 15, StartKind::Head),
    ];
    let found: Vec<_> = runs.iter().map(|run| (run.start, run.end, run.reason)).collect();
    assert_eq!(found, expected);

    let runs = replay(conservative(6), &jobs).runs;
    let found: Vec<_> = runs.iter().map(|run| run.start).collect();
    assert_eq!(found, [0, 4, 1, 8]);
}

fn a_model_is_replayed() {
    let processors = NonZeroU64::new(64).expect("it is not zero");
    let jobs: Vec<TraceJob> = Lublin::mixed(processors)
        .with_estimates(Estimates::Factor { percent: 300 })
        .generate(Pcg64::new(42, 54))
        .take(200)
        .map(|job| trace_job(&job))
        .collect();
    let easy = Backfill::new(config(64)).expect("EASY goes with every machine");
    for outcome in [replay(easy, &jobs), replay(conservative(64), &jobs)] {
        let Metrics { jobs: count, utilization, .. } = outcome.metrics(&jobs, 64, 10);
        assert!(count == 200 && utilization > 0.0 && utilization <= 1.0);
        assert!(outcome.runs.iter().zip(&jobs).all(|(run, job)| run.start >= job.submit));
    }
}

fn turns_are_shared_by_weight() {
    let weights = [1, 2, 4].map(|weight| Weight::new(weight).expect("it is in range"));
    for (order, expected) in
        [(Order::StartTime, [0, 1, 2, 2, 1, 2, 2]), (Order::Eevdf, [2, 1, 2, 0, 2, 1, 2])]
    {
        let mut scheduler = Scheduler::new(order);
        let group = scheduler.add_group(None, Weight::MIN).expect("there is room");
        let entities = weights.map(|weight| {
            let entity = scheduler.add_to(group, weight).expect("there is room");
            scheduler.wake(entity).expect("it sleeps");
            entity
        });
        let picks: Vec<usize> = (0..7).map(|_| turn(&mut scheduler, &entities)).collect();
        assert_eq!(picks, expected);
    }
}

fn tickets_are_drawn() {
    let mut lottery = Lottery::new();
    let clients = [1, 2].map(|tickets| lottery.add(tickets).expect("they fit"));
    for (ticket, client) in (0..).zip([clients[0], clients[1], clients[1]]) {
        assert_eq!(lottery.holder(ticket), Ok(client));
    }
    let mut chance = Pcg64::new(1, 2);
    let wins = (0..3_000).filter_map(|_| lottery.draw(&mut chance));
    let wins = wins.filter(|winner| winner.client == clients[1]).count();
    assert!((1_800..2_200).contains(&wins));
    assert!(lottery.draw_loser(&mut chance).is_some());

    let mut currencies = Currencies::new();
    let currency = currencies.add_currency().expect("there is room");
    let client = currencies.add_client().expect("there is room");
    currencies.issue(CurrencyId::BASE, 7, currency).expect("it fits");
    currencies.issue(currency, 3, client).expect("it fits");
    assert!(currencies.issue(currency, 1, CurrencyId::BASE).is_err());
    let quantum = NonZeroU64::new(9).expect("it is not zero");
    currencies.compensate(client, 4, quantum).expect("it fits");
    assert!(currencies.draw_with(&[]).is_err() && currencies.draw_loser(&mut chance).is_some());
    let winner = currencies.draw(&mut chance).expect("somebody is funded");
    assert!(winner.client == client && winner.compensation.is_some());

    let mut stride = Stride::default();
    let [a, b, c] = [3, 2, 1].map(|tickets| stride.add(tickets).expect("they fit"));
    for expected in [a, b, a, a, b, c] {
        let client = stride.pick().expect("all are awake").client;
        stride.charge(client, 1).expect("it is awake");
        assert_eq!(client, expected);
    }
}

/// Who is served for a unit.
fn turn(scheduler: &mut Scheduler, entities: &[EntityId]) -> usize {
    let entity = scheduler.pick().expect("all are awake").entity;
    scheduler.charge(entity, 1, Then::Requeue).expect("it is in service");
    entities.iter().position(|known| *known == entity).expect("it was added")
}

fn shares(weight: u64) -> apportion_fairshare::Weight {
    apportion_fairshare::Weight::new(weight).expect("it is in range")
}

fn a_capacity_is_divided() {
    let [a, b, c] = [1, 2, 3].map(|weight| Claim::new(shares(weight)));
    let claims = [a, b.demanding(0).hard(), c];
    let found = divide(60, &claims, Rules::default()).expect("nothing is reserved");
    let found: Vec<_> = found.iter().map(|share| (share.used, share.wasted)).collect();
    assert_eq!(found, [(10, 0), (0, 20), (30, 0)]);

    let mut tree = Tree::new();
    let group = tree.add(None, a).expect("there is room");
    tree.add(Some(group), b.demanding(7)).expect("the group is there");
    tree.add(None, c).expect("there is room");
    let found = tree.divide(60, Rules::default()).expect("nothing is reserved");
    let found: Vec<_> = found.iter().map(|share| share.allocation).collect();
    assert_eq!(found, [7, 7, 53]);

    let (mut division, ids) =
        Division::of_claims(60, Reading::FloorOfShare, &[a, b, c]).expect("nothing is reserved");
    division.set_claim(ids[1], b.demanding(0)).expect("it is there");
    let found: Vec<_> = ids.iter().map(|id| division.allocation(*id)).collect();
    assert_eq!(found, [Ok(15), Ok(0), Ok(45)]);

    let runs = Cpus::new(2, 6).and_then(|cpus| cpus.place(&[4, 4, 4]));
    assert_eq!(runs.expect("there is room").len(), 4);
}

fn the_least_served_comes_first() {
    let mut accounts = Accounts::new(HalfLife::new(100).expect("it is in range"));
    let users = [1, 2].map(|weight| accounts.add(None, shares(weight)).expect("there is room"));
    for (user, amount) in users.into_iter().zip([30, 40]) {
        accounts.charge(user, 7, amount).expect("it is a user");
    }
    let keys = accounts.classic();
    assert!(keys[0] > keys[1]);
    assert_eq!(accounts.fair_tree(), [1, 2]);
}

fn config(processors: u64) -> Config {
    Config::new(processors)
        .expect("the machine is neither empty nor huge")
        .release_at_expected_end(Ties::Event.releases_at_expected_end())
}

fn conservative(processors: u64) -> Conservative {
    Conservative::new(processors)
        .expect("the machine is neither empty nor huge")
        .release_at_expected_end(Ties::Event.releases_at_expected_end())
}

fn replay(policy: impl BatchPolicy, jobs: &[TraceJob]) -> Outcome {
    let replay = Replay::new(policy, jobs, Ties::Event).expect("the jobs are in order");
    replay.run().expect("the policy starts every job")
}

fn trace_job(job: &Job) -> TraceJob {
    TraceJob {
        submit: job.submit,
        runtime: job.runtime,
        submission: Submission::new(job.processors, job.estimate),
    }
}

fn items_are_packed() {
    let mut machines = Bins::new(Fit::Worst);
    let bins = [5, 8, 3].map(|capacity| machines.add(capacity).expect("three are few"));
    let Ok(Decision::Place(placement)) = machines.place(3) else { panic!("there is room") };
    assert_eq!((placement.bin, placement.residual), (bins[1], 5));
    assert_eq!(placement.runner_up.map(|second| second.bin), Some(bins[0]));

    let machine = [64, 256];
    let mut machines = VectorBins::new(VectorFit::DotProduct(Scale::normalizing(&machine)));
    let [_, second] = [[60, 40], [20, 200]].map(|free| machines.add(free).expect("two are few"));
    let decision = machines.place([2, 32]).expect("its amounts can be compared");
    assert_eq!(decision.placement().map(|placement| placement.bin), Some(second));

    let sizes = [50, 40, 34, 34, 33, 33, 33, 33, 10].to_vec();
    let instance = Instance::new(100, sizes).expect("nine are few");
    let mut improver = Improver::new(&instance);
    assert!(improver.run(1_000));
    assert_eq!((improver.bins(), improver.lower_bound()), (3, 3));
    check(&instance, improver.assignment()).expect("the checker agrees");
}
