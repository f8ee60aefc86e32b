use alloc::vec::Vec;

#[cfg(feature = "serde")]
use super::arrays::Amounts;
use crate::Error;

/// Vectors to pack into equal bins, as few as possible.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Parts<D>", into = "Parts<D>"))]
pub struct VectorInstance<const D: usize> {
    capacity: [u64; D],
    sizes: Vec<[u64; D]>,
}

impl<const D: usize> VectorInstance<D> {
    /// The items of these `sizes`, and bins of this `capacity`. Sizes may be zero, or larger than
    /// the capacity in some dimension: packers leave such an item out, and name it. There are 1 to
    /// 64 dimensions; another number does not compile.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyItems`] if there are 2^32 - 1 or more.
    pub fn new(capacity: [u64; D], sizes: Vec<[u64; D]>) -> Result<Self, Error> {
        const { assert!(D >= 1 && D <= 64, "there are 1 to 64 dimensions") };
        if u32::try_from(sizes.len()).is_ok_and(|count| count < u32::MAX) {
            Ok(Self { capacity, sizes })
        } else {
            Err(Error::TooManyItems)
        }
    }

    /// What a bin can hold.
    #[must_use]
    pub const fn capacity(&self) -> &[u64; D] {
        &self.capacity
    }

    /// The size of each item.
    #[must_use]
    pub fn sizes(&self) -> &[[u64; D]] {
        &self.sizes
    }

    /// The items that fit an empty bin, in order.
    pub(super) fn packable(&self) -> impl Iterator<Item = u32> + '_ {
        let fits = |(_, size): &(usize, &[u64; D])| super::fit::fits(size, &self.capacity);
        self.sizes.iter().enumerate().filter(fits).map(|(item, _)| item as u32)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "VectorInstance", deny_unknown_fields)]
struct Parts<const D: usize> {
    #[serde(with = "super::arrays")]
    capacity: [u64; D],
    sizes: Vec<Amounts<D>>,
}

#[cfg(feature = "serde")]
impl<const D: usize> TryFrom<Parts<D>> for VectorInstance<D> {
    type Error = Error;

    fn try_from(parts: Parts<D>) -> Result<Self, Error> {
        Self::new(parts.capacity, parts.sizes.into_iter().map(|Amounts(size)| size).collect())
    }
}

#[cfg(feature = "serde")]
impl<const D: usize> From<VectorInstance<D>> for Parts<D> {
    fn from(instance: VectorInstance<D>) -> Self {
        let sizes = instance.sizes.into_iter().map(Amounts).collect();
        Self { capacity: instance.capacity, sizes }
    }
}
