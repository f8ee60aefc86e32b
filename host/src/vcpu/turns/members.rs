//! What the policies have in common: who takes part, under which handle.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use super::super::{VcpuError, VcpuId};
use super::Member;
use crate::{CpuLimit, Error};

/// The members of a policy that calls them by handles `H`.
#[derive(Clone, Debug)]
pub(super) struct Members<H> {
    members: BTreeMap<VcpuId, (Member, H)>,
    vcpus: BTreeMap<H, VcpuId>,
}

impl<H> Default for Members<H> {
    fn default() -> Self {
        Self { members: BTreeMap::new(), vcpus: BTreeMap::new() }
    }
}

impl<H: Copy + Ord> Members<H> {
    /// Lets a vCPU join under the handle that `enter` gives it.
    pub(super) fn join(
        &mut self,
        vcpu: VcpuId,
        weight: NonZeroU32,
        limit: Option<CpuLimit>,
        enter: impl FnOnce() -> Result<H, VcpuError>,
    ) -> Result<(), Error> {
        if self.members.contains_key(&vcpu) {
            return Err(VcpuError::JoinedTwice(vcpu).into());
        }
        let handle = enter()?;
        self.members.insert(vcpu, (Member { vcpu, weight, limit }, handle));
        self.vcpus.insert(handle, vcpu);
        Ok(())
    }

    /// Forgets a vCPU after `exit`, if that is not refused.
    pub(super) fn leave(
        &mut self,
        vcpu: VcpuId,
        exit: impl FnOnce(H) -> Result<(), VcpuError>,
    ) -> Result<(), Error> {
        let handle = self.handle(vcpu)?;
        exit(handle)?;
        self.members.remove(&vcpu);
        self.vcpus.remove(&handle);
        Ok(())
    }

    pub(super) fn handle(&self, vcpu: VcpuId) -> Result<H, VcpuError> {
        self.members.get(&vcpu).map(|member| member.1).ok_or(VcpuError::UnknownVcpu(vcpu))
    }

    pub(super) fn vcpu(&self, handle: H) -> Option<VcpuId> {
        self.vcpus.get(&handle).copied()
    }

    pub(super) fn list(&self) -> Vec<Member> {
        self.members.values().map(|member| member.0).collect()
    }
}

/// Refuses what is too short to be measured or too long to be charged.
pub(super) fn check_quantum(quantum: Duration) -> Result<NonZeroU32, VcpuError> {
    let nanoseconds = u32::try_from(quantum.as_nanos()).ok().and_then(NonZeroU32::new);
    nanoseconds
        .filter(|_| (SHORTEST_QUANTUM..=LONGEST_QUANTUM).contains(&quantum))
        .ok_or(VcpuError::QuantumOutOfRange(quantum))
}

/// The units of all policies here, from 1 nanosecond to 2^63.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(1 << 63)
}

/// The same of what must not be 0.
pub(super) fn some_nanoseconds(duration: Duration) -> NonZeroU64 {
    NonZeroU64::new(nanoseconds(duration)).unwrap_or(NonZeroU64::MIN)
}

const SHORTEST_QUANTUM: Duration = Duration::from_micros(10);
const LONGEST_QUANTUM: Duration = Duration::from_secs(1);
