//! The tests of `host` on this machine, as it is.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
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
    beside_each_other()?;
    let done = |name: &&String| [&GUESTS[..], &BESIDE_GUESTS].concat().contains(&name.as_str());
    names.iter().filter(|name| !done(name)).try_for_each(|name| timed(name))?;

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

/// Guests keep to the last CPU, and those beside them to the first where they measure.
fn beside_each_other() -> Result<(), String> {
    thread::scope(|scope| {
        let guests = scope.spawn(|| GUESTS.into_iter().try_for_each(timed));
        let others = BESIDE_GUESTS.into_iter().try_for_each(timed);
        let guests = guests.join().map_err(|_| "a thread panicked")?;
        guests.and(others)
    })
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
#[expect(clippy::disallowed_methods, reason = "the time is shown")]
fn timed(name: &str) -> Result<(), String> {
    let start = Instant::now();
    let mut command =
        cargo(".", &[&SUITE[..], &["--quiet", "--test", name, "--", "--nocapture"]].concat());
    command.env(MARK, mark());
    let mut said = Vec::new();
    let status = follow(&mut command, MOST, |line| {
        let shown = ["measured: ", "test result: "].into_iter().find_map(|word| line.find(word));
        if let Some(start) = shown {
            println!("host: {name}: {}", &line[start..]);
        }
        said.push(line);
    })?;
    println!("host: {name}: {:.1} s", start.elapsed().as_secs_f64());
    if status.success() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    for line in said {
        writeln!(stdout, "host: {name}: {line}").map_err(|error| error.to_string())?;
    }
    Err(format!("{name}: {status}"))
}

/// Runs a command, for so long at most, and hears what it prints until it ends; not what a process
/// prints later which it has left behind.
#[expect(clippy::disallowed_methods, reason = "a thread reads, and time is limited")]
fn follow(
    command: &mut Command,
    most: Duration,
    mut hear: impl FnMut(String),
) -> Result<ExitStatus, String> {
    let start = Instant::now();
    let name = command.get_program().to_owned();
    let failed = |error: io::Error| format!("`{}`: {error}", name.display());
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let (sender, lines) = mpsc::channel();
    let stream = child.stdout.take();
    // A process that is left behind holds the other end of the pipe open: nobody waits for this one.
    thread::spawn(move || {
        let lines = stream.into_iter().flat_map(|stream| BufReader::new(stream).lines());
        lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let mut ended = None;
    loop {
        match lines.recv_timeout(STEP) {
            Ok(line) => hear(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
            Err(RecvTimeoutError::Timeout) => ended = child.try_wait().map_err(failed)?,
        }
        if start.elapsed() > most {
            // Its tests have marks, by which they are found.
            child.kill().map_err(failed)?;
            break;
        }
    }
    child.wait().map_err(failed)
}

/// The slowest, as their processors are emulated.
const GUESTS: [&str; 2] = ["guest_v2", "run_v2"];

/// Together about as long as the guests. What is named here and gone is missed.
const BESIDE_GUESTS: [&str; 10] = [
    "real_cgroup",
    "run",
    "real_network",
    "real_nice",
    "fake_roots",
    "executor",
    "namespaces",
    "qmp",
    "vcpu_laws",
    "vcpu_placed",
];

/// How long a program may take; the slowest, with a guest, takes a minute or two.
const MOST: Duration = Duration::from_mins(7);

/// How long nobody has to say anything before it is asked who has ended.
const STEP: Duration = Duration::from_millis(500);

/// In the environment of all processes that the tests start, directly or not.
const MARK: &str = "APPORTION_TESTED_BY";

fn mark() -> String {
    std::process::id().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, most: Duration) -> (Vec<String>, ExitStatus) {
        let mut said = Vec::new();
        let mut command = Command::new("sh");
        let status = follow(command.args(["-c", script]), most, |line| said.push(line)).unwrap();
        (said, status)
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
    fn what_is_left_behind_is_not_waited_for() {
        let start = Instant::now();
        // It holds the pipe open; its number is told, so that it can be ended.
        let (said, status) = shell("sleep 60 & echo $!; echo done", Duration::from_mins(1));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(status.success());
        assert_eq!(said[1], "done");
        let ended = Command::new("kill").arg(&said[0]).status().unwrap();
        assert!(ended.success(), "it ran on");
    }

    #[test]
    fn what_does_not_end_is_ended_whether_it_speaks_or_not() {
        for script in ["exec sleep 60", "while :; do echo; done"] {
            let (_, status) = shell(script, Duration::from_millis(50));
            assert!(!status.success(), "{script}: {status}");
        }
    }
}
