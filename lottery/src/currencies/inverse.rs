use rand_core::Rng;

use super::Currencies;
use crate::chance::{MOST_TRIES, below};
use crate::{ClientId, TicketId};

/// Who has lost an inverse lottery of currencies.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct FundedLoser {
    /// The client.
    pub client: ClientId,
    /// The ticket that was drawn, which is another client's. None, if no ticket is active, or the
    /// client is alone.
    pub ticket: Option<TicketId>,
    /// How many clients there are.
    pub clients: usize,
}

impl Currencies {
    /// Draws a loser: who has to give something up, such as a page of memory. Nobody, if there is
    /// no client. Nothing changes: compensation is not over.
    ///
    /// *Source*: Waldspurger and Weihl 1994, section 6.2. A client that [`draw`](Self::draw) draws
    /// with chance `p`, among `n` clients, loses with chance `(1 - p) / (n - 1)`, exactly: so
    /// compensation counts here as it does there, and one that sleeps or has no tickets is as
    /// likely to lose as anybody can be. Not defined there, and so defined here: one who is alone loses,
    /// and if no ticket is active, all have the same chance.
    ///
    /// A client is chosen, each with the same chance, and loses unless it wins a draw: that takes
    /// two choices and two draws at most, on average. A number that is vacant is skipped at the
    /// price of a choice, so that it takes longer after many clients have left.
    pub fn draw_loser<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<FundedLoser> {
        let (clients, numbers) = (self.clients.len(), self.clients.numbers());
        if clients == 0 {
            return None;
        }
        // So many choices that none of them loses do not happen by chance.
        let tries = numbers.div_ceil(clients).saturating_mul(MOST_TRIES as usize);
        let draw = |rng: &mut R| if clients == 1 { None } else { self.descend(rng) };
        let mut chosen = 0;
        for _ in 0..tries {
            chosen = below(rng, numbers as u64) as u32;
            if self.clients.at(chosen).is_some() {
                let winner = draw(rng);
                if winner.is_none_or(|(winner, _)| winner != chosen) {
                    return Some(self.loser(chosen, winner));
                }
            }
        }
        // The generator repeats itself: the next one, in a circle, who does not win now.
        let winner = draw(rng);
        let others = self.clients.iter().map(|(client, _, _)| client);
        let others = others.filter(|&client| winner.is_none_or(|(winner, _)| winner != client));
        let next = others.min_by_key(|&client| client.wrapping_sub(chosen));
        next.map(|client| self.loser(client, winner))
    }

    fn loser(&self, client: u32, winner: Option<(u32, u32)>) -> FundedLoser {
        let ticket = winner.map(|(_, ticket)| self.ticket_id(ticket));
        FundedLoser { client: self.client_id(client), ticket, clients: self.clients.len() }
    }
}
