//! What every control of groups has to achieve, measured: the same functions for version 1 on this
//! machine and for version 2 wherever there is one.
//!
//! Each takes a control without groups, and prints a line `measured: …` for each result. Shares are
//! of CPU time on one CPU, so other load on the machine makes them no worse.

pub(crate) mod busy;
mod entrance;
mod orphans;
mod settings;

use std::num::NonZeroU64;
use std::thread::sleep;
use std::time::{Duration, Instant};

use apportion_host::{CpuLimit, Error, GroupControl, GroupPath, Holds, Setting, Task, spawn};
use busy::{Running, Threads, again};
use rustix::process::Signal;

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
    let running = start_all(control, &groups)?;
    let used = used_within(control, &groups, WINDOW)?;
    drop(running);
    let found = shares(&used);
    close("weights 1:2:4", &found, &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0], 0.01)
}

/// A fifth of a CPU, within two percentage points.
pub(crate) fn quota(control: &mut dyn GroupControl) -> Result<(), String> {
    let group = new(control, "limited")?;
    limit(control, &group, 20)?;
    let _running = Running::start(control, &group)?;
    let (used, wall) = used_in(control, &group, WINDOW)?;
    close("limit of 20 % of a CPU", &[used / wall], &[0.2], 0.02)
}

/// One that wants half may have a fifth; the two others divide the rest, 1:2.
pub(crate) fn weights_and_quota(control: &mut dyn GroupControl) -> Result<(), String> {
    let groups = siblings(control, &[("one", 1), ("two", 2), ("limited", 3)])?;
    limit(control, &groups[2], 20)?;
    let running = start_all(control, &groups)?;
    let used = used_within(control, &groups, WINDOW)?;
    drop(running);
    // A fifth of the wall's time, unless others on the machine leave so little that half of it is
    // less than that.
    let half = used.used.iter().sum::<f64>() / used.wall / 2.0;
    let found = used.used[2] / used.wall;
    close("limit beside weights, of a CPU", &[found], &[f64::min(0.2, half)], 0.02)?;
    let rest = used.used[0] + used.used[1];
    let found = [used.used[0] / rest, used.used[1] / rest];
    close("weights 1:2 beside a limit", &found, &[1.0 / 3.0, 2.0 / 3.0], 0.02)
}

/// A group of 3 has members 1:2, beside a group of 1.
pub(crate) fn nesting(control: &mut dyn GroupControl) -> Result<(), String> {
    let top = siblings(control, &[("outer", 3), ("alone", 1)])?;
    let inner = [("outer/one", 1), ("outer/two", 2)];
    let inner = siblings(control, &inner)?;
    let groups = [inner[0].clone(), inner[1].clone(), top[1].clone()];
    let running = start_all(control, &groups)?;
    let used = used_within(control, &groups, WINDOW)?;
    drop(running);
    close("nested 3:1, 1:2 inside", &shares(&used), &[0.25, 0.5, 0.25], 0.02)?;
    let outer = control.usage(&top[0]).map_err(text)?.cpu;
    let both =
        control.usage(&inner[0]).map_err(text)?.cpu + control.usage(&inner[1]).map_err(text)?.cpu;
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
    let used = used_within(control, &groups, WINDOW)?;
    drop(threads);
    close("threads 1:2:4", &shares(&used), &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0], 0.01)?;
    // Takes our own process out again, and kills nothing: there is nothing else in it.
    control.kill(&process).map_err(text)?;
    control.remove(&process).map_err(text)
}

/// What was left over of a quota is used later, up to the burst, and no more.
pub(crate) fn burst(control: &mut dyn GroupControl) -> Result<(), String> {
    let group = new(control, "bursty")?;
    let limit = CpuLimit {
        quota: Duration::from_millis(100),
        period: Duration::from_secs(1),
        burst: Duration::from_millis(100),
    };
    control.set(&group, &Setting::CpuLimit(Some(limit))).map_err(text)?;
    let running = Running::start(control, &group)?;
    let mut most = 0.0;
    for _ in 0..2 {
        running.signal(Signal::STOP)?;
        sleep(Duration::from_millis(2_100));
        running.signal(Signal::CONT)?;
        // As long as a period, so one begins meanwhile: quota, burst and another quota.
        let (used, _) = used_in(control, &group, Duration::from_secs(1))?;
        most = f64::max(most, used);
    }
    close("quota of 0.1 s with a burst of 0.1 s, after a pause", &[most], &[0.3], 0.04)?;
    let Err(error) = control.set(&group, &Setting::CpuLimit(Some(cpu_limit(20, 21)))) else {
        return Err("a burst above the quota was taken".to_owned());
    };
    if !matches!(error, Error::OutOfRange { what: "burst", .. }) {
        return Err(format!("a burst above the quota: {error}"));
    }
    control.set(&group, &Setting::CpuLimit(None)).map_err(text)?;
    let (used, wall) = used_in(control, &group, Duration::from_secs(1))?;
    if used / wall < 0.25 {
        return Err(format!("a limit that was taken back still binds: {:.3}", used / wall));
    }
    println!("measured: limit taken back: {:.3} of a CPU", used / wall);
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
    let running = groups.iter().map(|group| Running::start(control, group)).collect();
    // So that those started last have begun, too.
    sleep(Duration::from_millis(200));
    running
}

/// What was used in a window, in seconds.
pub(crate) struct Window {
    used: Vec<f64>,
    wall: f64,
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
pub(crate) fn used_within(
    control: &dyn GroupControl,
    groups: &[GroupPath],
    window: Duration,
) -> Result<Window, String> {
    let read = || -> Result<Vec<Duration>, String> {
        groups.iter().map(|group| Ok(control.usage(group).map_err(text)?.cpu)).collect()
    };
    let began = Instant::now();
    let before = read()?;
    sleep(window);
    let wall = began.elapsed().as_secs_f64();
    let after = read()?;
    let used =
        after.iter().zip(before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    Ok(Window { used: used.collect(), wall })
}

fn used_in(
    control: &dyn GroupControl,
    group: &GroupPath,
    window: Duration,
) -> Result<(f64, f64), String> {
    let window = used_within(control, std::slice::from_ref(group), window)?;
    Ok((window.used[0], window.wall))
}

pub(crate) fn shares(window: &Window) -> Vec<f64> {
    let sum: f64 = window.used.iter().sum();
    window.used.iter().map(|used| used / sum).collect()
}

pub(crate) fn close(what: &str, found: &[f64], wanted: &[f64], within: f64) -> Result<(), String> {
    let list = |values: &[f64]| {
        values.iter().map(|value| format!("{value:.4}")).collect::<Vec<_>>().join(" ")
    };
    let off = found.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs());
    let worst = off.fold(0.0, f64::max);
    println!(
        "measured: {what}: {} for {}, off by {:.2} percentage points at most",
        list(found),
        list(wanted),
        100.0 * worst
    );
    // Not a number is not close.
    if worst <= within && found.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(format!("{what}: {} is not {} within {within}", list(found), list(wanted)))
    }
}

fn path(name: &str) -> Result<GroupPath, String> {
    name.parse().map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// How long CPU time is compared.
const WINDOW: Duration = Duration::from_secs(5);
