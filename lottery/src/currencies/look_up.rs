//! What there is, and who has what.

use alloc::vec::Vec;

use super::{Compensation, Currencies, Node};
use crate::{ClientId, CurrencyId, Error, Holder, TicketId};

impl Currencies {
    /// All clients, by number. It goes through all numbers that were ever in use.
    pub fn clients(&self) -> impl Iterator<Item = ClientId> {
        self.clients.iter().map(|(index, generation, _)| ClientId { index, generation })
    }

    /// All currencies, by number: the base first. It goes through all numbers that were ever in
    /// use.
    pub fn currencies(&self) -> impl Iterator<Item = CurrencyId> {
        self.currencies.iter().map(|(index, generation, _)| CurrencyId { index, generation })
    }

    /// The compensation that a client has until it next wins. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn compensation(&self, client: ClientId) -> Result<Option<Compensation>, Error> {
        Ok(self.find_client(client)?.compensation)
    }

    /// Whether a client is awake. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`].
    pub fn is_awake(&self, client: ClientId) -> Result<bool, Error> {
        Ok(self.find_client(client)?.awake)
    }

    /// The sum of the active tickets of a currency. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCurrency`].
    pub fn active(&self, currency: CurrencyId) -> Result<u64, Error> {
        Ok(self.find_currency(currency)?.active)
    }

    /// The tickets of a currency, by number: those for which it cannot be removed
    /// ([`Error::CurrencyInUse`]). `O(n log n)`, for the `n` that there were at the most.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCurrency`].
    pub fn issued(&self, currency: CurrencyId) -> Result<Vec<TicketId>, Error> {
        let places = (0..).zip(&self.find_currency(currency)?.places);
        // What is at a vacant place has another one by now, or is no more.
        let here = places.filter(|&(place, &index)| {
            let ticket = self.tickets.at(index);
            ticket.is_some_and(|at| (at.currency, at.place) == (currency.index, place))
        });
        let mut issued: Vec<_> = here.map(|(_, &index)| self.ticket_id(index)).collect();
        issued.sort_unstable();
        Ok(issued)
    }

    /// The tickets that somebody holds, borrowed ones as well, by number. `O(n)` for `n` of them.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::UnknownCurrency`].
    pub fn tickets(&self, holder: impl Into<Holder>) -> Result<Vec<TicketId>, Error> {
        let held = self.held(self.node(holder.into())?);
        Ok(held.map(|ticket| self.ticket_id(ticket)).collect())
    }

    /// How much a ticket is of its currency, without what of it is lent. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`].
    pub fn amount(&self, ticket: TicketId) -> Result<u64, Error> {
        Ok(self.find_ticket(ticket)?.amount)
    }

    /// The currency that a ticket is of. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`].
    pub fn currency(&self, ticket: TicketId) -> Result<CurrencyId, Error> {
        Ok(self.currency_id(self.find_ticket(ticket)?.currency))
    }

    /// Who holds a ticket. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`].
    pub fn holder(&self, ticket: TicketId) -> Result<Holder, Error> {
        Ok(match self.find_ticket(ticket)?.holder {
            Node::Client(client) => Holder::Client(self.client_id(client)),
            Node::Currency(currency) => Holder::Currency(self.currency_id(currency)),
        })
    }

    /// The ticket that a borrowed one was lent by; none if it is not borrowed. `O(1)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`].
    pub fn lender(&self, ticket: TicketId) -> Result<Option<TicketId>, Error> {
        Ok(self.find_ticket(ticket)?.lender.map(|lender| self.ticket_id(lender)))
    }

    /// The tickets that a ticket lends, by number: those for which it cannot be destroyed or given
    /// back ([`Error::Lent`]). What these lend on, they tell themselves. `O(log n + k)` for `k` of
    /// all `n` loans.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`].
    ///
    /// ```
    /// use apportion_lottery::{Currencies, CurrencyId, Error};
    ///
    /// let mut lottery = Currencies::new();
    /// let [lender, borrower] = [lottery.add_client()?, lottery.add_client()?];
    /// let ticket = lottery.issue(CurrencyId::BASE, 10, lender)?;
    /// lottery.transfer(ticket, 3, borrower)?;
    /// assert_eq!(lottery.remove_client(lender), Err(Error::Lent { ticket, lent: 3 }));
    /// for ticket in lottery.tickets(lender)? {
    ///     for loan in lottery.loans(ticket)? {
    ///         lottery.give_back(loan)?;
    ///     }
    /// }
    /// lottery.remove_client(lender)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn loans(&self, ticket: TicketId) -> Result<Vec<TicketId>, Error> {
        self.find_ticket(ticket)?;
        Ok(self.lent_by(ticket.index).map(|loan| self.ticket_id(loan)).collect())
    }
}
