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
///
/// Differs from the source: who came out late, and used more than its quantum, counts for less, down
/// to 1/16; and nobody for more than a thousand times as much. So all are compensated as if 16 quanta
/// had been meant, from the beginning, which changes no ratio.
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
        let Self { lottery, quantum, compensates, .. } = self;
        let (quantum, compensates) = (*quantum, *compensates);
        self.members.join(vcpu, weight, limit, || {
            let client = lottery.add_client()?;
            let issued = lottery.issue(CurrencyId::BASE, weight.get().into(), client);
            let entered = issued.and_then(|_| {
                let used = u64::from(quantum.get());
                if compensates { lottery.compensate(client, used, meant(quantum)) } else { Ok(()) }
            });
            if let Err(error) = entered {
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
            let meant = meant(self.quantum);
            let least = u64::from(self.quantum.get()) / MOST_COMPENSATION;
            let used = nanoseconds(used).clamp(least, meant.get());
            self.lottery.compensate(client, used, meant).map_err(VcpuError::from)?;
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

/// The quantum that compensation goes by.
fn meant(quantum: NonZeroU32) -> NonZeroU64 {
    NonZeroU64::from(quantum).saturating_mul(LATEST)
}

/// Who came out later than that, in quanta, is not made to pay for all of it.
const LATEST: NonZeroU64 = NonZeroU64::new(16).unwrap();
/// How many times as much anybody may count because it used nearly nothing.
const MOST_COMPENSATION: u64 = 1_000;
