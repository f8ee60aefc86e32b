//! Ticket transfers, and their return.

use super::{Currencies, Ticket};
use crate::{Error, Holder, TicketId};

impl Currencies {
    /// Lends so much of a ticket to somebody: a client that waits for a server lends it what it
    /// has. The new ticket can be lent on, or given back ([`give_back`](Self::give_back)).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`], [`Error::UnknownClient`], [`Error::UnknownCurrency`];
    /// [`Error::TooFewTickets`] if the ticket is of less; [`Error::Cycle`],
    /// [`Error::TooManyTickets`], [`Error::TooMuchCompensation`] and [`Error::Full`] as when a
    /// ticket is issued.
    pub fn transfer(
        &mut self,
        ticket: TicketId,
        amount: u64,
        to: impl Into<Holder>,
    ) -> Result<TicketId, Error> {
        let Ticket { amount: held, currency, .. } = self.find_ticket(ticket)?;
        let to = self.node(to.into())?;
        let few = Error::TooFewTickets { held, wanted: amount };
        let rest = held.checked_sub(amount).ok_or(few)?;
        self.check_acyclic(currency, to)?;
        let less = [(ticket.index, rest)];
        let lent = self.hand_out(currency, to, Some(ticket.index), &less, amount)?;
        if let Some(lender) = self.tickets.at_mut(ticket.index) {
            lender.lent += amount;
        }
        self.loans.insert((ticket.index, lent));
        Ok(self.ticket_id(lent))
    }

    /// Gives a ticket that was lent back to the one it was lent by.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`], [`Error::NotBorrowed`]; [`Error::Lent`] if parts of it are lent
    /// on; [`Error::TooManyTickets`], [`Error::TooMuchCompensation`] if the lender is awake, the
    /// borrower was not, and there are too many active ones then.
    pub fn give_back(&mut self, ticket: TicketId) -> Result<(), Error> {
        let Ticket { amount, lent, lender, .. } = self.find_ticket(ticket)?;
        let lender = lender.ok_or(Error::NotBorrowed { ticket })?;
        if self.lends(ticket.index) {
            return Err(Error::Lent { ticket, lent });
        }
        let held = self.tickets.at(lender).map_or(0, |lender| lender.amount);
        self.change_amounts(&[(ticket.index, 0), (lender, held + amount)])?;
        self.end_loan(lender, ticket.index, amount);
        self.take_back(ticket.index);
        Ok(())
    }

    /// The loans of a ticket, by number.
    pub(super) fn lent_by(&self, lender: u32) -> impl Iterator<Item = u32> {
        self.loans.range((lender, 0)..=(lender, u32::MAX)).map(|&(_, loan)| loan)
    }

    pub(super) fn lends(&self, ticket: u32) -> bool {
        self.lent_by(ticket).next().is_some()
    }

    /// A lender has so much again.
    pub(super) fn end_loan(&mut self, lender: u32, loan: u32, amount: u64) {
        self.loans.remove(&(lender, loan));
        if let Some(lender) = self.tickets.at_mut(lender) {
            lender.lent -= amount;
        }
    }
}
