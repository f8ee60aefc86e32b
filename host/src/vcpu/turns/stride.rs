use std::num::NonZeroU32;
use std::time::Duration;

use apportion_lottery::{ClientId, Stride};

use super::members::{Members, check_quantum, nanoseconds};
use super::{Member, Next, Turns};
use crate::vcpu::{VcpuError, VcpuId};
use crate::{CpuLimit, Error};

/// Turns by passes: a lottery without chance. There are no limits.
#[derive(Clone, Debug)]
pub struct StrideTurns {
    stride: Stride,
    members: Members<ClientId>,
}

impl StrideTurns {
    /// With that quantum.
    ///
    /// # Errors
    ///
    /// [`VcpuError::QuantumOutOfRange`] unless it is from 10 µs to 1 s.
    pub fn new(quantum: Duration) -> Result<Self, Error> {
        Ok(Self { stride: Stride::new(check_quantum(quantum)?), members: Members::default() })
    }
}

impl Turns for StrideTurns {
    fn policy(&self) -> &'static str {
        "stride"
    }

    fn join(
        &mut self,
        vcpu: VcpuId,
        weight: NonZeroU32,
        limit: Option<CpuLimit>,
    ) -> Result<(), Error> {
        if limit.is_some() {
            return Err(VcpuError::NoLimits { policy: self.policy(), vcpu }.into());
        }
        let stride = &mut self.stride;
        self.members.join(vcpu, weight, limit, || Ok(stride.add(weight.get().into())?))
    }

    fn leave(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        let stride = &mut self.stride;
        self.members.leave(vcpu, |client| Ok(stride.remove(client)?))
    }

    fn pick(&mut self, _: Duration) -> Result<Next, Error> {
        let next = self.stride.pick().and_then(|turn| {
            let vcpu = self.members.vcpu(turn.client)?;
            Some(Next::Run { vcpu, quantum: Duration::from_nanos(turn.quantum.get().into()) })
        });
        Ok(next.unwrap_or(Next::Nobody))
    }

    fn charge(&mut self, vcpu: VcpuId, used: Duration) -> Result<(), Error> {
        let client = self.members.handle(vcpu)?;
        // A charge is of 4 s at most: a quantum that took longer, on a machine that stood still, is
        // charged as that.
        let used = u32::try_from(nanoseconds(used)).unwrap_or(u32::MAX);
        Ok(self.stride.charge(client, used).map_err(VcpuError::from)?)
    }

    fn give_back(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        self.members.handle(vcpu)?;
        Ok(())
    }

    fn members(&self) -> Vec<Member> {
        self.members.list()
    }
}
