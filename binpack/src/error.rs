use crate::{BinId, ItemId};

/// What a caller did wrong. Nothing has changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bin has gone away, or never was.
    #[error("{bin} is unknown")]
    UnknownBin {
        /// The handle.
        bin: BinId,
    },
    /// The item has left, or never was there.
    #[error("{item} is unknown")]
    UnknownItem {
        /// The handle.
        item: ItemId,
    },
    /// More would leave a bin than there is in it.
    #[error("{size} cannot leave {bin}, which holds {used}")]
    MoreThanHeld {
        /// The bin.
        bin: BinId,
        /// What should leave, in the first dimension that refuses.
        size: u64,
        /// What is in the bin, in that dimension.
        used: u64,
    },
    /// More would come into a bin than is left of it.
    #[error("{size} does not fit {bin}, of which {residual} is left")]
    MoreThanLeft {
        /// The bin.
        bin: BinId,
        /// What should come, in the first dimension that refuses.
        size: u64,
        /// What is left of the bin, in that dimension.
        residual: u64,
    },
    /// There cannot be more than 2^31, or with vectors, 2^32 - 1.
    #[error("there are more bins than numbers for them")]
    TooManyBins,
    /// There cannot be more than 2^32 - 1.
    #[error("there are more items than numbers for them")]
    TooManyItems,
    /// A capacity cannot be compared exactly: in the units of the policy it counts too much.
    #[error("a capacity of {amount} in dimension {dimension} is beyond {limit}")]
    TooLargeToCompare {
        /// The dimension, from 0.
        dimension: usize,
        /// The capacity.
        amount: u64,
        /// The largest that the units of the policy admit.
        limit: u64,
    },
}
