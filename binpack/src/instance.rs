use alloc::vec::Vec;

use crate::Error;

/// Items to pack into equal bins, as few as possible.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Parts", into = "Parts"))]
pub struct Instance {
    capacity: u64,
    sizes: Vec<u64>,
}

impl Instance {
    /// The items of these `sizes`, and bins of this `capacity`. Sizes may be zero, or larger than
    /// the capacity: packers leave such an item out, and name it.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyItems`] if there are 2^32 - 1 or more.
    pub fn new(capacity: u64, sizes: Vec<u64>) -> Result<Self, Error> {
        if u32::try_from(sizes.len()).is_ok_and(|count| count < u32::MAX) {
            Ok(Self { capacity, sizes })
        } else {
            Err(Error::TooManyItems)
        }
    }

    /// What a bin can hold.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The size of each item.
    #[must_use]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Instance", deny_unknown_fields)]
struct Parts {
    capacity: u64,
    sizes: Vec<u64>,
}

#[cfg(feature = "serde")]
impl TryFrom<Parts> for Instance {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        Self::new(parts.capacity, parts.sizes)
    }
}

#[cfg(feature = "serde")]
impl From<Instance> for Parts {
    fn from(instance: Instance) -> Self {
        Self { capacity: instance.capacity, sizes: instance.sizes }
    }
}
