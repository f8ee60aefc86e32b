//! Items go into service and come back.

use core::hash::Hash;
use core::num::NonZeroU64;

use super::tickets::Service;
use super::{FairQueue, Refusal, Served, Ticket};
use crate::node::distance;
use crate::rate::{MAX_CHARGE, MAX_SERVICE, units};
use crate::{Order, Then, Weight};

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// Hands out the item that is next, charged with its cost. `None` if none waits.
    pub fn dequeue(&mut self) -> Option<Served<K, T>> {
        let (number, served) = self.take()?;
        self.rest(number);
        Some(served)
    }

    /// Hands out the item that is next, charged with its cost as an estimate, until it is
    /// [completed](Self::complete). `None` if none waits, or as many are in service as may.
    ///
    /// ```
    /// use apportion_wfq::{FairQueue, Order};
    ///
    /// let mut queue = FairQueue::new(Order::StartTime);
    /// for (flow, item) in [("a", 1), ("a", 2), ("b", 3), ("b", 4), ("b", 5)] {
    ///     queue.enqueue(flow, 10, item)?;
    /// }
    /// let (ticket, first) = queue.start().unwrap();
    /// let (_, second) = queue.start().unwrap();
    /// assert_eq!([first.item, second.item], [1, 3]);
    /// // It has used 20 more than estimated: as much as two items of the other flow.
    /// queue.complete(ticket, 30)?;
    /// let items: Vec<_> = core::iter::from_fn(|| queue.dequeue()).map(|next| next.item).collect();
    /// assert_eq!(items, [4, 5, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start(&mut self) -> Option<(Ticket, Served<K, T>)> {
        if self.tickets.len() >= self.capacity.in_service {
            return None;
        }
        let (number, served) = self.take()?;
        let flow = self.flows.at(number);
        flow.in_service += 1;
        let charged = served.cost.max(1);
        let ticket = self.tickets.issue(Service { flow: number, charged, wakes: flow.wakes });
        self.rest(number);
        Some((ticket, served))
    }

    fn take(&mut self) -> Option<(u32, Served<K, T>)> {
        let pick = self.scheduler.pick()?;
        let number = pick.entity.index() as u32;
        self.reached = self.reached.max(unrolled(self.reached, pick.counter));
        let flow = self.flows.at(number);
        let (cost, item) = self.items.pop(&mut flow.items)?;
        let key = flow.key()?.clone();
        let then = if flow.items.len == 0 { Then::Sleep } else { Then::Requeue };
        self.request(number);
        let charged = self.scheduler.charge(pick.entity, cost, then);
        // One is in service at a time. In EEVDF it ends when it is due, as it costs what its flow
        // requests: within the largest request of whoever is furthest behind.
        debug_assert_eq!(charged, Ok(()), "costs are checked, and nobody gets too far ahead");
        if then == Then::Sleep {
            self.flows.at(number).finish = self.finish(number, self.reached);
        }
        Some((number, Served { flow: key, item, cost, counter: pick.counter }))
    }

    /// Ends the service of an item, which has used `used` in all; 0 is 1.
    ///
    /// What it used more than estimated is charged now. What it used less is given back, but for
    /// what its flow has been forgiven: if that had slept meanwhile and virtual time has passed it,
    /// it would otherwise have gained by sleeping.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownTicket`], also if it was completed before; [`Refusal::CostTooLarge`] above
    /// [`MAX_CHARGE`](crate::MAX_CHARGE); [`Refusal::SpanExceeded`]. After the last two the item is
    /// still in service.
    pub fn complete(&mut self, ticket: Ticket, used: u64) -> Result<(), Refusal> {
        let service = self.tickets.find(ticket).ok_or(Refusal::UnknownTicket { ticket })?;
        let used = used.max(1);
        if used > MAX_CHARGE {
            return Err(Refusal::CostTooLarge { cost: used });
        }
        self.correct(service, used)?;
        self.tickets.end(ticket);
        self.flows.at(service.flow).in_service -= 1;
        self.rest(service.flow);
        Ok(())
    }

    fn correct(&mut self, service: Service, used: u64) -> Result<(), Refusal> {
        let Service { flow: number, charged, wakes } = service;
        let flow = self.flows.get(number);
        let (entity, sleeps, finish) = (flow.entity, flow.items.len == 0, flow.finish);
        let back = charged.saturating_sub(used);
        let earlier = wakes != flow.wakes;
        let back = if earlier { back.min(flow.refundable) } else { back };
        // What is given back carries nobody ahead, and a finish is rounded up.
        if sleeps && used > charged && !self.admits(number, used - charged) {
            return Err(Refusal::SpanExceeded { cost: used });
        }
        let corrected = self.scheduler.correct(entity, charged, used.max(charged - back));
        corrected.map_err(|_| Refusal::SpanExceeded { cost: used })?;
        if earlier {
            self.flows.at(number).refundable -= back;
        }
        if sleeps {
            self.flows.at(number).finish = self.finish(number, finish);
        }
        Ok(())
    }

    /// Whether a flow that sleeps stays close enough to virtual time to compare: the scheduler
    /// looks after those who are awake.
    fn admits(&self, number: u32, more: u64) -> bool {
        let flow = self.flows.get(number);
        let weight = self.scheduler.weight(flow.entity).map_or(1, Weight::get);
        let ahead = (flow.finish - self.reached).max(0) * i128::from(weight);
        ahead + units(more) <= MAX_SERVICE
    }

    /// Where a flow that sleeps is on virtual time: near `base`, rounded up.
    pub(super) fn finish(&self, number: u32, base: i128) -> i128 {
        let entity = self.flows.get(number).entity;
        if let Ok(Some(counter)) = self.scheduler.counter(entity) {
            return unrolled(base, counter.units) + i128::from(counter.remainder.min(1));
        }
        let now = self.scheduler.virtual_time(None).unwrap_or_default();
        let weight = self.scheduler.weight(entity).map_or(1, Weight::get);
        let lag = self.scheduler.lag(entity).unwrap_or_default();
        unrolled(self.reached, now) - lag.div_euclid(weight.into())
    }

    /// Something was taken or came back: who is idle may be forgotten.
    pub(super) fn rest(&mut self, number: u32) {
        if self.flows.get(number).is_idle() {
            self.flows.rest(number);
        }
        // When nothing waits, there is nobody to owe anything to.
        let reached = if self.items.len() == 0 { i128::MAX } else { self.reached };
        self.flows.forget(reached, &mut self.scheduler);
    }

    /// A flow has its first item; `alone`: nobody else has any.
    pub(super) fn wake(&mut self, number: u32, alone: bool) {
        self.request(number);
        let flow = self.flows.at(number);
        let woken = self.scheduler.wake(flow.entity);
        debug_assert_eq!(woken, Ok(()), "a flow without items sleeps");
        if flow.in_service > 0 {
            // What it is ahead by now may still be given back. The rest it has been forgiven: it
            // starts at virtual time, as it would had it been charged less before.
            flow.wakes = flow.wakes.wrapping_add(1);
            flow.refundable = match self.scheduler.order() {
                Order::StartTime => {
                    let ahead = self.scheduler.lag(flow.entity).map_or(0, |lag| (-lag).max(0));
                    (ahead / units(1)) as u64
                }
                Order::Eevdf if alone => 0,
                Order::Eevdf => u64::MAX,
            };
        }
    }

    /// The first item of a flow is its request, to be due at its end.
    fn request(&mut self, number: u32) {
        let flow = self.flows.get(number);
        if self.scheduler.order() == Order::Eevdf
            && let Some(cost) = self.items.first_cost(&flow.items)
        {
            let cost = NonZeroU64::new(cost).unwrap_or(NonZeroU64::MIN);
            let requested = self.scheduler.set_request(flow.entity, cost);
            debug_assert_eq!(requested, Ok(()), "costs are checked");
        }
    }
}

/// A counter that is not on a circle, given one nearby.
fn unrolled(nearby: i128, counter: u64) -> i128 {
    nearby + i128::from(distance(nearby as u64, counter))
}
