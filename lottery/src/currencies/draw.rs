//! Draws, from the base down.

use core::cell::Cell;

use rand_core::Rng;

use super::{BASE, Compensation, Currencies, Factor, FundedWinner, Node};
use crate::chance::{MOST_TRIES, below, with_words};
use crate::tree::Found;
use crate::{Error, Words};

/// An attempt came to a part that there is only by rounding.
#[derive(Clone, Copy, Debug)]
struct BeginAnew;

impl Currencies {
    /// Draws a winner: a client that is awake, with a chance in proportion to its value, and its
    /// compensation if it has any, which ends with that. Nobody, if no ticket is active.
    ///
    /// It takes a word for each currency on the way down, and a few more if there is compensation.
    /// A generator that repeats itself gets an answer as well: if an attempt begins with the same
    /// two words as one that failed, the next one counts in any case.
    pub fn draw<R: Rng + ?Sized>(&mut self, rng: &mut R) -> Option<FundedWinner> {
        let (client, ticket) = self.descend(rng)?;
        let compensation = self.clients.at(client)?.compensation;
        if compensation.is_some() {
            // Less to draw from always fits.
            let _ = self.change_client(client, true, None);
        }
        Some(self.winner(client, ticket, compensation))
    }

    /// Draws a winner with words that are given, and changes nothing: the one that
    /// [`draw`](Self::draw) draws if its generator gives these words, and is asked for no more of
    /// them. Its compensation, if it has any, is not over: only being drawn ends it. Nobody, if no
    /// ticket is active.
    ///
    /// ```
    /// use apportion_lottery::{Currencies, CurrencyId, Error};
    ///
    /// let mut lottery = Currencies::new();
    /// let (currency, client) = (lottery.add_currency()?, lottery.add_client()?);
    /// lottery.issue(CurrencyId::BASE, 2, currency)?;
    /// lottery.issue(currency, 4, client)?;
    /// // A word for the ticket of the base, and one for that of the currency.
    /// assert_eq!(lottery.draw_with(&[7]), Err(Error::Undecided { words: 1 }));
    /// assert_eq!(lottery.draw_with(&[7, 7])?.unwrap().client, client);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] if the words are too few: because there are more currencies on the way
    /// down, because some of them were refused, or because an attempt began anew.
    pub fn draw_with(&self, words: &[u64]) -> Result<Option<FundedWinner>, Error> {
        let drawn = with_words(words, |words| self.descend(words))?;
        Ok(drawn.and_then(|(client, ticket)| {
            let compensation = self.clients.at(client)?.compensation;
            Some(self.winner(client, ticket, compensation))
        }))
    }

    fn winner(&self, client: u32, ticket: u32, compensation: Option<Compensation>) -> FundedWinner {
        let (client, ticket) = (self.client_id(client), self.ticket_id(ticket));
        FundedWinner { client, ticket, compensation }
    }

    /// The client and the ticket drawn.
    pub(super) fn descend<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<(u32, u32)> {
        let taken = Cell::new((0, 0));
        let mut words = Words(|| {
            let word = rng.next_u64();
            let (count, begin) = taken.get();
            if count < 2 {
                taken.set((count + 1, begin << 64 | u128::from(word)));
            }
            word
        });
        // An attempt fails with a chance of less than (d + 1) / (d + 2), below.
        let most = u64::from(MOST_TRIES) * (self.currencies.len() as u64 + 1);
        let (mut failed, mut before, mut repeats) = (0_u64, None, false);
        loop {
            taken.set((0, 0));
            let counts = repeats || failed >= most;
            if let Ok(drawn) = self.attempt(&mut words, counts) {
                return drawn;
            }
            // Who fails has taken two words. As few that are remembered find any cycle.
            let begin = Some(taken.get().1);
            repeats = begin == before;
            failed += 1;
            if failed.is_power_of_two() {
                before = begin;
            }
        }
    }

    /// Goes down from the base once. `counts` if it is to come to a client in any case.
    fn attempt<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        counts: bool,
    ) -> Result<Option<(u32, u32)>, BeginAnew> {
        let mut at = BASE;
        loop {
            let Some(currency) = self.currencies.at(at) else { return Ok(None) };
            let total = currency.tree.total();
            if total == 0 {
                return Ok(None);
            }
            let Found { slot, ticket: number, .. } = currency.tree.find(below(rng, total));
            let index = currency.places.get(slot).copied();
            let found = index.and_then(|index| Some((index, self.tickets.at(index)?)));
            let Some((index, ticket)) = found else { return Ok(None) };
            let factor = self.factor(ticket.holder);
            if !factor.admits(ticket.amount, number, rng) && !counts {
                return Err(BeginAnew);
            }
            match ticket.holder {
                Node::Client(client) => return Ok(Some((client, index))),
                Node::Currency(next) => at = next,
            }
        }
    }
}

impl Factor {
    /// Whether a ticket of that amount, drawn by this number, is drawn indeed. The last one of the
    /// numbers may be there in part only.
    pub(super) fn admits<R: Rng + ?Sized>(self, amount: u64, number: u64, rng: &mut R) -> bool {
        let exact = u128::from(amount) * u128::from(self.numerator);
        let part = exact.saturating_sub(u128::from(number) * u128::from(self.denominator));
        part >= u128::from(self.denominator) || u128::from(below(rng, self.denominator)) < part
    }
}
