//! Bounds, and what is handed out.

/// How many items and flows a [`FairQueue`](crate::FairQueue) holds at most.
///
/// ```
/// use apportion_wfq::{Capacity, FairQueue, Order, Refusal, Refused};
///
/// let capacity = Capacity { items_per_flow: 1, ..Capacity::default() };
/// let mut queue = FairQueue::new(Order::StartTime).with_capacity(capacity);
/// queue.enqueue("tenant", 1, "first")?;
/// let refused = queue.enqueue("tenant", 1, "second");
/// assert_eq!(refused, Err(Refused { item: "second", reason: Refusal::FlowFull { limit: 1 } }));
/// # Ok::<(), Refused<&str>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Capacity {
    /// Items waiting in all.
    pub items: u32,
    /// Items waiting of one flow.
    pub items_per_flow: u32,
    /// Flows known: busy, not forgotten yet, or with weights of their own.
    pub flows: u32,
    /// Items in service: no more are started.
    pub in_service: u32,
}

impl Default for Capacity {
    /// As many of each as there are numbers.
    fn default() -> Self {
        let most = u32::MAX - 2;
        Self { items: most, items_per_flow: most, flows: most, in_service: most }
    }
}

/// An item that is to be served next, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Served<K, T> {
    /// Whose it is.
    pub flow: K,
    /// The item.
    pub item: T,
    /// What it costs, or was estimated to.
    pub cost: u64,
    /// The counter of its flow, the least of those who may be served: in units of 2^-20, on a
    /// circle.
    pub counter: u64,
}
