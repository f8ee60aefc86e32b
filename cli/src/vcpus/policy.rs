//! The policies by name.

use std::time::Duration;

use apportion_host::vcpu::{FairTurns, LotteryTurns, StrideTurns, Turns};
use apportion_wfq::Order;
use rand_pcg::Pcg64;

use super::{Plan, failed};
use crate::output::Error;

/// A policy of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Policy {
    Groups,
    Wfq,
    Eevdf,
    Stride,
    Lottery,
}

const NAMED: [(&str, Policy); 5] = [
    ("groups", Policy::Groups),
    ("wfq", Policy::Wfq),
    ("eevdf", Policy::Eevdf),
    ("stride", Policy::Stride),
    ("lottery", Policy::Lottery),
];

impl Policy {
    /// What runs if none is named.
    pub(super) const DEFAULT: [Self; 3] = [Self::Groups, Self::Wfq, Self::Lottery];

    pub(super) fn named(name: &str) -> Option<Self> {
        NAMED.iter().find(|named| named.0 == name).map(|named| named.1)
    }

    pub(super) fn names() -> Vec<&'static str> {
        NAMED.iter().map(|named| named.0).collect()
    }

    pub(super) fn name(self) -> &'static str {
        NAMED.iter().find(|named| named.1 == self).map_or("", |named| named.0)
    }

    pub(super) fn has_limits(self) -> bool {
        !matches!(self, Self::Stride | Self::Lottery)
    }

    /// Who takes turns; nobody in control groups, where all run at once.
    pub(super) fn turns(self, plan: &Plan) -> Result<Option<Box<dyn Turns>>, Error> {
        let Plan { quantum, seed, .. } = *plan;
        let fair = |order| FairTurns::in_order(order, quantum).map_err(failed);
        let turns: Box<dyn Turns> = match self {
            Self::Groups => return Ok(None),
            Self::Wfq => Box::new(fair(Order::StartTime)?),
            Self::Eevdf => Box::new(fair(Order::Eevdf)?),
            Self::Stride => Box::new(StrideTurns::new(quantum).map_err(failed)?),
            Self::Lottery => {
                let chance = Pcg64::new(seed.into(), STREAM);
                Box::new(LotteryTurns::new(quantum, chance).map_err(failed)?)
            }
        };
        Ok(Some(turns))
    }

    /// What a heading says beside its name.
    pub(super) fn summary(self, quantum: Duration) -> String {
        match self {
            Self::Groups => "the threads in control groups, all at once".to_owned(),
            _ => format!("quanta of {quantum:?}, one vCPU at a time"),
        }
    }
}

/// Of the generator's sequences, the one that lotteries are drawn with.
const STREAM: u128 = 0x6c6f_7474_6572_7921;
