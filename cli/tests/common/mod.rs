//! A folder of its own for each test, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary folder in which the program runs.
pub(crate) struct Stage(TempDir);

/// What a run left behind.
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder can be listed");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry can be read").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The program, about to be run in the folder.
    pub(crate) fn program(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_apportion"))
    }

    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program with arguments that are separated by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Done {
        let mut program = self.program();
        program.args(arguments.split_whitespace());
        done(program.output().expect("the program can be started"))
    }
}

impl Stage {
    /// Asserts that a program of which nobody reads the output ends without a word.
    #[track_caller]
    pub(crate) fn nobody_reads(&self, arguments: &[&str], input: &[u8]) {
        let mut program = self.program();
        program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().expect("the program can be started");
        // Gone before the program has anything to print.
        drop(child.stdout.take());
        feed(&mut child, input);
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{arguments:?}");
    }

    /// Asserts that a full disk under standard output is an error; on Linux, which has such a disk.
    #[track_caller]
    pub(crate) fn disk_is_full(&self, arguments: &[&str]) {
        if cfg!(not(target_os = "linux")) {
            return;
        }
        let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut program = self.program();
        program.args(arguments).stdout(full).stderr(Stdio::piped());
        let child = program.spawn().expect("the program can be started");
        done(child.wait_with_output().expect("the program ends"))
            .refused("standard output: cannot be written: No space left on device");
    }
}

/// Gives a program all of its standard input.
pub(crate) fn feed(child: &mut Child, input: &[u8]) {
    let mut pipe = child.stdin.take().expect("it is piped");
    pipe.write_all(input).expect("the program reads it");
}

impl Done {
    /// Asserts success without a message. Returns what was printed.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (Some(0), ""));
        self.out
    }

    /// Asserts failure with this one line on standard error, and nothing printed.
    #[track_caller]
    pub(crate) fn refused(self, line: &str) {
        assert_eq!(self.err, format!("apportion: {line}\n"));
        assert_eq!((self.status, self.out.as_str()), (Some(2), ""));
    }
}

pub(crate) fn done(output: Output) -> Done {
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Done { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
