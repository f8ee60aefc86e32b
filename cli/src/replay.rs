//! `apportion replay`: a batch trace under one or more policies.

mod input;
mod picture;
mod policy;
mod report;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use apportion_backfill::{Outcome, TraceJob};
use apportion_workload::{CleaningReport, Job};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{self, Error, Pending};
use policy::Policy;
use report::Row;

/// Replay a batch trace under one or more policies: waits, bounded slowdown, utilisation, a Gantt picture, start times.
///
/// The trace is in the Standard Workload Format, plain or gzip, `-` for standard input. Without one, a seeded
/// Lublin–Feitelson workload is replayed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The trace, in the Standard Workload Format, plain or gzip; `-` reads standard input
    trace: Option<PathBuf>,

    /// A policy; may be given several times: fcfs, easy, easy-sjbf, easy++, easy++-request, easy-clairvoyant,
    /// easy-sjbf-clairvoyant, easy-preemptive, conservative, reservations:K (K a number or `unbounded`)
    #[arg(long = "policy", value_name = "P", default_values = ["fcfs", "easy", "conservative", "easy++-request"])]
    policies: Vec<Policy>,

    /// In which order the events of one instant reach the policy
    #[arg(long, value_enum, default_value_t = Ties::Event)]
    ties: Ties,

    /// Processors of the machine, instead of the trace's `MaxProcs`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=apportion_backfill::MAX_PROCESSORS))]
    procs: Option<u64>,

    /// Replay N times and report the best time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,

    /// Refuse a trace of which a job would be dropped in cleaning
    #[arg(long)]
    strict: bool,

    /// Write each job's start time (one policy only)
    #[arg(long, value_name = "OUT.csv")]
    starts: Option<PathBuf>,

    /// Draw the replays, below each other
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

const EXAMPLES: &str = "\
Examples:
  apportion replay
      the embedded workload under four policies
  apportion replay --policy easy --policy easy-preemptive --gantt easy.svg
      what suspending jobs gains, as a picture";

/// A workload that is ready to be replayed.
#[derive(Debug)]
struct Workload {
    /// For people.
    name: String,
    processors: u64,
    jobs: Vec<Job>,
    cleaning: CleaningReport,
}

/// A workload under one policy.
#[derive(Debug)]
struct Replayed {
    policy: Policy,
    outcome: Outcome,
    row: Row,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    if arguments.starts.is_some() && arguments.policies.len() != 1 {
        return Err(Error::Usage("--starts needs exactly one --policy".into()));
    }
    let workload = input::load(arguments.trace.as_deref(), arguments.procs, arguments.strict)?;
    let replays = replay_all(arguments, &workload)?;

    // Everything that can fail comes before anything appears.
    let mut files = Vec::new();
    if let (Some(path), [only]) = (&arguments.starts, replays.as_slice()) {
        files.push(Pending::write(path, report::starts(&workload.jobs, &only.outcome).as_bytes())?);
    }
    if let Some(path) = &arguments.gantt {
        files.push(Pending::write(path, picture::draw(&workload, &replays).as_bytes())?);
    }
    let rows: Vec<&Row> = replays.iter().map(|replayed| &replayed.row).collect();
    let text = if arguments.json { report::json(&rows) } else { report::table(&workload, &rows) };
    for file in files {
        file.commit()?;
    }
    output::print(&text)
}

fn replay_all(arguments: &Arguments, workload: &Workload) -> Result<Vec<Replayed>, Error> {
    let mut replays = Vec::new();
    for &policy in &arguments.policies {
        let jobs: Vec<TraceJob> = workload.jobs.iter().map(policy::trace_job).collect();
        let progress = progress_bar(policy, jobs.len());
        let mut best: Option<(Duration, Outcome)> = None;
        for _ in 0..arguments.repeat {
            progress.reset();
            let begin = now();
            let outcome = policy::replay(
                policy,
                workload.processors,
                &jobs,
                arguments.ties.into(),
                &mut |finished| {
                    progress.set_position(finished as u64);
                },
            )
            .map_err(|error| Error::input(&workload.name, error))?;
            let took = begin.elapsed();
            if best.as_ref().is_none_or(|best| took < best.0) {
                best = Some((took, outcome));
            }
        }
        progress.finish_and_clear();
        let Some((took, outcome)) = best else {
            continue;
        };
        let metrics = outcome.metrics(&jobs, workload.processors, report::BOUND_SECONDS);
        let row = Row::new(policy, &metrics, &workload.cleaning, took);
        replays.push(Replayed { policy, outcome, row });
    }
    Ok(replays)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program reports how long a replay took; no decision depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

/// Shown on standard error if that is a terminal and the replay takes longer than a blink.
fn progress_bar(policy: Policy, jobs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{prefix:>24} [{wide_bar}] {human_pos}/{human_len} jobs, {eta} left",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(jobs as u64).with_style(style).with_prefix(policy.to_string())
}
