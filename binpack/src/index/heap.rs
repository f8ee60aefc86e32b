//! Leftist heaps of numbers, the smallest on top: the bins of one residual.
//!
//! The two smallest are at hand without a change, any number leaves in O(log n) at worst, and in
//! O(1) mostly. *Source:* Crane, *Linear lists and priority queues as balanced binary trees*,
//! Stanford 1972; Knuth, *The Art of Computer Programming* 3, 5.2.3.
//!
//! *Rejected:* trees by number, in which each step to a bin in the middle of thousands is a cache
//! miss; lists, which do not know the lowest number; pairing heaps, whose next lowest may be one of
//! n children.

use super::NONE;

/// A bin in its heap, and its class in the tree of classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) residual: u64,
    /// The classes below in the tree, if this bin is on top of its own.
    pub(super) smaller: u32,
    pub(super) larger: u32,
    left: u32,
    right: u32,
    /// The parent in the heap; `NONE` on top.
    up: u32,
    /// Steps from here to the nearest missing child. Never more on the right than on the left.
    rank: u8,
    /// Of the subtree of classes.
    pub(super) height: u8,
}

impl Node {
    /// Where no bin is.
    pub(super) const ABSENT: Self = Self { rank: 0, ..Self::new(0) };

    pub(super) const fn new(residual: u64) -> Self {
        Self {
            residual,
            smaller: NONE,
            larger: NONE,
            left: NONE,
            right: NONE,
            up: NONE,
            rank: 1,
            height: 1,
        }
    }

    pub(super) const fn is_absent(&self) -> bool {
        self.rank == 0
    }

    pub(super) const fn is_on_top(&self) -> bool {
        self.up == NONE
    }
}

fn rank(nodes: &[Node], number: u32) -> u8 {
    if number == NONE { 0 } else { nodes[number as usize].rank }
}

/// The top of what two heaps make together.
pub(super) fn merge(nodes: &mut [Node], one: u32, other: u32) -> u32 {
    let (top, other) = (one.min(other), one.max(other));
    if other == NONE {
        return top;
    }
    let merged = merge(nodes, nodes[top as usize].right, other);
    nodes[merged as usize].up = top;
    nodes[top as usize].right = merged;
    straighten(nodes, top);
    top
}

/// Takes out what is on top; the new top.
pub(super) fn pop(nodes: &mut [Node], top: u32) -> u32 {
    let Node { left, right, .. } = nodes[top as usize];
    let merged = merge(nodes, left, right);
    if merged != NONE {
        nodes[merged as usize].up = NONE;
    }
    merged
}

/// Takes out a number that is not on top.
pub(super) fn remove(nodes: &mut [Node], number: u32) {
    let Node { left, right, up, .. } = nodes[number as usize];
    let merged = merge(nodes, left, right);
    if merged != NONE {
        nodes[merged as usize].up = up;
    }
    let parent = &mut nodes[up as usize];
    if parent.left == number {
        parent.left = merged;
    } else {
        parent.right = merged;
    }
    // Ranks grow on the way up and are logarithms, so this ends soon.
    let mut at = up;
    while at != NONE && straighten(nodes, at) {
        at = nodes[at as usize].up;
    }
}

/// The larger rank to the left. Whether the rank of the number itself has changed.
fn straighten(nodes: &mut [Node], number: u32) -> bool {
    let Node { left, right, .. } = nodes[number as usize];
    let (left_rank, right_rank) = (rank(nodes, left), rank(nodes, right));
    let node = &mut nodes[number as usize];
    if left_rank < right_rank {
        (node.left, node.right) = (right, left);
    }
    let rank = left_rank.min(right_rank) + 1;
    let changed = node.rank != rank;
    node.rank = rank;
    changed
}

/// The second number of a heap; `NONE` if there is none.
pub(super) fn second(nodes: &[Node], top: u32) -> u32 {
    let Node { left, right, .. } = nodes[top as usize];
    left.min(right)
}

/// The third number of a heap whose second is this one; `NONE` if there is none.
pub(super) fn third(nodes: &[Node], top: u32, second: u32) -> u32 {
    let Node { left, right, .. } = nodes[top as usize];
    let other = left.max(right);
    // `NONE` is above all numbers.
    let Node { left, right, .. } = nodes[second as usize];
    other.min(left).min(right)
}
