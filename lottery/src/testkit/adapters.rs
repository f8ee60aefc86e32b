//! The types of this crate, with the kit's numbers in place of handles.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::{Compensates, Draws, Funds, Inverse, Tickets, Turns};
use crate::{ClientId, Currencies, CurrencyId, Lottery, Stride, TicketId, Words};

/// A [`Lottery`].
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// The lottery.
    pub lottery: Lottery,
    clients: Vec<ClientId>,
}

impl Clients {
    fn number(&self, client: ClientId) -> Option<usize> {
        self.clients.iter().position(|&known| known == client)
    }
}

impl Draws for Clients {
    /// # Panics
    ///
    /// If there are too many tickets.
    fn set_tickets(&mut self, client: usize, tickets: u64) {
        if let Some(&known) = self.clients.get(client) {
            self.lottery.set_tickets(known, tickets).expect("the kit keeps to what fits");
        } else {
            self.clients.push(self.lottery.add(tickets).expect("the kit keeps to what fits"));
        }
    }

    fn draw(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let winner = self.lottery.draw(&mut Words(words))?;
        self.number(winner.client)
    }
}

impl Tickets for Clients {
    fn holder(&self, ticket: u64) -> Option<usize> {
        self.number(self.lottery.holder(ticket).ok()?)
    }
}

impl Inverse for Clients {
    fn draw_loser(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let loser = self.lottery.draw_loser(&mut Words(words))?;
        self.number(loser.client)
    }
}

/// [`Currencies`].
#[derive(Clone, Debug, Default)]
pub struct Funded {
    /// The lottery.
    pub lottery: Currencies,
    clients: Vec<ClientId>,
    currencies: Vec<CurrencyId>,
    /// By client, its ticket of the base.
    base: Vec<TicketId>,
}

impl Funded {
    fn client(&mut self, client: usize) -> ClientId {
        while self.clients.len() <= client {
            self.clients.push(self.lottery.add_client().expect("there are few"));
        }
        self.clients[client]
    }
}

impl Draws for Funded {
    /// # Panics
    ///
    /// If there are too many tickets.
    fn set_tickets(&mut self, client: usize, tickets: u64) {
        if let Some(&ticket) = self.base.get(client) {
            self.lottery.set_amount(ticket, tickets).expect("the kit keeps to what fits");
        } else {
            let client = self.client(client);
            let ticket = self.lottery.issue(CurrencyId::BASE, tickets, client);
            self.base.push(ticket.expect("the kit keeps to what fits"));
        }
    }

    fn draw(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let winner = self.lottery.draw(&mut Words(words))?;
        self.clients.iter().position(|&known| known == winner.client)
    }
}

impl Inverse for Funded {
    fn draw_loser(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let loser = self.lottery.draw_loser(&mut Words(words))?;
        self.clients.iter().position(|&known| known == loser.client)
    }
}

impl Compensates for Funded {
    /// # Panics
    ///
    /// If the client is unknown, or used more than the quantum.
    fn used(&mut self, client: usize, used: u64, quantum: u64) {
        let client = self.client(client);
        let quantum = NonZeroU64::new(quantum).expect("the kit's quantum is not zero");
        self.lottery.compensate(client, used, quantum).expect("the kit keeps to what fits");
    }
}

impl Funds for Funded {
    /// # Panics
    ///
    /// If there are too many tickets.
    fn add_currency(&mut self, currency: usize, backing: u64) {
        assert_eq!(currency, self.currencies.len(), "currencies are numbered without gaps");
        let currency = self.lottery.add_currency().expect("there are few");
        self.currencies.push(currency);
        let backed = self.lottery.issue(CurrencyId::BASE, backing, currency);
        backed.expect("the kit keeps to what fits");
    }

    /// # Panics
    ///
    /// If there are too many tickets.
    fn fund(&mut self, client: usize, currency: usize, amount: u64) {
        let (client, currency) = (self.client(client), self.currencies[currency]);
        self.lottery.issue(currency, amount, client).expect("the kit keeps to what fits");
    }

    /// # Panics
    ///
    /// If the client is unknown, or the value too fine.
    fn value(&self, client: usize) -> (u128, u128) {
        let value = self.lottery.value(self.clients[client]).expect("the kit's totals are small");
        (value.numerator, value.denominator)
    }
}

/// [`Stride`].
#[derive(Clone, Debug, Default)]
pub struct Strides {
    /// The scheduler.
    pub stride: Stride,
    clients: Vec<ClientId>,
}

impl Turns for Strides {
    /// # Panics
    ///
    /// If there are no tickets.
    fn set_tickets(&mut self, client: usize, tickets: u32) {
        if let Some(&known) = self.clients.get(client) {
            self.stride.set_tickets(known, tickets.into()).expect("the kit gives tickets");
        } else {
            self.clients.push(self.stride.add(tickets.into()).expect("the kit gives tickets"));
        }
    }

    fn turn(&mut self) -> Option<usize> {
        let turn = self.stride.pick()?;
        self.stride.charge(turn.client, turn.quantum.get()).ok()?;
        self.clients.iter().position(|&known| known == turn.client)
    }
}
