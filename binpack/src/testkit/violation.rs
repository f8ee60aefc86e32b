use core::fmt;

use crate::Flaw;

/// A law of the kit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// No bin holds more than it can in any dimension, and each has a number of its own: online at
    /// most one more than the highest so far, offline with no number left out below it.
    Capacity,
    /// What could be placed is placed, once; what is rejected fits no bin that is there.
    EveryItem,
    /// No bin opens while the policy has one with room.
    AnyFit,
    /// The bin is the one that the policy says.
    Choice,
    /// There are no more bins than is proved.
    Ratio,
    /// No packing has fewer bins than a lower bound.
    Bound,
}

/// How a packer broke a law. Bins are named by their numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation<S: fmt::Debug = u64> {
    /// There is no such bin, or it is not the next one.
    #[error("an item of {size:?} went in bin {bin}, of {bins}")]
    NoSuchBin {
        /// The item's size.
        size: S,
        /// The bin.
        bin: usize,
        /// How many numbers there are.
        bins: usize,
    },
    /// A bin that joined got the number of another, or too high a one.
    #[error("a bin that joined got number {bin}, of {bins}")]
    NumberInUse {
        /// The number.
        bin: usize,
        /// How many numbers there are.
        bins: usize,
    },
    /// A bin holds more than it can.
    #[error("an item of {size:?} went in bin {bin}, of which {residual:?} was left")]
    Overfull {
        /// The item's size.
        size: S,
        /// The bin.
        bin: usize,
        /// What was left of it.
        residual: S,
    },
    /// It was left out.
    #[error("an item of {size:?} was left out, which fits bin {bin}")]
    LeftOut {
        /// The item's size.
        size: S,
        /// A bin that is there, or would open.
        bin: usize,
    },
    /// It was rejected for good.
    #[error("an item of {size:?} was rejected, which bin {bin} could hold if it were empty")]
    Rejected {
        /// The item's size.
        size: S,
        /// A bin that is there.
        bin: usize,
    },
    /// It waits for what cannot be.
    #[error("an item of {size:?} has to wait, which no bin could hold")]
    WaitsForNothing {
        /// The item's size.
        size: S,
    },
    /// A bin opened that was not needed.
    #[error("a bin opened for an item of {size:?}, which fits bin {bin}")]
    OpenedEarly {
        /// The item's size.
        size: S,
        /// The bin that the policy says.
        bin: usize,
    },
    /// It went in another bin.
    #[error("an item of {size:?} went in bin {found}, not in bin {expected}")]
    WrongBin {
        /// The item's size.
        size: S,
        /// Where it went.
        found: usize,
        /// The bin that the policy says.
        expected: usize,
    },
    /// A packing is none.
    #[error("{flaw}, of {items} items")]
    NoPacking {
        /// What the checker has found.
        flaw: Flaw,
        /// How many items there are.
        items: usize,
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
    /// A lower bound is above what would do.
    #[error("{bound} bins are said to be needed, where {optimum} would do")]
    FalseBound {
        /// The bound.
        bound: usize,
        /// How many would do.
        optimum: usize,
    },
}

impl<S: fmt::Debug> Violation<S> {
    /// Which law it breaks.
    #[must_use]
    pub const fn law(&self) -> Law {
        match self {
            Self::NoPacking { flaw: Flaw::Items { .. } | Flaw::LeftOut { .. }, .. }
            | Self::LeftOut { .. }
            | Self::Rejected { .. }
            | Self::WaitsForNothing { .. } => Law::EveryItem,
            Self::NoSuchBin { .. }
            | Self::NumberInUse { .. }
            | Self::Overfull { .. }
            | Self::NoPacking { .. } => Law::Capacity,
            Self::OpenedEarly { .. } => Law::AnyFit,
            Self::WrongBin { .. } => Law::Choice,
            Self::TooManyBins { .. } => Law::Ratio,
            Self::FalseBound { .. } => Law::Bound,
        }
    }
}
