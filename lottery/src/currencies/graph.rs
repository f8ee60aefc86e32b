//! Who funds whom: issuing and destroying, without cycles.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{BASE, Currencies, Currency, Node, Ticket};
use crate::{ClientId, CurrencyId, Error, Holder, TicketId};

impl Currencies {
    /// A new ticket: so much of a currency in somebody's hand. To issue more is to inflate the
    /// currency; what others hold of it is worth less then.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCurrency`], [`Error::UnknownClient`]; [`Error::Cycle`] if the holder is a
    /// currency that backs this one, directly or not; [`Error::TooManyTickets`],
    /// [`Error::TooMuchCompensation`], [`Error::Full`].
    pub fn issue(
        &mut self,
        currency: CurrencyId,
        amount: u64,
        holder: impl Into<Holder>,
    ) -> Result<TicketId, Error> {
        self.find_currency(currency)?;
        let holder = self.node(holder.into())?;
        self.check_acyclic(currency.index, holder)?;
        let index = self.hand_out(currency.index, holder, None, &[], amount)?;
        Ok(self.ticket_id(index))
    }

    /// Changes the amount of a ticket: inflation or deflation of its currency.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`]; [`Error::Borrowed`]; [`Error::TooManyTickets`] if what is lent of
    /// it could not be given back, or as when it is issued; [`Error::TooMuchCompensation`].
    pub fn set_amount(&mut self, ticket: TicketId, amount: u64) -> Result<(), Error> {
        let Ticket { lender, lent, .. } = self.find_ticket(ticket)?;
        if lender.is_some() {
            return Err(Error::Borrowed { ticket });
        }
        if lent.checked_add(amount).is_none() {
            return Err(Error::TooManyTickets { total: lent, added: amount });
        }
        self.change_amounts(&[(ticket.index, amount)])
    }

    /// Destroys a ticket.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTicket`], [`Error::Borrowed`], [`Error::Lent`];
    /// [`Error::TooMuchCompensation`] if those that remain count for more in the mean, and cannot
    /// be counted then.
    pub fn destroy(&mut self, ticket: TicketId) -> Result<(), Error> {
        let Ticket { lent, lender, .. } = self.find_ticket(ticket)?;
        if lender.is_some() {
            return Err(Error::Borrowed { ticket });
        }
        if self.lends(ticket.index) {
            return Err(Error::Lent { ticket, lent });
        }
        self.change_amounts(&[(ticket.index, 0)])?;
        self.take_back(ticket.index);
        Ok(())
    }

    /// Forgets a client: its tickets are destroyed, and borrowed ones given back.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`]; [`Error::Lent`] if parts of a ticket that it holds are lent;
    /// [`Error::TooManyTickets`], [`Error::TooMuchCompensation`] if those that remain, or are given
    /// back, cannot be counted then.
    pub fn remove_client(&mut self, client: ClientId) -> Result<(), Error> {
        self.find_client(client)?;
        self.clear(Node::Client(client.index))?;
        self.clients.remove(client.index);
        Ok(())
    }

    /// Forgets a currency: the tickets that back it are destroyed, and borrowed ones given back.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCurrency`]; [`Error::CurrencyInUse`] as long as there are tickets of it, or
    /// if it is the base; otherwise as [`remove_client`](Self::remove_client).
    pub fn remove_currency(&mut self, currency: CurrencyId) -> Result<(), Error> {
        let known = self.find_currency(currency)?;
        let tickets = known.issued() as u64;
        if tickets > 0 || currency.index == BASE {
            return Err(Error::CurrencyInUse { currency, tickets });
        }
        self.clear(Node::Currency(currency.index))?;
        self.currencies.remove(currency.index);
        Ok(())
    }

    /// Takes all tickets from a holder.
    fn clear(&mut self, holder: Node) -> Result<(), Error> {
        let held: Vec<u32> = self.held(holder).collect();
        let mut amounts = BTreeMap::new();
        for &index in &held {
            let Some(&Ticket { amount, lent, lender, .. }) = self.tickets.at(index) else {
                continue;
            };
            if self.lends(index) {
                return Err(Error::Lent { ticket: self.ticket_id(index), lent });
            }
            amounts.insert(index, 0);
            if let Some(lender) = lender {
                let now = self.tickets.at(lender).map_or(0, |ticket| ticket.amount);
                *amounts.entry(lender).or_insert(now) += amount;
            }
        }
        let borrowed = |&index| {
            let ticket = self.tickets.at(index)?;
            Some((ticket.lender?, index, ticket.amount))
        };
        let borrowed: Vec<(u32, u32, u64)> = held.iter().filter_map(borrowed).collect();
        self.change_amounts(&amounts.into_iter().collect::<Vec<_>>())?;
        for (lender, loan, amount) in borrowed {
            self.end_loan(lender, loan, amount);
        }
        for ticket in held {
            self.take_back(ticket);
        }
        Ok(())
    }

    /// A new ticket, if all tickets can have the amounts that follow from its number.
    pub(super) fn hand_out(
        &mut self,
        currency: u32,
        holder: Node,
        lender: Option<u32>,
        amounts: &[(u32, u64)],
        amount: u64,
    ) -> Result<u32, Error> {
        let Some(issuer) = self.currencies.at_mut(currency) else { return Err(Error::Full) };
        let place = issuer.vacant.last().copied().unwrap_or(issuer.places.len() as u32);
        let ticket = Ticket { amount: 0, currency, holder, place, lent: 0, lender };
        let (index, _) = self.tickets.add(ticket).ok_or(Error::Full)?;
        issuer.tree.extend_to(place as usize);
        let changes = [amounts, &[(index, amount)]].concat();
        if let Err(error) = self.change_amounts(&changes) {
            self.tickets.retract(index);
            return Err(error);
        }
        if let Some(issuer) = self.currencies.at_mut(currency) {
            if issuer.vacant.pop().is_some() {
                issuer.places[place as usize] = index;
            } else {
                issuer.places.push(index);
            }
        }
        if let Some(held) = self.held_mut(holder) {
            held.insert(index);
        }
        Ok(index)
    }

    pub(super) fn held_mut(&mut self, holder: Node) -> Option<&mut BTreeSet<u32>> {
        match holder {
            Node::Client(client) => self.clients.at_mut(client).map(|at| &mut at.tickets),
            Node::Currency(currency) => self.currencies.at_mut(currency).map(|at| &mut at.tickets),
        }
    }

    /// Forgets a ticket of nothing.
    pub(super) fn take_back(&mut self, index: u32) {
        let Some(Ticket { currency, holder, place, .. }) = self.tickets.remove(index) else {
            return;
        };
        if let Some(issuer) = self.currencies.at_mut(currency) {
            issuer.vacant.push(place);
        }
        if let Some(held) = self.held_mut(holder) {
            held.remove(&index);
        }
    }

    /// Whether a currency may fund a holder.
    pub(super) fn check_acyclic(&self, currency: u32, holder: Node) -> Result<(), Error> {
        let Node::Currency(funded) = holder else { return Ok(()) };
        let issued = self.currencies.at(funded).map_or(0, Currency::issued);
        if issued == 0 && funded != currency {
            // It backs nobody.
            return Ok(());
        }
        // From the one that funds up to whoever backs it, remembering whom each was found to back.
        let mut backs = BTreeMap::from([(currency, currency)]);
        let mut open = Vec::from([currency]);
        while let Some(at) = open.pop() {
            if at == funded {
                let mut cycle = Vec::from([self.currency_id(at)]);
                let mut at = at;
                while at != currency {
                    at = backs.get(&at).copied().unwrap_or(currency);
                    cycle.push(self.currency_id(at));
                }
                return Err(Error::Cycle { currencies: cycle });
            }
            for ticket in self.held(Node::Currency(at)) {
                let backing = self.tickets.at(ticket).map_or(BASE, |ticket| ticket.currency);
                backs.entry(backing).or_insert_with(|| {
                    open.push(backing);
                    at
                });
            }
        }
        Ok(())
    }

    /// These currencies and all that back them, each before those that back it.
    pub(super) fn upwards(&self, from: &[u32]) -> Vec<u32> {
        let mut seen = BTreeSet::new();
        let mut finished = Vec::new();
        let mut path = Vec::new();
        let backed = |currency: u32| (currency, self.held(Node::Currency(currency)));
        for &start in from {
            if seen.insert(start) {
                path.push(backed(start));
            }
            while let Some((at, held)) = path.last_mut() {
                let Some(ticket) = held.next() else {
                    finished.push(*at);
                    path.pop();
                    continue;
                };
                let backing = self.tickets.at(ticket).map_or(BASE, |ticket| ticket.currency);
                if seen.insert(backing) {
                    path.push(backed(backing));
                }
            }
        }
        finished.reverse();
        finished
    }
}
