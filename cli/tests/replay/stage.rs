//! Traces written by hand, and replays of them.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use flate2::Compression;
use flate2::read::GzEncoder;

pub(crate) use crate::common::{Done, Stage, done};

impl Stage {
    /// A stage with the file `t.swf`.
    pub(crate) fn with(trace: impl AsRef<[u8]>) -> Self {
        let stage = Self::new();
        stage.write("t.swf", trace);
        stage
    }

    /// Runs `apportion replay` with arguments that are separated by spaces.
    pub(crate) fn replay(&self, arguments: &str) -> Done {
        self.run(&format!("replay {arguments}"))
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
