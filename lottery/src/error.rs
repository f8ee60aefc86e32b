use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{ClientId, CurrencyId, TicketId};

/// What a caller did wrong. Nothing has changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client has left, or never was.
    #[error("{client} is unknown")]
    UnknownClient {
        /// The handle.
        client: ClientId,
    },
    /// The currency has been removed, or never was.
    #[error("{currency} is unknown")]
    UnknownCurrency {
        /// The handle.
        currency: CurrencyId,
    },
    /// The ticket has been destroyed or given back, or never was.
    #[error("{ticket} is unknown")]
    UnknownTicket {
        /// The handle.
        ticket: TicketId,
    },
    /// There would be more tickets than `u64` can count.
    #[error("{added} more tickets beside {total} are too many to count")]
    TooManyTickets {
        /// How many there are: of all clients, or those active in a currency.
        total: u64,
        /// How many were to be added.
        added: u64,
    },
    /// Of a currency, by what its clients are compensated for, more tickets would have to be drawn
    /// from than `u64` can count.
    #[error("compensated, the tickets of {currency} are too many to count")]
    TooMuchCompensation {
        /// The currency.
        currency: CurrencyId,
    },
    /// The client, or the ticket, has less than was to be transferred.
    #[error("{wanted} are to be transferred of {held}")]
    TooFewTickets {
        /// What there is.
        held: u64,
        /// What was to be transferred.
        wanted: u64,
    },
    /// There is no ticket of that number.
    #[error("there is no ticket {ticket} among {total}")]
    NoSuchTicket {
        /// The number.
        ticket: u64,
        /// How many there are.
        total: u64,
    },
    /// A draw takes more words than were given: those that there are were refused, lest somebody be
    /// favoured, or they do not come to a client. Draw with others, or with more.
    #[error("{words} words do not decide who wins")]
    Undecided {
        /// How many were given.
        words: usize,
    },
    /// A currency would be backed by itself.
    #[error("currencies would back each other: {}", listed(currencies))]
    Cycle {
        /// The cycle: each funds the next one, and the last one would fund the first.
        currencies: Vec<CurrencyId>,
    },
    /// Parts of the ticket are lent: they have to be given back first.
    #[error("of {ticket}, {lent} are lent")]
    Lent {
        /// The ticket.
        ticket: TicketId,
        /// How much.
        lent: u64,
    },
    /// The ticket is lent by another one: it can be given back, and nothing else.
    #[error("{ticket} is borrowed")]
    Borrowed {
        /// The ticket.
        ticket: TicketId,
    },
    /// The ticket was not transferred from another one: there is nothing to give back to.
    #[error("{ticket} is not borrowed")]
    NotBorrowed {
        /// The ticket.
        ticket: TicketId,
    },
    /// Tickets are issued in the currency, or it is the base.
    #[error("{currency} is in use: {tickets} tickets are issued in it")]
    CurrencyInUse {
        /// The currency.
        currency: CurrencyId,
        /// How many tickets.
        tickets: u64,
    },
    /// More than a quantum was used.
    #[error("{used} of a quantum of {quantum} cannot be used")]
    MoreThanQuantum {
        /// What was used.
        used: u64,
        /// The quantum.
        quantum: u64,
    },
    /// The value is a fraction that does not fit in 128 bits over 128 bits.
    #[error("the value is too fine a fraction to tell")]
    ValueTooFine,
    /// In stride scheduling, tickets are from 1 to 2^32 - 1.
    #[error("{tickets} tickets are not from 1 to 4294967295")]
    TicketsOutOfRange {
        /// How many.
        tickets: u64,
    },
    /// The client is awake already.
    #[error("{client} is awake already")]
    AlreadyAwake {
        /// The client.
        client: ClientId,
    },
    /// The client is asleep already.
    #[error("{client} is asleep already")]
    AlreadyAsleep {
        /// The client.
        client: ClientId,
    },
    /// All 2^32 numbers are in use.
    #[error("there are as many as there are numbers")]
    Full,
}

fn listed(currencies: &[CurrencyId]) -> String {
    currencies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
