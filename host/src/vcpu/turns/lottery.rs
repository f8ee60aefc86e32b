use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use apportion_lottery::{ClientId, Compensation, Currencies, CurrencyId};
use rand_core::Rng;

use super::members::{Members, check_quantum, nanoseconds};
use super::{Member, Next, Turns};
use crate::vcpu::{VcpuError, VcpuId};
use crate::{CpuLimit, Error};

/// Turns by a draw: each weight is as many tickets.
///
/// Who used the part `f` of its quantum, because it stopped early or had to share the CPU with
/// others, counts `1 / f` times as much until it wins again (compensation tickets), so that its
/// share of CPU time is that of its tickets. There are no limits.
#[derive(Clone, Debug)]
pub struct LotteryTurns<R> {
    lottery: Currencies,
    members: Members<ClientId>,
    /// Whose turn it is, and what it was compensated by when it won.
    turn: Option<(ClientId, Option<Compensation>)>,
    quantum: NonZeroU32,
    compensates: bool,
    chance: R,
}

impl<R: Rng> LotteryTurns<R> {
    /// With that quantum and that generator.
    ///
    /// # Errors
    ///
    /// [`VcpuError::QuantumOutOfRange`] unless the quantum is from 10 µs to 1 s.
    pub fn new(quantum: Duration, chance: R) -> Result<Self, Error> {
        let quantum = check_quantum(quantum)?;
        let (lottery, members) = (Currencies::new(), Members::default());
        Ok(Self { lottery, members, turn: None, quantum, compensates: true, chance })
    }

    /// Without compensation: quanta, not CPU time, are in proportion to tickets.
    #[must_use]
    pub fn without_compensation(self) -> Self {
        Self { compensates: false, ..self }
    }
}

impl<R: Rng> Turns for LotteryTurns<R> {
    fn policy(&self) -> &'static str {
        "lottery"
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
        let lottery = &mut self.lottery;
        self.members.join(vcpu, weight, limit, || {
            let client = lottery.add_client()?;
            if let Err(error) = lottery.issue(CurrencyId::BASE, weight.get().into(), client) {
                lottery.remove_client(client)?;
                return Err(error.into());
            }
            Ok(client)
        })
    }

    fn leave(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        let lottery = &mut self.lottery;
        self.members.leave(vcpu, |client| Ok(lottery.remove_client(client)?))
    }

    fn pick(&mut self, _: Duration) -> Result<Next, Error> {
        let Some(winner) = self.lottery.draw(&mut self.chance) else { return Ok(Next::Nobody) };
        let Some(vcpu) = self.members.vcpu(winner.client) else { return Ok(Next::Nobody) };
        self.turn = Some((winner.client, winner.compensation));
        Ok(Next::Run { vcpu, quantum: Duration::from_nanos(self.quantum.get().into()) })
    }

    fn charge(&mut self, vcpu: VcpuId, used: Duration) -> Result<(), Error> {
        let client = self.members.handle(vcpu)?;
        if self.compensates {
            let quantum = NonZeroU64::from(self.quantum);
            // Nobody pays for the time that it took to come out.
            let used = nanoseconds(used).min(quantum.get());
            self.lottery.compensate(client, used, quantum).map_err(VcpuError::from)?;
        }
        self.turn = None;
        Ok(())
    }

    fn give_back(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        let client = self.members.handle(vcpu)?;
        if let Some((winner, Some(compensation))) = self.turn
            && winner == client
            && let Some(quantum) = NonZeroU64::new(compensation.quantum)
        {
            let restored = self.lottery.compensate(client, compensation.used, quantum);
            restored.map_err(VcpuError::from)?;
        }
        self.turn = None;
        Ok(())
    }

    fn members(&self) -> Vec<Member> {
        self.members.list()
    }
}
