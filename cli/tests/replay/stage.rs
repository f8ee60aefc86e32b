//! A folder of its own for each test, traces written by hand, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::read::GzEncoder;
use tempfile::TempDir;

/// A temporary folder with traces, in which the program runs.
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

    /// A stage with the file `t.swf`.
    pub(crate) fn with(trace: impl AsRef<[u8]>) -> Self {
        let stage = Self::new();
        stage.write("t.swf", trace);
        stage
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

    /// Runs `apportion replay` with arguments that are separated by spaces.
    pub(crate) fn replay(&self, arguments: &str) -> Done {
        let mut program = self.program();
        program.arg("replay").args(arguments.split_whitespace());
        done(program.output().expect("the program can be started"))
    }

    /// The same with something on standard input.
    pub(crate) fn replay_input(&self, arguments: &str, input: &[u8]) -> Done {
        let mut program = self.program();
        program.arg("replay").args(arguments.split_whitespace());
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().expect("the program can be started");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        // A program that gives up early does not read to the end.
        let _ = pipe.write_all(input);
        drop(pipe);
        done(child.wait_with_output().expect("the program ends"))
    }

    /// Runs a replay that must succeed, and returns the starts that it writes.
    pub(crate) fn starts(&self, arguments: &str) -> String {
        let name = "starts-of-a-test.csv";
        self.replay(&format!("{arguments} --starts {name}")).succeeded();
        let starts = self.read(name);
        fs::remove_file(self.path(name)).expect("the file can be removed");
        starts
    }
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

/// A trace for four processors.
pub(crate) fn trace(records: &[[i64; 5]]) -> String {
    let records = records.iter().map(|&record| self::record(record));
    String::from("; MaxProcs: 4\n") + &records.collect::<String>()
}

/// A line of a trace: job, submit time, run time, processors, requested time.
pub(crate) fn record([job, submit, run, processors, requested]: [i64; 5]) -> String {
    format!("{job} {submit} -1 {run} {processors} -1 -1 {processors} {requested} -1 1 7{UNKNOWN}\n")
}

const UNKNOWN: &str = " -1 -1 -1 -1 -1 -1";

/// Four jobs that fill the machine in another way under each policy: a narrow job runs, a wide one
/// waits, and of two that might pass it only the first does no harm.
pub(crate) fn small() -> String {
    trace(&[[1, 0, 10, 3, 10], [2, 1, 10, 4, 10], [3, 2, 8, 1, 8], [4, 3, 9, 1, 9]])
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(bytes, Compression::default())
        .read_to_end(&mut packed)
        .expect("what is in memory can be packed");
    packed
}
