/// A law of the kit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// No bin holds more than it can, and all are numbered from 0 in the order of opening.
    Capacity,
    /// What could be placed is placed.
    EveryItem,
    /// No bin opens while the policy has one with room.
    AnyFit,
    /// The bin is the one that the policy says.
    Choice,
    /// There are no more bins than is proved.
    Ratio,
}

/// How a packer broke a law. Bins are named by their numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// There is no such bin, or it is not the next one.
    #[error("an item of {size} went in bin {bin}, of {bins}")]
    NoSuchBin {
        /// The item's size.
        size: u64,
        /// The bin.
        bin: usize,
        /// How many there are.
        bins: usize,
    },
    /// A bin holds more than it can.
    #[error("an item of {size} went in bin {bin}, of which {residual} was left")]
    Overfull {
        /// The item's size.
        size: u64,
        /// The bin.
        bin: usize,
        /// What was left of it.
        residual: u64,
    },
    /// It was left out.
    #[error("an item of {size} was left out, which fits bin {bin}")]
    LeftOut {
        /// The item's size.
        size: u64,
        /// A bin that is there, or would open.
        bin: usize,
    },
    /// A bin opened that was not needed.
    #[error("a bin opened for an item of {size}, which fits bin {bin}")]
    OpenedEarly {
        /// The item's size.
        size: u64,
        /// The bin that the policy says.
        bin: usize,
    },
    /// It went in another bin.
    #[error("an item of {size} went in bin {found}, not in bin {expected}")]
    WrongBin {
        /// The item's size.
        size: u64,
        /// Where it went.
        found: usize,
        /// The bin that the policy says.
        expected: usize,
    },
    /// There are too many bins.
    #[error("there are {bins} bins, where {optimum} would do and at most {most} are proved")]
    TooManyBins {
        /// How many there are.
        bins: usize,
        /// How many would do.
        optimum: usize,
        /// How many there may be at most.
        most: usize,
    },
}

impl Violation {
    /// Which law it breaks.
    #[must_use]
    pub const fn law(&self) -> Law {
        match self {
            Self::NoSuchBin { .. } | Self::Overfull { .. } => Law::Capacity,
            Self::LeftOut { .. } => Law::EveryItem,
            Self::OpenedEarly { .. } => Law::AnyFit,
            Self::WrongBin { .. } => Law::Choice,
            Self::TooManyBins { .. } => Law::Ratio,
        }
    }
}
