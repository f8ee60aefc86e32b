//! Slow twins: the definitions, with linear scans and fractions, sharing no code with what they are
//! compared with.

use alloc::vec;
use alloc::vec::Vec;

use crate::Value;

/// [`Lottery`](crate::Lottery), by number of client.
#[derive(Clone, Debug, Default)]
pub struct Lottery {
    /// Nothing where nobody is.
    pub clients: Vec<Option<u64>>,
}

impl Lottery {
    /// How many tickets there are.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.clients.iter().flatten().map(|&tickets| u128::from(tickets)).sum()
    }

    /// Who has the ticket of that number, if they are dealt out one after the other.
    #[must_use]
    pub fn holder(&self, ticket: u64) -> Option<usize> {
        let mut dealt = 0;
        self.clients.iter().position(|tickets| {
            dealt += u128::from(tickets.unwrap_or(0));
            u128::from(ticket) < dealt
        })
    }

    /// The chance of each number to lose: `(1 - t / T) / (n - 1)`.
    #[must_use]
    pub fn chances_to_lose(&self) -> Vec<Value> {
        let (count, total) = (self.clients.iter().flatten().count() as u128, self.total());
        let chance = |tickets: &Option<u64>| match tickets {
            None => (0, 1),
            Some(_) if count == 1 => (1, 1),
            Some(_) if total == 0 => (1, count),
            Some(tickets) => (total - u128::from(*tickets), total * (count - 1)),
        };
        let chances = self.clients.iter().map(chance);
        chances.filter_map(|(numerator, denominator)| Value::new(numerator, denominator)).collect()
    }
}

/// [`Currencies`](crate::Currencies), by numbers; the base currency is number 0.
#[derive(Clone, Debug, Default)]
pub struct Currencies {
    /// Whether each client is awake, and quantum and used part of its compensation.
    pub clients: Vec<(bool, u64, u64)>,
    /// All tickets.
    pub tickets: Vec<Ticket>,
}

/// A ticket of [`Currencies`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a ticket is these three")]
pub struct Ticket {
    /// How much.
    pub amount: u64,
    /// Of which currency.
    pub currency: usize,
    /// In whose hand: the number of a client, or else of a currency.
    pub holder: Result<usize, usize>,
}

impl Currencies {
    /// Whether a ticket counts: whether its holder is awake, or has a ticket that counts issued.
    /// It goes down every path.
    #[must_use]
    pub fn is_active(&self, ticket: &Ticket) -> bool {
        ticket.amount > 0
            && match ticket.holder {
                Ok(client) => self.clients[client].0,
                Err(currency) => self.issued(currency).any(|ticket| self.is_active(ticket)),
            }
    }

    fn issued(&self, currency: usize) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(move |ticket| ticket.currency == currency)
    }

    /// What each client is worth in units of the base: over all paths from the base down to it, the
    /// products of the parts of each currency. Nothing if a fraction does not fit.
    #[must_use]
    pub fn values(&self) -> Option<Vec<Value>> {
        let base: u64 =
            self.issued(0).filter(|ticket| self.is_active(ticket)).map(|at| at.amount).sum();
        let mut values = vec![Value::ZERO; self.clients.len()];
        self.spread(0, Value::new(base.into(), 1)?, &mut values)?;
        Some(values)
    }

    fn spread(&self, currency: usize, value: Value, values: &mut [Value]) -> Option<()> {
        let active: Vec<&Ticket> =
            self.issued(currency).filter(|ticket| self.is_active(ticket)).collect();
        let total = active.iter().map(|ticket| ticket.amount).sum();
        for ticket in active {
            let part = value.times(ticket.amount, total)?;
            match ticket.holder {
                Ok(client) => values[client] = values[client].plus(part)?,
                Err(below) => self.spread(below, part, values)?,
            }
        }
        Some(())
    }

    /// The values, each times its compensation: chances are as these.
    #[must_use]
    pub fn compensated(&self) -> Option<Vec<Value>> {
        let values = self.values()?.into_iter().zip(&self.clients);
        values.map(|(value, &(_, quantum, used))| value.times(quantum, used)).collect()
    }
}

/// [`Stride`](crate::Stride), by number of client: all passes as fractions, none of them sorted.
#[derive(Clone, Debug, Default)]
pub struct Stride {
    /// Nothing where nobody is.
    pub clients: Vec<Option<Pass>>,
    /// The global pass: whole units and a remainder by all tickets.
    pub global: (i128, i128),
}

/// A client of [`Stride`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a client of the definition has no more")]
pub struct Pass {
    /// Tickets.
    pub tickets: i128,
    /// While it is awake, its pass times its tickets; otherwise what remains, times its tickets.
    pub scaled: i128,
    /// Whether it is awake.
    pub awake: bool,
}

impl Stride {
    /// Units in a quantum at one ticket.
    pub const UNITS: i128 = 1 << 48;

    fn total(&self) -> i128 {
        let awake = self.clients.iter().flatten().filter(|client| client.awake);
        awake.map(|client| client.tickets).sum()
    }

    /// Somebody enters or leaves: what is left over of the global pass is rescaled.
    fn retotal(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.total();
        change(self);
        self.global.1 = if before == 0 { 0 } else { self.global.1 * self.total() / before };
    }

    /// A new client, awake, one stride of so many quanta before its turn.
    pub fn add(&mut self, client: usize, tickets: u32, quantum: u32) {
        if self.clients.len() <= client {
            self.clients.resize(client + 1, None);
        }
        let scaled = i128::from(quantum) * Self::UNITS;
        self.clients[client] = Some(Pass { tickets: tickets.into(), scaled, awake: false });
        self.wake(client);
    }

    /// Forgets a client.
    pub fn remove(&mut self, client: usize) {
        self.sleep(client);
        self.clients[client] = None;
    }

    /// Puts a client to sleep, if it is awake.
    pub fn sleep(&mut self, client: usize) {
        let global = self.global.0;
        self.retotal(|all| {
            if let Some(Some(pass)) = all.clients.get_mut(client).filter(|at| awake(**at)) {
                pass.scaled -= global * pass.tickets;
                pass.awake = false;
            }
        });
    }

    /// Wakes a client, if it sleeps.
    pub fn wake(&mut self, client: usize) {
        let global = self.global.0;
        self.retotal(|all| {
            if let Some(Some(pass)) = all.clients.get_mut(client).filter(|at| !awake(**at)) {
                pass.scaled += global * pass.tickets;
                pass.awake = true;
            }
        });
    }

    /// Other tickets; the part of the stride that remains is kept.
    pub fn set_tickets(&mut self, client: usize, tickets: u32) {
        let was_awake = self.clients.get(client).is_some_and(|&pass| awake(pass));
        self.sleep(client);
        if let Some(Some(pass)) = self.clients.get_mut(client) {
            pass.tickets = tickets.into();
        }
        if was_awake {
            self.wake(client);
        }
    }

    /// The least pass, by cross-multiplication; of equals, the first.
    #[must_use]
    pub fn pick(&self) -> Option<usize> {
        let mut least: Option<(usize, Pass)> = None;
        for (client, pass) in self.clients.iter().enumerate() {
            let Some(pass) = pass.filter(|pass| pass.awake) else { continue };
            if least.is_none_or(|(_, least)| is_before(&pass, &least)) {
                least = Some((client, pass));
            }
        }
        least.map(|(client, _)| client)
    }

    /// A client that is awake used so much.
    pub fn charge(&mut self, client: usize, used: u32) {
        let units = i128::from(used.max(1)) * Self::UNITS;
        if let Some(Some(pass)) = self.clients.get_mut(client) {
            pass.scaled += units;
        }
        let (total, sum) = (self.total(), self.global.1 + units);
        self.global = (self.global.0 + sum / total, sum % total);
    }
}

fn awake(pass: Option<Pass>) -> bool {
    pass.is_some_and(|pass| pass.awake)
}

/// Whole parts first, so that nothing overflows.
fn is_before(one: &Pass, other: &Pass) -> bool {
    let key =
        |pass: &Pass| (pass.scaled.div_euclid(pass.tickets), pass.scaled.rem_euclid(pass.tickets));
    let ((whole, part), (other_whole, other_part)) = (key(one), key(other));
    (whole, part * other.tickets) < (other_whole, other_part * one.tickets)
}
