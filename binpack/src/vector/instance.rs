use alloc::vec::Vec;

use crate::Error;

/// Vectors to pack into equal bins, as few as possible.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
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
struct Parts {
    capacity: Vec<u64>,
    sizes: Vec<Vec<u64>>,
}

#[cfg(feature = "serde")]
impl<const D: usize> serde::Serialize for VectorInstance<D> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sizes = self.sizes.iter().map(|size| Vec::from(*size)).collect();
        Parts { capacity: self.capacity.into(), sizes }.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, const D: usize> serde::Deserialize<'de> for VectorInstance<D> {
    fn deserialize<T: serde::Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        use serde::de::Error as _;

        let parts = Parts::deserialize(deserializer)?;
        let array = |amounts: Vec<u64>| {
            let found = amounts.len();
            amounts.try_into().map_err(|_| {
                T::Error::custom(alloc::format!("expected {D} dimensions, found {found}"))
            })
        };
        let sizes = parts.sizes.into_iter().map(array).collect::<Result<_, _>>()?;
        Self::new(array(parts.capacity)?, sizes).map_err(T::Error::custom)
    }
}
