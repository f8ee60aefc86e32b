//! Groups for tasks that are others', and go back to where they were.

use std::fs;
use std::num::NonZeroU64;

use rustix::io::Errno;

use crate::cgroups::tasks;
use crate::hierarchy::{Controller, Version};
use crate::mountinfo::Membership;
use crate::{
    Applied, Cgroups, Entrance, Error, GroupControl, GroupPath, Holds, Setting, System, Task,
    Usage, files,
};

/// Control groups of the CPU for tasks that others have started, such as the threads of a virtual
/// machine that runs already.
///
/// Such a task is never killed. When this is closed or dropped, each goes back to the group that it
/// was in; what it has started meanwhile, and what cannot go back, goes to the group that this
/// process is in. If this process dies first, the next [`sweep`](crate::sweep) puts them into the
/// top group of the hierarchy. [`kill`](GroupControl::kill) empties a group in the same way.
#[derive(Debug)]
pub struct Adoption {
    control: Cgroups,
    adopted: Vec<Adopted>,
}

#[derive(Debug)]
struct Adopted {
    task: Task,
    group: GroupPath,
    before: Vec<Membership>,
}

impl Adoption {
    /// No groups yet.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] without the controller of the CPU, or what the system says.
    pub fn open(system: &System) -> Result<Self, Error> {
        let control = Cgroups::with(system, &[Controller::Cpu, Controller::Cpuacct])?;
        for tree in &control.trees {
            let mark = tree.top.join(tasks::ADOPTED);
            fs::create_dir(&mark).map_err(|error| files::failed("create", &mark, &error))?;
        }
        Ok(Self { control, adopted: Vec::new() })
    }

    /// Puts all tasks back, removes the groups, and tells what could not be.
    ///
    /// # Errors
    ///
    /// The first task that could not go back to its group, or group that is still there.
    pub fn close(mut self) -> Result<(), Error> {
        self.put_back().and(self.control.shut())
    }

    fn put_back(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        // A process that was adopted before its threads is the last to leave.
        while let Some(adopted) = self.adopted.pop() {
            let back = adopted.put_back(&self.control);
            result = result.and(back);
        }
        result
    }
}

impl Adopted {
    fn put_back(&self, control: &Cgroups) -> Result<(), Error> {
        for tree in &control.trees {
            let (list, id) = match (tree.place.version, self.task) {
                // Threads go with their process.
                (Version::V2, Task::Thread(_)) => continue,
                (Version::V1, Task::Thread(id)) => ("tasks", id),
                (_, Task::Process(id)) => ("cgroup.procs", id),
            };
            // If it has ended, its number may be another's by now, which is none of ours.
            let now = tasks::memberships(id.get()).unwrap_or_default();
            if !tasks::folder(tree, &now).is_some_and(|folder| folder.starts_with(&tree.top)) {
                continue;
            }
            let Some(folder) = tasks::folder(tree, &self.before) else { continue };
            match files::write(&folder.join(list), &id.to_string()) {
                Err(error) if files::errno(&error) != Some(Errno::SRCH) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl GroupControl for Adoption {
    fn backend(&self) -> &str {
        self.control.backend()
    }

    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        self.control.create(group, holds)
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        self.control.set_weights(weights)
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        self.control.set(group, setting)
    }

    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error> {
        let (Task::Process(id) | Task::Thread(id)) = task;
        let before = tasks::memberships(id.get())
            .ok_or_else(|| Error::TaskEnded { task, group: group.clone() })?;
        self.control.attach(group, task)?;
        match self.adopted.iter_mut().find(|adopted| adopted.task == task) {
            Some(adopted) => adopted.group = group.clone(),
            None => self.adopted.push(Adopted { task, group: group.clone(), before }),
        }
        Ok(())
    }

    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error> {
        self.control.entrance(group)
    }

    fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        self.control.usage(group)
    }

    fn kill(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.control.kill(group)
    }

    fn remove(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.control.remove(group)
    }
}

impl Drop for Adoption {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`. The groups go with the control.
        let _ = self.put_back();
    }
}
