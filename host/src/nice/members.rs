//! The processes and threads of a group that no kernel keeps for us.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::param::clock_ticks_per_second;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, getpid};

use crate::owner::Stat;
use crate::{Error, System, Task, files};

/// The members of a group: those told, and those that announced themselves.
#[derive(Debug)]
pub(crate) struct Members {
    list: Vec<Member>,
    /// What those that are gone had used.
    used_by_gone: Duration,
    reader: OwnedFd,
    pub(crate) writer: OwnedFd,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    task: Task,
    start: u64,
    /// What it had used when it came.
    before: Duration,
    /// The most that it was seen to have used since, with those that it has started.
    used: Duration,
}

impl Members {
    pub(crate) fn new() -> Result<Self, Error> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
            .map_err(|errno| files::system("open a pipe for", "group".as_ref(), errno))?;
        Ok(Self { list: Vec::new(), used_by_gone: Duration::ZERO, reader, writer })
    }

    /// Adds a task; `false` if there is none of that number.
    pub(crate) fn add(&mut self, system: &System, task: Task) -> bool {
        self.update(system);
        let Some((start, before)) = start_and_used(system, task, &Processes::new(system)) else {
            return false;
        };
        if !self.list.iter().any(|member| member.task == task) {
            self.list.push(Member { task, start, before, used: Duration::ZERO });
        }
        true
    }

    /// Takes a task out, which keeps running. What it has used is still counted.
    pub(crate) fn forget(&mut self, system: &System, task: Task) {
        self.update(system);
        self.drop_if(|member| member.task == task);
    }

    /// Hears who came, and looks what all have used and who is gone.
    pub(crate) fn update(&mut self, system: &System) {
        let mut bytes = [0; 4];
        while rustix::io::read(&self.reader, &mut bytes) == Ok(bytes.len()) {
            let id = u32::from_ne_bytes(bytes).try_into();
            let stat = id.ok().and_then(|id: std::num::NonZeroU32| {
                let text = files::read(&system.proc(format!("{id}/stat"))).ok()?;
                Some((Task::Process(id), Stat::parse(&text)?))
            });
            // If it is gone already, so is what it used.
            if let Some((task, stat)) = stat {
                let (before, used) = (Duration::ZERO, Duration::ZERO);
                self.list.push(Member { task, start: stat.start, before, used });
            }
        }
        let processes = Processes::new(system);
        let mut gone = Vec::new();
        for member in &mut self.list {
            match start_and_used(system, member.task, &processes) {
                Some((start, used)) if start == member.start => {
                    member.used = member.used.max(used.saturating_sub(member.before));
                }
                _ => gone.push(member.task),
            }
        }
        self.drop_if(|member| gone.contains(&member.task));
    }

    fn drop_if(&mut self, leaves: impl Fn(&Member) -> bool) {
        let used: Duration =
            self.list.iter().filter(|member| leaves(member)).map(|member| member.used).sum();
        self.used_by_gone += used;
        self.list.retain(|member| !leaves(member));
    }

    /// What all have used.
    pub(crate) fn used(&self) -> Duration {
        self.used_by_gone + self.list.iter().map(|member| member.used).sum::<Duration>()
    }

    /// The threads of all, with those of processes that they have started.
    pub(crate) fn threads(&self, system: &System) -> Vec<Pid> {
        let processes = Processes::new(system);
        let mut threads = Vec::new();
        for member in &self.list {
            match member.task {
                Task::Thread(id) => threads.extend(pid(id.get())),
                Task::Process(id) => {
                    for process in processes.with_descendants(id.get()) {
                        threads.extend(threads_of(system, process).into_iter().filter_map(pid));
                    }
                }
            }
        }
        threads
    }

    /// The processes of all that still run, with those that they have started; not our own.
    pub(crate) fn processes(&self, system: &System) -> Vec<u32> {
        let processes = Processes::new(system);
        let own = getpid().as_raw_pid().unsigned_abs();
        let mut found = Vec::new();
        for member in &self.list {
            let id = match member.task {
                Task::Process(id) => Some(id.get()),
                Task::Thread(id) => process_of(system, id.get()),
            };
            let id = id.filter(|&id| id != own);
            found.extend(id.into_iter().flat_map(|id| processes.with_descendants(id)));
        }
        found.retain(|id| processes.stats.get(id).is_some_and(|stat| !stat.has_ended()));
        found
    }

    /// The tasks that were told or announced themselves.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = Task> {
        self.list.iter().map(|member| member.task)
    }
}

/// All processes of the machine, at one moment.
struct Processes {
    stats: BTreeMap<u32, Stat>,
    children: BTreeMap<u32, Vec<u32>>,
}

impl Processes {
    fn new(system: &System) -> Self {
        let mut stats = BTreeMap::new();
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for entry in fs::read_dir(system.proc("")).into_iter().flatten().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let text = files::read(&entry.path().join("stat"));
            if let Some(stat) = text.ok().and_then(|text| Stat::parse(&text)) {
                stats.insert(id, stat);
                children.entry(stat.parent).or_default().push(id);
            }
        }
        Self { stats, children }
    }

    fn with_descendants(&self, id: u32) -> Vec<u32> {
        let mut found = vec![id];
        let mut next = 0;
        while let Some(id) = found.get(next) {
            // Nobody is met twice, even where what was read does not make a tree.
            let children = self.children.get(id).into_iter().flatten();
            let new: Vec<u32> = children.copied().filter(|id| !found.contains(id)).collect();
            found.extend(new);
            next += 1;
        }
        found
    }
}

/// When a task that has not ended began, in ticks, and what it has used so far. A process counts
/// with its children that it has waited for, and all that descend from it and run.
fn start_and_used(system: &System, task: Task, processes: &Processes) -> Option<(u64, Duration)> {
    match task {
        Task::Thread(id) => {
            let stat =
                Stat::parse(&files::read(&system.proc(format!("{id}/task/{id}/stat"))).ok()?)?;
            if stat.has_ended() {
                return None;
            }
            // Nanoseconds, if the kernel counts them; `sched-stats.rst`.
            let exact = files::read(&system.proc(format!("{id}/schedstat"))).ok();
            let exact = exact.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
            Some((stat.start, exact.map_or_else(|| ticks(stat.used), Duration::from_nanos)))
        }
        Task::Process(id) => {
            let stat = processes.stats.get(&id.get())?;
            let all = processes.with_descendants(id.get());
            let used =
                all.iter().filter_map(|id| processes.stats.get(id)).fold(0_u64, |sum, stat| {
                    sum.saturating_add(stat.used).saturating_add(stat.used_by_children)
                });
            // One that has ended keeps what it used until its parent asks.
            (!stat.has_ended() || used > 0).then(|| (stat.start, ticks(used)))
        }
    }
}

fn ticks(count: u64) -> Duration {
    let second = clock_ticks_per_second().max(1);
    Duration::from_secs(count / second)
        + Duration::from_nanos(1_000_000_000 / second * (count % second))
}

pub(crate) fn threads_of(system: &System, process: u32) -> Vec<u32> {
    let entries = fs::read_dir(system.proc(format!("{process}/task"))).into_iter().flatten();
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn process_of(system: &System, task: u32) -> Option<u32> {
    let text = files::read(&system.proc(format!("{task}/status"))).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
}

pub(crate) fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

/// Whether a call failed only because the task has ended.
pub(crate) fn unless_ended(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::SRCH) => Ok(()),
        other => other,
    }
}
