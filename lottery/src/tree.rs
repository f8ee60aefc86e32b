//! Who holds a ticket of a given number: sums of tickets, in a tree.

mod leaves;

use alloc::vec::Vec;

use leaves::Leaves;

/// Tickets by slot, and the slot of each ticket, in order of slots.
///
/// Leaves hold the tickets of 64 neighbours, as sums. Above them, each node holds the sums of four
/// children, so that a step down is three comparisons and no branch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    leaves: Leaves,
    /// The nodes above, from those of leaves to the root; none if there is one leaf.
    levels: Vec<Vec<Node>>,
    total: u64,
}

/// Whose a ticket is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) slot: usize,
    pub(crate) tag: u16,
    /// Its number among those of the slot.
    pub(crate) ticket: u64,
}

/// Tickets of the first child, of the first two, three and four.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Node([u64; 4]);

impl Tree {
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn reserve(&mut self, slots: usize) {
        self.leaves.reserve(slots);
    }

    pub(crate) fn memory(&self) -> usize {
        let nodes: usize = self.levels.iter().map(Vec::capacity).sum();
        self.leaves.memory()
            + nodes * size_of::<Node>()
            + self.levels.capacity() * size_of::<Vec<Node>>()
    }

    /// Makes sure that there is such a slot, at first without tickets.
    pub(crate) fn extend_to(&mut self, slot: usize) {
        while self.leaves.slots() <= slot {
            self.leaves.push();
            let mut nodes = self.leaves.count();
            for level in &mut self.levels {
                nodes = nodes.div_ceil(4);
                if level.len() < nodes {
                    level.push(Node([0; 4]));
                }
            }
            if nodes > 1 {
                // All there is so far is in the first child.
                self.levels.push(alloc::vec![Node([self.total; 4])]);
            }
        }
    }

    /// The tickets of a slot that there is.
    #[inline]
    pub(crate) fn tickets(&self, slot: usize) -> u64 {
        self.leaves.tickets(slot)
    }

    /// What a slot that there is is to its owner.
    #[inline]
    pub(crate) fn tag(&self, slot: usize) -> u16 {
        self.leaves.tag(slot)
    }

    pub(crate) fn tag_mut(&mut self, slot: usize) -> &mut u16 {
        self.leaves.tag_mut(slot)
    }

    /// Changes the tickets of a slot that there is; the total does not overflow.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, tickets: u64) {
        let change = tickets.wrapping_sub(self.leaves.tickets(slot));
        self.total = self.total.wrapping_add(change);
        // The root first: the next draw waits for it.
        let mut shift = 2 * self.levels.len();
        for level in self.levels.iter_mut().rev() {
            shift -= 2;
            let child = (slot / leaves::WIDTH) >> shift;
            level[child / 4].add(child % 4, change);
        }
        self.leaves.add(slot, change);
    }

    /// The slot that has the ticket of this number, which is below the total.
    #[expect(
        clippy::inline_always,
        reason = "what is found goes through memory else, and is waited for"
    )]
    #[inline(always)]
    pub(crate) fn find(&self, ticket: u64) -> Found {
        let (mut at, mut ticket) = (0, ticket);
        for level in self.levels.iter().rev() {
            let (child, rest) = level[at].find(ticket);
            (at, ticket) = (at * 4 + child, rest);
        }
        self.leaves.find(at, ticket)
    }
}

impl Node {
    #[inline]
    fn find(&self, ticket: u64) -> (usize, u64) {
        let (mut child, mut rest) = (0, ticket);
        for &sum in &self.0[..3] {
            let beyond = ticket >= sum;
            child += usize::from(beyond);
            rest = core::hint::select_unpredictable(beyond, ticket.wrapping_sub(sum), rest);
        }
        (child, rest)
    }

    #[inline]
    fn add(&mut self, child: usize, change: u64) {
        for (sum, included) in self.0.iter_mut().zip(FROM[child]) {
            *sum = sum.wrapping_add(change & included);
        }
    }
}

/// By child, whose sums it is part of.
const FROM: [[u64; 4]; 4] = {
    const ALL: u64 = u64::MAX;
    [[ALL; 4], [0, ALL, ALL, ALL], [0, 0, ALL, ALL], [0, 0, 0, ALL]]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sums counted anew, with few and many slots, small and huge amounts.
    #[test]
    fn every_ticket_is_where_counting_finds_it() {
        let mut state = 1_u64;
        let mut word = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
            state >> 20
        };
        for (slots, most) in [(1, 9), (5, 3), (64, 7), (65, 7), (300, 1 << 20), (5_000, 1 << 36)] {
            let mut tree = Tree::default();
            let mut plain = alloc::vec![0; slots];
            for turn in 0..2_000 {
                let slot = (word() % slots as u64) as usize;
                let tickets = if turn % 3 == 0 { 0 } else { word() % most };
                tree.extend_to(slot);
                tree.set(slot, tickets);
                plain[slot] = tickets;
                assert_eq!((tree.tickets(slot), tree.total()), (tickets, plain.iter().sum()));
                if tree.total() == 0 {
                    continue;
                }
                let ticket = word() % tree.total();
                let mut rest = ticket;
                let holder = plain.iter().position(|&tickets| {
                    let found = rest < tickets;
                    rest -= if found { 0 } else { tickets };
                    found
                });
                let found = Found { slot: holder.unwrap(), tag: 0, ticket: rest };
                assert_eq!(tree.find(ticket), found);
            }
        }
    }

    #[test]
    fn amounts_up_to_the_largest() {
        let mut tree = Tree::default();
        tree.extend_to(200);
        tree.set(3, 5);
        tree.set(130, u64::MAX - 5);
        let find = |tree: &Tree, number| {
            let Found { slot, ticket, .. } = tree.find(number);
            (slot, ticket)
        };
        assert_eq!((find(&tree, 4), find(&tree, 5)), ((3, 4), (130, 0)));
        assert_eq!(find(&tree, u64::MAX - 1), (130, u64::MAX - 6));
        tree.set(130, 1);
        tree.set(200, u64::MAX - 6);
        assert_eq!((find(&tree, 5), find(&tree, 6)), ((130, 0), (200, 0)));
        assert_eq!((tree.tickets(3), tree.tickets(4), tree.tickets(130)), (5, 0, 1));
    }
}
