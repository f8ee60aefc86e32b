//! Who runs next: the policies behind one trait.

mod fair;
mod lottery;
mod members;
mod stride;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{CpuLimit, Error};

use super::VcpuId;

pub use fair::FairTurns;
pub use lottery::LotteryTurns;
pub use stride::StrideTurns;

/// Takes turns: says who runs next, and is told what each used.
///
/// *Law of use*: let vCPUs join; [`pick`](Self::pick) one; run it; then [`charge`](Self::charge)
/// what it used, or [`give_back`](Self::give_back) the turn if it did not take place. One turn is
/// open at a time. A refused call changes nothing.
pub trait Turns {
    /// The name of the policy.
    fn policy(&self) -> &'static str;

    /// A vCPU wants to run from now on.
    ///
    /// # Errors
    ///
    /// [`VcpuError::JoinedTwice`](super::VcpuError::JoinedTwice),
    /// [`VcpuError::NoLimits`](super::VcpuError::NoLimits), and what the policy refuses.
    fn join(
        &mut self,
        vcpu: VcpuId,
        weight: NonZeroU32,
        limit: Option<CpuLimit>,
    ) -> Result<(), Error>;

    /// A vCPU that is not in service no longer takes part.
    ///
    /// # Errors
    ///
    /// [`VcpuError::UnknownVcpu`](super::VcpuError::UnknownVcpu), and what the policy refuses.
    fn leave(&mut self, vcpu: VcpuId) -> Result<(), Error>;

    /// Opens the next turn. Times never go back.
    ///
    /// # Errors
    ///
    /// What the policy refuses.
    fn pick(&mut self, now: Duration) -> Result<Next, Error>;

    /// Closes the turn: the vCPU used so much CPU time of what it was offered, or more.
    ///
    /// # Errors
    ///
    /// [`VcpuError::UnknownVcpu`](super::VcpuError::UnknownVcpu), and what the policy refuses.
    fn charge(&mut self, vcpu: VcpuId, used: Duration) -> Result<(), Error>;

    /// Closes the turn as if there had been none.
    ///
    /// # Errors
    ///
    /// [`VcpuError::UnknownVcpu`](super::VcpuError::UnknownVcpu), and what the policy refuses.
    fn give_back(&mut self, vcpu: VcpuId) -> Result<(), Error>;

    /// Who takes part, by number.
    fn members(&self) -> Vec<Member>;
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "policies of others make it")]
pub enum Next {
    /// A vCPU runs.
    Run {
        /// Which one.
        vcpu: VcpuId,
        /// For how long at most.
        quantum: Duration,
    },
    /// All have used their limits up. Ask again then.
    Idle {
        /// On the clock of [`Turns::pick`].
        until: Duration,
    },
    /// Nobody takes part, or ever will be let run again.
    Nobody,
}

/// Who takes part with which right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "policies of others make it")]
pub struct Member {
    /// Who.
    pub vcpu: VcpuId,
    /// Its weight, or tickets, among all.
    pub weight: NonZeroU32,
    /// The most CPU time that it may have.
    pub limit: Option<CpuLimit>,
}

impl<T: Turns + ?Sized> Turns for Box<T> {
    fn policy(&self) -> &'static str {
        (**self).policy()
    }

    fn join(
        &mut self,
        vcpu: VcpuId,
        weight: NonZeroU32,
        limit: Option<CpuLimit>,
    ) -> Result<(), Error> {
        (**self).join(vcpu, weight, limit)
    }

    fn leave(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        (**self).leave(vcpu)
    }

    fn pick(&mut self, now: Duration) -> Result<Next, Error> {
        (**self).pick(now)
    }

    fn charge(&mut self, vcpu: VcpuId, used: Duration) -> Result<(), Error> {
        (**self).charge(vcpu, used)
    }

    fn give_back(&mut self, vcpu: VcpuId) -> Result<(), Error> {
        (**self).give_back(vcpu)
    }

    fn members(&self) -> Vec<Member> {
        (**self).members()
    }
}
