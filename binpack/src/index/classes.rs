//! Trees of classes: a class is the bins of one residual, by which it is ordered.
//!
//! An AVL tree. *Source:* Adelson-Velsky and Landis, 1962; Knuth, *The Art of Computer
//! Programming* 3, 6.2.3.
//!
//! *Rejected:* treaps. Their chance is a function of numbers or of what was called before, so calls
//! could be found that make a list of one.

use core::cmp::Ordering;

use super::NONE;
use super::crowd::Groups;
use super::group::Group;

/// Puts a new class into a tree; the new root.
pub(super) fn insert(groups: &mut Groups, root: u32, new: u32) -> u32 {
    if root == NONE {
        return new;
    }
    let Group { residual, smaller, larger, .. } = groups[root];
    if groups[new].residual < residual {
        groups[root].smaller = insert(groups, smaller, new);
    } else {
        groups[root].larger = insert(groups, larger, new);
    }
    balance(groups, root)
}

/// Takes a class out of a tree; the new root.
pub(super) fn remove(groups: &mut Groups, root: u32, class: u32) -> u32 {
    let Group { residual, smaller, larger, .. } = groups[root];
    match groups[class].residual.cmp(&residual) {
        Ordering::Equal => return join(groups, smaller, larger),
        Ordering::Less => groups[root].smaller = remove(groups, smaller, class),
        Ordering::Greater => groups[root].larger = remove(groups, larger, class),
    }
    balance(groups, root)
}

/// The class of a residual; `NONE` if there is none.
pub(super) fn find(groups: &Groups, root: u32, residual: u64) -> u32 {
    match at_least(groups, root, residual) {
        found if found != NONE && groups[found].residual == residual => found,
        _ => NONE,
    }
}

/// The class with the smallest residual of at least `size`.
pub(super) fn at_least(groups: &Groups, root: u32, size: u64) -> u32 {
    let (mut at, mut found) = (root, NONE);
    while at != NONE {
        let node = &groups[at];
        if node.residual >= size {
            (found, at) = (at, node.smaller);
        } else {
            at = node.larger;
        }
    }
    found
}

/// The class with the largest residual below `size`.
pub(super) fn below(groups: &Groups, root: u32, size: u64) -> u32 {
    let (mut at, mut found) = (root, NONE);
    while at != NONE {
        let node = &groups[at];
        if node.residual < size {
            (found, at) = (at, node.larger);
        } else {
            at = node.smaller;
        }
    }
    found
}

pub(super) fn smallest(groups: &Groups, root: u32) -> u32 {
    let mut at = root;
    while groups[at].smaller != NONE {
        at = groups[at].smaller;
    }
    at
}

pub(super) fn largest(groups: &Groups, root: u32) -> u32 {
    let mut at = root;
    while groups[at].larger != NONE {
        at = groups[at].larger;
    }
    at
}

/// One tree of two, of which the second has the larger residuals.
fn join(groups: &mut Groups, smaller: u32, larger: u32) -> u32 {
    if smaller == NONE {
        return larger;
    }
    if larger == NONE {
        return smaller;
    }
    let root = smallest(groups, larger);
    let larger = without_smallest(groups, larger);
    let node = &mut groups[root];
    (node.smaller, node.larger) = (smaller, larger);
    balance(groups, root)
}

fn without_smallest(groups: &mut Groups, root: u32) -> u32 {
    let Group { smaller, larger, .. } = groups[root];
    if smaller == NONE {
        return larger;
    }
    groups[root].smaller = without_smallest(groups, smaller);
    balance(groups, root)
}

fn height(groups: &Groups, number: u32) -> u8 {
    if number == NONE { 0 } else { groups[number].height }
}

/// The heights of a root's subtrees may differ by two here, and by one afterwards.
fn balance(groups: &mut Groups, root: u32) -> u32 {
    let Group { smaller, larger, .. } = groups[root];
    let (left, right) = (height(groups, smaller), height(groups, larger));
    if left > right + 1 {
        let below = groups[smaller];
        if height(groups, below.larger) > height(groups, below.smaller) {
            groups[root].smaller = rotate_down(groups, smaller);
        }
        rotate_up(groups, root)
    } else if right > left + 1 {
        let below = groups[larger];
        if height(groups, below.smaller) > height(groups, below.larger) {
            groups[root].larger = rotate_up(groups, larger);
        }
        rotate_down(groups, root)
    } else {
        groups[root].height = left.max(right) + 1;
        root
    }
}

/// The smaller child becomes the root.
fn rotate_up(groups: &mut Groups, root: u32) -> u32 {
    let top = groups[root].smaller;
    groups[root].smaller = groups[top].larger;
    groups[top].larger = root;
    measure(groups, root);
    measure(groups, top);
    top
}

/// The larger child becomes the root.
fn rotate_down(groups: &mut Groups, root: u32) -> u32 {
    let top = groups[root].larger;
    groups[root].larger = groups[top].smaller;
    groups[top].smaller = root;
    measure(groups, root);
    measure(groups, top);
    top
}

fn measure(groups: &mut Groups, number: u32) {
    let Group { smaller, larger, .. } = groups[number];
    groups[number].height = height(groups, smaller).max(height(groups, larger)) + 1;
}
