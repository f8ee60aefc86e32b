//! What an owner that was killed leaves behind, and that it goes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use apportion_host::{Cgroups, Entrance, GroupControl, Holds, System, Task, spawn, sweep};

use super::busy::{Running, again, busy};
use super::{new, path, text};

/// An owner is killed by SIGKILL. What it started dies with it, its groups and what had escaped
/// are swept; the groups of `control`, whose owner lives, are not.
pub(crate) fn swept_after_their_owner_was_killed(
    control: &mut dyn GroupControl,
) -> Result<(), String> {
    let mine = new(control, "mine")?;
    let alive = Running::start(control, &mine)?;
    let mut command = again("own");
    command.stdout(Stdio::piped());
    let mut owner = Running(spawn(command, Entrance::default()).map_err(text)?);
    let mut line = String::new();
    let stdout = owner.0.stdout.take().ok_or("no standard output")?;
    BufReader::new(stdout).read_line(&mut line).map_err(text)?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["ready", name, started, escaped] = words.as_slice() else {
        return Err(format!("the owner did not get ready: {line}"));
    };
    owner.0.kill().map_err(text)?;
    owner.0.wait().map_err(text)?;

    gone(started)?;
    if !runs(escaped) {
        return Err("nothing was left to be killed".to_owned());
    }
    let swept = sweep(&System::default()).map_err(text)?;
    gone(escaped)?;
    let of_owner = |path: &&std::path::PathBuf| path.ends_with(name);
    let count = swept.removed.iter().filter(of_owner).count();
    if count == 0 || !swept.failed.is_empty() || swept.removed.iter().any(|path| path.exists()) {
        return Err(format!("not swept: {swept:?}"));
    }
    println!("measured: {count} hierarchies swept of {name}, its processes gone");
    let again = sweep(&System::default()).map_err(text)?;
    if again.removed.iter().any(|path| of_owner(&path)) {
        return Err(format!("swept twice: {again:?}"));
    }
    if !runs(&alive.0.id().to_string()) {
        return Err("a process whose owner lives was killed".to_owned());
    }
    control.usage(&mine).map(drop).map_err(text)
}

/// What the owner does.
pub(crate) fn own_groups_until_killed() {
    if let Err(error) = own() {
        println!("{error}");
    }
}

fn own() -> Result<(), String> {
    let mut control = Cgroups::open(&System::default()).map_err(text)?;
    let [outer, inner] = [path("outer")?, path("outer/inner")?];
    control.create(&outer, Holds::Processes).map_err(text)?;
    control.create(&inner, Holds::Processes).map_err(text)?;
    let started = Running::start(&control, &inner)?;
    // Nobody asked the kernel to kill this one with us.
    let escaped = Running(busy().stdout(Stdio::null()).spawn().map_err(text)?);
    let task = Task::Process(escaped.0.id().try_into().map_err(text)?);
    control.attach(&inner, task).map_err(text)?;
    // Nor is this one there any more once it is known.
    let entrance = control.entrance(&inner).map_err(text)?;
    let _hopping = spawn(again("hop"), entrance).map_err(text)?;
    println!("ready {} {} {}", control.owner(), started.0.id(), escaped.0.id());
    std::io::stdout().flush().map_err(text)?;
    // Whoever started us kills us, or dies and so does as well.
    sleep(Duration::from_mins(1));
    Ok(())
}

fn runs(process: &str) -> bool {
    let text = std::fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    // One that has ended and is not yet waited for does not run.
    text.is_ok_and(|text| text.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z")))
}

fn gone(process: &str) -> Result<(), String> {
    for _ in 0..200 {
        if !runs(process) {
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Err(format!("process {process} still runs"))
}
