//! The members of one group that compete, and the order they are served in.

mod eevdf;
#[cfg(feature = "serde")]
mod snapshot;
mod start_time;

use eevdf::Eevdf;
use start_time::StartTime;

use crate::table::Table;
use crate::{Order, Weight};

/// Those who compete are in the queue or *parked*: in service, or a group all of whose members are.
///
/// Counters and places are in the table; every method is told the node it is about.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) enum Contest {
    StartTime(StartTime),
    Eevdf(Eevdf),
}

/// Calls the method of whichever order it is.
macro_rules! either {
    ($contest:expr, $order:ident => $call:expr) => {
        match $contest {
            Contest::StartTime($order) => $call,
            Contest::Eevdf($order) => $call,
        }
    };
}

impl Contest {
    /// Nobody yet, with virtual time at `start`.
    pub(crate) fn new(order: Order, start: u64) -> Self {
        match order {
            Order::StartTime => Self::StartTime(StartTime::new(start)),
            Order::Eevdf => Self::Eevdf(Eevdf::new(start)),
        }
    }

    pub(crate) fn reserve(&mut self, table: &Table, nodes: usize) {
        either!(self, order => order.reserve(table, nodes));
    }

    pub(crate) fn memory(&self) -> usize {
        either!(self, order => order.memory())
    }

    /// Whether nobody competes.
    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        either!(self, order => order.is_idle())
    }

    #[inline(always)]
    pub(crate) fn has_queued(&self) -> bool {
        either!(self, order => order.has_queued())
    }

    /// Someone joins, and is in the queue.
    #[inline]
    pub(crate) fn enter(&mut self, table: &mut Table, id: u32) {
        either!(self, order => order.enter(table, id));
    }

    /// Someone who competes leaves.
    #[inline]
    pub(crate) fn leave(&mut self, table: &mut Table, id: u32) {
        either!(self, order => order.leave(table, id));
    }

    /// The next to be served; stays in the queue.
    #[inline(always)]
    pub(crate) fn first(&mut self, table: &mut Table) -> Option<u32> {
        either!(self, order => order.first(table))
    }

    /// Takes someone out of the queue who goes on competing.
    pub(crate) fn park(&mut self, table: &mut Table, id: u32) {
        either!(self, order => order.park(table, id));
    }

    /// Puts someone parked back into the queue.
    pub(crate) fn unpark(&mut self, table: &mut Table, id: u32) {
        either!(self, order => order.unpark(table, id));
    }

    /// Charges someone who competes, in the queue or parked.
    #[inline(always)]
    pub(crate) fn charge(&mut self, table: &mut Table, id: u32, used: u64) {
        either!(self, order => order.charge(table, id, used));
    }

    /// Charges someone who does not compete, in units of counters.
    pub(crate) fn charge_absent(&self, table: &mut Table, id: u32, service: i128) {
        match self {
            Self::StartTime(order) => order.charge_absent(table, id, service),
            Self::Eevdf(_) => Eevdf::charge_absent(table, id, service),
        }
    }

    /// Counts service of someone who competes before it is known, or gives that back.
    pub(crate) fn advance(&mut self, table: &mut Table, id: u32, service: i128) {
        either!(self, order => order.advance(table, id, service));
    }

    /// Whether a charge of the only one in service certainly does.
    #[inline(always)]
    pub(crate) fn surely_admits(&self) -> bool {
        match self {
            Self::StartTime(_) => true,
            Self::Eevdf(order) => order.surely_admits(),
        }
    }

    /// Whether so much more service keeps the counters close enough together to compare.
    pub(crate) fn admits(&self, table: &Table, id: u32, service: i128, competes: bool) -> bool {
        match self {
            Self::StartTime(order) => order.admits(table, id, service, competes),
            // A lag has bounds of its own.
            Self::Eevdf(order) => !competes || order.admits(table, id, service),
        }
    }

    pub(crate) fn reweight(&mut self, table: &mut Table, id: u32, weight: Weight, competes: bool) {
        either!(self, order => order.reweight(table, id, weight, competes));
    }

    /// Whether it would be better to serve `other` than to go on with `served`.
    pub(crate) fn prefers(&self, table: &Table, other: u32, served: u32, quantum: u64) -> bool {
        match self {
            Self::StartTime(_) => StartTime::prefers(table, other, served, quantum),
            Self::Eevdf(order) => order.prefers(table, other, served),
        }
    }

    /// How much service someone is owed, in units of 2^-20; if negative, has had too much.
    pub(crate) fn lag(&self, table: &Table, id: u32, competes: bool) -> i128 {
        either!(self, order => order.lag(table, id, competes))
    }

    /// When what is left of the request is due, in virtual time.
    pub(crate) fn deadline(&self, table: &Table, id: u32, quantum: u64) -> u64 {
        match self {
            Self::StartTime(_) => StartTime::finish(table, id, quantum),
            Self::Eevdf(_) => Eevdf::deadline(table, id),
        }
    }

    /// Virtual time: the least counter, or the weighted mean, rounded down.
    pub(crate) fn virtual_time(&self, table: &Table) -> u64 {
        either!(self, order => order.virtual_time(table))
    }
}
