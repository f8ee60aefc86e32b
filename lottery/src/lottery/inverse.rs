use rand_core::Rng;

use super::Lottery;
use crate::ClientId;
use crate::chance::{MOST_TRIES, below};

/// Who has lost an inverse lottery.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Loser {
    /// The client.
    pub client: ClientId,
    /// How many tickets it has.
    pub tickets: u64,
    /// How many all clients have.
    pub total: u64,
    /// How many clients there are.
    pub clients: usize,
}

impl Lottery {
    /// Draws a loser: who has to give something up, such as a page of memory. Nobody, if there is
    /// no client.
    ///
    /// *Source*: Waldspurger and Weihl 1994, section 6.2. A client with `t` of `T` tickets among
    /// `n` clients loses with chance `(1 - t / T) / (n - 1)`, exactly; those without tickets count.
    /// Not defined there, and so defined here: one who is alone loses, and if nobody has tickets,
    /// all have the same chance.
    ///
    /// A client is chosen, each with the same chance, and loses unless a ticket that is drawn is
    /// one of its own: that takes two choices at most, on average. A number that is vacant is
    /// skipped at the price of a choice, so that it takes longer after many clients have left.
    pub fn draw_loser<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<Loser> {
        let (clients, total) = (self.len(), self.total());
        if clients == 0 {
            return None;
        }
        let may_lose = |slot: usize| {
            self.is_here(slot) && (self.tree.tickets(slot) < total || total == 0 || clients == 1)
        };
        // So many choices that none of them loses do not happen by chance.
        let numbers = self.numbers;
        let tries = numbers.div_ceil(clients).saturating_mul(MOST_TRIES as usize);
        let mut slot = 0;
        for _ in 0..tries {
            slot = below(rng, numbers as u64) as usize;
            if may_lose(slot)
                && (clients == 1 || total == 0 || below(rng, total) >= self.tree.tickets(slot))
            {
                return Some(self.loser(slot));
            }
        }
        // The generator repeats itself: the next one who may lose, in a circle.
        (slot..numbers).chain(0..slot).find(|&slot| may_lose(slot)).map(|slot| self.loser(slot))
    }

    fn loser(&self, slot: usize) -> Loser {
        let (client, tickets) = (self.client(slot), self.tree.tickets(slot));
        Loser { client, tickets, total: self.total(), clients: self.len() }
    }
}
