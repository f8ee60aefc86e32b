//! Those who are eligible, by deadline.

#[cfg(feature = "serde")]
use alloc::vec::Vec;

use crate::node::Nodes;
#[cfg(feature = "serde")]
use crate::queue::MOST_NODES;
use crate::queue::{Entry, Tournament};

#[derive(Clone, Debug, Default)]
pub(in crate::contest) struct Eligible {
    tournament: Tournament,
    /// The slot of one who has left, but still plays: whoever comes next takes its place, so that two
    /// changes are one.
    left: Option<u32>,
    len: u32,
    /// Where deadlines are measured from: not after the first counter, by up to an eighth of the
    /// circle. All are within three quarters of that counter.
    base: u64,
}

/// When a request is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) counter: u64,
    /// Of a unit of the counter, in 2^-32: at large weights, a request is hardly more than a unit.
    pub(super) part: u32,
}

/// Saved as numbers, in their order: slots make no difference.
#[cfg(feature = "serde")]
impl serde::Serialize for Eligible {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ids: Vec<u32> = self.ids().collect();
        ids.sort_unstable();
        serializer.collect_seq(ids)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Eligible {
    /// In slots from the first on. Deadlines are still to be told, by an update.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::<u32>::deserialize(deserializer)?;
        if !ids.is_sorted() || ids.last().is_some_and(|&id| id >= MOST_NODES) {
            return Err(serde::de::Error::custom("those who are eligible are not in order"));
        }
        let mut eligible = Self::default();
        for id in ids {
            let slot = eligible.take_slot();
            eligible.tournament.play(slot, Entry::new(0, 0, id));
        }
        Ok(eligible)
    }
}

impl Eligible {
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.tournament.reserve(nodes, breaks_tie);
    }

    pub(super) fn memory(&self) -> usize {
        self.tournament.memory()
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whose request is due first.
    #[inline(always)]
    pub(super) fn first(&mut self) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        self.settle();
        self.tournament.first()
    }

    /// The numbers of all, in any order.
    #[cfg(feature = "serde")]
    pub(in crate::contest) fn ids(&self) -> impl Iterator<Item = u32> {
        let present = self.tournament.entries().filter(|&(slot, _)| self.left != Some(slot));
        present.map(|(_, entry)| entry.id())
    }

    /// Puts somebody in. Nobody's counter lies before `first`, and so no deadline.
    #[inline]
    pub(super) fn insert(&mut self, nodes: &mut Nodes, first: u64, id: u32, deadline: Deadline) {
        let slot = self.take_slot();
        nodes.positions[id as usize] = slot;
        self.play(slot, first, id, deadline);
    }

    #[inline(always)]
    fn take_slot(&mut self) -> u32 {
        self.len += 1;
        self.left.take().unwrap_or_else(|| self.tournament.take_slot(breaks_tie))
    }

    #[inline]
    pub(super) fn remove(&mut self, nodes: &Nodes, id: u32) {
        self.settle();
        self.len -= 1;
        self.left = Some(nodes.positions[id as usize]);
    }

    /// Nobody plays any more who has left.
    #[inline(always)]
    fn settle(&mut self) {
        if let Some(slot) = self.left.take() {
            let nobody = self.tournament.vacate(slot);
            self.tournament.play(slot, nobody);
        }
    }

    /// Gives somebody who is in another deadline.
    #[inline]
    pub(super) fn update(&mut self, nodes: &Nodes, first: u64, id: u32, deadline: Deadline) {
        self.play(nodes.positions[id as usize], first, id, deadline);
    }

    #[inline(always)]
    fn play(&mut self, slot: u32, first: u64, id: u32, Deadline { counter, part }: Deadline) {
        if first.wrapping_sub(self.base) > FURTHEST_BEHIND {
            self.rebase(first);
        }
        self.tournament.play(slot, entry(counter.wrapping_sub(self.base), part.into(), id));
    }

    #[cold]
    fn rebase(&mut self, first: u64) {
        let base = first.wrapping_sub(FURTHEST_BEHIND / 2);
        let moved = base.wrapping_sub(self.base);
        self.tournament.map(|known| {
            let ahead = known.ahead << 1 | known.then() >> u32::BITS;
            entry(ahead.wrapping_sub(moved), known.then() & u64::from(u32::MAX), known.id())
        });
        self.base = base;
    }
}

/// How far the base may be behind the first counter.
const FURTHEST_BEHIND: u64 = 1 << 61;

/// Deadlines may be up to the whole circle ahead, which is twice what an entry takes: so the last bit
/// of that is compared next, before the part of a unit.
#[inline(always)]
fn entry(ahead: u64, part: u64, id: u32) -> Entry {
    Entry::new(ahead >> 1, (ahead & 1) << u32::BITS | part, id)
}

/// Equal deadlines go by number, which entries tell.
fn breaks_tie(a: u32, b: u32) -> bool {
    a < b
}
