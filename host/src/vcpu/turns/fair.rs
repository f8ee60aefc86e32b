use std::num::NonZeroU32;
use std::time::Duration;

use apportion_wfq::{EntityId, Limit, MAX_CHARGE, Order, Scheduler, Then, Weight};

use super::members::{Members, check_quantum, nanoseconds, some_nanoseconds};
use super::{Member, Next, Turns};
use crate::vcpu::{VcpuError, VcpuId};
use crate::{CpuLimit, Error};

/// Turns by virtual time: whoever has had the least CPU time for its weight runs next.
///
/// Who stops early is charged what it used and no more, so it keeps its share. Limits are hard: who
/// has used its quota up runs again in the next period. The first period of a vCPU begins when it
/// joins, on the clock of [`Turns::pick`].
#[derive(Clone, Debug)]
pub struct FairTurns {
    scheduler: Scheduler,
    members: Members<EntityId>,
    policy: &'static str,
}

impl FairTurns {
    /// In start-time order, with that quantum.
    ///
    /// # Errors
    ///
    /// [`VcpuError::QuantumOutOfRange`] unless it is from 10 µs to 1 s.
    pub fn new(quantum: Duration) -> Result<Self, Error> {
        Self::in_order(Order::StartTime, quantum)
    }

    /// In another order.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn in_order(order: Order, quantum: Duration) -> Result<Self, Error> {
        let quantum = check_quantum(quantum)?.into();
        let scheduler = Scheduler::with_quantum(order, quantum).map_err(VcpuError::from)?;
        let policy = if order == Order::Eevdf { "eevdf" } else { "wfq" };
        Ok(Self { scheduler, members: Members::default(), policy })
    }

    fn close(&mut self, vcpu: VcpuId, used: u64) -> Result<(), Error> {
        let entity = self.members.handle(vcpu)?;
        let used = used.min(MAX_CHARGE);
        Ok(self.scheduler.charge(entity, used, Then::Requeue).map_err(VcpuError::from)?)
    }
}

impl Turns for FairTurns {
    fn policy(&self) -> &'static str {
        self.policy
    }

    fn join(
        &mut self,
        vcpu: VcpuId,
        weight: NonZeroU32,
        limit: Option<CpuLimit>,
    ) -> Result<(), Error> {
        let scheduler = &mut self.scheduler;
        self.members.join(vcpu, weight, limit, || {
            let entity = scheduler.add(Weight::new(weight.get())?)?;
            let limit = limit.map(|CpuLimit { quota, period, burst }| {
                let limit = Limit::new(some_nanoseconds(quota), some_nanoseconds(period));
                limit.with_burst(nanoseconds(burst))
            });
            scheduler.set_limit(entity, limit)?;
            scheduler.wake(entity)?;
            Ok(entity)
        })
    }

    fn leave(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        let scheduler = &mut self.scheduler;
        self.members.leave(vcpu, |entity| Ok(scheduler.remove(entity)?))
    }

    fn pick(&mut self, now: Duration) -> Result<Next, Error> {
        let now = nanoseconds(now);
        self.scheduler.advance(now).map_err(VcpuError::from)?;
        if let Some(pick) = self.scheduler.pick() {
            let vcpu = self.members.vcpu(pick.entity);
            let quantum = Duration::from_nanos(pick.slice);
            return Ok(vcpu.map_or(Next::Nobody, |vcpu| Next::Run { vcpu, quantum }));
        }
        let release = self.scheduler.next_release(now);
        Ok(release.map_or(Next::Nobody, |until| Next::Idle { until: Duration::from_nanos(until) }))
    }

    fn charge(&mut self, vcpu: VcpuId, used: Duration) -> Result<(), Error> {
        self.close(vcpu, nanoseconds(used))
    }

    fn give_back(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        self.close(vcpu, 0)
    }

    fn members(&self) -> Vec<Member> {
        self.members.list()
    }
}
