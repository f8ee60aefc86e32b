//! Every chore of the workspace as one command: `cargo xtask ci` and its parts.

mod check;
mod command;
mod files;
mod fuzz;
mod host;
mod hygiene;
mod leftovers;
mod prove;
mod readme;
mod suite;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

/// Every chore of the workspace as one command.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask ci\n  cargo xtask fuzz --seconds 600"
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run all parts in order; stop at the first that fails
    Ci,
    #[command(flatten)]
    Part(Part),
}

#[derive(Clone, Copy, Subcommand)]
enum Part {
    /// Check the format of all sources
    Fmt,
    /// Check sizes of files, left-over markers, what policies must declare, lock files
    Hygiene,
    /// Check that the README names the main commands and that each crate page is its README
    Readme,
    /// Lint with all features and with default ones; a warning is an error
    Clippy,
    /// Build the documentation; a warning is an error
    Doc,
    /// Run tests and doc tests of all features, optimised, with overflow checks; not what needs the machine
    Test,
    /// Run the tests of `host`, and of the program, on this machine; check that nothing is left behind
    Host,
    /// Play random operations on fair queues, divide random trees, draw lotteries; check every law
    Laws(prove::Options),
    /// Link all policies into a program without std, and run it
    NoStd,
    /// Build the fuzz targets and run each for a bounded time
    Fuzz(fuzz::Options),
    /// Run each benchmark once, without measuring
    Bench,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Hygiene,
        Self::Readme,
        Self::Clippy,
        Self::Doc,
        Self::Test,
        Self::Host,
        Self::Laws(prove::Options::BRIEF),
        Self::NoStd,
        Self::Fuzz(fuzz::Options::BRIEF),
        Self::Bench,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Hygiene => "hygiene",
            Self::Readme => "readme",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Test => "test",
            Self::Host => "host",
            Self::Laws(_) => "laws",
            Self::NoStd => "no-std",
            Self::Fuzz(_) => "fuzz",
            Self::Bench => "bench",
        }
    }

    fn run(self) -> Result<(), String> {
        match self {
            Self::Fmt => check::fmt(),
            Self::Hygiene => hygiene::run(),
            Self::Readme => readme::run(),
            Self::Clippy => check::clippy(),
            Self::Doc => check::doc(),
            Self::Test => prove::test(),
            Self::Host => host::run(),
            Self::Laws(options) => prove::laws(options),
            Self::NoStd => prove::no_std(),
            Self::Fuzz(options) => fuzz::run(options),
            Self::Bench => prove::bench(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a person waits for it")]
    fn run_timed(self) -> Result<(), String> {
        let name = self.name();
        println!("{name}: …");
        let start = Instant::now();
        self.run().map_err(|why| format!("{name}: failed: {why}"))?;
        println!("{name}: passed in {:.1} s", start.elapsed().as_secs_f64());
        Ok(())
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Part(part) => part.run_timed(),
        Chore::Ci => Part::ALL
            .into_iter()
            .try_for_each(Part::run_timed)
            .map(|()| println!("ci: all parts passed")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
