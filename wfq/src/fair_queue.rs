//! A fair queue of items, on top of the scheduler: each flow is an entity that is awake while it
//! has items.

mod flows;
mod items;
mod refusal;
mod service;
#[cfg(feature = "serde")]
mod snapshot;
mod tickets;
mod values;

use core::hash::Hash;

use flows::{FORGIVEN, Flows};
use items::Items;
pub use refusal::{Refusal, Refused};
pub use tickets::Ticket;
use tickets::Tickets;
pub use values::{Capacity, Served};

use crate::rate::MAX_CHARGE;
use crate::{Order, Scheduler, Weight};

/// Items of many flows, handed out so that each flow gets service by its weight: packets by
/// connection, requests by tenant.
///
/// *Source*: Goyal, Vin and Cheng, "Start-time fair queueing", SIGCOMM 1996, in
/// [`Order::StartTime`]: any two flows that both have items waiting get amounts of service, divided
/// by their weights, that differ by at most the cost of one item of each, divided by its weight. In
/// [`Order::Eevdf`] each item is a request of its flow: worst-case fair queueing (Bennett and
/// Zhang, "Hierarchical packet fair queueing algorithms", SIGCOMM 1996).
///
/// What an item costs is known when it comes ([`dequeue`](Self::dequeue)) or when it has been
/// served ([`start`](Self::start), [`complete`](Self::complete)); it is charged at once, in the
/// second case as estimated, and corrected later. Any number of items may be in service, of one
/// flow or of many.
///
/// **Flows** appear with their first item. A flow is *idle* when it has no items waiting and none
/// in service. An idle flow is forgotten once virtual time, the counter of the latest item handed
/// out, has passed it, or when nothing waits at all: then it owes nobody anything, and a new flow
/// starts where it would. Flows with a [weight of their own](Self::set_weight) keep that, and a
/// place in [`Capacity::flows`], until [`clear_weight`](Self::clear_weight).
///
/// *Ties*: equal counters, or deadlines, go by number. A flow has the lowest number that is vacant
/// when it appears, and keeps it until it is forgotten.
///
/// *Complexity*: `O(log f)` in each call, amortised, with `f` flows known; while a flow goes on
/// having items, what the [`Scheduler`] takes. Space is `O(f + i)` for the most flows `f` and items
/// `i` that there ever were at a time; [`Capacity`] bounds both.
///
/// With the feature `serde` it can be saved and restored in mid-run as a [`Scheduler`] can, with its
/// keys and items; a [`Ticket`] issued before is valid after. Room for items and flows that have
/// left is not saved.
///
/// ```
/// use apportion_wfq::{FairQueue, Order, Weight};
///
/// let mut queue = FairQueue::new(Order::StartTime);
/// queue.set_weight("paying", Weight::new(2)?)?;
/// for request in 0..4 {
///     queue.enqueue("free", 10, request)?;
///     queue.enqueue("paying", 10, request)?;
/// }
/// let served: Vec<_> = core::iter::from_fn(|| queue.dequeue()).map(|next| next.flow).collect();
/// assert_eq!(served[..6], ["paying", "free", "paying", "paying", "free", "paying"]);
/// assert_eq!(served[6..], ["free", "free"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FairQueue<K, T> {
    scheduler: Scheduler,
    flows: Flows<K>,
    items: Items<T>,
    tickets: Tickets,
    capacity: Capacity,
    /// Of flows that have none of their own.
    weight: Weight,
    /// Virtual time, not on a circle: the largest counter that an item was taken at.
    reached: i128,
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// An empty queue. Flows have a weight of 1 unless told otherwise.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self {
            scheduler: Scheduler::new(order),
            flows: Flows::new(),
            items: Items::new(),
            tickets: Tickets::default(),
            capacity: Capacity::default(),
            weight: Weight::MIN,
            reached: 0,
        }
    }

    /// With bounds on memory. What is above them already stays.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        let most = Capacity::default();
        let capacity = Capacity {
            items: capacity.items.min(most.items),
            items_per_flow: capacity.items_per_flow.min(most.items_per_flow),
            flows: capacity.flows.min(most.flows),
            in_service: capacity.in_service.min(most.in_service),
        };
        Self { capacity, ..self }
    }

    /// With another weight for flows, from the next that appears on, that have none of their own.
    #[must_use]
    pub fn with_weight(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    /// A queue that nobody has used yet, with virtual time beginning at `counter` instead of 0.
    /// Counters wrap, so that makes no difference; a test may want to see it.
    #[must_use]
    pub fn starting_at(mut self, counter: u64) -> Self {
        self.scheduler = self.scheduler.starting_at(counter);
        self.reached = counter.into();
        self
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len() as usize
    }

    /// Whether no item waits. Some may be in service.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.len() == 0
    }

    /// How many items of a flow wait.
    #[must_use]
    pub fn len_of(&self, flow: &K) -> usize {
        self.flows.find(flow).map_or(0, |number| self.flows.get(number).items.len as usize)
    }

    /// How many flows are known: busy, not forgotten yet, or with weights of their own.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.flows.len()
    }

    /// How many items have been started and not completed.
    #[must_use]
    pub fn in_service(&self) -> usize {
        self.tickets.len() as usize
    }

    /// The capacity.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Bytes held on the heap, apart from what keys and items hold themselves.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.scheduler.memory() + self.flows.memory() + self.items.memory() + self.tickets.memory()
    }

    /// The weight of a flow, if it is known.
    #[must_use]
    pub fn weight(&self, flow: &K) -> Option<Weight> {
        let number = self.flows.find(flow)?;
        self.scheduler.weight(self.flows.get(number).entity).ok()
    }

    /// Gives a flow a weight of its own, before its first item or later. What it is owed or owes
    /// stays as it is, in service.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooManyFlows`].
    pub fn set_weight(&mut self, flow: K, weight: Weight) -> Result<(), Refusal> {
        let number = self.find_or_appear(flow, weight)?;
        self.flows.at(number).has_own_weight = true;
        self.reweight(number, weight);
        Ok(())
    }

    /// Gives a flow the common weight again. From now on it is forgotten when it is idle.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownFlow`].
    pub fn clear_weight(&mut self, flow: &K) -> Result<(), Refusal> {
        let number = self.flows.find(flow).ok_or(Refusal::UnknownFlow)?;
        self.flows.at(number).has_own_weight = false;
        self.reweight(number, self.weight);
        Ok(())
    }

    fn reweight(&mut self, number: u32, weight: Weight) {
        let flow = self.flows.get(number);
        let (entity, sleeps, finish) = (flow.entity, flow.items.len == 0, flow.finish);
        let is_idle = flow.is_idle();
        let changed = self.scheduler.set_weight(entity, weight);
        debug_assert_eq!(changed, Ok(()), "flows have entities");
        if is_idle {
            self.flows.rouse(number);
        }
        if sleeps && finish != FORGIVEN {
            self.flows.at(number).finish = self.finish(number, finish);
        }
        self.rest(number);
    }

    /// Puts an item at the end of its flow. Nothing is charged yet. A cost of 0 is one of 1, so
    /// that no flow is served for ever.
    ///
    /// # Errors
    ///
    /// The item comes back with [`Refusal::CostTooLarge`] above
    /// [`MAX_CHARGE`](crate::MAX_CHARGE); [`Refusal::Full`], [`Refusal::FlowFull`],
    /// [`Refusal::TooManyFlows`] where [`Capacity`] says so.
    pub fn enqueue(&mut self, flow: K, cost: u64, item: T) -> Result<(), Refused<T>> {
        match self.admit(flow, cost) {
            Ok(number) => {
                let was_empty = self.items.len() == 0;
                if self.flows.get(number).is_idle() {
                    self.flows.rouse(number);
                }
                let list = &mut self.flows.at(number).items;
                self.items.push(list, cost, item);
                if list.len == 1 {
                    self.wake(number, was_empty);
                }
                Ok(())
            }
            Err(reason) => Err(Refused { item, reason }),
        }
    }

    fn admit(&mut self, flow: K, cost: u64) -> Result<u32, Refusal> {
        let Capacity { items, items_per_flow, .. } = self.capacity;
        if cost > MAX_CHARGE {
            return Err(Refusal::CostTooLarge { cost });
        }
        if self.items.len() >= items {
            return Err(Refusal::Full { limit: items });
        }
        if self.len_of(&flow) >= items_per_flow as usize {
            return Err(Refusal::FlowFull { limit: items_per_flow });
        }
        self.find_or_appear(flow, self.weight)
    }

    fn find_or_appear(&mut self, flow: K, weight: Weight) -> Result<u32, Refusal> {
        if let Some(number) = self.flows.find(&flow) {
            return Ok(number);
        }
        let refusal = Refusal::TooManyFlows { limit: self.capacity.flows };
        if self.flows.len() >= self.capacity.flows as usize {
            return Err(refusal);
        }
        self.flows.appear(flow, weight, &mut self.scheduler).ok_or(refusal)
    }
}
