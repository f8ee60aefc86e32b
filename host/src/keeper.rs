//! Who ends the commands of a process that was killed.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::num::NonZeroU32;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, kill_process_group, setsid};

/// A small process that outlives this one, by a moment.
///
/// The kernel kills a command whose parent is killed, but not what the command has started. The
/// keeper is a child in a session of its own that reads a pipe. Only this process holds the other
/// end. Once that is closed without a word, the keeper kills the process groups that it was told
/// of, and then does what [`keep`] was given.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
    pipe: ChildStdin,
}

impl Keeper {
    /// Starts `command`, which has to call [`keep`] with its standard input.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(mut command: Command) -> io::Result<Self> {
        // A pipe that the keeper held open would keep its readers waiting.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        match child.stdin.take() {
            Some(pipe) => Ok(Self { child, pipe }),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Tells it to kill a process group.
    pub(crate) fn watch(&mut self, process_group: NonZeroU32) {
        self.say(&format!("{WATCH}{process_group}\n"));
    }

    /// Takes that back: the number may soon be another's.
    pub(crate) fn forget(&mut self, process_group: NonZeroU32) {
        self.say(&format!("{FORGET}{process_group}\n"));
    }

    /// Everything has been ended: it ends, and does nothing.
    pub(crate) fn dismiss(mut self) {
        self.say(DISMISSED);
        drop(self.pipe);
        let _ = self.child.wait();
    }

    fn say(&mut self, line: &str) {
        // Without a keeper, commands still end with this process; the groups wait for a sweep.
        let _ = self.pipe.write_all(line.as_bytes());
    }
}

/// What the program does that [`Keeper::start`] starts: reads until the owner closes the pipe. If it
/// was not dismissed before, it kills the process groups that it was told of, waits until the owner
/// is gone, for at most five seconds, and calls `sweep`.
///
/// # Errors
///
/// If the pipe cannot be read; then nothing is killed.
pub fn keep(pipe: impl BufRead, sweep: impl FnOnce()) -> io::Result<()> {
    let owner = getppid();
    // Whoever leads a session already has what it wants.
    let _ = setsid();
    let mut watched = BTreeSet::new();
    for line in pipe.lines() {
        let line = line?;
        let number = |text: &str| text.parse().ok().and_then(Pid::from_raw);
        if line == DISMISSED.trim_end() {
            return Ok(());
        } else if let Some(group) = line.strip_prefix(WATCH).and_then(number) {
            watched.insert(group.as_raw_nonzero());
        } else if let Some(group) = line.strip_prefix(FORGET).and_then(number) {
            watched.remove(&group.as_raw_nonzero());
        }
    }
    for group in watched {
        if let Some(group) = Pid::from_raw(group.get()) {
            // It may be empty already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    for _ in 0..PATIENCE {
        if getppid() != owner {
            break;
        }
        std::thread::sleep(STEP);
    }
    sweep();
    Ok(())
}

const WATCH: &str = "watch ";
const FORGET: &str = "forget ";
const DISMISSED: &str = "dismissed\n";
const STEP: Duration = Duration::from_millis(10);
/// In steps.
const PATIENCE: u32 = 500;
