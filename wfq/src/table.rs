//! All nodes, by number, with generations that tell stale handles.

use alloc::vec::Vec;

use crate::node::{NIL, NONE, Node, Place, Service, State};
use crate::rate::Rate;
use crate::{Order, Weight};

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) nodes: Vec<Node>,
    /// By node, in EEVDF only.
    pub(crate) requests: Vec<Request>,
    pub(crate) vacant: Vec<u32>,
    order: Order,
}

/// Service asked for at a time, and how much of that is still to come.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Request {
    pub(crate) length: u64,
    pub(crate) left: u64,
}

impl Table {
    pub(crate) fn new(order: Order) -> Self {
        let mut table = Self { nodes: Vec::new(), requests: Vec::new(), vacant: Vec::new(), order };
        table.add(Weight::MIN, NONE, 1);
        table.nodes[NIL as usize].group = 0;
        table
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        // All may leave.
        self.vacant.reserve(self.nodes.len() - self.vacant.len() + additional);
        self.nodes.reserve(additional.saturating_sub(self.vacant.len()));
        if self.order == Order::Eevdf {
            self.requests.reserve(additional.saturating_sub(self.vacant.len()));
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.requests.capacity() * size_of::<Request>()
            + self.vacant.capacity() * size_of::<u32>()
    }

    /// The number of a new node, or `None` if there are as many as numbers.
    pub(crate) fn add(&mut self, weight: Weight, parent: u32, request: u64) -> Option<u32> {
        let request = Request { length: request, left: request };
        let mut node = Node {
            counter: 0,
            rate: Rate::of(weight),
            remainder: 0,
            denominator: weight.get(),
            next: NONE,
            previous: NONE,
            generation: 0,
            parent,
            group: NONE,
            limit: NONE,
            place: Place::Nowhere,
            state: State::Asleep,
            service: Service::No,
        };
        let id = if let Some(id) = self.vacant.pop() {
            node.generation = self.nodes[id as usize].generation;
            self.nodes[id as usize] = node;
            id
        } else {
            let id = u32::try_from(self.nodes.len()).ok().filter(|&id| id != NONE)?;
            self.nodes.push(node);
            id
        };
        if self.order == Order::Eevdf {
            let at = id as usize;
            self.requests.resize(self.requests.len().max(at + 1), request);
            self.requests[at] = request;
        }
        Some(id)
    }

    pub(crate) fn remove(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        node.state = State::Vacant;
        node.generation = node.generation.wrapping_add(1);
        self.vacant.push(id);
    }
}
