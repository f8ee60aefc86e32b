//! Nice levels and affinity, as anybody may set them: run as a user without rights, if we are root.

#[path = "groups/mod.rs"]
#[expect(dead_code, reason = "the checks of control groups ask for more")]
mod groups;
#[path = "machine/mod.rs"]
#[expect(dead_code, reason = "only its user is needed")]
mod machine;

use std::num::NonZeroU64;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use apportion_host::{
    Applied, CpuLimit, Error, GroupControl, GroupPath, Holds, Nice, Setting, System, Task,
};
use groups::busy::{self, Running, Threads, first_cpu};
use groups::window;
use libtest_mimic::{Arguments, Trial};

type Check = fn(&mut Nice) -> Result<(), String>;

fn main() -> ExitCode {
    busy::become_what_was_asked();
    let mut arguments = Arguments::from_args();
    // They would measure each other.
    arguments.test_threads = Some(1);
    let checks: [(&str, Check); 5] = [
        ("weights", weights),
        ("threads", threads),
        ("tree", tree),
        ("cpus", cpus),
        ("refusals", refusals),
    ];
    let trials = checks.map(|(name, check)| {
        Trial::test(name, move || {
            let run = move || {
                let mut control = Nice::open(&System::default()).map_err(text)?;
                check(&mut control)?;
                control.close().map_err(text)
            };
            Ok(machine::as_nobody(run).unwrap_or_else(run)?)
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// What is achieved is what was said to be achieved, whatever was asked for.
fn weights(control: &mut Nice) -> Result<(), String> {
    let groups = create(control, &["one", "two", "four"], Holds::Processes)?;
    let applied = weigh(control, &groups)?;
    let mut running = Vec::new();
    for group in &groups {
        running.push(Running::start(control, group)?);
    }
    compare(control, &groups, &applied)?;
    // Where a level has to go down again, a user may not, and all stays as it was.
    let equal: Vec<_> = groups.iter().map(|group| (group.clone(), NonZeroU64::MIN)).collect();
    match control.set_weights(&equal) {
        Err(Error::Unavailable(unavailable)) if unavailable.fix.contains("prlimit --nice=") => {}
        other => return Err(format!("a level was lowered: {other:?}")),
    }
    drop(running);
    for group in &groups {
        control.remove(group).map_err(text)?;
    }
    Ok(())
}

fn threads(control: &mut Nice) -> Result<(), String> {
    let groups = create(control, &["one", "two", "four"], Holds::Threads)?;
    let applied = weigh(control, &groups)?;
    let mut threads = Threads::default();
    for group in &groups {
        let thread = threads.start()?;
        control.attach(group, thread).map_err(text)?;
    }
    compare(control, &groups, &applied)?;
    // Kills nothing: they are our own.
    control.kill(&groups[0]).map_err(text)
}

/// What members have started is counted and killed too.
fn tree(control: &mut Nice) -> Result<(), String> {
    let group = create(control, &["group"], Holds::Processes)?.remove(0);
    let entrance = control.entrance(&group).map_err(text)?;
    let mut parent =
        apportion_host::spawn(busy::again("parent"), entrance).map(Running).map_err(text)?;
    sleep(Duration::from_millis(700));
    let used = control.usage(&group).map_err(text)?.cpu;
    println!("measured: a process and its child used {used:?}");
    if used.is_zero() {
        return Err("what a child used is not counted".to_owned());
    }
    match control.remove(&group) {
        Err(Error::NotRemoved { tasks, .. }) if tasks.len() == 2 => {}
        other => return Err(format!("a group with two processes: {other:?}")),
    }
    control.kill(&group).map_err(text)?;
    parent.0.wait().map_err(text)?;
    let after = control.usage(&group).map_err(text)?.cpu;
    if after < used {
        return Err(format!("{used:?} became {after:?}"));
    }
    control.remove(&group).map_err(text)
}

fn cpus(control: &mut Nice) -> Result<(), String> {
    let group = create(control, &["group"], Holds::Processes)?.remove(0);
    let cpu = first_cpu();
    let before = Running::start(control, &group)?;
    let number = u32::try_from(cpu).map_err(text)?;
    control.set(&group, &Setting::Cpus(vec![number])).map_err(text)?;
    let after = Running::start(control, &group)?;
    for running in [&before, &after] {
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id()));
        let status = status.map_err(text)?;
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        if line.map(str::trim) != Some(cpu.to_string().as_str()) {
            return Err(format!("expected CPU {cpu}, found {line:?}"));
        }
    }
    for cpus in [vec![], vec![1 << 20]] {
        match control.set(&group, &Setting::Cpus(cpus)) {
            Err(Error::OutOfRange { what: "CPUs", .. }) => {}
            other => return Err(format!("no such CPUs: {other:?}")),
        }
    }
    Ok(())
}

fn refusals(control: &mut Nice) -> Result<(), String> {
    let group = create(control, &["group"], Holds::Processes)?.remove(0);
    let limit = CpuLimit {
        quota: Duration::from_millis(10),
        period: Duration::from_millis(100),
        burst: Duration::ZERO,
    };
    let inner = group.join("inner").map_err(text)?;
    let results = [
        control.set(&group, &Setting::CpuLimit(Some(limit))),
        control.set(&group, &Setting::Memory(Some(1 << 20))),
        control.set(&group, &Setting::IoWeight(100)),
        control.create(&inner, Holds::Processes),
    ];
    for result in results {
        match result {
            Err(Error::Unavailable(unavailable)) if !unavailable.fix.is_empty() => {
                println!("measured: {unavailable}");
            }
            other => return Err(format!("nice levels cannot hold it: {other:?}")),
        }
    }
    let unknown: GroupPath = "unknown".parse().map_err(text)?;
    let missing = Err(Error::UnknownGroup(unknown.clone()));
    if control.kill(&unknown) != missing || control.remove(&unknown) != missing {
        return Err("an unknown group is known".to_owned());
    }
    for id in [u32::MAX, 1 << 31, 4_194_304_u32] {
        let task = Task::Process(id.try_into().map_err(text)?);
        let ended = Error::TaskEnded { task, group: group.clone() };
        if control.attach(&group, task) != Err(ended) {
            return Err(format!("there is no {task}"));
        }
    }
    Ok(())
}

fn create(control: &mut Nice, names: &[&str], holds: Holds) -> Result<Vec<GroupPath>, String> {
    let mut groups = Vec::new();
    for name in names {
        let group: GroupPath = name.parse().map_err(text)?;
        control.create(&group, holds).map_err(text)?;
        groups.push(group);
    }
    Ok(groups)
}

fn weigh(control: &mut Nice, groups: &[GroupPath]) -> Result<Vec<Applied>, String> {
    let weights = [1, 2, 4].map(|weight| NonZeroU64::new(weight).unwrap_or(NonZeroU64::MIN));
    let weights: Vec<_> = groups.iter().cloned().zip(weights).collect();
    control.set_weights(&weights).map_err(text)
}

fn compare(control: &Nice, groups: &[GroupPath], applied: &[Applied]) -> Result<(), String> {
    let set = applied.iter().map(|applied| u32::try_from(applied.weight).unwrap_or(0));
    let set: Vec<f64> = set.map(f64::from).collect();
    let sum: f64 = set.iter().sum();
    let told: Vec<_> = applied.iter().map(|applied| format!("{:+.3}", applied.error)).collect();
    println!("measured: 1:2:4 by nice levels is off by {} by rounding", told.join(" "));
    window::begun(control, groups)?;
    window::compare("nice levels as told", 0.02, || {
        let found = window::used_within(control, groups, Duration::from_secs(3))?;
        Ok((window::shares(&found), set.iter().map(|weight| weight / sum).collect()))
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
