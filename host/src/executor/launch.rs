//! What is started, and how it ended.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::{Entrance, Error, GroupPath, Usage};

/// A command to be started.
#[derive(Debug)]
pub struct Launch {
    /// What it is called in reports.
    pub name: String,
    /// A path, or a name that is looked for in `PATH`.
    pub program: OsString,
    /// What the program is told, without its name.
    pub args: Vec<OsString>,
    /// The group that it runs in, which has been created.
    pub group: GroupPath,
    /// What it enters beside its group, such as a network.
    pub entrance: Entrance,
    /// Variables on top of our own environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it runs; our own folder if none is named.
    pub directory: Option<PathBuf>,
    /// Where what it prints goes.
    pub output: Output,
}

/// Where what a command prints goes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// Both streams to our standard error.
    StandardError,
    /// To nobody.
    Nowhere,
    /// Standard output to the one, standard error to the other.
    Files {
        /// For its standard output.
        out: File,
        /// For its standard error.
        err: File,
    },
}

/// A command that has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exited {
    /// As it was launched.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What its group had used by then.
    pub usage: Usage,
}

impl Launch {
    pub(super) fn spawn(self, entrance: Entrance) -> Result<Child, Error> {
        let Self { program, args, environment, directory, output, .. } = self;
        let mut command = Command::new(program);
        command.args(args).envs(environment).stdin(Stdio::null()).process_group(0);
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        match output {
            Output::StandardError => command.stdout(io::stderr()),
            Output::Nowhere => command.stdout(Stdio::null()).stderr(Stdio::null()),
            Output::Files { out, err } => command.stdout(out).stderr(err),
        };
        crate::spawn(command, entrance)
    }
}
