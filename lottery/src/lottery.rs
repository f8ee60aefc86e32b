mod inverse;
#[cfg(feature = "serde")]
mod snapshot;

use alloc::vec::Vec;

use rand_core::Rng;

use crate::chance::{below, with_words};
use crate::tree::{Found, Tree};
use crate::{ClientId, Error};

pub use inverse::Loser;

/// Clients with tickets, and draws among them.
///
/// *Source*: C. A. Waldspurger and W. E. Weihl, "Lottery scheduling: flexible proportional-share
/// resource management", OSDI 1994, sections 2 and 6.2.
///
/// A client with `t` of `T` tickets wins with chance `t / T`, exactly. Tickets are numbered from 0
/// to `T - 1`, through the clients by [`ClientId::index`]; a draw maps a word of the generator to
/// one of these numbers, and says who has that ticket. Draws and changes are `O(log n)` for `n`
/// clients, in a tree of few levels: nothing but a new client allocates.
///
/// With the feature `serde` it can be saved and restored in mid-run, and draws the same winners.
///
/// ```
/// use apportion_lottery::{Error, Lottery};
///
/// let mut lottery = Lottery::new();
/// let [a, b] = [lottery.add(1)?, lottery.add(2)?];
/// let holders: Vec<_> = (0..3).map(|ticket| lottery.holder(ticket).unwrap()).collect();
/// assert_eq!(holders, [a, b, b]);
/// assert_eq!(lottery.draw_with(1 << 63)?.unwrap().client, b); // ticket 1, the middle of three
/// lottery.set_tickets(b, 0)?; // it does not compete for now
/// assert_eq!(lottery.holder(1), Err(Error::NoSuchTicket { ticket: 1, total: 1 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lottery {
    /// Tagged with generations: odd if somebody has the number, and one more each time that changes.
    /// They are of 16 bits, as the memory that a draw touches is what it waits for.
    tree: Tree,
    /// How many numbers have ever been used.
    numbers: usize,
    vacant: Vec<u32>,
}

/// Who has won, and with which ticket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Winner {
    /// The client.
    pub client: ClientId,
    /// The number of the ticket that was drawn.
    pub ticket: u64,
    /// How many there were.
    pub total: u64,
}

impl Lottery {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for so many more clients, unless there is not that much: then it is found as they
    /// come.
    pub fn reserve(&mut self, additional: usize) {
        let additional = additional.saturating_sub(self.vacant.len());
        self.tree.reserve(self.numbers.saturating_add(additional));
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.vacant.capacity() * size_of::<u32>() + self.tree.memory()
    }

    /// How many clients there are, with tickets or without.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers - self.vacant.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tickets all clients have.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.tree.total()
    }

    /// A new client. One without tickets never wins.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyTickets`] beyond `u64`, [`Error::Full`].
    pub fn add(&mut self, tickets: u64) -> Result<ClientId, Error> {
        self.check_total(0, tickets)?;
        let index = if let Some(index) = self.vacant.pop() {
            index
        } else {
            let index = u32::try_from(self.numbers).map_err(|_| Error::Full)?;
            self.tree.extend_to(self.numbers);
            self.numbers += 1;
            index
        };
        let slot = index as usize;
        self.tree.set(slot, tickets);
        Ok(ClientId { index, generation: self.age(slot) })
    }

    /// Forgets a client; returns how many tickets it had.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn remove(&mut self, client: ClientId) -> Result<u64, Error> {
        let slot = self.find(client)?;
        let tickets = self.tree.tickets(slot);
        self.tree.set(slot, 0);
        self.age(slot);
        self.vacant.push(client.index);
        Ok(tickets)
    }

    /// How many tickets a client has.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn tickets(&self, client: ClientId) -> Result<u64, Error> {
        Ok(self.tree.tickets(self.find(client)?))
    }

    /// Changes how many tickets a client has; returns how many it had.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::TooManyTickets`].
    #[inline]
    pub fn set_tickets(&mut self, client: ClientId, tickets: u64) -> Result<u64, Error> {
        let slot = self.find(client)?;
        let had = self.tree.tickets(slot);
        self.check_total(had, tickets)?;
        self.tree.set(slot, tickets);
        Ok(had)
    }

    /// Gives tickets of one client to another, as a client does that waits for a server; the server
    /// gives them back by the opposite transfer. To itself, nothing changes.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::TooFewTickets`] if it has fewer.
    pub fn transfer(&mut self, from: ClientId, to: ClientId, tickets: u64) -> Result<(), Error> {
        let (from, to) = (self.find(from)?, self.find(to)?);
        let held = self.tree.tickets(from);
        let left =
            held.checked_sub(tickets).ok_or(Error::TooFewTickets { held, wanted: tickets })?;
        self.tree.set(from, left);
        self.tree.set(to, self.tree.tickets(to) + tickets);
        Ok(())
    }

    /// All clients with their tickets, by number.
    pub fn clients(&self) -> impl Iterator<Item = (ClientId, u64)> {
        let here = (0..self.numbers).filter(|&slot| self.is_here(slot));
        here.map(|slot| (self.client(slot), self.tree.tickets(slot)))
    }

    /// Draws a winner. Nobody, if there are no tickets.
    ///
    /// It takes one word of the generator: the ticket is the upper half of its product with the
    /// total, unless the lower half is below `2^64 mod total`; then the next word decides (Lemire
    /// 2019). That is unbiased, and happens with a chance below `total / 2^64`. The 129th word
    /// would be taken in any case, as then the generator repeats itself.
    #[inline(always)]
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<Winner> {
        let total = self.total();
        if total == 0 { None } else { Some(self.winner(below(rng, total))) }
    }

    /// Draws a winner with one word: the one that [`draw`](Self::draw) draws if its generator gives
    /// this word, and is asked for no other. So a draw can be repeated from the word alone, and all
    /// words can be counted through. Nobody, if there are no tickets.
    ///
    /// ```
    /// use apportion_lottery::{Error, Lottery};
    ///
    /// let mut lottery = Lottery::new();
    /// let client = lottery.add(3)?;
    /// // As many of the 2^64 words lead to each of the three tickets; one is left over.
    /// assert_eq!(lottery.draw_with(0), Err(Error::Undecided { words: 1 }));
    /// assert_eq!(lottery.draw_with(1)?.unwrap().client, client);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] if the word is one of the `2^64 mod total` that are refused, after which
    /// the next one decides.
    pub fn draw_with(&self, word: u64) -> Result<Option<Winner>, Error> {
        with_words(&[word], |words| self.draw(words))
    }

    /// Who has the ticket of this number.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchTicket`] unless it is below [`total`](Self::total).
    pub fn holder(&self, ticket: u64) -> Result<ClientId, Error> {
        let total = self.total();
        if ticket < total {
            Ok(self.winner(ticket).client)
        } else {
            Err(Error::NoSuchTicket { ticket, total })
        }
    }

    #[inline(always)]
    fn winner(&self, ticket: u64) -> Winner {
        let Found { slot, tag, .. } = self.tree.find(ticket);
        let client = ClientId { index: slot as u32, generation: tag.into() };
        Winner { client, ticket, total: self.total() }
    }

    fn client(&self, slot: usize) -> ClientId {
        ClientId { index: slot as u32, generation: self.tree.tag(slot).into() }
    }

    fn is_here(&self, slot: usize) -> bool {
        self.tree.tag(slot) % 2 == 1
    }

    /// Somebody takes a number, or leaves it.
    fn age(&mut self, slot: usize) -> u32 {
        let generation = self.tree.tag_mut(slot);
        *generation = generation.wrapping_add(1);
        (*generation).into()
    }

    #[inline]
    fn find(&self, client: ClientId) -> Result<usize, Error> {
        let ClientId { index, generation } = client;
        let slot = index as usize;
        let known = slot < self.numbers && u32::from(self.tree.tag(slot)) == generation;
        if known && generation % 2 == 1 { Ok(slot) } else { Err(Error::UnknownClient { client }) }
    }

    #[inline]
    fn check_total(&self, had: u64, tickets: u64) -> Result<(), Error> {
        let total = self.total() - had;
        match total.checked_add(tickets) {
            Some(_) => Ok(()),
            None => Err(Error::TooManyTickets { total, added: tickets }),
        }
    }
}
