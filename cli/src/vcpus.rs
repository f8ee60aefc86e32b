//! `apportion vcpus`: virtual CPUs, run for real by share, lottery or hard limit.

mod existing;
mod input;
mod own;
mod picture;
mod policy;
mod report;
mod stop;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use apportion_host::vcpu::Report;
use apportion_host::{CpuLimit, Error as HostError};
use clap::Args;

use crate::cpus;
use crate::option;
use crate::output::{self, Error, Pending, Target};
use policy::Policy;
use stop::Stop;

/// Run virtual CPUs by share, lottery or hard limit, and show what each really got.
///
/// Guests of its own run if none is named, all on one CPU: by the kernel, in control groups, and
/// quantum by quantum, where a policy picks who enters KVM and is charged with CPU time. With --qmp
/// or --pid, the vCPUs of a QEMU that runs already are put into control groups; when the time is
/// over, or on Ctrl-C, they go back to where they were.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// A policy of the list below; may be given several times [default: groups, wfq, lottery]
    #[arg(long = "policy", value_name = "P", allow_hyphen_values = true)]
    policies: Vec<String>,

    /// A weight for each vCPU, from 1 to 1048576 [default: 1,2,4; of a QEMU, all the same]
    #[arg(long, value_name = "W,W...", allow_hyphen_values = true)]
    weights: Option<String>,

    /// A hard limit: of vCPU I, from 0, such a part of a CPU; may be given several times
    #[arg(long = "limit", value_name = "I=N%", allow_hyphen_values = true)]
    limits: Vec<String>,

    /// A vCPU of its own that stops after about such a part of each quantum; may be given several
    /// times
    #[arg(long = "early", value_name = "I=N%", allow_hyphen_values = true)]
    early: Vec<String>,

    /// How long a vCPU runs in a turn, from 1ms to 1s
    #[arg(long, value_name = "TIME", default_value = "2ms", allow_hyphen_values = true)]
    quantum: String,

    /// How long each policy runs [default: 2s; of a QEMU, until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true)]
    length: Option<String>,

    /// The CPUs that the vCPUs may run on, such as 0,2-3 [default: of its own the first, of a QEMU
    /// those that they may run on already]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    cpus: Option<String>,

    /// Seed of what the lottery draws
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true)]
    seed: String,

    /// Busy threads in the place of guests, where there is no KVM
    #[arg(long)]
    threads: bool,

    /// The socket of a QEMU's machine protocol, as of `-qmp unix:SOCKET,server=on,wait=off`
    #[arg(long, value_name = "SOCKET", conflicts_with_all = OWN)]
    qmp: Option<PathBuf>,

    /// A QEMU whose threads have the names of vCPUs, as with `-name NAME,debug-threads=on`
    #[arg(
        long,
        value_name = "PID",
        allow_hyphen_values = true,
        conflicts_with_all = OWN,
        conflicts_with = "qmp"
    )]
    pid: Option<String>,

    /// Draw achieved beside decided shares
    #[arg(long, value_name = "OUT.svg")]
    svg: Option<PathBuf>,

    /// Print one JSON document instead of tables: a list if there are several policies
    #[arg(long)]
    json: bool,
}

/// What only guests of its own have.
const OWN: [&str; 4] = ["policies", "early", "threads", "seed"];

const GUIDE: &str = "\
Policies:
  groups   all run at once, each thread in a control group with its weight and limit
  wfq      quantum by quantum: whoever has had the least CPU time for its weight
  eevdf    of those who are not ahead, the one whose virtual deadline is earliest
  stride   the least pass; no limits
  lottery  a draw, with compensation for who stops early; no limits

JSON: {policy, wall_ms, cpu_ms, idle_ms, decision_us: {median, p99}, vcpus: [{vcpu, weight, limit (of
a CPU), decided, achieved (shares of the CPU time that all used, and of what limits left idle),
work (share of what the guests did), cpu_ms, quanta, yielded, kick_us (median)}]}. What there is not
is null.

Examples:
  apportion vcpus
      three vCPUs of weights 1, 2 and 4: by control group, in virtual time, by draws
  apportion vcpus --policy wfq --limit 2=20% --quantum 10ms --for 3s
      the third may have a fifth of the CPU; the others divide the rest";

/// What is run.
#[derive(Debug)]
struct Plan {
    rights: Vec<Right>,
    /// Which vCPUs stop after which part of a quantum.
    early: Vec<(usize, f64)>,
    quantum: Duration,
    length: Option<Duration>,
    cpus: Vec<u32>,
    seed: u64,
    threads: bool,
}

/// What a vCPU may have.
#[derive(Clone, Copy, Debug)]
struct Right {
    weight: NonZeroU32,
    limit: Option<CpuLimit>,
}

/// What came of a policy.
#[derive(Debug)]
struct Outcome {
    policy: Policy,
    report: Report,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let pid = arguments.pid.as_deref().map(input::process).transpose()?;
    let own = arguments.qmp.is_none() && pid.is_none();
    let mut plan = Plan {
        rights: Vec::new(),
        early: Vec::new(),
        quantum: input::quantum(&arguments.quantum)?,
        length: arguments.length.as_deref().map(|text| input::span("--for", text)).transpose()?,
        cpus: match arguments.cpus.as_deref() {
            Some(text) => cpus::chosen(text, &cpus::allowed()?)?,
            None => Vec::new(),
        },
        seed: option::number("--seed", &arguments.seed, 0..=u64::MAX)?,
        threads: arguments.threads,
    };
    let policies = input::policies(&arguments.policies, !arguments.limits.is_empty())?;
    let svg = arguments.svg.as_deref().map(Target::new).transpose()?;
    if arguments.json {
        output::beside_json([("--svg", &svg)])?;
    }
    // What was given is looked at before anything is touched.
    let weights = arguments.weights.as_deref().map(input::weights).transpose()?;
    let (outcomes, title) = if own {
        plan.rights = input::rights(weights.unwrap_or_else(input::default_weights));
        input::limit(&mut plan.rights, &arguments.limits)?;
        plan.early = input::early(&arguments.early, plan.rights.len())?;
        let stop = Stop::on_signals()?;
        (own::play(&plan, &policies, &stop)?, report::title(&plan))
    } else {
        let stop = Stop::on_signals()?;
        let (vcpus, name) = existing::find(arguments.qmp.as_deref(), pid)?;
        plan.rights = input::rights_of(weights, vcpus.len(), &name)?;
        input::limit(&mut plan.rights, &arguments.limits)?;
        let outcome = existing::govern(&plan, &vcpus, &name, &stop)?;
        (vec![outcome], format!("{name}: {}", report::title(&plan)))
    };
    let mut files = Pending::default();
    if let Some(target) = svg {
        files.add(target, picture::render(&title, &outcomes))?;
    }
    let text = if arguments.json {
        report::json(&outcomes)
    } else {
        report::tables(&title, &outcomes, plan.quantum)
    };
    files.commit(&text)
}

/// What went wrong with the world, on one line.
fn failed(error: impl Into<HostError>) -> Error {
    Error::Usage(error.into().to_string())
}
