//! The bins of one residual, which may be thousands: the lowest numbers in a group on top, the
//! others in groups of a pairing heap, by a bound below their numbers.
//!
//! Whoever is searched for is on top; and where bins crowd, nearly all that come and leave do so
//! elsewhere: they leave their own group, and come where one left last, which has room and is in
//! the cache. Neither moves a group: bounds may be too low, and are looked at again only when the
//! lowest number is wanted on top. So a change touches few cache lines, and the heap changes only
//! when a group is new, is empty or has lost its lowest number before that is wanted: in O(log n),
//! amortised. *Source:* Fredman, Sedgewick, Sleator and Tarjan, *The pairing heap: a new form of
//! self-adjusting heap*, Algorithmica 1, 1986.
//!
//! *Rejected, after measuring:* a heap of single numbers, in which what leaves has neighbours and
//! children anywhere in memory; groups in the order of exact first numbers, which sink whenever
//! that number leaves; a new group where the one that was left last does not do, which makes most
//! groups groups of one. *Rejected:* lists, which do not know the lowest number.

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
        let Group { child: root, next: open, .. } = self[top];
        if root == NONE || number < self[top].last() {
            self.put_on_top(slots, top, number);
        } else {
            self.put_below(slots, top, open, number);
        }
    }

    fn put_on_top(&mut self, slots: &mut [Slot], top: u32, number: u32) {
        slots[number as usize].home = top;
        let over = self[top].insert(number);
        if over != NONE {
            self.put_below(slots, top, self[top].next, over);
        }
    }

    /// Puts a number into the heap: into the group that may have room, one of the first, or a new
    /// one.
    #[inline]
    fn put_below(&mut self, slots: &mut [Slot], top: u32, open: u32, number: u32) {
        if !self.push(slots, open, number) {
            let first = self[top].child;
            let second = self.groups.get(first as usize).map_or(NONE, |first| first.child);
            for group in [first, second] {
                if self.push(slots, group, number) {
                    self[top].next = group;
                    return;
                }
            }
            self.hang_new(slots, top, number);
        }
    }

    /// Whether a group of the heap, if there is one, has room for a number; then it is put in.
    #[inline]
    fn push(&mut self, slots: &mut [Slot], home: u32, number: u32) -> bool {
        let group = self.groups.get_mut(home as usize);
        let Some(group) = group.filter(|group| !group.is_full() && group.bound() < number) else {
            return false;
        };
        group.push(number);
        slots[number as usize].home = home;
        true
    }

    fn hang_new(&mut self, slots: &mut [Slot], top: u32, number: u32) {
        let residual = self[top].residual;
        let new = self.open(slots, residual, number);
        self.hang(top, new);
        (self[new].smaller, self[new].larger) = (top, 0);
        self[top].next = new;
    }

    /// Takes a number out of its group. Whether that was the last of its class; then the group is
    /// empty.
    #[inline]
    pub(super) fn take(&mut self, slots: &mut [Slot], home: u32, number: u32) -> bool {
        let group = &mut self[home];
        if group.is_on_top() {
            group.remove(number);
            if group.child == NONE {
                return group.is_empty();
            }
            if group.nth(LEAST - 1) == NONE {
                self.refill(slots, home);
            }
        } else {
            group.take(number);
            let (top, is_empty) = (group.top(), group.is_empty());
            // There is room now, and near.
            self[top].next = home;
            if is_empty {
                self.unhang(home);
            }
        }
        false
    }

    /// The lowest number of the heap moves to the top.
    fn refill(&mut self, slots: &mut [Slot], top: u32) {
        let (root, lowest) = self.lowest(top);
        self[root].take(lowest);
        slots[lowest as usize].home = top;
        self[top].insert(lowest);
        if self[root].is_empty() {
            self.unhang(root);
        }
    }

    /// The lowest number of the heap, which is in the only root then.
    fn lowest(&mut self, top: u32) -> (u32, u32) {
        loop {
            let root = self.unite(self[top].child);
            (self[top].child, self[root].previous) = (root, top);
            let (bound, lowest) = (self[root].bound(), self[root].lowest());
            self[root].set_bound(lowest);
            let child = mem::replace(&mut self[root].child, NONE);
            if bound == lowest || child == NONE {
                self[root].child = child;
                return (root, lowest);
            }
            // What was the lowest has left. Those below are roots too now.
            self.followed_by(root, child);
        }
    }

    /// A group of the heap that is empty goes away.
    fn unhang(&mut self, group: u32) {
        let Group { child, next, previous, .. } = self[group];
        let top = self[group].top();
        let heir = if child == NONE { NONE } else { self.unite(child) };
        let heir = if heir == NONE { next } else { self.followed_by(heir, next) };
        self.replace(previous, group, heir);
        if self[top].next == group {
            self[top].next = NONE;
        }
        self.close(group);
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

    /// Of two groups, that with the lower bound gets the other as a child. What is beside it stays.
    fn link(&mut self, one: u32, other: u32) -> u32 {
        let is_lower = self.bound(one) < self.bound(other);
        let (top, below) = if is_lower { (one, other) } else { (other, one) };
        self.hang(top, below);
        top
    }

    /// The bound of a group, as high as can be if nothing is below.
    fn bound(&mut self, group: u32) -> u32 {
        let group = &mut self[group];
        if group.child == NONE {
            group.set_bound(group.lowest());
        }
        group.bound()
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
