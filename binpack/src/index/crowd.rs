//! The bins of one residual, which may be thousands: the lowest numbers in a group on top, the
//! others in groups of a pairing heap, that of the lowest number at its root.
//!
//! Whoever is searched for is on top; and where bins crowd, nearly all that come and leave do so
//! elsewhere: in a group that has room, and in their own. So a change touches few cache lines,
//! and the heap changes only when a group is new, has lost its first number or is empty: in
//! O(log n), amortised. *Source:* Fredman, Sedgewick, Sleator and Tarjan, *The pairing heap: a new
//! form of self-adjusting heap*, Algorithmica 1, 1986.
//!
//! *Rejected, after measuring:* a heap of single numbers, in which what leaves has neighbours and
//! children anywhere in memory. *Rejected:* lists, which do not know the lowest number.

use alloc::vec::Vec;
use core::mem;
use core::ops::{Index, IndexMut};

use super::group::Group;
use super::{NONE, Slot};

/// The groups. The slots say which of them a bin is in.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// The group that has become vacant last.
    vacant: u32,
}

impl Default for Groups {
    fn default() -> Self {
        Self { groups: Vec::new(), vacant: NONE }
    }
}

impl Groups {
    /// Makes room for so many bins, each in a group of its own.
    pub(super) fn reserve(&mut self, bins: usize) {
        self.groups.reserve(bins.saturating_sub(self.groups.len()));
    }

    /// A group of one. It hangs nowhere.
    #[inline]
    pub(super) fn open(&mut self, slots: &mut [Slot], residual: u64, number: u32) -> u32 {
        let new = Group::new(residual, number);
        let mut group = self.vacant;
        if let Some(place) = self.groups.get_mut(group as usize) {
            self.vacant = mem::replace(place, new).next;
        } else {
            group = self.groups.len() as u32;
            self.groups.push(new);
        }
        slots[number as usize].home = group;
        group
    }

    /// A group that hangs nowhere is not needed any more.
    #[inline]
    pub(super) fn close(&mut self, group: u32) {
        let vacant = mem::replace(&mut self.vacant, group);
        self[group].empty(vacant);
    }

    /// Those on top of their classes.
    pub(super) fn tops(&self) -> impl Iterator<Item = u32> + use<> {
        let is_top = |group: &Group| group.is_on_top() && !group.is_empty();
        let tops: Vec<u32> =
            (0..).zip(&self.groups).filter(|(_, group)| is_top(group)).map(|(at, _)| at).collect();
        tops.into_iter()
    }

    /// Puts a number into the class of the group on top.
    #[inline]
    pub(super) fn put(&mut self, slots: &mut [Slot], top: u32, number: u32) {
        let root = self[top].child;
        if root == NONE {
            let over = self.put_into(slots, top, number);
            if over != NONE {
                self.hang_new(slots, top, over);
            }
            return;
        }
        let mut number = number;
        let first = self[root].nth(0);
        if number < first {
            number = self.put_into(slots, top, number);
            if number == NONE {
                return;
            }
        }
        if number < first || !self[root].is_full() {
            number = self.put_into(slots, root, number);
            if number == NONE {
                return;
            }
        }
        let child = self[root].child;
        if child == NONE || self[child].is_full() {
            self.hang_new(slots, root, number);
        } else {
            self.put_into(slots, child, number);
        }
    }

    /// The number that there is no room for then, if any.
    #[inline]
    fn put_into(&mut self, slots: &mut [Slot], group: u32, number: u32) -> u32 {
        slots[number as usize].home = group;
        self[group].insert(number)
    }

    fn hang_new(&mut self, slots: &mut [Slot], parent: u32, number: u32) {
        let residual = self[parent].residual;
        let new = self.open(slots, residual, number);
        self.hang(parent, new);
    }

    /// Takes a number out of its group. Whether that was the last of its class; then the group is
    /// empty.
    #[inline]
    pub(super) fn take(&mut self, slots: &mut [Slot], home: u32, number: u32) -> bool {
        let group = &mut self[home];
        let was_first = group.nth(0) == number;
        group.remove(number);
        if group.is_on_top() {
            if group.child == NONE {
                return group.is_empty();
            }
            if group.nth(LEAST - 1) == NONE {
                self.refill(slots, home);
            }
        } else if was_first {
            self.descend(home);
        }
        false
    }

    /// The lowest number of the heap moves to the top.
    fn refill(&mut self, slots: &mut [Slot], top: u32) {
        let root = self[top].child;
        let first = self[root].nth(0);
        self[root].remove(first);
        self.put_into(slots, top, first);
        self.descend(root);
    }

    /// A group of the heap has lost its first number.
    fn descend(&mut self, group: u32) {
        let Group { child, next, previous, .. } = self[group];
        let heir = if child == NONE { NONE } else { self.unite(child) };
        if self[group].is_empty() {
            let heir = if heir == NONE { next } else { self.followed_by(heir, next) };
            self.replace(previous, group, heir);
            self.close(group);
        } else if heir != NONE && self[heir].nth(0) < self[group].nth(0) {
            self[group].child = NONE;
            self.followed_by(heir, next);
            self.replace(previous, group, heir);
            self.hang(heir, group);
        } else {
            self[group].child = heir;
            if heir != NONE {
                self[heir].previous = group;
            }
        }
    }

    fn followed_by(&mut self, group: u32, next: u32) -> u32 {
        self[group].next = next;
        if next != NONE {
            self[next].previous = group;
        }
        group
    }

    /// Another group, or none, hangs where one did.
    fn replace(&mut self, previous: u32, old: u32, new: u32) {
        if new != NONE {
            self[new].previous = previous;
        }
        let before = &mut self[previous];
        if before.child == old {
            before.child = new;
        } else {
            before.next = new;
        }
    }

    /// Makes one heap of siblings: in pairs from the first to the last, and of these from the last
    /// to the first. Nothing is beside it.
    fn unite(&mut self, first: u32) -> u32 {
        let (mut at, mut pairs) = (first, NONE);
        while at != NONE {
            let second = self[at].next;
            let (pair, rest) = if second == NONE {
                (at, NONE)
            } else {
                let rest = self[second].next;
                (self.link(at, second), rest)
            };
            self[pair].next = pairs;
            (pairs, at) = (pair, rest);
        }
        let mut root = pairs;
        let mut at = mem::replace(&mut self[root].next, NONE);
        while at != NONE {
            let rest = self[at].next;
            root = self.link(root, at);
            self[root].next = NONE;
            at = rest;
        }
        root
    }

    /// Of two groups, that with the lower number gets the other as a child. What is beside it stays.
    fn link(&mut self, one: u32, other: u32) -> u32 {
        let is_lower = self[one].nth(0) < self[other].nth(0);
        let (top, below) = if is_lower { (one, other) } else { (other, one) };
        self.hang(top, below);
        top
    }

    /// A group becomes the first child of another.
    fn hang(&mut self, parent: u32, child: u32) {
        let next = mem::replace(&mut self[parent].child, child);
        self.followed_by(child, next);
        self[child].previous = parent;
    }
}

impl Index<u32> for Groups {
    type Output = Group;

    #[inline]
    fn index(&self, group: u32) -> &Group {
        &self.groups[group as usize]
    }
}

impl IndexMut<u32> for Groups {
    #[inline]
    fn index_mut(&mut self, group: u32) -> &mut Group {
        &mut self.groups[group as usize]
    }
}

/// On top are so many numbers, or all.
const LEAST: usize = 3;
