//! Pairing heaps of numbers, the lowest on top: the bins of one residual.
//!
//! The first two are a chain, each with one child, so that the first three are at hand without a
//! change; the heap proper begins at the third. A number enters in O(1), and any leaves in O(log n), amortised,
//! in O(1) unless it has children. *Source:* Fredman, Sedgewick, Sleator and Tarjan, *The pairing
//! heap: a new form of self-adjusting heap*, Algorithmica 1, 1986.
//!
//! *Rejected, after measuring:* leftist heaps, in which each entry walks through several bins far
//! apart in memory. *Rejected:* trees by number, which do so all the more, and lists, which do not
//! know the lowest number.

use core::mem;

use super::NONE;

/// A bin in its heap, and its class in the tree of classes: half a cache line, never parts of two.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Node {
    pub(super) residual: u64,
    /// The classes below in the tree, if this bin is on top of its own.
    pub(super) smaller: u32,
    pub(super) larger: u32,
    /// The first child in the heap.
    child: u32,
    next: u32,
    /// The sibling before, or the parent of a first child; `NONE` on top.
    previous: u32,
    /// Of the subtree of classes; 0 where no bin is.
    pub(super) height: u8,
}

impl Node {
    /// Where no bin is.
    pub(super) const ABSENT: Self = Self { height: 0, ..Self::new(0) };

    pub(super) const fn new(residual: u64) -> Self {
        Self {
            residual,
            smaller: NONE,
            larger: NONE,
            child: NONE,
            next: NONE,
            previous: NONE,
            height: 1,
        }
    }

    pub(super) const fn is_absent(&self) -> bool {
        self.height == 0
    }

    /// Whether nothing hangs on it; and on top, whether its class is the only one of its tree.
    pub(super) const fn is_alone(&self) -> bool {
        self.child == NONE && self.height == 1
    }

    pub(super) const fn is_on_top(&self) -> bool {
        self.previous == NONE
    }
}

/// Puts a number in that is alone; the new top.
#[inline]
pub(super) fn insert(nodes: &mut [Node], top: u32, number: u32) -> u32 {
    if number < top {
        hang(nodes, number, top);
        return number;
    }
    let second = nodes[top as usize].child;
    if number < second {
        if second != NONE {
            hang(nodes, number, second);
        }
        hang(nodes, top, number);
        return top;
    }
    let root = nodes[second as usize].child;
    if root == NONE || link(nodes, root, number) == number {
        hang(nodes, second, number);
    }
    top
}

/// Takes out what is on top; the new top.
pub(super) fn pop(nodes: &mut [Node], top: u32) -> u32 {
    let heir = nodes[top as usize].child;
    if heir != NONE {
        nodes[heir as usize].previous = NONE;
        let second = nodes[heir as usize].child;
        if second != NONE {
            unite_below(nodes, second);
        }
    }
    heir
}

/// Takes out a number that is not on top.
#[inline]
pub(super) fn remove(nodes: &mut [Node], number: u32) {
    let Node { child, next, previous, .. } = nodes[number as usize];
    // What takes its place: what was below, in one, or else what is beside.
    let heir = if child == NONE { next } else { gather(nodes, child, next) };
    if heir != NONE {
        nodes[heir as usize].previous = previous;
    }
    let before = &mut nodes[previous as usize];
    let is_child = before.child == number;
    // No branch: nobody can foretell which.
    before.child = if is_child { heir } else { before.child };
    before.next = if is_child { before.next } else { heir };
    // The root of the heap has moved up to be the second.
    if heir != NONE && is_child && before.is_on_top() {
        unite_below(nodes, heir);
    }
}

/// Makes one heap of all that hung on what leaves, beside what was beside it.
fn gather(nodes: &mut [Node], child: u32, next: u32) -> u32 {
    let heir = unite(nodes, child);
    nodes[heir as usize].next = next;
    if next != NONE {
        nodes[next as usize].previous = heir;
    }
    heir
}

/// Makes one child of all.
fn unite_below(nodes: &mut [Node], number: u32) {
    let child = nodes[number as usize].child;
    if child != NONE && nodes[child as usize].next != NONE {
        let child = unite(nodes, child);
        hang(nodes, number, child);
    }
}

/// Makes one heap of siblings: in pairs from the first to the last, and of these from the last to
/// the first. Nothing is beside it.
fn unite(nodes: &mut [Node], first: u32) -> u32 {
    let (mut at, mut pairs) = (first, NONE);
    while at != NONE {
        let second = nodes[at as usize].next;
        let (pair, rest) = if second == NONE {
            (at, NONE)
        } else {
            let rest = nodes[second as usize].next;
            (link(nodes, at, second), rest)
        };
        nodes[pair as usize].next = pairs;
        (pairs, at) = (pair, rest);
    }
    let mut root = pairs;
    let mut at = mem::replace(&mut nodes[root as usize].next, NONE);
    while at != NONE {
        let rest = nodes[at as usize].next;
        root = link(nodes, root, at);
        nodes[root as usize].next = NONE;
        at = rest;
    }
    root
}

/// The lower of two numbers gets the other as its first child. What is beside it stays.
fn link(nodes: &mut [Node], one: u32, other: u32) -> u32 {
    let (top, below) = (one.min(other), one.max(other));
    let next = nodes[top as usize].child;
    if next != NONE {
        nodes[next as usize].previous = below;
    }
    nodes[below as usize].next = next;
    hang(nodes, top, below);
    top
}

fn hang(nodes: &mut [Node], parent: u32, child: u32) {
    nodes[parent as usize].child = child;
    nodes[child as usize].previous = parent;
}

/// The second number of a heap; `NONE` if there is none.
pub(super) fn second(nodes: &[Node], top: u32) -> u32 {
    nodes[top as usize].child
}

/// The third number of a heap whose second is this one; `NONE` if there is none.
pub(super) fn third(nodes: &[Node], second: u32) -> u32 {
    nodes[second as usize].child
}
