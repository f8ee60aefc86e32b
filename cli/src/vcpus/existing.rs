//! The vCPUs of a QEMU that runs already.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use apportion_host::vcpu::{
    ExistingVcpu, Exit, Placed, Ran, Report, vcpus_of_machine, vcpus_of_process,
};
use apportion_host::{Adoption, Qmp, System, sweep};

use super::own::members;
use super::policy::Policy;
use super::stop::Stop;
use super::{Outcome, Plan, failed};
use crate::output::Error;

/// Finds the vCPUs, and what to call their machine.
pub(super) fn find(
    socket: Option<&Path>,
    process: Option<NonZeroU32>,
) -> Result<(Vec<ExistingVcpu>, String), Error> {
    let (vcpus, name) = match (socket, process) {
        (Some(socket), _) => {
            let mut qmp = Qmp::connect(socket, PATIENCE).map_err(failed)?;
            (vcpus_of_machine(&mut qmp).map_err(failed)?, socket.display().to_string())
        }
        (None, Some(process)) => {
            (vcpus_of_process(process).map_err(failed)?, format!("process {process}"))
        }
        (None, None) => (Vec::new(), String::new()),
    };
    if vcpus.is_empty() {
        return Err(Error::input(name, "it has no vCPUs"));
    }
    Ok((vcpus, name))
}

/// Puts the vCPUs into groups until the time is over or it is told to stop, and then back to where
/// they were.
pub(super) fn govern(
    plan: &Plan,
    vcpus: &[ExistingVcpu],
    name: &str,
    stop: &Stop,
) -> Result<Outcome, Error> {
    let system = System::default();
    // What cannot be swept is in nobody's way.
    let _ = sweep(&system);
    let control = Adoption::open(&system).map_err(failed)?;
    let rights: Vec<_> = vcpus
        .iter()
        .zip(&plan.rights)
        .map(|(it, right)| (*it, right.weight, right.limit))
        .collect();
    let placed = Placed::new(control, &rights, &plan.cpus).map_err(failed)?;
    let before = placed.usage().map_err(failed)?;
    let wall = stop.wait(name, plan.length);
    let after = placed.usage().map_err(failed)?;
    placed.release().close().map_err(failed)?;
    let used = before.iter().zip(&after).map(|(before, after)| after.saturating_sub(*before));
    let had: Vec<_> = members(&plan.rights)
        .zip(vcpus)
        .zip(used)
        .map(|((mut member, vcpu), cpu)| {
            member.vcpu = vcpu.vcpu;
            (member, Ran { cpu, wall, kick_latency: None, exit: Exit::Kicked }, None)
        })
        .collect();
    let report = Report::of_parallel(&had, wall).map_err(failed)?;
    Ok(Outcome { policy: Policy::Groups, report })
}

/// How long a QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
