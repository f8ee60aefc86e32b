//! Commands in groups: started, watched, and ended with all that they started themselves.

mod launch;

use std::num::NonZeroU32;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::{Error, GroupControl, GroupPath, Holds, Keeper, Usage};

pub use launch::{Exited, Launch, Output};

/// What a coordinator's launches need: it creates the groups, starts each command inside its own,
/// says who has ended, and at the end leaves neither a process nor a group behind.
///
/// A command has ended when its process has. What that leaves running is killed then: its process
/// group, and all in its group, if that is its own.
/// Each command leads a process group of its own, so that a signal of the terminal ends nothing
/// unasked. All calls have to come from the thread that began it: where the kernel ends commands
/// with their parent, that means the thread that started them.
///
/// Dropped, it kills what still runs and removes the groups that it created.
#[derive(Debug)]
pub struct Executor<C: GroupControl> {
    control: C,
    /// Parents before children.
    groups: Vec<GroupPath>,
    running: Vec<Running>,
    keeper: Option<Keeper>,
}

#[derive(Debug)]
struct Running {
    name: String,
    group: GroupPath,
    child: Child,
    id: Pid,
}

impl<C: GroupControl> Executor<C> {
    /// Without groups. A keeper ends the commands should this process be killed.
    #[must_use]
    pub fn new(control: C, keeper: Option<Keeper>) -> Self {
        Self { control, groups: Vec::new(), running: Vec::new(), keeper }
    }

    /// What the groups are made of.
    #[must_use]
    pub fn control(&self) -> &C {
        &self.control
    }

    /// For weights and settings, which can change while commands run.
    pub fn control_mut(&mut self) -> &mut C {
        &mut self.control
    }

    /// How many commands have not ended yet.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Creates a group; the one that it is in must have been created before.
    ///
    /// # Errors
    ///
    /// As [`GroupControl::create`].
    pub fn create(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.control.create(group, Holds::Processes)?;
        self.groups.push(group.clone());
        Ok(())
    }

    /// Starts a command inside its group, with nothing on its standard input. Returns the id of its
    /// process, which is that of its process group.
    ///
    /// # Errors
    ///
    /// As [`spawn`](crate::spawn) and [`GroupControl::entrance`]. Nothing of the command runs then.
    pub fn start(&mut self, mut launch: Launch) -> Result<NonZeroU32, Error> {
        let other = std::mem::take(&mut launch.entrance);
        let entrance = self.control.entrance(&launch.group)?.then(other);
        let Launch { name, group, .. } = &launch;
        let (name, group) = (name.clone(), group.clone());
        let child = launch.spawn(entrance)?;
        let number = NonZeroU32::new(child.id()).unwrap_or(NonZeroU32::MIN);
        let id = Pid::from_child(&child);
        // From here on it is ended with the others, whatever comes.
        self.running.push(Running { name, group, child, id });
        if let Some(keeper) = &mut self.keeper {
            keeper.watch(number);
        }
        Ok(number)
    }

    /// The commands that have ended since the last call, in the order of their start. What they
    /// left behind in their groups has been killed. Does not wait.
    ///
    /// # Errors
    ///
    /// What the system says, should a group not be killed or its usage not be read: the command
    /// then counts as running.
    pub fn poll(&mut self) -> Result<Vec<Exited>, Error> {
        let mut exited = Vec::new();
        let mut at = 0;
        while at < self.running.len() {
            let Running { id, group, .. } = &self.running[at];
            // Its id is nobody else's until the process has been waited for.
            if !has_ended(*id) {
                at += 1;
                continue;
            }
            let (id, group) = (*id, group.clone());
            let _ = kill_process_group(id, Signal::KILL);
            let cleared = if self.is_shared(at) { Ok(()) } else { self.control.kill(&group) };
            let usage = match cleared.and_then(|()| self.control.usage(&group)) {
                Ok(usage) => usage,
                // Those who have ended are told first, the error by the next call.
                Err(_) if !exited.is_empty() => break,
                Err(error) => return Err(error),
            };
            let Running { name, mut child, .. } = self.running.remove(at);
            self.forget(&child);
            // It is there to be waited for.
            if let Ok(status) = child.wait() {
                exited.push(Exited { name, status, usage });
            }
        }
        Ok(exited)
    }

    /// What the commands of a group have used so far.
    ///
    /// # Errors
    ///
    /// As [`GroupControl::usage`].
    pub fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        self.control.usage(group)
    }

    /// Asks all commands to end, and what they started: with SIGTERM to their process groups.
    pub fn terminate(&self) {
        for Running { id, .. } in &self.running {
            // It may have ended meanwhile.
            let _ = kill_process_group(*id, Signal::TERM);
        }
    }

    /// Kills what still runs. Returns those commands, as [`poll`](Self::poll) does.
    ///
    /// # Errors
    ///
    /// The first thing that the system says; all the others have been killed as well.
    pub fn kill(&mut self) -> Result<Vec<Exited>, Error> {
        let mut exited = Vec::new();
        let mut first = None;
        while let Some(Running { name, group, mut child, id }) = self.running.pop() {
            let _ = kill_process_group(id, Signal::KILL);
            let _ = child.kill();
            let killed = self.control.kill(&group).and_then(|()| self.control.usage(&group));
            let usage = killed.unwrap_or_else(|error| {
                first.get_or_insert(error);
                Usage::default()
            });
            match reap(&mut child) {
                Some(status) => {
                    self.forget(&child);
                    exited.push(Exited { name, status, usage });
                }
                None => {
                    first.get_or_insert(Error::NotRemoved {
                        path: group.as_str().into(),
                        tasks: vec![child.id()],
                        errno: Errno::BUSY,
                    });
                }
            }
        }
        exited.reverse();
        first.map_or(Ok(exited), Err)
    }

    /// Removes the groups, from the innermost on. No command runs any more.
    ///
    /// # Errors
    ///
    /// The first thing that the system says; all other groups have been removed, and those that
    /// could not be are tried again by the next call.
    pub fn remove(&mut self) -> Result<(), Error> {
        let mut first = None;
        let mut left = Vec::new();
        while let Some(group) = self.groups.pop() {
            if let Err(error) = self.control.remove(&group) {
                first.get_or_insert(error);
                left.push(group);
            }
        }
        left.reverse();
        self.groups = left;
        first.map_or(Ok(()), Err)
    }

    /// Ends everything: asks, waits for as long as `grace`, kills what is left, and removes the
    /// groups. Returns the commands that ended meanwhile.
    ///
    /// # Errors
    ///
    /// The first thing that the system says; nothing was left undone for it.
    pub fn end(&mut self, grace: Duration) -> Result<Vec<Exited>, Error> {
        self.terminate();
        let begin = now();
        let mut exited = Vec::new();
        let mut first = None;
        while self.running() > 0 && begin.elapsed() < grace {
            match self.poll() {
                Ok(ended) => exited.extend(ended),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
            std::thread::sleep(STEP.min(grace));
        }
        match self.kill() {
            Ok(ended) => exited.extend(ended),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
        if let Err(error) = self.remove() {
            first.get_or_insert(error);
        }
        first.map_or(Ok(exited), Err)
    }

    /// Whether others run in the group of a command, or in groups inside.
    fn is_shared(&self, at: usize) -> bool {
        let group = self.running[at].group.as_str();
        self.running.iter().enumerate().any(|(other, running)| {
            let rest = running.group.as_str().strip_prefix(group);
            other != at && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn forget(&mut self, child: &Child) {
        if let (Some(keeper), Some(id)) = (&mut self.keeper, NonZeroU32::new(child.id())) {
            keeper.forget(id);
        }
    }
}

impl<C: GroupControl> Drop for Executor<C> {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.kill();
        let _ = self.remove();
        if let Some(keeper) = self.keeper.take() {
            keeper.dismiss();
        }
    }
}

/// Whether a child has ended, and is still to be waited for.
fn has_ended(id: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(id), options), Ok(Some(_)))
}

/// Waits for a child that was killed. `None` if it is still there after a while, as one that has taken
/// the rights of another user, or waits for a device.
fn reap(child: &mut Child) -> Option<ExitStatus> {
    let begin = now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if begin.elapsed() < PATIENCE => std::thread::sleep(STEP),
            Ok(None) | Err(_) => return None,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the world has a clock; no decision depends on it")]
fn now() -> Instant {
    Instant::now()
}

/// How long a child may take to go when it was killed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at who has ended.
const STEP: Duration = Duration::from_millis(5);
