//! The program `apportion`: the scheduling policies without writing code.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod cpus;
mod divide;
mod document;
mod gantt;
mod option;
mod output;
mod pack;
mod picture;
mod progress;
mod replay;
#[cfg(target_os = "linux")]
mod run;
mod share;
mod source;
#[cfg(target_os = "linux")]
mod vcpus;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// Scheduling policies, replayed and explained.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true, after_help = START)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const START: &str = "Start with `apportion replay`, `share`, `divide` or `pack`, or on Linux with `run` or `vcpus`: without \
input they make their own.";

#[derive(Debug, Subcommand)]
enum Command {
    Divide(divide::Arguments),
    Pack(pack::Arguments),
    Replay(replay::Arguments),
    #[cfg(target_os = "linux")]
    Run(run::Arguments),
    #[cfg(target_os = "linux")]
    #[command(name = run::KEEPER, hide = true)]
    RunKeeper,
    Share(share::Arguments),
    #[cfg(target_os = "linux")]
    Vcpus(vcpus::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // What other options say of their values, too: a line.
        Err(error)
            if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) =>
        {
            // The values that there are come in a line of their own.
            let text = error.to_string();
            let lines: Vec<&str> =
                text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            let line = lines.join(" ");
            let line = line.strip_prefix("error: ").unwrap_or(&line).to_owned();
            return finish(Err(output::Error::Usage(line)));
        }
        Err(error) => error.exit(),
    };
    let result = match arguments.command {
        Command::Divide(arguments) => divide::run(&arguments),
        Command::Pack(arguments) => pack::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        #[cfg(target_os = "linux")]
        Command::Run(arguments) => return finish(run::run(&arguments)),
        #[cfg(target_os = "linux")]
        Command::RunKeeper => return run::keep(),
        Command::Share(arguments) => share::run(&arguments),
        #[cfg(target_os = "linux")]
        Command::Vcpus(arguments) => vcpus::run(&arguments),
    };
    finish(result.map(|()| ExitCode::SUCCESS))
}

fn finish(result: Result<ExitCode, output::Error>) -> ExitCode {
    match result {
        Ok(status) => status,
        // Whoever closed the pipe has seen enough.
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(2)
        }
    }
}
