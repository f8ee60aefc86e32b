#[cfg(feature = "serde")]
mod snapshot;

use alloc::collections::BTreeSet;
use core::cmp::Ordering;
use core::num::NonZeroU32;

use crate::slots::Slots;
use crate::{ClientId, Error};

/// Stride scheduling: the deterministic twin of a lottery.
///
/// *Source*: C. A. Waldspurger and W. E. Weihl, "Stride scheduling: deterministic
/// proportional-share resource management", MIT/LCS/TM-528, 1995, section 2.
///
/// A client with `t` tickets has a stride of `quantum / t`. The one whose pass is least is served,
/// and its pass advances by what it used, divided by `t`. It begins one stride after the global
/// pass, which advances by what anybody uses, divided by all tickets. Who sleeps keeps what remains
/// of its stride, its pass less the global pass, and goes on from there; other tickets rescale it.
/// Of two clients that stay, neither gets more than one quantum ahead of its share of both.
///
/// Passes are whole numbers of units of 2^-48, and a remainder in parts of a unit by the tickets:
/// exact quotients, so that nothing drifts, and equal ones are equal; these go by
/// [`ClientId::index`]. What remains is measured from the global pass rounded down to a unit, and
/// is kept exactly: there and back again gives the same pass. The global pass has a remainder by all
/// tickets, which is rounded down when these change, and at no other time.
///
/// Each call is `O(log n)`.
///
/// ```
/// use apportion_lottery::{Error, Stride};
///
/// let mut stride = Stride::default();
/// let [a, b, c] = [stride.add(3)?, stride.add(2)?, stride.add(1)?];
/// let turns: Vec<_> = (0..6)
///     .map(|_| {
///         let turn = stride.pick().unwrap();
///         stride.charge(turn.client, 1).unwrap();
///         turn.client
///     })
///     .collect();
/// assert_eq!(turns, [a, b, a, a, b, c]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stride {
    clients: Slots<Client>,
    queue: BTreeSet<Key>,
    quantum: NonZeroU32,
    global: Global,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
enum Client {
    Awake {
        tickets: NonZeroU32,
        pass: i128,
        remainder: u32,
    },
    /// With what remains, in units times tickets.
    Asleep {
        tickets: NonZeroU32,
        remains: i128,
    },
}

/// The global pass: `units + part / tickets`.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Global {
    units: u128,
    part: u64,
    /// Of all who are awake.
    tickets: u64,
}

/// A place in the queue: by pass, then by number.
#[derive(Clone, Copy, Debug)]
struct Key {
    pass: i128,
    remainder: u32,
    tickets: NonZeroU32,
    index: u32,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// The client.
    pub client: ClientId,
    /// Its pass, the least of all: in units of 2^-48, rounded down. Below zero, its turn has been due
    /// since before the first one, with the tickets that it has now.
    pub pass: i128,
    /// What it may use.
    pub quantum: NonZeroU32,
}

impl Default for Stride {
    /// With a quantum of 1.
    fn default() -> Self {
        Self::new(NonZeroU32::MIN)
    }
}

impl Stride {
    /// Nobody yet. The quantum is what a turn is meant to use.
    #[must_use]
    pub fn new(quantum: NonZeroU32) -> Self {
        let global = Global::default();
        Self { clients: Slots::default(), queue: BTreeSet::new(), quantum, global }
    }

    /// How many clients there are, awake or asleep.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tickets of all clients that are awake.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.global.tickets
    }

    /// The global pass, in units of 2^-48, rounded down.
    #[must_use]
    pub fn global_pass(&self) -> u128 {
        self.global.units
    }

    /// A new client, awake.
    ///
    /// # Errors
    ///
    /// [`Error::TicketsOutOfRange`] unless there are from 1 to 2^32 - 1; [`Error::Full`].
    pub fn add(&mut self, tickets: u64) -> Result<ClientId, Error> {
        let tickets = check_tickets(tickets)?;
        let remains = i128::from(self.quantum.get()) << UNIT_BITS;
        let added = self.clients.add(Client::Asleep { tickets, remains });
        let (index, generation) = added.ok_or(Error::Full)?;
        self.enter(index, tickets, remains);
        Ok(ClientId { index, generation })
    }

    /// Forgets a client.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn remove(&mut self, client: ClientId) -> Result<(), Error> {
        self.leave(client.index, self.find(client)?);
        self.clients.remove(client.index);
        Ok(())
    }

    /// A client no longer competes; what remains of its stride is kept.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::AlreadyAsleep`].
    pub fn sleep(&mut self, client: ClientId) -> Result<(), Error> {
        let known = self.find(client)?;
        if let Client::Asleep { .. } = known {
            return Err(Error::AlreadyAsleep { client });
        }
        self.leave(client.index, known);
        Ok(())
    }

    /// A client competes again, and goes on where it stopped.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::AlreadyAwake`].
    pub fn wake(&mut self, client: ClientId) -> Result<(), Error> {
        let Client::Asleep { tickets, remains } = self.find(client)? else {
            return Err(Error::AlreadyAwake { client });
        };
        self.enter(client.index, tickets, remains);
        Ok(())
    }

    /// How many tickets a client has.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn tickets(&self, client: ClientId) -> Result<u32, Error> {
        let (Client::Awake { tickets, .. } | Client::Asleep { tickets, .. }) = self.find(client)?;
        Ok(tickets.get())
    }

    /// Changes the tickets of a client. The part of its stride that remains stays the same part of
    /// the new one.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::TicketsOutOfRange`].
    pub fn set_tickets(&mut self, client: ClientId, tickets: u64) -> Result<(), Error> {
        let known = self.find(client)?;
        let tickets = check_tickets(tickets)?;
        let remains = self.leave(client.index, known);
        match known {
            Client::Awake { .. } => self.enter(client.index, tickets, remains),
            Client::Asleep { .. } => self.keep(client.index, Client::Asleep { tickets, remains }),
        }
        Ok(())
    }

    /// What remains until the client's next turn is due, in units of 2^-48 of service: its pass
    /// less the global pass, times its tickets. Below zero, the turn is overdue.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn remains(&self, client: ClientId) -> Result<i128, Error> {
        Ok(self.global.remains(self.find(client)?))
    }

    /// The client with the least pass; of equals, the one with the lowest number. Nobody if all
    /// sleep. The same again until something changes.
    #[must_use]
    pub fn pick(&self) -> Option<Turn> {
        let &Key { pass, index, .. } = self.queue.first()?;
        let client = ClientId { index, generation: self.clients.generation(index) };
        Some(Turn { client, pass, quantum: self.quantum })
    }

    /// A client, picked or not, has used so much: less than a quantum, or more. Using nothing
    /// counts as one, so that nobody stays first forever.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`]; [`Error::AlreadyAsleep`] if it sleeps.
    pub fn charge(&mut self, client: ClientId, used: u32) -> Result<(), Error> {
        let Client::Awake { tickets, pass, remainder } = self.find(client)? else {
            return Err(Error::AlreadyAsleep { client });
        };
        let used = u128::from(used.max(1)) << UNIT_BITS;
        let divisor = u128::from(tickets.get());
        let sum = used + u128::from(remainder);
        self.queue.remove(&Key { pass, remainder, tickets, index: client.index });
        let strides = (sum / divisor).cast_signed();
        let (pass, remainder) = (pass + strides, (sum % divisor) as u32);
        self.queue.insert(Key { pass, remainder, tickets, index: client.index });
        self.keep(client.index, Client::Awake { tickets, pass, remainder });
        self.global.advance(used);
        Ok(())
    }

    fn find(&self, client: ClientId) -> Result<Client, Error> {
        let found = self.clients.find(client.index, client.generation);
        found.copied().ok_or(Error::UnknownClient { client })
    }

    fn keep(&mut self, index: u32, client: Client) {
        if let Some(kept) = self.clients.at_mut(index) {
            *kept = client;
        }
    }

    /// Puts a client to sleep, if it is awake; returns what remains.
    fn leave(&mut self, index: u32, client: Client) -> i128 {
        let remains = self.global.remains(client);
        if let Client::Awake { tickets, pass, remainder } = client {
            self.queue.remove(&Key { pass, remainder, tickets, index });
            self.global.set_tickets(self.global.tickets - u64::from(tickets.get()));
            self.keep(index, Client::Asleep { tickets, remains });
        }
        remains
    }

    fn enter(&mut self, index: u32, tickets: NonZeroU32, remains: i128) {
        let client = self.global.begin(tickets, remains);
        if let Client::Awake { tickets, pass, remainder } = client {
            self.queue.insert(Key { pass, remainder, tickets, index });
        }
        self.keep(index, client);
        self.global.set_tickets(self.global.tickets + u64::from(tickets.get()));
    }
}

impl Global {
    fn advance(&mut self, used: u128) {
        let sum = u128::from(self.part) + used;
        let tickets = u128::from(self.tickets.max(1));
        self.units += sum / tickets;
        self.part = (sum % tickets) as u64;
    }

    fn set_tickets(&mut self, tickets: u64) {
        let part = u128::from(self.part) * u128::from(tickets);
        self.part = part.checked_div(self.tickets.into()).unwrap_or(0) as u64;
        self.tickets = tickets;
    }

    fn remains(&self, client: Client) -> i128 {
        match client {
            Client::Asleep { remains, .. } => remains,
            Client::Awake { tickets, pass, remainder } => {
                let ahead = pass - self.units.cast_signed();
                ahead.saturating_mul(tickets.get().into()).saturating_add(remainder.into())
            }
        }
    }

    /// With a pass that leaves so much.
    fn begin(&self, tickets: NonZeroU32, remains: i128) -> Client {
        let divisor = i128::from(tickets.get());
        let pass = self.units.cast_signed() + remains.div_euclid(divisor);
        Client::Awake { tickets, pass, remainder: remains.rem_euclid(divisor) as u32 }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let part =
            |one: &Self, other: &Self| u64::from(one.remainder) * u64::from(other.tickets.get());
        let by_pass = self.pass.cmp(&other.pass);
        let by_remainder = || part(self, other).cmp(&part(other, self));
        by_pass.then_with(by_remainder).then_with(|| self.index.cmp(&other.index))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

fn check_tickets(tickets: u64) -> Result<NonZeroU32, Error> {
    let fits = u32::try_from(tickets).ok().and_then(NonZeroU32::new);
    fits.ok_or(Error::TicketsOutOfRange { tickets })
}

/// A unit of pass is 2^-48 of a unit of service at one ticket.
const UNIT_BITS: u32 = 48;
