//! Groups of tasks by nice levels and affinity: what anybody may do.

mod levels;
mod members;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpriority_process, pidfd_open, pidfd_send_signal,
    setpriority_process,
};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use levels::levels;
use members::{Members, pid, threads_of, unless_ended};

use crate::control::check_siblings;
use crate::entrance::Step;
use crate::{
    Applied, Entrance, Error, GroupControl, GroupPath, Holds, Setting, System, Task, Unavailable,
    Usage, files, weight,
};

/// Groups that exist only here, whose tasks have a nice level and CPUs: for those who may not
/// create control groups.
///
/// What it cannot hold:
/// - Ratios other than powers of about 1.25: [`Applied::error`] tells how far each is off, and
///   where the levels from our own nice level to 19 do not reach.
/// - The weight of a group: each of its threads that runs has it, so two weigh twice as much.
/// - Groups of processes inside groups, and limits: they are [`Error::Unavailable`].
/// - A level that was raised goes down again only for root, or where `RLIMIT_NICE` lets it.
/// - What leaves the tree of processes (daemons): it is neither counted nor killed.
///
/// CPU time is counted in clock ticks, of threads in nanoseconds. When this is dropped, what is in
/// the groups is killed, but for our own process.
#[derive(Debug)]
pub struct Nice {
    system: System,
    /// Our own nice level: what the heaviest gets.
    least: i32,
    groups: BTreeMap<GroupPath, Group>,
}

#[derive(Debug)]
struct Group {
    holds: Holds,
    level: i32,
    cpus: Option<CpuSet>,
    members: RefCell<Members>,
}

impl Nice {
    /// Groups for tasks as nice as this process, or nicer.
    ///
    /// # Errors
    ///
    /// [`Error::System`], if our own nice level cannot be read.
    pub fn open(system: &System) -> Result<Self, Error> {
        let least = getpriority_process(None)
            .map_err(|errno| files::system("read the nice level of", Path::new("self"), errno))?;
        Ok(Self { system: system.clone(), least, groups: BTreeMap::new() })
    }

    /// Kills what is in the groups.
    ///
    /// # Errors
    ///
    /// The first group with processes that are still there.
    pub fn close(mut self) -> Result<(), Error> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        for (path, group) in &std::mem::take(&mut self.groups) {
            result = result.and(self.end(path, group));
        }
        result
    }

    fn group(&self, group: &GroupPath) -> Result<&Group, Error> {
        self.groups.get(group).ok_or_else(|| Error::UnknownGroup(group.clone()))
    }

    fn inside<'a>(
        &'a self,
        group: &'a GroupPath,
    ) -> impl Iterator<Item = (&'a GroupPath, &'a Group)> {
        self.groups.iter().filter(move |(path, _)| is_inside(path, group))
    }

    /// Kills the processes of a group, and waits until they are gone.
    fn end(&self, path: &GroupPath, group: &Group) -> Result<(), Error> {
        for round in 0..ROUNDS {
            let mut members = group.members.borrow_mut();
            members.update(&self.system);
            let mut left = members.processes(&self.system);
            if left.is_empty() {
                // Our own process stays what it is, outside of the group.
                for task in members.tasks().collect::<Vec<_>>() {
                    members.forget(&self.system, task);
                }
                return Ok(());
            }
            let mut failure = Errno::BUSY;
            for &process in &left {
                if let Err(errno) = kill(process, || members.processes(&self.system)) {
                    failure = errno;
                }
            }
            if round + 1 == ROUNDS {
                left.truncate(8);
                let path = PathBuf::from(path.as_str());
                return Err(Error::NotRemoved { path, tasks: left, errno: failure });
            }
            sleep(Duration::from_millis(25));
        }
        Ok(())
    }

    /// Gives a nice level to all threads of a group, and to those that they start meanwhile.
    fn renice(&self, group: &Group, level: i32) -> Result<(), Error> {
        each_thread(
            || group.members.borrow().threads(&self.system),
            |thread| match getpriority_process(Some(thread)) {
                Ok(now) if now == level => Ok(false),
                Ok(_) => unless_ended(setpriority_process(Some(thread), level)).map(|()| true),
                Err(errno) => unless_ended(Err(errno)).map(|()| false),
            },
        )
        .map_err(|(thread, errno)| match errno {
            Errno::ACCESS | Errno::PERM => not_lower(level, thread).into(),
            errno => files::system("set the nice level of", &of(thread), errno),
        })
    }

    /// Keeps all threads of a group on some CPUs.
    fn pin(&self, group: &Group, cpus: &CpuSet) -> Result<(), Error> {
        each_thread(
            || group.members.borrow().threads(&self.system),
            |thread| match sched_getaffinity(Some(thread)) {
                Ok(now) if now == *cpus => Ok(false),
                Ok(_) => unless_ended(sched_setaffinity(Some(thread), cpus)).map(|()| true),
                Err(errno) => unless_ended(Err(errno)).map(|()| false),
            },
        )
        .map_err(|(thread, errno)| files::system("set the CPUs of", &of(thread), errno))
    }
}

impl GroupControl for Nice {
    fn backend(&self) -> &'static str {
        "nice levels and affinity"
    }

    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        if self.groups.contains_key(group) {
            return Err(Error::GroupExists(group.clone()));
        }
        let outer = group.parent().map(|parent| self.group(&parent)).transpose()?;
        if outer.is_some() && holds == Holds::Processes {
            return Err(unavailable(
                "groups inside groups",
                "nice levels have no hierarchy, each process competes with all others",
            ));
        }
        let level = outer.map_or(self.least, |outer| outer.level);
        let members = RefCell::new(Members::new()?);
        self.groups.insert(group.clone(), Group { holds, level, cpus: None, members });
        Ok(())
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        check_siblings(weights)?;
        let asked: Vec<NonZeroU64> = weights.iter().map(|(_, weight)| *weight).collect();
        let set = levels(&asked, self.least);
        let mut changes = Vec::new();
        for ((path, _), &(level, _)) in weights.iter().zip(&set) {
            let group = self.group(path)?;
            group.members.borrow_mut().update(&self.system);
            changes.push((path, level, group.level));
        }
        // What may be refused comes first, and can be taken back.
        changes.sort_by_key(|&(_, level, before)| level.saturating_sub(before));
        for (index, &(path, level, _)) in changes.iter().enumerate() {
            if let Err(error) = self.renice(self.group(path)?, level) {
                for &(path, _, before) in &changes[..=index] {
                    // As far as it goes: the error says what went wrong.
                    let _ = self.renice(self.group(path)?, before);
                }
                return Err(error);
            }
        }
        for (path, level, _) in changes {
            if let Some(group) = self.groups.get_mut(path) {
                group.level = level;
            }
        }
        let set: Vec<u64> = set.into_iter().map(|(_, weight)| weight).collect();
        Ok(weight::applied(&asked, &set))
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        let entry = self.group(group)?;
        let cpus = match setting {
            Setting::Cpus(cpus) => cpu_set(cpus)?,
            // What was never there is easily taken back.
            Setting::CpuLimit(None) | Setting::Memory(None) => return Ok(()),
            Setting::CpuLimit(Some(_)) => {
                return Err(unavailable("limits of CPU time", "nice levels only weigh"));
            }
            Setting::Memory(Some(_)) => {
                return Err(unavailable("limits of memory", "nice levels are about CPU time"));
            }
            Setting::IoWeight(_) => {
                return Err(unavailable(
                    "weights for block devices",
                    "nice levels are about CPU time",
                ));
            }
        };
        entry.members.borrow_mut().update(&self.system);
        self.pin(entry, &cpus)?;
        if let Some(entry) = self.groups.get_mut(group) {
            entry.cpus = Some(cpus);
        }
        Ok(())
    }

    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error> {
        let entry = self.group(group)?;
        let (Task::Process(id) | Task::Thread(id)) = task;
        // A number that no process can have would be taken for all of them, or for us.
        let exists = pid(id.get()).is_some() && {
            let mut others = self.groups.values().filter(|other| !std::ptr::eq(*other, entry));
            let added = entry.members.borrow_mut().add(&self.system, task);
            if added {
                others
                    .try_for_each(|other| {
                        other
                            .members
                            .try_borrow_mut()
                            .map(|mut other| other.forget(&self.system, task))
                    })
                    .is_ok()
            } else {
                false
            }
        };
        if !exists {
            return Err(Error::TaskEnded { task, group: group.clone() });
        }
        let moved = self.renice(entry, entry.level).and_then(|()| match &entry.cpus {
            Some(cpus) => self.pin(entry, cpus),
            None => Ok(()),
        });
        if moved.is_err() {
            entry.members.borrow_mut().forget(&self.system, task);
        } else if matches!(task, Task::Process(id) if threads_of(&self.system, id.get()).is_empty())
        {
            return Err(Error::TaskEnded { task, group: group.clone() });
        }
        moved
    }

    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error> {
        let group = self.group(group)?;
        let mut members = group.members.borrow_mut();
        members.update(&self.system);
        let writer = members
            .writer
            .try_clone()
            .map_err(|error| files::failed("open a pipe for", Path::new("group"), &error))?;
        let mut steps = vec![Step::Announce(writer), Step::Nice(group.level)];
        steps.extend(group.cpus.map(|cpus| Step::Affinity(Box::new(cpus))));
        Ok(Entrance { steps })
    }

    fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        let entry = self.group(group)?;
        entry.members.borrow_mut().update(&self.system);
        let mut cpu = entry.members.borrow().used();
        // Threads of groups inside a group of processes belong to processes counted there.
        if entry.holds == Holds::Threads {
            for (_, inner) in self.inside(group) {
                inner.members.borrow_mut().update(&self.system);
                cpu += inner.members.borrow().used();
            }
        }
        Ok(Usage { cpu })
    }

    fn kill(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.end(group, self.group(group)?)?;
        self.inside(group).try_for_each(|(path, group)| self.end(path, group))
    }

    fn remove(&mut self, group: &GroupPath) -> Result<(), Error> {
        let entry = self.group(group)?;
        for (path, entry) in self.inside(group).chain([(group, entry)]) {
            let mut members = entry.members.borrow_mut();
            members.update(&self.system);
            let mut tasks = members.processes(&self.system);
            tasks.truncate(8);
            if !tasks.is_empty() {
                let path = PathBuf::from(path.as_str());
                return Err(Error::NotRemoved { path, tasks, errno: Errno::BUSY });
            }
        }
        self.groups.retain(|path, _| path != group && !is_inside(path, group));
        Ok(())
    }
}

impl Drop for Nice {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        let _ = self.shut();
    }
}

fn is_inside(path: &GroupPath, group: &GroupPath) -> bool {
    path.as_str().strip_prefix(group.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Does something to each thread, until there is none to which it had to be done: a thread starts
/// with what the one that started it had.
fn each_thread(
    threads: impl Fn() -> Vec<Pid>,
    change: impl Fn(Pid) -> Result<bool, Errno>,
) -> Result<(), (Pid, Errno)> {
    for _ in 0..ROUNDS {
        let mut changed = false;
        for thread in threads() {
            changed |= change(thread).map_err(|errno| (thread, errno))?;
        }
        if !changed {
            break;
        }
    }
    Ok(())
}

/// Kills a process, if it is still one of the group once its number cannot become another's.
fn kill(process: u32, members: impl FnOnce() -> Vec<u32>) -> Result<(), Errno> {
    let Some(id) = pid(process) else { return Err(Errno::SRCH) };
    let result = pidfd_open(id, PidfdFlags::empty()).and_then(|held| {
        if members().contains(&process) { pidfd_send_signal(&held, Signal::KILL) } else { Ok(()) }
    });
    unless_ended(result)
}

fn cpu_set(cpus: &[u32]) -> Result<CpuSet, Error> {
    let mut set = CpuSet::new();
    let fits = |&cpu: &u32| usize::try_from(cpu).ok().filter(|&cpu| cpu < CpuSet::MAX_CPU);
    for cpu in cpus {
        let Some(cpu) = fits(cpu) else { return Err(wrong_cpus(cpus)) };
        set.set(cpu);
    }
    if cpus.is_empty() { Err(wrong_cpus(cpus)) } else { Ok(set) }
}

fn wrong_cpus(cpus: &[u32]) -> Error {
    Error::OutOfRange {
        what: "CPUs",
        value: format!("{cpus:?}"),
        expected: format!("at least one, by numbers below {}", CpuSet::MAX_CPU),
    }
}

fn unavailable(what: &str, why: &str) -> Error {
    Unavailable {
        what: what.to_owned(),
        why: why.to_owned(),
        fix: "run it as root, where there are control groups".to_owned(),
    }
    .into()
}

fn not_lower(level: i32, thread: Pid) -> Unavailable {
    Unavailable {
        what: format!("nice level {level} for thread {}", thread.as_raw_pid()),
        why: "a nice level may be raised, and not lowered again".to_owned(),
        fix: format!(
            "as root: `prlimit --nice={} --pid {}`",
            20_i32.saturating_sub(level),
            rustix::process::getpid().as_raw_pid()
        ),
    }
}

fn of(thread: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{}", thread.as_raw_pid()))
}

/// How often something is tried that may have to wait for others: some 3 s.
const ROUNDS: u32 = 120;
