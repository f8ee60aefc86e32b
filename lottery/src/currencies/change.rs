//! Changes, worked out beforehand, so that one that is refused leaves no trace.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{Client, Compensation, Currencies, Factor, Node};
use crate::Error;

/// What will be, where it differs.
#[derive(Debug, Default)]
struct Plan {
    /// By ticket: its amount, and what it is drawn with.
    tickets: BTreeMap<u32, (u64, u64)>,
    currencies: BTreeMap<u32, Totals>,
}

/// Of a currency: what is drawn from, and what is active.
#[derive(Clone, Copy, Debug)]
struct Totals {
    drawn: i128,
    active: i128,
}

impl Currencies {
    /// A client that is known is awake or not, with compensation or without.
    pub(super) fn change_client(
        &mut self,
        client: u32,
        awake: bool,
        compensation: Option<Compensation>,
    ) -> Result<(), Error> {
        let changed = Client { awake, compensation, tickets: BTreeSet::new() };
        let mut plan = Plan::default();
        for ticket in self.held(Node::Client(client)) {
            let amount = self.tickets.at(ticket).map_or(0, |ticket| ticket.amount);
            self.plan_ticket(&mut plan, ticket, amount, changed.factor())?;
        }
        self.plan_above(&mut plan)?;
        self.carry_out(plan);
        if let Some(client) = self.clients.at_mut(client) {
            (client.awake, client.compensation) = (awake, compensation);
        }
        Ok(())
    }

    /// Tickets have these amounts.
    pub(super) fn change_amounts(&mut self, amounts: &[(u32, u64)]) -> Result<(), Error> {
        let mut plan = Plan::default();
        for &(ticket, amount) in amounts {
            let holder = self.tickets.at(ticket).map(|ticket| ticket.holder);
            let factor = holder.map_or(Factor::NONE, |holder| self.factor(holder));
            self.plan_ticket(&mut plan, ticket, amount, factor)?;
        }
        self.plan_above(&mut plan)?;
        self.carry_out(plan);
        Ok(())
    }

    fn plan_ticket(
        &self,
        plan: &mut Plan,
        index: u32,
        amount: u64,
        factor: Factor,
    ) -> Result<(), Error> {
        let Some(ticket) = self.tickets.at(index) else { return Ok(()) };
        let currency = self.currency_id(ticket.currency);
        let too_much = Error::TooMuchCompensation { currency };
        let drawn = factor.weigh(amount).ok_or(too_much)?;
        let Some(issuer) = self.currencies.at(ticket.currency) else { return Ok(()) };
        let now = (ticket.amount, issuer.tree.tickets(ticket.place as usize));
        let before = plan.tickets.insert(index, (amount, drawn)).unwrap_or(now);
        let totals = plan
            .currencies
            .entry(ticket.currency)
            .or_insert(Totals { drawn: issuer.tree.total().into(), active: issuer.active.into() });
        // A ticket without weight is inactive, or nothing.
        let active = |(amount, drawn)| if drawn > 0 { i128::from(amount) } else { 0 };
        totals.drawn += i128::from(drawn) - i128::from(before.1);
        totals.active += active((amount, drawn)) - active(before);
        Ok(())
    }

    /// What changes in the currencies that back those that change; and whether all can be counted.
    fn plan_above(&self, plan: &mut Plan) -> Result<(), Error> {
        if plan.currencies.keys().any(|&currency| self.counts_otherwise(plan, currency)) {
            let changed: Vec<u32> = plan.currencies.keys().copied().collect();
            for currency in self.upwards(&changed) {
                if self.counts_otherwise(plan, currency) {
                    let factor = self.planned(plan, currency)?;
                    for ticket in self.held(Node::Currency(currency)) {
                        let now = self.tickets.at(ticket).map_or(0, |ticket| ticket.amount);
                        let amount = plan.tickets.get(&ticket).map_or(now, |planned| planned.0);
                        self.plan_ticket(plan, ticket, amount, factor)?;
                    }
                }
            }
        }
        plan.currencies.keys().try_for_each(|&currency| self.planned(plan, currency).map(|_| ()))
    }

    /// Whether the factor of a currency changes.
    fn counts_otherwise(&self, plan: &Plan, currency: u32) -> bool {
        // One that cannot be counted is found out later.
        let planned = self.planned(plan, currency);
        planned.is_ok_and(|planned| !planned.is_equal(self.factor(Node::Currency(currency))))
    }

    fn planned(&self, plan: &Plan, currency: u32) -> Result<Factor, Error> {
        let Some(&Totals { drawn, active }) = plan.currencies.get(&currency) else {
            return Ok(self.factor(Node::Currency(currency)));
        };
        let Ok(active) = u64::try_from(active) else {
            let total = self.currencies.at(currency).map_or(0, |currency| currency.active);
            let added = u64::try_from(active - i128::from(total)).unwrap_or(u64::MAX);
            return Err(Error::TooManyTickets { total, added });
        };
        let currency = self.currency_id(currency);
        let drawn = u64::try_from(drawn).map_err(|_| Error::TooMuchCompensation { currency })?;
        Ok(Factor::of(drawn, active))
    }

    fn carry_out(&mut self, plan: Plan) {
        for (currency, Totals { active, .. }) in plan.currencies {
            if let Some(currency) = self.currencies.at_mut(currency) {
                currency.active = u64::try_from(active).unwrap_or(u64::MAX);
            }
        }
        // Those with fewer first, so that no sum is ever larger than before or after.
        for shrinks in [true, false] {
            for (&index, &(amount, drawn)) in &plan.tickets {
                let Some(ticket) = self.tickets.at_mut(index) else { continue };
                let (currency, place) = (ticket.currency, ticket.place as usize);
                let Some(currency) = self.currencies.at_mut(currency) else { continue };
                if (drawn < currency.tree.tickets(place)) == shrinks {
                    ticket.amount = amount;
                    currency.tree.set(place, drawn);
                }
            }
        }
    }
}
