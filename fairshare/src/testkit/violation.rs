/// What an answer must keep to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// Everybody gets what is reserved, and no more than limit and demand allow.
    Bounds,
    /// All together get all there is, or all that they may have.
    Sum,
    /// Nobody who could have more is worse off, by weight, than one who has more than is reserved
    /// for it: the conditions of Karush, Kuhn and Tucker, in whole units.
    Fairness,
    /// The brute force found nothing better.
    Lexicographic,
    /// With more capacity, nobody gets less.
    MoreCapacity,
    /// With another claim, nobody gets more.
    AnotherClaim,
    /// In another order, everybody gets the same.
    Order,
    /// With all weights multiplied, everybody gets the same.
    Scale,
    /// The same question, the same answer.
    Determinism,
}

/// How an answer broke a law. Claims are named by their places.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// Not as many answers as claims.
    #[error("{found} allocations for {expected} claims")]
    Length {
        /// How many allocations there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// An allocation beyond its bounds.
    #[error("claim {claim} gets {allocation}, expected {least} to {most}")]
    Bounds {
        /// Whose.
        claim: usize,
        /// What it gets.
        allocation: u64,
        /// What is reserved for it.
        least: u64,
        /// What it may get.
        most: u64,
    },
    /// Too much or too little handed out.
    #[error("{found} is handed out, expected {expected}")]
    Sum {
        /// All allocations.
        found: u128,
        /// The capacity, or what all may have.
        expected: u128,
    },
    /// Somebody should have had a unit of somebody else's.
    #[error("claim {poorer} gets {less} and claim {richer} gets {more}, by weights {weights:?}")]
    Unfair {
        /// Who could have more.
        poorer: usize,
        /// What it gets.
        less: u64,
        /// Who has more than is reserved for it.
        richer: usize,
        /// What that gets.
        more: u64,
        /// The weights of the two.
        weights: [u32; 2],
    },
    /// There is a division that is better for the worst off.
    #[error("{found:?} is not as good for the worst off as {better:?}")]
    NotLexicographic {
        /// The answer.
        found: std::vec::Vec<u64>,
        /// A better one.
        better: std::vec::Vec<u64>,
    },
    /// Somebody lost by a change by which nobody should have.
    #[error("claim {claim} gets {after} instead of {before}, by the law {law:?}")]
    Changed {
        /// Which law.
        law: Law,
        /// Whose allocation.
        claim: usize,
        /// What it was.
        before: u64,
        /// What it is.
        after: u64,
    },
}

impl Violation {
    /// The law that was broken.
    #[must_use]
    pub fn law(&self) -> Law {
        match self {
            Self::Length { .. } | Self::Bounds { .. } => Law::Bounds,
            Self::Sum { .. } => Law::Sum,
            Self::Unfair { .. } => Law::Fairness,
            Self::NotLexicographic { .. } => Law::Lexicographic,
            Self::Changed { law, .. } => *law,
        }
    }
}
