//! Queues and sums are not saved: those who compete join again, as they are.

use super::start_time::quarter;
use super::{Contest, StartTime, either};
use crate::Order;
use crate::table::Table;

impl Contest {
    /// Of which order it is.
    pub(crate) fn order(&self) -> Order {
        match self {
            Self::StartTime(_) => Order::StartTime,
            Self::Eevdf(_) => Order::Eevdf,
        }
    }

    /// Whether what was saved goes together.
    pub(crate) fn is_possible(&self) -> bool {
        match self {
            Self::StartTime(StartTime { least, finish, quarter: passed, .. }) => {
                least.is_possible()
                    && finish.is_possible()
                    && !finish.is_before(*least)
                    && passed % 4 == quarter(least.counter)
            }
            Self::Eevdf(_) => true,
        }
    }

    /// Those who compete outside of the queue.
    pub(crate) fn parked(&self) -> &[u32] {
        either!(self, order => &order.parked)
    }

    /// Counts in one who competes. Tells whether it has the place among those who are parked that
    /// it remembers, or none if it `is_queued`.
    pub(crate) fn readmit(&mut self, table: &Table, id: u32, is_queued: bool) -> bool {
        let node = &table.nodes[id as usize];
        let fits = match self.parked().get(node.previous as usize) {
            Some(parked) => !is_queued && *parked == id,
            None => is_queued,
        };
        match self {
            Self::StartTime(order) => order.competing += 1,
            Self::Eevdf(order) => {
                order.clock.part += node.service_since(order.clock.whole);
                order.weigh(node.rate.get().into());
                order.competing += 1;
            }
        }
        fits
    }

    /// Puts one into its queue, once all have been counted in.
    pub(crate) fn requeue(&mut self, table: &mut Table, id: u32) {
        match self {
            Self::StartTime(order) => order.queue.insert(&mut table.nodes, id),
            Self::Eevdf(order) => order.requeue(table, id),
        }
    }
}
