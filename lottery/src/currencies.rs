mod change;
mod draw;
mod graph;
mod inverse;
mod loans;
mod look_up;
#[cfg(feature = "serde")]
mod snapshot;
#[cfg(test)]
mod tests;
mod value;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::slots::Slots;
use crate::tree::Tree;
use crate::{ClientId, CurrencyId, Error, Holder, TicketId};

pub use inverse::FundedLoser;
pub use value::Value;

/// A lottery of tickets in currencies.
///
/// *Source*: C. A. Waldspurger and W. E. Weihl, "Lottery scheduling: flexible proportional-share
/// resource management", OSDI 1994, sections 3 and 4.
///
/// A ticket is an amount of a currency in the hand of a client, or of another currency, which it
/// backs. Of what a currency is worth, each of its active tickets is worth its part: so whoever
/// issues more of a currency dilutes that currency and no other. A ticket is active if its holder
/// is: a client while it is awake, a currency while any of its own tickets is active.
///
/// A draw goes from the base down: a ticket of the base, then, if a currency holds it, one of that
/// currency, until it comes to a client. No value is converted or rounded. A client that used only
/// a part of its quantum counts for more until it wins again
/// ([`compensate`](Self::compensate)): what its tickets are drawn with is rounded up, and a draw
/// that comes to the part rounded up begins anew, so that chances are exact all the same.
///
/// For tickets that lie `d` currencies below the base, a draw takes `O(d log n)` on average, and
/// as many times that as the rounding makes necessary, fewer than `d + 2` at worst. A change takes
/// `O(log n)` for each ticket that becomes active or inactive, or counts for another factor; that
/// may concern all currencies above, and nothing else. Nothing recurs: depth is bounded by memory.
///
/// ```
/// use apportion_lottery::{Currencies, CurrencyId, Error};
///
/// let mut lottery = Currencies::new();
/// let [alice, bob] = [lottery.add_currency()?, lottery.add_currency()?];
/// for currency in [alice, bob] {
///     lottery.issue(CurrencyId::BASE, 100, currency)?;
/// }
/// let [a, b, c] = [lottery.add_client()?, lottery.add_client()?, lottery.add_client()?];
/// lottery.issue(alice, 1, a)?;
/// lottery.issue(bob, 1, b)?;
/// lottery.issue(bob, 3, c)?; // bob inflates his currency: alice does not notice
/// let value = |client| lottery.value(client).map(|value| (value.numerator, value.denominator));
/// assert_eq!([value(a), value(b), value(c)], [Ok((100, 1)), Ok((25, 1)), Ok((75, 1))]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "these are the currencies")]
pub struct Currencies {
    clients: Slots<Client>,
    /// The base is the first.
    currencies: Slots<Currency>,
    tickets: Slots<Ticket>,
    /// Each lender with each of its loans.
    loans: BTreeSet<(u32, u32)>,
}

#[derive(Clone, Debug)]
struct Client {
    awake: bool,
    compensation: Option<Compensation>,
    /// What it holds.
    tickets: BTreeSet<u32>,
}

/// A client counts for more: its value times `quantum / used`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Compensation {
    /// What it might have used.
    pub quantum: u64,
    /// What it used: at least 1, and less than the quantum.
    pub used: u64,
}

#[derive(Clone, Debug, Default)]
struct Currency {
    /// By place of its tickets: what they are drawn with.
    tree: Tree,
    /// The ticket at each place.
    places: Vec<u32>,
    vacant: Vec<u32>,
    /// The sum of its active tickets.
    active: u64,
    /// The tickets that back it.
    tickets: BTreeSet<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Ticket {
    amount: u64,
    currency: u32,
    holder: Node,
    /// In its currency.
    place: u32,
    /// How much of it is lent.
    lent: u64,
    /// The ticket that it was lent by.
    lender: Option<u32>,
}

/// A holder, by number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
enum Node {
    Client(u32),
    Currency(u32),
}

/// What a holder makes of a unit of a ticket: more than one, if there is compensation.
#[derive(Clone, Copy, Debug)]
struct Factor {
    numerator: u64,
    denominator: u64,
}

/// Who has won in which hand.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct FundedWinner {
    /// The client.
    pub client: ClientId,
    /// The ticket that it won with.
    pub ticket: TicketId,
    /// The compensation that it had, and has no longer.
    pub compensation: Option<Compensation>,
}

impl Default for Currencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Currencies {
    /// The base currency, and nothing else.
    #[must_use]
    pub fn new() -> Self {
        let mut currencies = Slots::default();
        currencies.add(Currency::default());
        let (clients, tickets) = (Slots::default(), Slots::default());
        Self { clients, currencies, tickets, loans: BTreeSet::new() }
    }

    /// A new client, awake, without tickets.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    pub fn add_client(&mut self) -> Result<ClientId, Error> {
        let client = Client { awake: true, compensation: None, tickets: BTreeSet::new() };
        let (index, generation) = self.clients.add(client).ok_or(Error::Full)?;
        Ok(ClientId { index, generation })
    }

    /// A new currency, not backed and so worth nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    pub fn add_currency(&mut self) -> Result<CurrencyId, Error> {
        let added = self.currencies.add(Currency::default());
        let (index, generation) = added.ok_or(Error::Full)?;
        Ok(CurrencyId { index, generation })
    }

    /// A client no longer competes, and its tickets are inactive.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::AlreadyAsleep`]; [`Error::TooMuchCompensation`] if those
    /// that remain count for more in the mean, and cannot be counted then.
    pub fn sleep(&mut self, client: ClientId) -> Result<(), Error> {
        let known = self.find_client(client)?;
        if !known.awake {
            return Err(Error::AlreadyAsleep { client });
        }
        self.change_client(client.index, false, known.compensation)
    }

    /// A client competes again.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::AlreadyAwake`]; [`Error::TooManyTickets`] or
    /// [`Error::TooMuchCompensation`] if there are too many active ones then.
    pub fn wake(&mut self, client: ClientId) -> Result<(), Error> {
        let known = self.find_client(client)?;
        if known.awake {
            return Err(Error::AlreadyAwake { client });
        }
        self.change_client(client.index, true, known.compensation)
    }

    /// A client used so much of a quantum: it counts `quantum / used` times as much until it next
    /// wins (a compensation ticket), so that it gets its share of the resource, be its turns ever
    /// so short. With all of the quantum used there is no compensation. One that used nothing
    /// counts as if it had used one unit, the least that can be measured: give it a quantum in
    /// units as fine as what it uses.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::MoreThanQuantum`], [`Error::TooMuchCompensation`].
    pub fn compensate(
        &mut self,
        client: ClientId,
        used: u64,
        quantum: NonZeroU64,
    ) -> Result<(), Error> {
        let awake = self.find_client(client)?.awake;
        let quantum = quantum.get();
        if used > quantum {
            return Err(Error::MoreThanQuantum { used, quantum });
        }
        let used = used.max(1);
        let compensation = (used < quantum).then_some(Compensation { quantum, used });
        self.change_client(client.index, awake, compensation)
    }

    fn find_client(&self, client: ClientId) -> Result<&Client, Error> {
        let ClientId { index, generation } = client;
        self.clients.find(index, generation).ok_or(Error::UnknownClient { client })
    }

    fn find_currency(&self, currency: CurrencyId) -> Result<&Currency, Error> {
        let CurrencyId { index, generation } = currency;
        self.currencies.find(index, generation).ok_or(Error::UnknownCurrency { currency })
    }

    fn find_ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        let TicketId { index, generation } = ticket;
        self.tickets.find(index, generation).copied().ok_or(Error::UnknownTicket { ticket })
    }

    fn node(&self, holder: Holder) -> Result<Node, Error> {
        match holder {
            Holder::Client(client) => self.find_client(client).map(|_| Node::Client(client.index)),
            Holder::Currency(currency) => {
                self.find_currency(currency).map(|_| Node::Currency(currency.index))
            }
        }
    }

    /// By number, so that the order of what is done is that after a restoration.
    fn held(&self, holder: Node) -> impl Iterator<Item = u32> {
        let held = match holder {
            Node::Client(client) => self.clients.at(client).map(|client| &client.tickets),
            Node::Currency(currency) => self.currencies.at(currency).map(|at| &at.tickets),
        };
        held.into_iter().flatten().copied()
    }

    fn ticket_id(&self, index: u32) -> TicketId {
        TicketId { index, generation: self.tickets.generation(index) }
    }

    fn client_id(&self, index: u32) -> ClientId {
        ClientId { index, generation: self.clients.generation(index) }
    }

    fn currency_id(&self, index: u32) -> CurrencyId {
        CurrencyId { index, generation: self.currencies.generation(index) }
    }

    fn factor(&self, holder: Node) -> Factor {
        match holder {
            Node::Client(client) => self.clients.at(client).map_or(Factor::NONE, Client::factor),
            Node::Currency(currency) => {
                let currency = self.currencies.at(currency);
                currency.map_or(Factor::NONE, |at| Factor::of(at.tree.total(), at.active))
            }
        }
    }
}

impl Currency {
    /// How many tickets of it there are.
    fn issued(&self) -> usize {
        self.places.len() - self.vacant.len()
    }
}

impl Client {
    fn factor(&self) -> Factor {
        match (self.awake, self.compensation) {
            (false, _) => Factor::NONE,
            (true, None) => Factor { numerator: 1, denominator: 1 },
            (true, Some(Compensation { quantum, used })) => Factor::of(quantum, used),
        }
    }
}

impl Factor {
    /// That of a holder who is inactive.
    const NONE: Self = Self { numerator: 0, denominator: 1 };

    fn of(numerator: u64, denominator: u64) -> Self {
        if denominator == 0 { Self::NONE } else { Self { numerator, denominator } }
    }

    fn is_equal(self, other: Self) -> bool {
        u128::from(self.numerator) * u128::from(other.denominator)
            == u128::from(other.numerator) * u128::from(self.denominator)
    }

    /// What a ticket of that amount is drawn with: rounded up. Nothing if that is beyond `u64`.
    fn weigh(self, amount: u64) -> Option<u64> {
        let exact = u128::from(amount) * u128::from(self.numerator);
        u64::try_from(exact.div_ceil(self.denominator.into())).ok()
    }
}

/// The number of the base currency.
const BASE: u32 = 0;
