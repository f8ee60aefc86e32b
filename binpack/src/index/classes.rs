//! Trees of classes: a class is the bins of one residual, by which it is ordered.
//!
//! An AVL tree, as a bin that the tree goes through is on top of its class's heap and changes
//! often, but the tree itself rarely: then the new top takes over the place of the old one.
//! *Source:* Adelson-Velsky and Landis, 1962; Knuth, *The Art of Computer Programming* 3, 6.2.3.
//!
//! *Rejected:* treaps. Their chance is a function of numbers or of what was called before, so calls
//! could be found that make a list of one.

use core::cmp::Ordering;

use super::NONE;
use super::heap::{self, Node};

/// Puts a new class or one more bin of a class into a tree; the new root.
#[inline]
pub(super) fn insert(nodes: &mut [Node], root: u32, new: u32) -> u32 {
    // Where bins crowd, there is one class.
    if nodes[root as usize].residual == nodes[new as usize].residual {
        let top = heap::insert(nodes, root, new);
        if top != root {
            take_over(nodes, root, top);
        }
        return top;
    }
    insert_below(nodes, root, new)
}

fn insert_below(nodes: &mut [Node], root: u32, new: u32) -> u32 {
    if root == NONE {
        return new;
    }
    let Node { residual, smaller, larger, .. } = nodes[root as usize];
    match nodes[new as usize].residual.cmp(&residual) {
        Ordering::Equal => {
            let top = heap::insert(nodes, root, new);
            take_over(nodes, root, top);
            top
        }
        Ordering::Less => {
            nodes[root as usize].smaller = insert_below(nodes, smaller, new);
            balance(nodes, root)
        }
        Ordering::Greater => {
            nodes[root as usize].larger = insert_below(nodes, larger, new);
            balance(nodes, root)
        }
    }
}

/// Takes a bin that is on top of its class out of a tree; the new root.
pub(super) fn remove(nodes: &mut [Node], root: u32, number: u32) -> u32 {
    let Node { residual, smaller, larger, .. } = nodes[root as usize];
    match nodes[number as usize].residual.cmp(&residual) {
        Ordering::Equal => {
            let top = heap::pop(nodes, number);
            if top == NONE {
                return join(nodes, smaller, larger);
            }
            take_over(nodes, number, top);
            top
        }
        Ordering::Less => {
            nodes[root as usize].smaller = remove(nodes, smaller, number);
            balance(nodes, root)
        }
        Ordering::Greater => {
            nodes[root as usize].larger = remove(nodes, larger, number);
            balance(nodes, root)
        }
    }
}

/// The top of the class with the smallest residual of at least `size`.
pub(super) fn at_least(nodes: &[Node], root: u32, size: u64) -> u32 {
    let (mut at, mut found) = (root, NONE);
    while at != NONE {
        let node = &nodes[at as usize];
        if node.residual >= size {
            (found, at) = (at, node.smaller);
        } else {
            at = node.larger;
        }
    }
    found
}

/// The top of the class with the largest residual below `size`.
pub(super) fn below(nodes: &[Node], root: u32, size: u64) -> u32 {
    let (mut at, mut found) = (root, NONE);
    while at != NONE {
        let node = &nodes[at as usize];
        if node.residual < size {
            (found, at) = (at, node.larger);
        } else {
            at = node.smaller;
        }
    }
    found
}

pub(super) fn smallest(nodes: &[Node], root: u32) -> u32 {
    let mut at = root;
    while nodes[at as usize].smaller != NONE {
        at = nodes[at as usize].smaller;
    }
    at
}

pub(super) fn largest(nodes: &[Node], root: u32) -> u32 {
    let mut at = root;
    while nodes[at as usize].larger != NONE {
        at = nodes[at as usize].larger;
    }
    at
}

/// The place of one bin in the tree is another's from now on.
fn take_over(nodes: &mut [Node], old: u32, new: u32) {
    let Node { smaller, larger, height, .. } = nodes[old as usize];
    let node = &mut nodes[new as usize];
    (node.smaller, node.larger, node.height) = (smaller, larger, height);
}

/// One tree of two, of which the second has the larger residuals.
fn join(nodes: &mut [Node], smaller: u32, larger: u32) -> u32 {
    if smaller == NONE {
        return larger;
    }
    if larger == NONE {
        return smaller;
    }
    let root = smallest(nodes, larger);
    let larger = without_smallest(nodes, larger);
    let node = &mut nodes[root as usize];
    (node.smaller, node.larger) = (smaller, larger);
    balance(nodes, root)
}

fn without_smallest(nodes: &mut [Node], root: u32) -> u32 {
    let Node { smaller, larger, .. } = nodes[root as usize];
    if smaller == NONE {
        return larger;
    }
    nodes[root as usize].smaller = without_smallest(nodes, smaller);
    balance(nodes, root)
}

fn height(nodes: &[Node], number: u32) -> u8 {
    if number == NONE { 0 } else { nodes[number as usize].height }
}

/// The heights of a root's subtrees may differ by two here, and by one afterwards.
fn balance(nodes: &mut [Node], root: u32) -> u32 {
    let Node { smaller, larger, .. } = nodes[root as usize];
    let (left, right) = (height(nodes, smaller), height(nodes, larger));
    if left > right + 1 {
        let below = nodes[smaller as usize];
        if height(nodes, below.larger) > height(nodes, below.smaller) {
            nodes[root as usize].smaller = rotate_down(nodes, smaller);
        }
        rotate_up(nodes, root)
    } else if right > left + 1 {
        let below = nodes[larger as usize];
        if height(nodes, below.smaller) > height(nodes, below.larger) {
            nodes[root as usize].larger = rotate_up(nodes, larger);
        }
        rotate_down(nodes, root)
    } else {
        nodes[root as usize].height = left.max(right) + 1;
        root
    }
}

/// The smaller child becomes the root.
fn rotate_up(nodes: &mut [Node], root: u32) -> u32 {
    let top = nodes[root as usize].smaller;
    nodes[root as usize].smaller = nodes[top as usize].larger;
    nodes[top as usize].larger = root;
    measure(nodes, root);
    measure(nodes, top);
    top
}

/// The larger child becomes the root.
fn rotate_down(nodes: &mut [Node], root: u32) -> u32 {
    let top = nodes[root as usize].larger;
    nodes[root as usize].larger = nodes[top as usize].smaller;
    nodes[top as usize].smaller = root;
    measure(nodes, root);
    measure(nodes, top);
    top
}

fn measure(nodes: &mut [Node], number: u32) {
    let Node { smaller, larger, .. } = nodes[number as usize];
    nodes[number as usize].height = height(nodes, smaller).max(height(nodes, larger)) + 1;
}
