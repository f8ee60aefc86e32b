use core::fmt;

/// Which of the bins that have room for an item gets it.
///
/// An item fits a bin if and only if the bin's residual is at least its size, so an item of size
/// zero fits every bin. Bins are numbered in the order in which they open, from 0.
///
/// *Source:* Johnson, *Near-optimal bin packing algorithms*, MIT 1973; Coffman, Garey and Johnson,
/// *Approximation algorithms for bin packing: a survey*, 1996.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "the classic five; an index serves each")]
pub enum Fit {
    /// Only the bin that was used last.
    Next,
    /// The bin with the lowest number.
    First,
    /// The bin with the smallest residual; of equal ones that with the lowest number.
    Best,
    /// The bin with the largest residual; of equal ones that with the lowest number.
    Worst,
    /// The second bin in the order of [`Worst`](Self::Worst); the first if no other has room.
    AlmostWorst,
}

impl Fit {
    /// All of them, in the order above.
    pub const ALL: [Self; 5] =
        [Self::Next, Self::First, Self::Best, Self::Worst, Self::AlmostWorst];
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Next => "next",
            Self::First => "first",
            Self::Best => "best",
            Self::Worst => "worst",
            Self::AlmostWorst => "almost-worst",
        })
    }
}
