//! What a fair queue does not do.

use super::tickets::Ticket;

/// Why a [`FairQueue`](crate::FairQueue) refused. Nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// As many items wait as may.
    #[error("{limit} items wait")]
    Full {
        /// The capacity.
        limit: u32,
    },
    /// As many items of this flow wait as may.
    #[error("{limit} items of the flow wait")]
    FlowFull {
        /// The capacity.
        limit: u32,
    },
    /// As many flows are known as may be, and none of them can be forgotten yet.
    #[error("{limit} flows are known")]
    TooManyFlows {
        /// The capacity.
        limit: u32,
    },
    /// An item costs, or has used, more than [`MAX_CHARGE`](crate::MAX_CHARGE).
    #[error("a cost of {cost} is above 2^42")]
    CostTooLarge {
        /// The cost.
        cost: u64,
    },
    /// The flow is not known, or no more.
    #[error("the flow is unknown")]
    UnknownFlow,
    /// The ticket has been handed back already. One of another queue may be taken for its own: tickets
    /// are numbers.
    #[error("{ticket} is unknown")]
    UnknownTicket {
        /// The ticket.
        ticket: Ticket,
    },
    /// The flow would come too far ahead of the others to compare, as several of its items have
    /// each used close to [`MAX_CHARGE`](crate::MAX_CHARGE) more than estimated. The ticket stays
    /// valid: others have to be served first.
    #[error("a cost of {cost} carries the flow too far ahead of the others")]
    SpanExceeded {
        /// What the item has used.
        cost: u64,
    },
}

/// An item that was not taken, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused<T> {
    /// The item.
    pub item: T,
    /// Why.
    pub reason: Refusal,
}
