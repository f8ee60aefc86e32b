//! What carries decisions out, on this machine.

use std::io;

use apportion_host::{
    Cgroups, Controller, Error as HostError, GroupControl, Nice, System, Unavailable,
    keep as keeping, sweep,
};

use super::document::Source;
use super::spec::Spec;
use crate::output::{self, Error};

/// What puts decisions into force.
pub(super) struct Control {
    pub(super) groups: Box<dyn GroupControl>,
    /// Whether groups can be kept to single CPUs.
    pub(super) cpuset: bool,
}

/// Control groups with what the specification needs, after those of owners that are gone have been
/// swept away. `bounded`: everybody has to be kept to some of the CPUs.
pub(super) fn groups(spec: &Spec, bounded: bool) -> Result<Control, Error> {
    let commands = || spec.commands.iter();
    let kept = bounded || commands().any(|command| command.cpus.is_some());
    let mut controllers = vec![Controller::Cpu, Controller::Cpuacct];
    if kept || commands().any(|command| command.hard) {
        controllers.push(Controller::Cpuset);
    }
    if commands().any(|command| command.memory.is_some()) {
        controllers.push(Controller::Memory);
    }
    if commands().any(|command| command.io_weight.is_some()) {
        controllers.push(Controller::Io);
    }
    let system = System::default();
    // What cannot be swept is in nobody's way, and no reason not to run.
    if let Ok(swept) = sweep(&system) {
        if !swept.removed.is_empty() {
            let plural = if swept.removed.len() == 1 { "" } else { "s" };
            tell(&format!(
                "removed {} group{plural} of a run that was killed",
                swept.removed.len()
            ));
        }
        if let Some(error) = swept.failed.first() {
            tell(&format!("of a run that was killed: {error}"));
        }
    }
    let groups = Cgroups::with(&system, &controllers).map_err(refused)?;
    groups.version(Controller::Cpuacct).map_err(|unavailable| refused(unavailable.into()))?;
    let cpuset = match groups.version(Controller::Cpuset) {
        Ok(_) => true,
        // Hard ones can have quotas instead.
        Err(_) if !kept => false,
        Err(unavailable) => return Err(refused(unavailable.into())),
    };
    Ok(Control { groups: Box::new(groups), cpuset })
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn refused(error: HostError) -> Error {
    let other = match error {
        HostError::Unavailable(_) => "; or, for weights only: `--backend nice`",
        _ => "",
    };
    Error::Usage(format!("{error}{other}"))
}

/// Nice levels, for a specification that asks for no more than they can hold.
pub(super) fn nice(source: Source<'_>, spec: &Spec) -> Result<Control, Error> {
    check_nice(source, spec)?;
    let groups = Nice::open(&System::default()).map_err(refused)?;
    Ok(Control { groups: Box::new(groups), cpuset: true })
}

/// Refuses what nice levels cannot hold.
pub(super) fn check_nice(source: Source<'_>, spec: &Spec) -> Result<(), Error> {
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
    Ok(())
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

/// Waits for the end of the run, and sweeps if it was killed.
pub(super) fn keep() {
    // Nobody is left to be told.
    let _ = keeping(io::stdin().lock(), || drop(sweep(&System::default())));
}

/// A line on standard error.
fn tell(line: &str) {
    output::complain(&Error::Usage(line.to_owned()));
}
