//! Which CPUs there are, and which the user wants.

use rustix::thread::{CpuSet, sched_getaffinity};

use crate::option::refusal;
use crate::output::{self, Error};
use crate::run::value::CpuList;

/// The CPUs that this process may use.
pub(crate) fn allowed() -> Result<Vec<u32>, Error> {
    let set = sched_getaffinity(None).map_err(|errno| {
        let reason = output::reason(&errno.into());
        Error::Usage(format!("cannot tell the CPUs that may be used: {reason}"))
    })?;
    let numbers = 0..CpuSet::MAX_CPU;
    Ok(numbers.filter(|&cpu| set.is_set(cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect())
}

/// What `--cpus` says, all of which are allowed.
pub(crate) fn chosen(text: &str, allowed: &[u32]) -> Result<Vec<u32>, Error> {
    let Some(CpuList(cpus)) = CpuList::parse(text) else {
        let expected = "numbers of CPUs such as 0,2-3";
        return Err(refusal("--cpus", expected, &format!("`{text}`")));
    };
    if let Some(cpu) = cpus.iter().find(|cpu| !allowed.contains(cpu)) {
        let expected = format!("CPUs among {}", CpuList(allowed.to_vec()));
        return Err(refusal("--cpus", &expected, &cpu.to_string()));
    }
    Ok(cpus)
}
