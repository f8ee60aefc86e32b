use core::fmt;

/// A bin of a set of bins: its number, and a generation that tells a bin that has gone away from
/// the one that has its number now.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct BinId {
    pub(crate) number: u32,
    pub(crate) generation: u32,
}

impl BinId {
    /// The bin's number, from 0 in the order of opening; the numbers of bins that went away are
    /// given out again, the lowest first, 2^32 - 2 times at most. Good as an index into data of the caller's own.
    #[must_use]
    pub const fn number(self) -> usize {
        self.number as usize
    }
}

impl fmt::Display for BinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bin {}", self.number)
    }
}

/// An item that has been placed; it becomes stale when the item leaves.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ItemId {
    pub(crate) number: u32,
    pub(crate) generation: u32,
}

impl ItemId {
    /// The item's number; those of items that left are given out again, 2^32 - 2 times at most. Good as an index into data
    /// of the caller's own.
    #[must_use]
    pub const fn number(self) -> usize {
        self.number as usize
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}", self.number)
    }
}

/// The generation of a number that is not given out again: all others were, and a handle must never
/// mean somebody else.
pub(crate) const RETIRED: u32 = u32::MAX;
