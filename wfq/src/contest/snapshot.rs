//! Queues and sums are not saved: those who compete join again, as they are. But which of them were
//! found eligible is, in the order of their heap.

use alloc::vec::Vec;

use super::start_time::quarter;
use super::{Contest, StartTime, either};
use crate::Order;
use crate::queue::Queue;
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

    /// Those of the queue who were eligible, in the order that they are kept in.
    pub(crate) fn eligible(&self) -> Vec<u32> {
        match self {
            Self::StartTime(_) => Vec::new(),
            Self::Eevdf(order) => order.eligible.ids().collect(),
        }
    }

    /// Tells one of those where it is.
    pub(crate) fn restore_eligible(&mut self, table: &mut Table, position: u32, id: u32) {
        if let Self::Eevdf(order) = self {
            order.restore_eligible(table, position, id);
        }
    }

    /// Counts in one who competes, and puts it into the queue if it `is_queued` and not eligible.
    /// Tells whether it is where it remembers to be: eligible, among those who are parked, or in the
    /// rest of the queue.
    pub(crate) fn readmit(&mut self, table: &mut Table, id: u32, is_queued: bool) -> bool {
        let node = &table.nodes[id as usize];
        let is_eligible = Queue::has(&table.nodes, id);
        let fits = match self.parked().get(node.previous as usize) {
            Some(parked) if !is_eligible => !is_queued && *parked == id,
            _ => is_queued,
        };
        match self {
            Self::StartTime(order) => order.competing += 1,
            Self::Eevdf(order) => {
                order.clock.part += node.service_since(order.clock.whole);
                order.weigh(node.rate.get().into());
                order.competing += 1;
            }
        }
        if is_queued && !is_eligible {
            match self {
                Self::StartTime(order) => order.queue.insert(&mut table.nodes, id),
                Self::Eevdf(order) => order.waiting.insert(&mut table.nodes, id),
            }
        }
        fits
    }
}
