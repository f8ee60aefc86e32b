//! The threads of vCPUs in groups: the kernel gives each its share.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use rustix::io::Errno;

use super::{ExistingVcpu, Pinned};
use crate::{CpuLimit, Error, GroupControl, GroupPath, Holds, Setting, Task};

/// vCPUs whose threads are in groups of a [`GroupControl`]: with weights, hard limits, and on CPUs
/// of their own. When this is dropped, each thread may run on the CPUs that it could before; what
/// becomes of the groups is up to the control.
///
/// The threads compete by weight on each CPU, so shares are those of the weights if all are on one
/// CPU, or if there are many more of them than CPUs.
#[derive(Debug)]
pub struct Placed<C> {
    /// First, as CPUs are given back before the groups.
    pinned: Pinned,
    groups: Vec<GroupPath>,
    control: C,
}

impl<C: GroupControl> Placed<C> {
    /// Puts threads into groups, one for each, and onto the CPUs of these numbers if there are any.
    ///
    /// In version 2 of control groups, threads are in a group only together with their process:
    /// there it is put into a group, too, so all threads have to be of one process.
    ///
    /// # Errors
    ///
    /// [`Error::TaskEnded`], [`Error::OutOfRange`] for CPUs that there are not, or what the control
    /// says. Then threads may run where they could before, and the control is dropped.
    pub fn new(
        control: C,
        vcpus: &[(ExistingVcpu, NonZeroU32, Option<CpuLimit>)],
        cpus: &[u32],
    ) -> Result<Self, Error> {
        let (pinned, groups) = (Pinned::default(), Vec::new());
        let mut placed = Self { pinned, groups, control };
        let top: GroupPath = TOP.parse()?;
        placed.control.create(&top, Holds::Processes)?;
        let mut weights = Vec::new();
        for (index, (_, weight, limit)) in vcpus.iter().enumerate() {
            let group = top.join(&format!("vcpu-{index}"))?;
            placed.control.create(&group, Holds::Threads)?;
            if limit.is_some() {
                placed.control.set(&group, &Setting::CpuLimit(*limit))?;
            }
            placed.groups.push(group.clone());
            weights.push((group, NonZeroU64::from(*weight)));
        }
        placed.control.set_weights(&weights)?;
        for ((vcpu, ..), (group, _)) in vcpus.iter().zip(weights) {
            placed.attach(*vcpu, &group, &top)?;
        }
        if !cpus.is_empty() {
            let threads: Vec<_> = vcpus.iter().map(|(vcpu, ..)| vcpu.thread).collect();
            placed.pinned = Pinned::new(&threads, cpus)?;
        }
        Ok(placed)
    }

    fn attach(
        &mut self,
        vcpu: ExistingVcpu,
        group: &GroupPath,
        top: &GroupPath,
    ) -> Result<(), Error> {
        let task = Task::Thread(vcpu.thread);
        match self.control.attach(group, task) {
            Err(Error::System { errno: Errno::OPNOTSUPP, .. }) => {
                self.control.attach(top, Task::Process(vcpu.process))?;
                self.control.attach(group, task)
            }
            attached => attached,
        }
    }

    /// The CPU time that each has used since it is in its group, in the order in which they were
    /// given.
    ///
    /// # Errors
    ///
    /// What the control says.
    pub fn usage(&self) -> Result<Vec<Duration>, Error> {
        self.groups.iter().map(|group| Ok(self.control.usage(group)?.cpu)).collect()
    }

    /// Lets the threads run on the CPUs that they could before, and gives the control back, to be
    /// closed.
    #[must_use]
    pub fn release(self) -> C {
        self.control
    }
}

/// The group around those of the vCPUs.
const TOP: &str = "vcpus";
