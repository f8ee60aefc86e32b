//! What carries decisions out, on this machine.

use std::io::{self, Write};

use apportion_host::{Error as HostError, GroupControl};

use super::document::Source;
use super::spec::Spec;
use crate::output::Error;

/// Control groups, after those of owners that are gone have been swept away.
pub(super) fn groups() -> Result<Box<dyn GroupControl>, Error> {
    let _ = writeln!(io::stderr(), "");
    unreachable!()
}

pub(super) fn nice(source: Source<'_>, spec: &Spec) -> Result<Box<dyn GroupControl>, Error> {
    let _ = (source, spec);
    unreachable!()
}

pub(super) fn probe(json: bool) -> Result<(), Error> {
    let _ = json;
    unreachable!()
}

pub(super) fn keep() {}

/// The CPUs that this process may use.
pub(super) fn allowed_cpus() -> Result<Vec<u32>, Error> {
    let set = rustix::thread::sched_getaffinity(None);
    let set = set.map_err(|errno| {
        let reason = crate::output::reason(&errno.into());
        Error::Usage(format!("cannot tell the CPUs that may be used: {reason}"))
    })?;
    let numbers = 0..rustix::thread::CpuSet::MAX_CPU;
    Ok(numbers.filter(|&cpu| set.is_set(cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect())
}
