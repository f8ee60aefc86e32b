use alloc::string::String;
use core::fmt;

/// Why a text is no packing instance, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {kind}")]
#[non_exhaustive]
pub struct PackingError {
    /// The number of the line; the first is 1 and blank lines count. Where something is missing at
    /// the end, one more than the last.
    pub line: u64,
    /// What was expected and found.
    pub kind: PackingErrorKind,
}

/// Why a line is not what a packing instance has there. Texts found are cut after 40 characters.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PackingErrorKind {
    /// The text ends too early.
    #[error("expected {expected}, found the end of the text")]
    Ended {
        /// What is missing.
        expected: PackingNumber,
    },
    /// A word is not a number.
    #[error("expected {expected}, found `{found}`")]
    NotANumber {
        /// What the number would be.
        expected: PackingNumber,
        /// The word.
        found: String,
    },
    /// A number is beyond 64 bits.
    #[error("expected {expected} below 2^64, found `{found}`")]
    OutOfRange {
        /// What the number is.
        expected: PackingNumber,
        /// The word.
        found: String,
    },
    /// There are more or fewer numbers than belong here: in a line, or in a size.
    #[error("expected {expected} numbers, found {found}")]
    Numbers {
        /// How many belong here.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Bins have no dimension.
    #[error("expected one dimension or more, found none")]
    NoDimension,
    /// There are more items than anybody should expand.
    #[error("expected items with at most {limit} numbers in all, found {demand} items more")]
    TooMany {
        /// How many items were to be added.
        demand: u64,
        /// [`PACKING_NUMBERS`](crate::PACKING_NUMBERS).
        limit: u64,
    },
    /// Something follows the last item.
    #[error("expected nothing after the last item, found `{found}`")]
    Trailing {
        /// The line.
        found: String,
    },
}

/// What a number of a packing instance says.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PackingNumber {
    /// How many items there are.
    Items,
    /// How many dimensions there are.
    Dimensions,
    /// How many kinds of items there are.
    Kinds,
    /// What a bin can hold.
    Capacity,
    /// The size of an item.
    Size,
    /// How many items of a kind there are.
    Demand,
}

impl fmt::Display for PackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Items => "the number of items",
            Self::Dimensions => "the number of dimensions",
            Self::Kinds => "the number of kinds of items",
            Self::Capacity => "a capacity",
            Self::Size => "the size of an item",
            Self::Demand => "a demand",
        })
    }
}
