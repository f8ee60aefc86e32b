//! The fuzz targets, on a stable toolchain: coverage comes from a pass of LLVM, sanitizers do not.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, available_parallelism};

use apportion_testbed as testbed;
use clap::Args;

use crate::check::DENY_WARNINGS;
use crate::command::{self, cargo, root};
use crate::files;

/// Without a bound: a brief run that shows its output only if it fails. With one: as long as it
/// says, and what is learnt is kept in `fuzz/corpus`.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Runs of each target at most
    #[arg(long)]
    runs: Option<u64>,
    /// Seconds for each target at most
    #[arg(long)]
    seconds: Option<u64>,
    /// Where chance begins; 0: elsewhere each time
    #[arg(long, default_value_t = Options::BRIEF.seed)]
    seed: u32,
}

impl Options {
    pub(crate) const BRIEF: Self = Self { runs: None, seconds: None, seed: 1 };

    fn is_brief(self) -> bool {
        self.runs.is_none() && self.seconds.is_none()
    }
}

pub(crate) fn run(options: Options) -> Result<(), String> {
    if !has_compiler() {
        let why = "there is no C++ compiler (set CXX)";
        if testbed::required("cxx") {
            return Err(format!("{why}, and APPORTION_REQUIRE names `cxx`"));
        }
        testbed::not_run("cxx", "cargo xtask fuzz", why);
        return Ok(());
    }
    command::run(instrumented(&[&["clippy"], &BUILD[..], &DENY_WARNINGS].concat()))?;
    command::run(instrumented(&[&["build"], &BUILD[..]].concat()))?;
    let targets = files::list("fuzz/fuzz_targets")?;
    let next = AtomicUsize::new(0);
    let fuzz_next = || -> Result<(), String> {
        while let Some(entry) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            fuzz(entry.trim_end_matches(".rs"), options)?;
        }
        Ok(())
    };
    // One that talks has the terminal to itself.
    let count = if options.is_brief() { available_parallelism().map_or(1, usize::from) } else { 1 };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(fuzz_next)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a thread that runs targets panicked".to_owned()))
        })
    })
}

fn fuzz(target: &str, options: Options) -> Result<(), String> {
    let folder = root().join("fuzz");
    let artifacts = folder.join("artifacts").join(target);
    let corpus = folder.join("corpus").join(target);
    for folder in [&artifacts, &corpus] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = instrumented(&[&["run", "--quiet"], &BUILD[..], &["--bin", target]].concat());
    // Long inputs from the start: a brief run would never get to them.
    command.args(["--", "-timeout=10", "-len_control=0"]);
    command.arg(format!("-seed={}", options.seed));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    let brief = options.is_brief();
    let runs = if brief { Some(RUNS) } else { options.runs };
    let seconds = if brief { Some(SECONDS) } else { options.seconds };
    if let Some(runs) = runs {
        command.arg(format!("-runs={runs}"));
    }
    if let Some(seconds) = seconds {
        command.arg(format!("-max_total_time={seconds}"));
    }
    if !brief {
        command.arg(corpus);
    }
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        let names = files::list(&format!("fuzz/seeds/{target}"))?;
        let paths: Vec<_> =
            names.iter().map(|name| seeds.join(name).display().to_string()).collect();
        command.arg(format!("-seed_inputs={}", paths.join(",")));
    }
    if brief { run_quietly(target, command) } else { command::run(command) }
}

/// The fuzzer talks a lot: of a run without findings, only its last words are of interest.
fn run_quietly(target: &str, mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("`cargo` cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprint!("{said}");
        return Err(format!("target `{target}`: {}", output.status));
    }
    let result = said.lines().rfind(|line| line.starts_with("Done ")).unwrap_or("no result");
    println!("fuzz: {target}: {result}");
    Ok(())
}

/// A call of cargo that instruments what it compiles for the target, and no build script.
fn instrumented(arguments: &[&str]) -> Command {
    let mut command = cargo("fuzz", arguments);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS.join(" "));
    command
}

/// Whether there is a compiler for the fuzzer itself, perhaps now installed.
fn has_compiler() -> bool {
    let chosen = env::var_os("CXX");
    let compiler = chosen.clone().unwrap_or_else(|| "c++".into());
    let found = || {
        let mut command = Command::new(&compiler);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    found() || (chosen.is_none() && testbed::apt::install(&["g++"]).is_ok() && found())
}

/// Of a brief run, for each target.
const RUNS: u64 = 100_000;
/// Of a brief run, for each target, at most.
const SECONDS: u64 = 12;

/// With a target named, flags do not reach build scripts, which could not link with them.
const BUILD: [&str; 4] = ["--locked", "--release", "--target", "host-tuple"];

const FLAGS: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
