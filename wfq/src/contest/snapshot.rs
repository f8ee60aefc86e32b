//! Queues and sums are not saved: those who compete join again, as they are. But which of them were
//! found eligible is.

use alloc::vec::Vec;

use super::eevdf::Span;
use super::start_time::quarter;
use super::{Contest, StartTime};
use crate::Order;
use crate::node::{Node, Place, distance};
use crate::rate::MAX_SERVICE;
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

    /// Puts those who are eligible in order, now that everybody competes.
    pub(crate) fn restore_deadlines(&mut self, table: &Table) {
        if let Self::Eevdf(order) = self {
            order.restore_deadlines(table);
        }
    }

    /// Whether all who compete are near enough to the saved virtual time: or the distances that were
    /// summed up would have gone round the circle, and their mean would not be among them.
    pub(crate) fn is_near_members(&self) -> bool {
        match self {
            Self::StartTime(_) => true,
            Self::Eevdf(order) => order.is_idle() || order.span.is_near(order.clock.whole),
        }
    }

    /// Whether charges and corrections can have carried an entity that competes to where it is, with
    /// virtual time at `now`. Groups are counted in advance, and may be anywhere.
    pub(crate) fn is_in_reach(&self, node: &Node, now: u64) -> bool {
        match self {
            Self::StartTime(_) => {
                // Who is behind stays where it is, whatever its weight.
                distance(now, node.counter) > -FURTHEST_BEHIND
                    && node.service_since(now) <= MAX_SERVICE + MOST_ROUNDED
            }
            Self::Eevdf(_) => true,
        }
    }

    /// Those of the queue who were eligible, in the order of their slots.
    pub(crate) fn eligible(&self) -> Vec<u32> {
        match self {
            Self::StartTime(_) => Vec::new(),
            Self::Eevdf(order) => order.eligible.ids().collect(),
        }
    }

    /// Counts in one who competes, and puts it into the queue if it `is_queued` and not eligible.
    /// Tells whether it can be compared with the others, and is not eligible without being queued.
    pub(crate) fn readmit(&mut self, table: &mut Table, id: u32, is_queued: bool) -> bool {
        let node = &table.nodes[id as usize];
        let is_eligible = node.is_queued();
        match self {
            Self::StartTime(order) => {
                order.competing += 1;
                if is_queued {
                    order.enqueue(table, id);
                } else {
                    order.push_parked(table, id);
                }
            }
            Self::Eevdf(order) => {
                if order.competing == 0 {
                    order.span = Span::at(node.counter);
                }
                let Some(span) = order.span.with(node.counter) else { return false };
                order.span = span;
                order.clock.part += node.service_since(order.clock.whole);
                order.weigh(node.weight().into());
                order.competing += 1;
                if !is_queued {
                    table.nodes[id as usize].set_place(Place::Parked);
                } else if !is_eligible {
                    order.wait(table, id);
                }
            }
        }
        is_queued || !is_eligible
    }
}

/// No correction carries anybody so far behind virtual time, at the least weight.
const FURTHEST_BEHIND: i64 = MAX_SERVICE as i64;

/// Each change of weight rounds by less than a unit.
const MOST_ROUNDED: i128 = 1 << 32;
