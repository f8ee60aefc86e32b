//! Negative controls: lotteries that make one mistake each, all of them made in real ones before.
//!
//! A kit is worth what it refuses. Each [`Mistake`] tells which law it breaks; without one the
//! [`Model`] is a plain lottery that keeps all of them.

use alloc::vec::Vec;

use super::{Compensates, Draws, Funds, Inverse, Tickets, Turns};

/// What a [`Model`] does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// Nothing.
    Nothing,
    /// The winning ticket is the remainder of a word: low ones win more often.
    /// [`Law::Chances`](super::Law::Chances).
    ModuloBias,
    /// Clients take turns by their tickets, without chance: too even.
    /// [`Law::Chances`](super::Law::Chances).
    NoChance,
    /// A ticket is looked for up to its number, not up to the one before: the first of each client
    /// is the last of the one before.
    /// [`Law::Enumeration`](super::Law::Enumeration).
    OffByOne,
    /// Compensation is never taken back: once lucky, always lucky.
    /// [`Law::Compensation`](super::Law::Compensation).
    KeepsCompensation,
    /// There is no compensation.
    /// [`Law::Compensation`](super::Law::Compensation).
    Uncompensated,
    /// Losers are drawn as if all had the same number of tickets.
    /// [`Law::Chances`](super::Law::Chances).
    LosesEvenly,
    /// All that is issued in any currency is of one value: who issues takes from everybody.
    /// [`Law::Isolation`](super::Law::Isolation).
    OneCurrency,
    /// Values are rounded down to whole units.
    /// [`Law::Conservation`](super::Law::Conservation).
    RoundsValues,
    /// Passes are `f64`, and stand at 2^53, from where a third is absorbed: whoever is first stays
    /// first. [`Law::Pairwise`](super::Law::Pairwise).
    FloatTags,
    /// Strides are rounded down once, to a 1024th: they drift, and are nothing at all beyond 1024
    /// tickets. [`Law::Pairwise`](super::Law::Pairwise).
    RoundsStrides,
}

/// A lottery, small and slow, with a [`Mistake`].
#[derive(Clone, Debug)]
pub struct Model {
    mistake: Mistake,
    clients: Vec<Client>,
    /// What backs each currency.
    backing: Vec<u64>,
    draws: u64,
}

#[derive(Clone, Debug, Default)]
struct Client {
    tickets: u64,
    /// Quantum over what was used.
    compensation: Option<(u64, u64)>,
    /// Its pass, in three ways.
    served: u128,
    float: f64,
    rounded: u128,
    /// How much of each currency.
    amounts: Vec<u64>,
}

impl Model {
    /// A lottery that makes this mistake.
    #[must_use]
    pub fn new(mistake: Mistake) -> Self {
        Self { mistake, clients: Vec::new(), backing: Vec::new(), draws: 0 }
    }

    fn client(&mut self, client: usize) -> &mut Client {
        if self.clients.len() <= client {
            self.clients.resize(client + 1, Client::default());
        }
        &mut self.clients[client]
    }

    fn total(&self) -> u64 {
        self.clients.iter().map(|client| client.tickets).sum()
    }

    fn number_below(&self, total: u128, words: &mut dyn FnMut() -> u64) -> u128 {
        if self.mistake == Mistake::ModuloBias {
            return u128::from(words()) % total;
        }
        // As many bits as there are, until they fit.
        let bits = 128 - total.leading_zeros();
        loop {
            let word = u128::from(words()) | u128::from(words()) << 64;
            let number = word >> (128 - bits).min(127);
            if number < total {
                return number;
            }
        }
    }

    fn issued(&self, currency: usize) -> u64 {
        let amount = |client: &Client| client.amounts.get(currency).copied().unwrap_or(0);
        self.clients.iter().map(amount).sum()
    }
}

impl Draws for Model {
    fn set_tickets(&mut self, client: usize, tickets: u64) {
        self.client(client).tickets = tickets;
    }

    fn draw(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let total = u128::from(self.total());
        if total == 0 {
            return None;
        }
        self.draws += 1;
        if self.mistake == Mistake::NoChance {
            let step = u128::from(self.draws) * total * 618_034 / 1_000_000;
            return self.holder((step % total) as u64);
        }
        // Of more than all might have, somebody is chosen, and stands as often as it should.
        let most = self.clients.iter().filter_map(|client| client.compensation);
        let most = most.map(|(quantum, _)| quantum).max().unwrap_or(1);
        loop {
            let ticket = self.number_below(total, words);
            let client = self.holder(ticket as u64)?;
            let (quantum, used) = self.clients[client].compensation.unwrap_or((1, 1));
            let limit = u128::from(most) * u128::from(used);
            if limit == u128::from(quantum) || self.number_below(limit, words) < u128::from(quantum)
            {
                if self.mistake != Mistake::KeepsCompensation {
                    self.clients[client].compensation = None;
                }
                return Some(client);
            }
        }
    }
}

impl Tickets for Model {
    fn holder(&self, ticket: u64) -> Option<usize> {
        let ticket = ticket.saturating_sub(u64::from(self.mistake == Mistake::OffByOne));
        let mut dealt = 0;
        self.clients.iter().position(|client| {
            dealt += u128::from(client.tickets);
            u128::from(ticket) < dealt
        })
    }
}

impl Inverse for Model {
    fn draw_loser(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let total = u128::from(self.total());
        let count = self.clients.len() as u128;
        if self.mistake == Mistake::LosesEvenly {
            return Some(self.number_below(count, words) as usize);
        }
        let mut number = self.number_below(total * (count - 1), words);
        self.clients.iter().position(|client| {
            let part = total - u128::from(client.tickets);
            let found = number < part;
            number = number.saturating_sub(part);
            found
        })
    }
}

impl Compensates for Model {
    fn used(&mut self, client: usize, used: u64, quantum: u64) {
        let keeps = self.mistake == Mistake::KeepsCompensation;
        let never = self.mistake == Mistake::Uncompensated;
        let client = self.client(client);
        if used < quantum && !never {
            let more = client
                .compensation
                .filter(|_| keeps)
                .map_or(quantum, |(before, _)| before.saturating_mul(2).min(1 << 40));
            client.compensation = Some((more, used));
        }
    }
}

impl Funds for Model {
    fn add_currency(&mut self, _: usize, backing: u64) {
        self.backing.push(backing);
    }

    fn fund(&mut self, client: usize, currency: usize, amount: u64) {
        let amounts = &mut self.client(client).amounts;
        if amounts.len() <= currency {
            amounts.resize(currency + 1, 0);
        }
        amounts[currency] += amount;
    }

    fn value(&self, client: usize) -> (u128, u128) {
        let amounts = &self.clients[client].amounts;
        let held: u64 = amounts.iter().sum();
        if self.mistake == Mistake::OneCurrency {
            let base: u64 = self.backing.iter().sum();
            let issued: u64 = (0..self.backing.len()).map(|currency| self.issued(currency)).sum();
            return (u128::from(base) * u128::from(held), issued.into());
        }
        // The kit gives each client one currency.
        let currency = amounts.iter().position(|&amount| amount > 0).unwrap_or(0);
        let product = u128::from(self.backing[currency]) * u128::from(held);
        let issued = u128::from(self.issued(currency));
        if self.mistake == Mistake::RoundsValues {
            (product / issued, 1)
        } else {
            (product, issued)
        }
    }
}

impl Turns for Model {
    fn set_tickets(&mut self, client: usize, tickets: u32) {
        let client = self.client(client);
        client.tickets = tickets.into();
        client.float = ABSORBING;
    }

    fn turn(&mut self) -> Option<usize> {
        let mistake = self.mistake;
        let is_before = |one: &Client, other: &Client| match mistake {
            Mistake::FloatTags => one.float < other.float,
            Mistake::RoundsStrides => one.rounded < other.rounded,
            _ => {
                let (mine, its) = (one.served + 1, other.served + 1);
                mine * u128::from(other.tickets) < its * u128::from(one.tickets)
            }
        };
        let mut first = 0;
        for client in 1..self.clients.len() {
            if is_before(&self.clients[client], &self.clients[first]) {
                first = client;
            }
        }
        let client = self.clients.get_mut(first)?;
        client.served += 1;
        #[expect(clippy::cast_precision_loss, reason = "the mistake")]
        let stride = 1.0 / client.tickets as f64;
        client.float += stride;
        client.rounded += u128::from(1_024 / client.tickets.max(1));
        Some(first)
    }
}

/// 2^53, from where `f64` knows no fractions, and every second integer only.
const ABSORBING: f64 = 9_007_199_254_740_992.0;
