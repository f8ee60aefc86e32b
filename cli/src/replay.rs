//! `apportion replay`: a batch trace under one or more policies.

mod gzip;
mod input;
mod picture;
mod policy;
mod refusal;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use apportion_backfill::{Outcome, TraceJob};
use apportion_workload::{CleaningReport, Job};
use clap::{Args, ValueEnum};

use crate::gantt::{self, Panel};
use crate::output::{self, Error, Pending, Target};
use crate::progress::Progress;
use policy::Policy;
use report::Row;

/// Replay a batch trace under scheduling policies and compare what they make of it.
///
/// Shows waits, slowdowns and utilisation; on request a Gantt picture and each job's start. The
/// trace is in the Standard Workload Format, plain or gzip. Without one, a seeded workload of the
/// Lublin–Feitelson model is replayed.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// The trace; `-` reads standard input
    trace: Option<PathBuf>,

    /// A policy of the list below; may be given several times
    #[arg(
        long = "policy",
        value_name = "P",
        default_values = ["fcfs", "easy", "conservative", "easy++-request"]
    )]
    policies: Vec<Policy>,

    /// In which order the events of one instant reach the policy
    #[arg(long, value_enum, default_value_t = Ties::Event)]
    ties: Ties,

    /// Processors of the machine, instead of the trace's `MaxProcs`; larger jobs get them all
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..=apportion_backfill::MAX_PROCESSORS)
    )]
    procs: Option<u64>,

    /// Replay N times and report the best time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    repeat: u32,

    /// Refuse a trace with a record that is no job (without run time, say) instead of dropping it
    #[arg(long)]
    strict: bool,

    /// Write each job's start, in seconds of the trace's time base (one policy only)
    #[arg(long, value_name = "OUT.csv")]
    starts: Option<PathBuf>,

    /// Draw who ran when on which processors, one policy below the other
    #[arg(long, value_name = "OUT.svg")]
    gantt: Option<PathBuf>,

    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Ties {
    /// Submissions first, a pass after each event, starts last: as the classic simulators do
    Event,
    /// Terminations first, a pass after each event
    FinishFirst,
    /// All events of the instant, then one pass
    Batch,
}

impl From<Ties> for apportion_backfill::Ties {
    fn from(ties: Ties) -> Self {
        match ties {
            Ties::Event => Self::Event,
            Ties::FinishFirst => Self::FinishFirst,
            Ties::Batch => Self::Batch,
        }
    }
}

const GUIDE: &str = "\
Policies:
  fcfs                   first come, first served: no job passes another
  easy                   a job may pass if that does not delay the first of the queue (EASY)
  easy-sjbf              easy, the shortest jobs pass first
  easy++                 easy-sjbf, run times predicted from the user's last two jobs
  easy++-request         easy++, a job that outlives its prediction gets its whole estimate
  easy-clairvoyant       easy, real run times known
  easy-sjbf-clairvoyant  easy-sjbf, real run times known
  easy-preemptive        easy, longer jobs may pass too and are suspended for the first
  conservative           a job may pass if that delays nobody in the queue
  reservations:K         a job may pass if that does not delay the first K; K or `unbounded`

A job waits from its submission to its end, but for its run time: while it is suspended, too.
Bounded slowdown is (wait + run time) / max(run time, 10 s), at least 1. A file is written whole or
not at all; where a symbolic link is named, what it leads to is written.

Examples:
  apportion replay
      the embedded workload under four policies
  apportion replay --policy fcfs --policy easy --gantt easy.svg
      what backfilling gains, as a picture";

/// A workload that is ready to be replayed.
#[derive(Debug)]
struct Workload {
    /// For people.
    name: String,
    processors: u64,
    jobs: Vec<Job>,
    cleaning: CleaningReport,
}

impl Workload {
    fn title(&self) -> String {
        let Self { name, processors, jobs, .. } = self;
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let count = jobs.len() as u64;
        let (jobs, machine) = (plural(count), plural(*processors));
        format!("{name}: {count} job{jobs} on {processors} processor{machine}")
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { policies, .. } = arguments;
    if arguments.starts.is_some() && policies.len() != 1 {
        let count = policies.len();
        return Err(Error::Usage(format!("--starts: expected one --policy, found {count}")));
    }
    let workload = input::load(arguments.trace.as_deref(), arguments.procs, arguments.strict)?;
    let (starts, gantt) = targets(arguments)?;

    let results = replay_all(arguments, &workload)?;

    let mut files = Pending::default();
    if let (Some(target), Some(text)) = (starts, results.starts) {
        files.add(target, text)?;
    }
    if let Some(target) = gantt {
        files.add(target, gantt::render(&workload.title(), results.panels))?;
    }
    let rows = results.rows;
    let text = if arguments.json { report::json(&rows) } else { report::table(&workload, &rows) };
    files.commit(&text)
}

/// What is kept of the replays: no more than will be shown, for a trace may be large.
#[derive(Debug, Default)]
struct Results {
    rows: Vec<Row>,
    panels: Vec<Panel>,
    starts: Option<String>,
}

fn replay_all(arguments: &Arguments, workload: &Workload) -> Result<Results, Error> {
    let mut results = Results::default();
    let jobs: Vec<TraceJob> = workload.jobs.iter().map(policy::trace_job).collect();
    for &policy in &arguments.policies {
        let (outcome, took) = replay(policy, arguments, workload, &jobs)?;
        let metrics = outcome.metrics(&jobs, workload.processors, report::BOUND_SECONDS);
        let row = Row::new(policy, &metrics, &workload.cleaning, took);
        if arguments.starts.is_some() {
            results.starts = Some(report::starts(&workload.jobs, &outcome));
        }
        if arguments.gantt.is_some() {
            let title = policy.to_string();
            results.panels.push(picture::panel(title, row.summary(), workload, &outcome));
        }
        results.rows.push(row);
    }
    Ok(results)
}

/// Where the files are to go: found out before a replay that may take long.
fn targets(arguments: &Arguments) -> Result<(Option<Target>, Option<Target>), Error> {
    let target = |path: Option<&PathBuf>| path.map(|path| Target::new(path)).transpose();
    let starts = target(arguments.starts.as_ref())?;
    let gantt = target(arguments.gantt.as_ref())?;
    if let (Some(starts), Some(gantt)) = (&starts, &gantt)
        && starts.is_same_file(gantt)
    {
        return Err(Error::Usage("--starts and --gantt: expected two files, found one".into()));
    }
    if arguments.json {
        output::beside_json([("--starts", &starts), ("--gantt", &gantt)])?;
    }
    let trace = arguments.trace.as_deref().filter(|path| path.as_os_str() != "-");
    let replaces =
        |path: &Path| [&starts, &gantt].into_iter().flatten().any(|it| it.replaces(path));
    if trace.is_some_and(replaces) {
        return Err(Error::Usage("expected another file to write than the trace".into()));
    }
    Ok((starts, gantt))
}

/// The outcome of a policy, and the best of the times it took.
fn replay(
    policy: Policy,
    arguments: &Arguments,
    workload: &Workload,
    jobs: &[TraceJob],
) -> Result<(Outcome, Duration), Error> {
    let once = || {
        let mut progress = Progress::new(policy.to_string(), jobs.len() as u64, "jobs");
        let outcome = policy::replay(
            policy,
            workload.processors,
            jobs,
            arguments.ties.into(),
            &mut |finished| progress.report(finished as u64),
        );
        match outcome {
            Ok(outcome) => Ok((outcome, progress.finish())),
            Err(error) => {
                Err(Error::input(&workload.name, refusal::explain(error, &workload.jobs)))
            }
        }
    };
    let (outcome, mut best) = once()?;
    for _ in 1..arguments.repeat {
        best = best.min(once()?.1);
    }
    Ok((outcome, best))
}
