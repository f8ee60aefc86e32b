//! What carries decisions out, on this machine.

use std::io;

use apportion_host::{
    Cgroups, Error as HostError, GroupControl, System, Unavailable, keep as keeping, sweep,
};

use super::document::Source;
use super::spec::Spec;
use crate::output::{self, Error};

/// Control groups, after those of owners that are gone have been swept away.
pub(super) fn groups() -> Result<Box<dyn GroupControl>, Error> {
    let system = System::default();
    let groups = Cgroups::open(&system).map_err(|error| {
        let named = matches!(error, HostError::Unavailable(_));
        let other = if named { "; or, for weights only: `--backend nice`" } else { "" };
        Error::Usage(format!("{error}{other}"))
    })?;
    // What cannot be swept is in nobody's way, and no reason not to run.
    if let Ok(swept) = sweep(&system) {
        let (removed, failed) = (swept.removed.len(), swept.failed.first());
        if removed > 0 {
            tell(&format!("removed {removed} groups of runs that were killed"));
        }
        if let Some(error) = failed {
            tell(&format!("of a run that was killed: {error}"));
        }
    }
    Ok(Box::new(groups))
}

/// Nice levels, for a specification that asks for no more than they can hold.
pub(super) fn nice(source: Source<'_>, spec: &Spec) -> Result<Box<dyn GroupControl>, Error> {
    for command in &spec.commands {
        let limited = command.rights.limit.is_some();
        let asked = [
            (limited, "limit"),
            (command.hard, "hard"),
            (command.memory.is_some(), "memory"),
            (command.io_weight.is_some(), "io-weight"),
        ];
        refuse(source, command.line, &command.name, &asked)?;
    }
    for group in &spec.groups {
        let asked = [(group.rights.limit.is_some(), "limit")];
        refuse(source, group.line, &group.name, &asked)?;
    }
    Err(Error::Usage("nice".to_owned()))
}

fn refuse(
    source: Source<'_>,
    line: usize,
    name: &str,
    asked: &[(bool, &str)],
) -> Result<(), Error> {
    let Some((_, key)) = asked.iter().find(|(asked, _)| *asked) else { return Ok(()) };
    let unavailable = Unavailable {
        what: format!("`{key}` of `{name}`"),
        why: "a nice level cannot hold it".to_owned(),
        fix: format!("use `--backend cgroup`, or take `{key}` out"),
    };
    Err(Error::input(format!("{}:{line}", source.name), unavailable.to_string()))
}

pub(super) fn probe(json: bool) -> Result<(), Error> {
    let _ = json;
    Err(Error::Usage("probe".to_owned()))
}

/// Waits for the end of the run, and sweeps if it was killed.
pub(super) fn keep() {
    // Nobody is left to be told.
    let _ = keeping(io::stdin().lock(), || drop(sweep(&System::default())));
}

/// A line on standard error.
fn tell(line: &str) {
    output::complain(&Error::Usage(line.to_owned()));
}

/// The CPUs that this process may use.
pub(super) fn allowed_cpus() -> Result<Vec<u32>, Error> {
    let set = rustix::thread::sched_getaffinity(None);
    let set = set.map_err(|errno| {
        let reason = output::reason(&errno.into());
        Error::Usage(format!("cannot tell the CPUs that may be used: {reason}"))
    })?;
    let numbers = 0..rustix::thread::CpuSet::MAX_CPU;
    Ok(numbers.filter(|&cpu| set.is_set(cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect())
}
