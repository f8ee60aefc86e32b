use alloc::collections::BTreeMap;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use crate::snapshot::{Inconsistent, check};

/// Which bin each item is in.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Parts"))]
pub struct Assignment {
    bin_of: Vec<u32>,
    bins: u32,
}

impl Assignment {
    /// From the bin of each item, numbered from 0, or `None` (or 2^32 - 1) for one that is left
    /// out. Nothing is checked here, but by [`check`](crate::check()).
    #[must_use]
    pub fn new(bin_of: &[Option<u32>]) -> Self {
        Self::from_raw(bin_of.iter().map(|bin| bin.unwrap_or(LEFT_OUT)).collect())
    }

    pub(crate) fn from_raw(bin_of: Vec<u32>) -> Self {
        let last = bin_of.iter().filter(|bin| **bin != LEFT_OUT).max();
        Self { bins: last.map_or(0, |last| last + 1), bin_of }
    }

    /// How many items there are, those left out included.
    #[must_use]
    pub fn items(&self) -> usize {
        self.bin_of.len()
    }

    /// How many bins are used: one more than the highest number.
    #[must_use]
    pub const fn bins(&self) -> usize {
        self.bins as usize
    }

    /// The bin that an item is in; `None` if it is left out, or not there.
    #[must_use]
    pub fn bin_of(&self, item: usize) -> Option<usize> {
        let bin = *self.bin_of.get(item)?;
        (bin != LEFT_OUT).then_some(bin as usize)
    }

    /// The items that are left out, in order.
    pub fn left_out(&self) -> impl Iterator<Item = usize> + '_ {
        let left_out = |(item, bin): (usize, &u32)| (*bin == LEFT_OUT).then_some(item);
        self.bin_of.iter().enumerate().filter_map(left_out)
    }

    /// The items of each bin that has any, in order. O(n log n) for n items, and memory for these,
    /// however high the numbers of bins are.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut contents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (item, bin) in self.bin_of.iter().enumerate() {
            if *bin != LEFT_OUT {
                contents.entry(*bin as usize).or_default().push(item);
            }
        }
        contents
    }

    /// A hash of the numbers of the bins, of items in this `order`: FNV-1a with 64 bits over
    /// 32-bit little-endian words, from offset 1469598103934665603. Two packers that agree on it
    /// have decided alike. Numbers that are no item are passed over; an item that is left out has
    /// the word 2^32 - 1.
    #[must_use]
    pub fn hash_in_order(&self, order: impl IntoIterator<Item = usize>) -> u64 {
        let mut hash = 1_469_598_103_934_665_603;
        for bin in order.into_iter().filter_map(|item| self.bin_of.get(item)) {
            for byte in bin.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
            }
        }
        hash
    }
}

/// What is saved of it, with the number of bins that is not worked out but read.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "Assignment", deny_unknown_fields)]
struct Parts {
    bin_of: Vec<u32>,
    bins: u32,
}

#[cfg(feature = "serde")]
impl TryFrom<Parts> for Assignment {
    type Error = Inconsistent;

    fn try_from(parts: Parts) -> Result<Self, Inconsistent> {
        let assignment = Self::from_raw(parts.bin_of);
        check(assignment.bins == parts.bins, "it has another number of bins")?;
        Ok(assignment)
    }
}

pub(crate) const LEFT_OUT: u32 = u32::MAX;
