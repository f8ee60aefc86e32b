//! What every control of groups has to achieve, measured: the same functions for version 1 on this
//! machine and for version 2 wherever there is one.
//!
//! Each takes a control without groups, and prints a line `measured: …` for each result. Shares are
//! of CPU time on one CPU, so other load on the machine makes them no worse.

pub(crate) mod busy;
mod entrance;
mod orphans;
mod settings;
pub(crate) mod window;

use std::num::NonZeroU64;
use std::thread::sleep;
use std::time::{Duration, Instant};

use apportion_host::{CpuLimit, Error, GroupControl, GroupPath, Holds, Setting, Task, spawn};
use busy::{Running, Threads, again};
use rustix::process::Signal;
use window::{Window, begun, compare, shares, used_within};

pub(crate) type Check = fn(&mut dyn GroupControl) -> Result<(), String>;

/// All of them, by name.
pub(crate) const CHECKS: [(&str, Check); 11] = [
    ("weights", weights),
    ("quota", quota),
    ("weights_and_quota", weights_and_quota),
    ("nesting", nesting),
    ("threads", threads),
    ("burst", burst),
    ("kill_and_remove", kill_and_remove),
    ("refusals", refusals),
    ("entrance", entrance::inside_from_the_first_instruction),
    ("settings", settings::read_back),
    ("sweep", orphans::swept_after_their_owner_was_killed),
];

/// 1:2:4 within a percentage point.
pub(crate) fn weights(control: &mut dyn GroupControl) -> Result<(), String> {
    let groups = siblings(control, &[("one", 1), ("two", 2), ("four", 4)])?;
    let _running = start_all(control, &groups)?;
    compare("weights 1:2:4", 0.01, || {
        let window = used_within(control, &groups, window::length())?;
        Ok((shares(&window), vec![1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]))
    })
}

/// A fifth of a CPU, within two percentage points.
pub(crate) fn quota(control: &mut dyn GroupControl) -> Result<(), String> {
    let group = [new(control, "limited")?];
    limit(control, &group[0], 20)?;
    let _running = start_all(control, &group)?;
    compare("limit of 20 % of a CPU", 0.02, || {
        let window = used_within(control, &group, window::length())?;
        Ok((vec![window.used[0] / window.wall], vec![0.2]))
    })
}

/// One that wants half may have a fifth; the two others divide the rest, 1:2.
pub(crate) fn weights_and_quota(control: &mut dyn GroupControl) -> Result<(), String> {
    let groups = siblings(control, &[("one", 1), ("two", 2), ("limited", 3)])?;
    limit(control, &groups[2], 20)?;
    let _running = start_all(control, &groups)?;
    compare("limit of 20 % of a CPU, and 1:2 of the rest", 0.02, || {
        let Window { used, wall } = used_within(control, &groups, window::length())?;
        // A fifth of the wall's time, unless others on the machine leave so little that half of it
        // is less than that.
        let half = used.iter().sum::<f64>() / wall / 2.0;
        let rest = used[0] + used[1];
        let found = vec![used[2] / wall, used[0] / rest, used[1] / rest];
        Ok((found, vec![f64::min(0.2, half), 1.0 / 3.0, 2.0 / 3.0]))
    })
}

/// A group of 3 has members 1:2, beside a group of 1.
pub(crate) fn nesting(control: &mut dyn GroupControl) -> Result<(), String> {
    let top = siblings(control, &[("outer", 3), ("alone", 1)])?;
    let inner = siblings(control, &[("outer/one", 1), ("outer/two", 2)])?;
    let groups = [inner[0].clone(), inner[1].clone(), top[1].clone()];
    let running = start_all(control, &groups)?;
    compare("nested 3:1, 1:2 inside", 0.02, || {
        let window = used_within(control, &groups, window::length())?;
        Ok((shares(&window), vec![0.25, 0.5, 0.25]))
    })?;
    drop(running);
    let used = |group: &GroupPath| Ok::<_, String>(control.usage(group).map_err(text)?.cpu);
    let (outer, both) = (used(&top[0])?, used(&inner[0])? + used(&inner[1])?);
    if outer.abs_diff(both) > Duration::from_millis(50) {
        return Err(format!("a group has used {outer:?}, those inside it {both:?}"));
    }
    Ok(())
}

/// Threads of one process, 1:2:4, within a percentage point.
pub(crate) fn threads(control: &mut dyn GroupControl) -> Result<(), String> {
    let process = new(control, "process")?;
    let own = std::process::id().try_into().map_err(text)?;
    control.attach(&process, Task::Process(own)).map_err(text)?;
    let mut groups = Vec::new();
    let mut threads = Threads::default();
    for (name, weight) in [("one", 1), ("two", 2), ("four", 4)] {
        let group = process.join(name).map_err(text)?;
        control.create(&group, Holds::Threads).map_err(text)?;
        groups.push((group, NonZeroU64::new(weight).unwrap_or(NonZeroU64::MIN)));
    }
    control.set_weights(&groups).map_err(text)?;
    for (group, _) in &groups {
        let thread = threads.start()?;
        control.attach(group, thread).map_err(text)?;
    }
    let groups: Vec<GroupPath> = groups.into_iter().map(|(group, _)| group).collect();
    begun(control, &groups)?;
    compare("threads 1:2:4", 0.01, || {
        let window = used_within(control, &groups, window::length())?;
        Ok((shares(&window), vec![1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]))
    })?;
    drop(threads);
    // Takes our own process out again, and kills nothing: there is nothing else in it.
    control.kill(&process).map_err(text)?;
    control.remove(&process).map_err(text)
}

/// What was left over of a quota is used later, up to the burst, and no more.
pub(crate) fn burst(control: &mut dyn GroupControl) -> Result<(), String> {
    let group = new(control, "bursty")?;
    // Little, so that there is as much beside several others on the CPU.
    let limit = CpuLimit {
        quota: Duration::from_millis(50),
        period: Duration::from_secs(1),
        burst: Duration::from_millis(50),
    };
    control.set(&group, &Setting::CpuLimit(Some(limit))).map_err(text)?;
    let group = [group];
    let running = start_all(control, &group)?;
    compare("quota of 50 ms, burst of 50 ms, in 1 s after a pause", 0.03, || {
        running[0].signal(Signal::STOP)?;
        sleep(Duration::from_millis(2_100));
        running[0].signal(Signal::CONT)?;
        // As long as a period, so one begins meanwhile: quota, burst and another quota.
        Ok((used_within(control, &group, Duration::from_secs(1))?.used, vec![0.15]))
    })?;
    let [group] = group;
    let Err(error) = control.set(&group, &Setting::CpuLimit(Some(cpu_limit(20, 21)))) else {
        return Err("a burst above the quota was taken".to_owned());
    };
    if !matches!(error, Error::OutOfRange { what: "burst", .. }) {
        return Err(format!("a burst above the quota: {error}"));
    }
    control.set(&group, &Setting::CpuLimit(None)).map_err(text)?;
    let window = used_within(control, &[group], Duration::from_secs(1))?;
    let share = window.used[0] / window.wall;
    println!("measured: limit taken back: {share:.3} of a CPU");
    if share < 0.12 {
        return Err(format!("a limit that was taken back still binds: {share:.3}"));
    }
    Ok(())
}

/// Processes and what they have started are killed, and groups go with those inside.
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
pub(crate) fn kill_and_remove(control: &mut dyn GroupControl) -> Result<(), String> {
    let outer = new(control, "outer")?;
    let inner = new(control, "outer/inner")?;
    let mut running = Vec::new();
    for _ in 0..8 {
        running.push(Running::start(control, &inner)?);
    }
    let entrance = control.entrance(&inner).map_err(text)?;
    running.push(Running(spawn(again("hop"), entrance).map_err(text)?));
    // Time for it to become another, and to leave behind the one that we know.
    sleep(Duration::from_millis(100));
    let began = Instant::now();
    control.kill(&outer).map_err(text)?;
    let killed = began.elapsed();
    control.remove(&outer).map_err(text)?;
    println!("measured: 9 processes killed in {killed:.1?}, removed after {:.1?}", began.elapsed());
    for child in running.iter_mut().take(8) {
        let status = child.0.wait().map_err(text)?;
        if status.success() {
            return Err(format!("a busy process ended by itself: {status}"));
        }
    }
    match control.usage(&inner) {
        Err(Error::UnknownGroup(group)) if group == inner => Ok(()),
        other => Err(format!("a group that was removed: {other:?}")),
    }
}

/// What is refused, and changes nothing.
pub(crate) fn refusals(control: &mut dyn GroupControl) -> Result<(), String> {
    let group = new(control, "group")?;
    let unknown = path("unknown")?;
    let refused = |result: Result<(), Error>, expected: &Error| match result {
        Err(error) if error == *expected => Ok(()),
        other => Err(format!("expected {expected:?}, found {other:?}")),
    };
    let missing = Error::UnknownGroup(unknown.clone());
    refused(control.create(&group, Holds::Processes), &Error::GroupExists(group.clone()))?;
    refused(control.create(&unknown.join("in").map_err(text)?, Holds::Processes), &missing)?;
    refused(control.set(&unknown, &Setting::Memory(None)), &missing)?;
    refused(control.kill(&unknown), &missing)?;
    refused(control.remove(&unknown), &missing)?;
    refused(control.set_weights(&[(unknown.clone(), NonZeroU64::MIN)]).map(drop), &missing)?;
    refused(control.entrance(&unknown).map(drop), &missing)?;
    // A process that has ended, waited for or not.
    let mut running = Running::start(control, &group)?;
    let task = Task::Process(running.0.id().try_into().map_err(text)?);
    let ended = Error::TaskEnded { task, group: group.clone() };
    running.0.kill().map_err(text)?;
    sleep(Duration::from_millis(50));
    refused(control.attach(&group, task), &ended)?;
    running.0.wait().map_err(text)?;
    refused(control.attach(&group, task), &ended)?;
    // A group that holds a process cannot be removed; then it is as it was.
    let running = Running::start(control, &group)?;
    match control.remove(&group) {
        Err(Error::NotRemoved { tasks, .. }) if tasks == [running.0.id()] => {}
        other => return Err(format!("a group with a process in it: {other:?}")),
    }
    control.usage(&group).map_err(text)?;
    println!("measured: 10 refusals, each typed");
    Ok(())
}

fn new(control: &mut dyn GroupControl, name: &str) -> Result<GroupPath, String> {
    let group = path(name)?;
    control.create(&group, Holds::Processes).map_err(text)?;
    Ok(group)
}

fn siblings(
    control: &mut dyn GroupControl,
    groups: &[(&str, u64)],
) -> Result<Vec<GroupPath>, String> {
    let mut weights = Vec::new();
    for &(name, weight) in groups {
        weights.push((new(control, name)?, NonZeroU64::new(weight).unwrap_or(NonZeroU64::MIN)));
    }
    for applied in control.set_weights(&weights).map_err(text)? {
        if applied.error != 0.0 {
            return Err(format!("weights that fit are off: {applied:?}"));
        }
    }
    Ok(weights.into_iter().map(|(group, _)| group).collect())
}

fn limit(control: &mut dyn GroupControl, group: &GroupPath, percent: u64) -> Result<(), String> {
    control.set(group, &Setting::CpuLimit(Some(cpu_limit(percent, 0)))).map_err(text)
}

fn cpu_limit(percent: u64, burst: u64) -> CpuLimit {
    CpuLimit {
        quota: Duration::from_millis(percent),
        period: Duration::from_millis(100),
        burst: Duration::from_millis(burst),
    }
}

fn start_all(control: &dyn GroupControl, groups: &[GroupPath]) -> Result<Vec<Running>, String> {
    let running: Result<_, String> =
        groups.iter().map(|group| Running::start(control, group)).collect();
    begun(control, groups)?;
    running
}

fn path(name: &str) -> Result<GroupPath, String> {
    name.parse().map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
