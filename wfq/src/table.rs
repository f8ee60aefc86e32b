//! All entities and groups, by number, with generations that tell stale handles.

use alloc::vec::Vec;

use crate::node::{NIL, NONE, Node, Nodes, State};
use crate::queue::MOST_NODES;
use crate::{Order, Weight};

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) nodes: Nodes,
    kin: Vec<PackedKin>,
    /// By the place of the group.
    limits_of_groups: Vec<u32>,
    /// In start-time order, of those who do not compete: the quarter of the circle they left in.
    pub(crate) quarters: Vec<u32>,
    /// In EEVDF.
    requests: Vec<PackedRequest>,
    /// The first vacant number, or `NONE`; the others follow by position.
    first_vacant: u32,
    vacant: usize,
    order: Order,
}

/// What a node belongs to, and what to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kin {
    /// The group it competes in.
    pub(crate) parent: u32,
    /// The group that it is, if it is one.
    pub(crate) group: u32,
    /// Its hard limit, if it has one.
    pub(crate) limit: u32,
}

/// What is a group has its limit elsewhere.
#[derive(Clone, Copy, Debug)]
struct PackedKin {
    /// In the highest bit, whether it is a group itself. Places are numbers of 31 bits, as are those
    /// of nodes.
    parent: u32,
    /// The group that it is, or its limit.
    own: u32,
}

const IS_GROUP: u32 = 1 << 31;

/// Service asked for at a time, and how much of that is still to come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Request {
    pub(crate) length: u64,
    pub(crate) left: u64,
}

/// Both are at most 2^42.
#[derive(Clone, Copy, Debug)]
struct PackedRequest {
    low: [u32; 2],
    high: [u16; 2],
}

impl PackedRequest {
    #[inline(always)]
    fn new(request: Request) -> Self {
        let amounts = [request.length, request.left];
        Self {
            low: amounts.map(|amount| amount as u32),
            high: amounts.map(|amount| (amount >> u32::BITS) as u16),
        }
    }

    #[inline(always)]
    fn get(self) -> Request {
        let [length, left] =
            [0, 1].map(|n| u64::from(self.high[n]) << u32::BITS | u64::from(self.low[n]));
        Request { length, left }
    }
}

impl Table {
    pub(crate) fn new(order: Order) -> Self {
        let mut table = Self {
            nodes: Nodes::default(),
            kin: Vec::new(),
            limits_of_groups: Vec::new(),
            quarters: Vec::new(),
            requests: Vec::new(),
            first_vacant: NONE,
            vacant: 0,
            order,
        };
        table.add(Weight::MIN, ROOT, 1);
        table.change_kin(NIL, |root| root.group = 0);
        table
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        let additional = additional.saturating_sub(self.vacant);
        self.nodes.reserve(additional);
        self.kin.reserve(additional);
        match self.order {
            Order::StartTime => self.quarters.reserve(additional),
            Order::Eevdf => self.requests.reserve(additional),
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.nodes.memory()
            + self.kin.capacity() * size_of::<PackedKin>()
            + self.limits_of_groups.capacity() * size_of::<u32>()
            + self.quarters.capacity() * size_of::<u32>()
            + self.requests.capacity() * size_of::<PackedRequest>()
    }

    /// The number of a new node, or `None` if there are as many as numbers.
    pub(crate) fn add(&mut self, weight: Weight, parent: u32, request: u64) -> Option<u32> {
        let request = PackedRequest::new(Request { length: request, left: request });
        let kin = Kin { parent, group: NONE, limit: NONE };
        let id = self.first_vacant;
        let id = if id == NONE {
            let id = u32::try_from(self.nodes.len()).ok().filter(|&id| id < MOST_NODES)?;
            self.nodes.push(Node::new(weight, 0));
            self.kin.push(PackedKin { parent: ROOT, own: NONE });
            match self.order {
                Order::StartTime => self.quarters.push(NONE),
                Order::Eevdf => self.requests.push(request),
            }
            id
        } else {
            let at = id as usize;
            self.first_vacant = core::mem::replace(&mut self.nodes.positions[at], NONE);
            self.vacant -= 1;
            self.nodes[at] = Node::new(weight, self.nodes[at].generation);
            match self.order {
                Order::StartTime => self.quarters[at] = NONE,
                Order::Eevdf => self.requests[at] = request,
            }
            id
        };
        self.change_kin(id, |old| *old = kin);
        Some(id)
    }

    pub(crate) fn remove(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        node.generation = node.generation.wrapping_add(1);
        self.vacate(id);
    }

    /// Makes a number the next to be used.
    fn vacate(&mut self, id: u32) {
        self.nodes[id as usize].set_state(State::Vacant);
        self.nodes.positions[id as usize] = core::mem::replace(&mut self.first_vacant, id);
        self.vacant += 1;
    }

    /// The vacant numbers, those last that are used first.
    #[cfg(feature = "serde")]
    pub(crate) fn vacant(&self) -> Vec<u32> {
        let following = |&id: &u32| {
            Some(self.nodes.positions[id as usize]).filter(|&following| following != NONE)
        };
        let first = Some(self.first_vacant).filter(|&first| first != NONE);
        let mut vacant: Vec<u32> = core::iter::successors(first, following).collect();
        vacant.reverse();
        vacant
    }

    /// Makes all of these vacant.
    #[cfg(feature = "serde")]
    pub(crate) fn restore_vacant(&mut self, vacant: &[u32]) {
        for &id in vacant {
            self.vacate(id);
        }
    }

    #[inline(always)]
    pub(crate) fn kin(&self, id: u32) -> Kin {
        // What the node itself tells need not be looked up.
        if self.nodes[id as usize].is_plain() {
            return Kin { parent: ROOT, group: NONE, limit: NONE };
        }
        let PackedKin { parent, own } = self.kin[id as usize];
        if parent & IS_GROUP == 0 {
            return Kin { parent, group: NONE, limit: own };
        }
        let limit = self.limits_of_groups[own as usize];
        Kin { parent: parent & !IS_GROUP, group: own, limit }
    }

    pub(crate) fn change_kin(&mut self, id: u32, change: impl FnOnce(&mut Kin)) {
        let mut kin = self.kin(id);
        change(&mut kin);
        let Kin { parent, group, limit } = kin;
        self.kin[id as usize] = if group == NONE {
            PackedKin { parent, own: limit }
        } else {
            let groups = self.limits_of_groups.len().max(group as usize + 1);
            self.limits_of_groups.resize(groups, NONE);
            self.limits_of_groups[group as usize] = limit;
            PackedKin { parent: parent | IS_GROUP, own: group }
        };
        let is_plain = parent == ROOT && group == NONE && limit == NONE;
        self.nodes[id as usize].set_plain(is_plain);
    }

    /// In EEVDF, what a node asks for.
    #[inline(always)]
    pub(crate) fn request(&self, id: u32) -> Option<Request> {
        self.requests.get(id as usize).map(|request| request.get())
    }

    #[inline(always)]
    pub(crate) fn set_request(&mut self, id: u32, request: Request) {
        if let Some(known) = self.requests.get_mut(id as usize) {
            *known = PackedRequest::new(request);
        }
    }
}

/// The place of the root among the groups.
pub(crate) const ROOT: u32 = 0;
