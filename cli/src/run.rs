//! `apportion run`: commands, started for real, each with the share that was decided for it.

mod again;
mod apply;
mod backend;
mod division;
mod document;
mod files;
mod input;
mod layout;
mod network;
mod picture;
mod probe;
mod record;
mod report;
mod screen;
mod session;
mod signals;
mod spec;
#[cfg(test)]
mod tests;
pub(crate) mod value;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use apportion_host::{Executor, GroupControl as _, Keeper};
use clap::{Args, ValueEnum};

use crate::cpus;
use crate::option::refusal;
use crate::output::{self, Error, Pending, Target, reason};
use again::Original;
use backend::Control;
use division::Division;
use document::Source;
use files::Files;
use layout::{Layout, Means};
use session::{Outcome, Plan};
use signals::Signals;
use spec::Spec;
use value::{CPU, CpuList};

/// Start commands with the shares and limits of the CPUs that the policy decided, and show what each
/// really got.
///
/// Each command runs in a control group of its own. Weights, reservations and limits are divided as
/// by `apportion divide`, and anew whenever a command ends. Nothing is left when the run ends,
/// however it ends; under nice levels, but for what has taken a session of its own, as daemons do.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// What to start, as described below (`-`: standard input) [default: three busy loops]
    #[arg(value_name = "SPEC.toml")]
    spec: Option<PathBuf>,

    /// End the commands after this time: 5s, 250ms, 2min, 1h [default: when all have ended; of the
    /// busy loops, 5s]
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true)]
    length: Option<String>,

    /// The CPUs to use, such as 0,2-3 [default: all that this program may use]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    cpus: Option<String>,

    /// What carries the decisions out: control groups, which need rights; or nice levels, which need
    /// none and keep to weights only
    #[arg(long, value_enum, default_value = "auto")]
    backend: Backend,

    /// Write what the commands print to NAME.out and NAME.err in this folder, not to standard error
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Draw achieved against decided shares over time
    #[arg(long, value_name = "OUT.svg")]
    svg: Option<PathBuf>,

    /// Start nothing: show what this machine offers, and what would help where it does not
    #[arg(long, conflicts_with_all = ["spec", "length", "cpus", "output", "svg"])]
    probe: bool,

    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Backend {
    /// Control groups; where they are not to be had, it says why
    Auto,
    /// Control groups
    Cgroup,
    /// Nice levels
    Nice,
}

const GUIDE: &str = "\
SPEC.toml: a [[command]] each, and a [[group]] for each group of commands or groups. A command has
  name       a word, different from the others'
  run        the program and its arguments: [\"sleep\", \"5\"]
  weight     its right beside its siblings, from 1 on [default: 1]
  limit      the most it may use, in CPUs: 0.5
  reserve    the least it gets if it can use it, in CPUs
  hard       true: fixed at its weight's share of all, and lent to nobody
  cpus       the CPUs it may run on: \"0,2-3\"
  memory     the most memory: \"1GiB\"
  io-weight  its weight where a disk is the bottleneck, 1 to 1000
  group      the name of the group that it is in
  bandwidth-weight, bandwidth-limit
             its right to the bandwidth of the [network], and the most: \"5Mbit\"
A group has name, weight, limit, reserve, and parent, the group that it is in.
[network] has bandwidth (\"20Mbit\"), which the commands that name a bandwidth share in each direction, in
network namespaces of their own; addresses, the private network to take theirs from; gateway = true,
if they may send beyond this host. Then the report says what each sent and received.

Standard input of the commands is empty. A command that fails stops no other. When one ends, what it
left running is killed, and the others divide what it had. SIGHUP reads SPEC.toml again: weight,
reserve and limit may change. Ctrl-C ends the run; once more, at once. The exit status is 0 if --for
ended it, 128 + N after signal N, else that of the first command that failed.

JSON: a list with, by command, name, decided and achieved (shares of the CPUs given, over all the
time), cpu_ms, exit (128 + N after signal N; null: it ran until the run was ended).

Examples:
  apportion run
      three busy loops of weights 1, 2 and 4, for five seconds
  apportion run --cpus 0 --for 3s --svg run.svg
      on one CPU, where they have to share; as a picture";

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.probe {
        return probe::run(arguments.json).map(|()| ExitCode::SUCCESS);
    }
    let length = arguments.length.as_deref().map(|text| {
        let expected = "a time such as 5s, 250ms, 2min or 1h, at least 1ms";
        value::span(text).ok_or_else(|| refusal("--for", expected, &format!("`{text}`")))
    });
    let length = length.transpose()?.or(arguments.spec.is_none().then_some(EXAMPLE));
    let allowed = cpus::allowed()?;
    let cpus = match arguments.cpus.as_deref() {
        Some(text) => cpus::chosen(text, &allowed)?,
        None => allowed.clone(),
    };
    let (name, text) = input::load(arguments.spec.as_deref())?;
    let source = Source { name: &name, text: &text };
    let spec = Spec::parse(source, &cpus)?;
    let capacity = cpus.len() as u64 * CPU;
    let division = Division::of(&spec, source, &vec![true; spec.commands.len()], capacity)?;
    let nested = arguments.backend != Backend::Nice;
    let layout = if nested { Layout::nested(&spec) } else { Layout::flat(&spec) };
    let layout = layout.map_err(|error| {
        let path = output::shortened(&error.0);
        Error::input(&name, format!("expected at most 16 groups in groups, found `{path}`"))
    })?;
    let svg = arguments.svg.as_deref().map(Target::new).transpose()?;
    if arguments.json {
        output::beside_json([("--svg", &svg)])?;
    }
    let files = arguments.output.as_deref().map(|folder| Files::open(folder, &spec)).transpose()?;

    // From here on, a signal ends the run in an orderly way.
    let signals = Signals::new().map_err(|error| failed("catch signals", &error))?;
    let bounded = cpus != allowed;
    let Control { groups, cpuset } =
        if nested { backend::groups(&spec, bounded)? } else { backend::nice(source, &spec)? };
    let means = Means { cpus: &cpus, bounded, cpuset };
    let title = title(&name, &cpus, groups.backend());
    let executor = Executor::new(groups, Some(keeper()?));
    let drawn = spec.commands.len().min(picture::MOST_DRAWN);
    let sampled = svg.is_some().then_some(drawn);
    let path = arguments.spec.as_deref();
    let original = Original { path, name: name.clone(), cpus: &cpus, nice: !nested };
    let plan = Plan { spec, original, division, layout, means, length, sampled };
    let Outcome { spec, record, signal, failed } = session::run(executor, plan, signals, files)?;

    let mut pending = Pending::default();
    let mut drawn = Ok(());
    if let (Some(target), Some(samples)) = (svg, &record.samples) {
        drawn = pending.add(target, picture::render(&title, &spec, &record, samples));
    }
    let text = if arguments.json {
        report::json(&spec, &record)
    } else {
        report::table(&title, &spec, &record)
    };
    // What was found out is not lost because a picture of it cannot be written.
    if let Err(error) = drawn {
        output::print(&text)?;
        return Err(error);
    }
    pending.commit(&text)?;
    let status = signal.map(|signal| 128 + signal).or(failed).unwrap_or(0);
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(255)))
}

/// What the keeper does: see [`Keeper`].
pub(crate) fn keep() -> ExitCode {
    backend::keep();
    ExitCode::SUCCESS
}

/// This program again, to end what would be left if it were killed.
fn keeper() -> Result<Keeper, Error> {
    // The program that runs, even if its file has been replaced meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.arg(KEEPER);
    Keeper::start(command).map_err(|error| failed("start a keeper", &error))
}

fn failed(doing: &str, error: &std::io::Error) -> Error {
    Error::Usage(format!("cannot {doing}: {}", reason(error)))
}

/// What is run, in a few words.
fn title(name: &str, cpus: &[u32], backend: &str) -> String {
    let plural = if cpus.len() == 1 { "" } else { "s" };
    format!("{name} on CPU{plural} {} by {backend}", CpuList(cpus.to_vec()))
}

/// How long the busy loops run.
const EXAMPLE: Duration = Duration::from_secs(5);
/// The argument that makes this program a keeper; hidden, as nobody types it.
pub(crate) const KEEPER: &str = "run-keeper";
