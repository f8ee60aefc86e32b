//! The tests of `host` on this machine, as it is.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::{self, cargo};
use crate::leftovers;
use crate::suite::{self, SUITE};

/// Runs each test program by itself and says how long it took, shows what was measured, and checks
/// that nothing is left behind.
pub(crate) fn run() -> Result<(), String> {
    let before = leftovers::found()?;
    let names = suite::real_programs()?;
    let mut build = cargo(".", &[&SUITE[..], &["--no-run"]].concat());
    build.args(names.iter().flat_map(|name| ["--test", name]));
    command::run(build)?;
    names.iter().try_for_each(|name| timed(name))?;

    let mut left = left_since(&before)?;
    // One that was killed takes a moment to go.
    for _ in 0..20 {
        if left.is_empty() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
        left = left_since(&before)?;
    }
    for line in &left {
        eprintln!("left behind: {line}");
    }
    Err(format!("left behind: {}", left.len()))
}

fn left_since(before: &BTreeSet<PathBuf>) -> Result<Vec<String>, String> {
    let mut left = leftovers::processes(MARK, &mark());
    let since = leftovers::found()?.difference(before).cloned().collect();
    let others = leftovers::without_owner(since);
    left.extend(others.iter().map(|path| path.display().to_string()));
    Ok(left)
}

/// Runs a test program. What it complains about passes through; of what it says, the measured and
/// the result do, and all of it when it fails.
#[expect(clippy::disallowed_methods, reason = "the time is shown; a thread reads")]
fn timed(name: &str) -> Result<(), String> {
    let start = Instant::now();
    let mut command =
        cargo(".", &[&SUITE[..], &["--quiet", "--test", name, "--", "--nocapture"]].concat());
    command.env(MARK, mark()).stdout(Stdio::piped());
    let mut child =
        command.spawn().map_err(|error| format!("`cargo` cannot be started: {error}"))?;
    let (sender, lines) = mpsc::channel();
    let stream = child.stdout.take();
    // A process that is left behind holds the other end of the pipe open: nobody waits for this one.
    thread::spawn(move || {
        let lines = stream.into_iter().flat_map(|stream| BufReader::new(stream).lines());
        lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let mut said = Vec::new();
    let mut ended = None;
    loop {
        let line = match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {
                ended = child.try_wait().map_err(|error| format!("`cargo`: {error}"))?;
                if ended.is_none() && start.elapsed() > MOST {
                    // Its tests have marks, by which they are found.
                    child.kill().map_err(|error| format!("`cargo`: {error}"))?;
                }
                continue;
            }
        };
        let shown = ["measured: ", "test result: "].into_iter().find_map(|word| line.find(word));
        if let Some(start) = shown {
            println!("host: {name}: {}", &line[start..]);
        }
        said.push(line);
    }
    let status = child.wait().map_err(|error| format!("`cargo`: {error}"))?;
    println!("host: {name}: {:.1} s", start.elapsed().as_secs_f64());
    if status.success() {
        return Ok(());
    }
    for line in said {
        println!("{line}");
    }
    Err(format!("{name}: {status}"))
}

/// How long a program may take; the slowest, with a guest, takes a minute or two.
const MOST: Duration = Duration::from_mins(7);

/// In the environment of all processes that the tests start, directly or not.
const MARK: &str = "APPORTION_TESTED_BY";

fn mark() -> String {
    std::process::id().to_string()
}
