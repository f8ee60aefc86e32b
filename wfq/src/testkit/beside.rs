use alloc::vec;
use alloc::vec::Vec;

use super::{Member, Violation};

/// The law of pairs with several in service, where every charge is one quantum: see
/// [`Profile::in_service`](super::Profile::in_service).
///
/// A turn counts when it begins. Of i and j, siblings, turns of i count only if j waited when they
/// began. As soon as j has had a turn for which i waited, i received, whenever one looks, no more
/// than `q w_i + q w_j` more than j, in service times weight; until j has a turn for which i did not
/// wait, or one of them comes, goes, changes weight, or is charged other than a quantum.
///
/// *Complexity:* a pick O(n) for each group above the entity; nothing is allocated.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    nodes: usize,
    quantum: u64,
    /// For i and j, in this order, the largest `S_i w_j - S_j w_i` that ends now.
    rises: Vec<Option<u128>>,
    /// The largest rise in thousandths of its bound.
    pub(super) tightest: u128,
}

/// One of those that compete at a node.
pub(super) struct Sibling {
    pub(super) node: usize,
    pub(super) member: Member,
    pub(super) weight: u32,
    /// It, or somebody in it, is queued.
    pub(super) waits: bool,
}

impl Beside {
    pub(super) fn new(quantum: u64, nodes: usize) -> Self {
        let quantum = quantum.max(1);
        Self { nodes, quantum, rises: vec![None; nodes * nodes], tightest: 0 }
    }

    /// The node comes, goes or changes weight.
    pub(super) fn forget(&mut self, node: usize) {
        for other in 0..self.nodes {
            self.rises[node * self.nodes + other] = None;
            self.rises[other * self.nodes + node] = None;
        }
    }

    pub(super) fn charge(&mut self, node: usize, used: u64) {
        if used != self.quantum {
            self.forget(node);
        }
    }

    /// A turn begins.
    pub(super) fn pick(&mut self, picked: &Sibling, other: &Sibling) -> Result<(), Violation> {
        let quantum = u128::from(self.quantum);
        let [own, others] = [picked, other].map(|sibling| quantum * u128::from(sibling.weight));
        let back = &mut self.rises[other.node * self.nodes + picked.node];
        if !other.waits {
            *back = None;
            return Ok(());
        }
        *back = Some(back.unwrap_or(0).saturating_sub(others));
        let Some(rise) = &mut self.rises[picked.node * self.nodes + other.node] else {
            return Ok(());
        };
        *rise += others;
        let (received, bound) = (*rise, own + others);
        self.tightest = self.tightest.max(received * 1000 / bound);
        if received <= bound {
            return Ok(());
        }
        Err(Violation::Pairwise { favoured: picked.member, other: other.member, received, bound })
    }
}
