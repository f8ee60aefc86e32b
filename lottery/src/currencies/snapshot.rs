//! Snapshots: who holds which tickets. What they are drawn with is worked out again.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BASE, Client, Compensation, Currencies, Currency, Factor, Node, Ticket};
use crate::slots::{Slot, Slots};
use crate::snapshot::{Inconsistent, check, check_vacant};

#[derive(Deserialize, Serialize)]
struct Snapshot {
    version: u32,
    clients: Vec<Slot<ClientSnapshot>>,
    vacant_clients: Vec<u32>,
    currencies: Vec<Slot<CurrencySnapshot>>,
    vacant_currencies: Vec<u32>,
    tickets: Vec<Slot<TicketSnapshot>>,
    vacant_tickets: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
struct ClientSnapshot {
    awake: bool,
    compensation: Option<Compensation>,
}

/// Which places for tickets are vacant: there are no others than these and those of its tickets.
#[derive(Deserialize, Serialize)]
struct CurrencySnapshot {
    vacant: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
struct TicketSnapshot {
    amount: u64,
    currency: u32,
    holder: Node,
    place: u32,
    lender: Option<u32>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

/// A place where no ticket has been found yet.
const NOBODY: u32 = u32::MAX;

impl Serialize for Currencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (clients, vacant_clients) = written(&self.clients, |client| ClientSnapshot {
            awake: client.awake,
            compensation: client.compensation,
        });
        let (currencies, vacant_currencies) = written(&self.currencies, |currency| {
            CurrencySnapshot { vacant: currency.vacant.clone() }
        });
        let (tickets, vacant_tickets) = written(&self.tickets, |ticket| TicketSnapshot {
            amount: ticket.amount,
            currency: ticket.currency,
            holder: ticket.holder,
            place: ticket.place,
            lender: ticket.lender,
        });
        let snapshot = Snapshot {
            version: VERSION,
            clients,
            vacant_clients,
            currencies,
            vacant_currencies,
            tickets,
            vacant_tickets,
        };
        snapshot.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Currencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

fn written<T, U>(slots: &Slots<T>, write: impl Fn(&T) -> U) -> (Vec<Slot<U>>, Vec<u32>) {
    let (slots, vacant) = slots.parts();
    let write =
        |slot: &Slot<T>| Slot { generation: slot.generation, held: slot.held.as_ref().map(&write) };
    (slots.iter().map(write).collect(), vacant.to_vec())
}

fn read<T, U>(
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
    read: impl Fn(T) -> U,
) -> Result<Slots<U>, Inconsistent> {
    let read = |slot: Slot<T>| Slot { generation: slot.generation, held: slot.held.map(&read) };
    let slots = Slots::from_parts(slots.into_iter().map(read).collect(), vacant);
    slots.ok_or(Inconsistent("vacant numbers are not those that are free"))
}

impl Snapshot {
    fn restore(self) -> Result<Currencies, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        let clients = read(self.clients, self.vacant_clients, |client| Client {
            awake: client.awake,
            compensation: client.compensation,
            tickets: BTreeSet::new(),
        })?;
        let possible =
            |compensation: Compensation| (1..compensation.quantum).contains(&compensation.used);
        let compensated = clients.iter().all(|(_, _, at)| at.compensation.is_none_or(possible));
        check(compensated, "a compensation cannot be")?;
        let currencies = read(self.currencies, self.vacant_currencies, |currency| Currency {
            places: vec![NOBODY; currency.vacant.len()],
            vacant: currency.vacant,
            ..Currency::default()
        })?;
        let base = currencies.find(BASE, 0);
        check(base.is_some_and(|_| currencies.generation(BASE) == 0), "there is no base")?;
        let tickets = read(self.tickets, self.vacant_tickets, |ticket| Ticket {
            amount: ticket.amount,
            currency: ticket.currency,
            holder: ticket.holder,
            place: ticket.place,
            lent: 0,
            lender: ticket.lender,
        })?;
        let mut restored = Currencies { clients, currencies, tickets, loans: BTreeSet::new() };
        restored.restore_places()?;
        restored.restore_loans()?;
        restored.restore_weights()?;
        Ok(restored)
    }
}

impl Currencies {
    /// Each ticket is in the hand of its holder and at its place.
    fn restore_places(&mut self) -> Result<(), Inconsistent> {
        let tickets: Vec<(u32, Ticket)> =
            self.tickets.iter().map(|(index, _, &ticket)| (index, ticket)).collect();
        for (_, ticket) in &tickets {
            let issuer = self.currencies.at_mut(ticket.currency);
            issuer
                .ok_or(Inconsistent("the currency of a ticket is not there"))?
                .places
                .push(NOBODY);
        }
        for (index, ticket) in tickets {
            let issuer = self.currencies.at_mut(ticket.currency);
            let place = issuer.and_then(|issuer| issuer.places.get_mut(ticket.place as usize));
            let place = place.filter(|place| **place == NOBODY);
            *place.ok_or(Inconsistent("the place of a ticket is not there, or taken"))? = index;
            let held = self.held_mut(ticket.holder);
            held.ok_or(Inconsistent("the holder of a ticket is not there"))?.insert(index);
        }
        self.currencies.iter().try_for_each(|(_, _, currency)| {
            let is_vacant = currency.places.iter().map(|&ticket| ticket == NOBODY);
            check_vacant(is_vacant.collect(), &currency.vacant)
        })
    }

    fn restore_loans(&mut self) -> Result<(), Inconsistent> {
        let loans: Vec<(u32, Ticket, u32)> = self
            .tickets
            .iter()
            .filter_map(|(index, _, &ticket)| Some((index, ticket, ticket.lender?)))
            .collect();
        for &(index, ticket, lender) in &loans {
            let known = self.tickets.at(lender);
            let known = known.is_some_and(|lender| lender.currency == ticket.currency);
            check(known, "a lender is not there")?;
            self.loans.insert((lender, index));
        }
        // Nobody lends to its own lender: those who lend nothing are struck off, again and again.
        let mut left: Vec<u32> = vec![0; self.tickets.parts().0.len()];
        for (_, _, lender) in &loans {
            left[*lender as usize] += 1;
        }
        let mut open: Vec<u32> =
            loans.iter().map(|loan| loan.0).filter(|&index| left[index as usize] == 0).collect();
        let mut struck = 0;
        while let Some(index) = open.pop() {
            struck += 1;
            let Some(&Ticket { amount, lent, lender: Some(lender), .. }) = self.tickets.at(index)
            else {
                continue;
            };
            left[lender as usize] -= 1;
            let Some(above) = self.tickets.at_mut(lender) else { continue };
            // What was lent on was borrowed as well; all of it is to fit when it comes back.
            let more = amount.checked_add(lent).and_then(|more| above.lent.checked_add(more));
            let more = more.filter(|lent| lent.checked_add(above.amount).is_some());
            above.lent = more.ok_or(Inconsistent("too much is lent"))?;
            if left[lender as usize] == 0 && above.lender.is_some() {
                open.push(lender);
            }
        }
        check(struck == loans.len(), "tickets are lent in a circle")
    }

    /// From those who fund no currency up to the base.
    fn restore_weights(&mut self) -> Result<(), Inconsistent> {
        let count = self.currencies.parts().0.len();
        let mut left = vec![0_u32; count];
        let (mut open, mut done) = (Vec::new(), 0);
        for (_, _, ticket) in self.tickets.iter() {
            if let Node::Currency(_) = ticket.holder {
                left[ticket.currency as usize] += 1;
            }
        }
        for (index, _, _) in self.currencies.iter() {
            if left[index as usize] == 0 {
                open.push(index);
            }
        }
        while let Some(currency) = open.pop() {
            done += 1;
            self.restore_weights_of(currency)?;
            for ticket in self.held(Node::Currency(currency)) {
                let backing = self.tickets.at(ticket).map_or(BASE, |ticket| ticket.currency);
                left[backing as usize] -= 1;
                if left[backing as usize] == 0 {
                    open.push(backing);
                }
            }
        }
        check(done == self.currencies.len(), "currencies back each other in a circle")
    }

    fn restore_weights_of(&mut self, currency: u32) -> Result<(), Inconsistent> {
        let places = self.currencies.at(currency).map(|at| at.places.clone()).unwrap_or_default();
        let weighed = places.iter().map(|&ticket| {
            let ticket = self.tickets.at(ticket);
            let (amount, factor) = ticket
                .map_or((0, Factor::NONE), |ticket| (ticket.amount, self.factor(ticket.holder)));
            factor.weigh(amount).map(|drawn| (amount, drawn))
        });
        let weighed: Vec<Option<(u64, u64)>> = weighed.collect();
        let Some(issuer) = self.currencies.at_mut(currency) else { return Ok(()) };
        for (place, weighed) in weighed.into_iter().enumerate() {
            let sums = weighed.and_then(|(amount, drawn)| {
                let active = issuer.active.checked_add(if drawn > 0 { amount } else { 0 })?;
                issuer.tree.total().checked_add(drawn).map(|_| (active, drawn))
            });
            let (active, drawn) = sums.ok_or(Inconsistent("there are too many tickets"))?;
            issuer.active = active;
            issuer.tree.extend_to(place);
            issuer.tree.set(place, drawn);
        }
        Ok(())
    }
}
