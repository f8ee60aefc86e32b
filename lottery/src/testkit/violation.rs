/// A law of the kit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// Somebody wins if there are tickets, and nobody without any.
    Sanity,
    /// The same words, the same winners.
    Determinism,
    /// Each client has exactly the numbers of its tickets.
    Enumeration,
    /// Wins, or losses, are as they should be, no less and no more evenly than by chance.
    Chances,
    /// What is used is as tickets.
    Compensation,
    /// Values add up to the base.
    Conservation,
    /// What happens in one currency changes no value in another.
    Isolation,
    /// Of two clients, neither gets more than a quantum ahead.
    Pairwise,
}

/// How a lottery broke a law. Clients are named by the kit's numbers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It drew one without tickets, or nobody although there are some.
    #[error("it drew {drawn:?}, of {tickets:?} tickets")]
    Nonsense {
        /// Whom it drew.
        drawn: Option<usize>,
        /// How many tickets that one has, if it is there.
        tickets: Option<u64>,
    },
    /// The same words led to another winner.
    #[error("the same words led to {one:?} and {other:?}")]
    Undetermined {
        /// The winner.
        one: Option<usize>,
        /// The winner the second time.
        other: Option<usize>,
    },
    /// A ticket is another client's.
    #[error("ticket {ticket} is of client {found:?}, not of {expected:?}")]
    WrongHolder {
        /// Its number.
        ticket: u64,
        /// Whose it is said to be.
        found: Option<usize>,
        /// Whose it is if they are counted through.
        expected: Option<usize>,
    },
    /// The statistic of several seeds is too large, or too small.
    #[error(
        "chi-square is {mean:.1} in the mean and beyond its 99.9 % band {beyond} times in \
             {seeds} seeds, with {degrees} degrees of freedom"
    )]
    BadFit {
        /// The mean of the statistic.
        mean: f64,
        /// How often it was beyond the band.
        beyond: u32,
        /// How many seeds were played.
        seeds: u32,
        /// Degrees of freedom.
        degrees: u32,
    },
    /// A client used too much or too little.
    #[error("client {client} used {used}, not {expected:.0} give or take {deviation:.0}")]
    WrongShare {
        /// Who.
        client: usize,
        /// What it used.
        used: u64,
        /// Its share of all that was used.
        expected: f64,
        /// The most that chance explains.
        deviation: f64,
    },
    /// Values do not add up to what is issued of the base.
    #[error("values add up to {numerator} / {denominator}, not to {base}")]
    NotConserved {
        /// The numerator of the sum.
        numerator: u128,
        /// Its denominator.
        denominator: u128,
        /// What is issued.
        base: u64,
    },
    /// A value changed by what happened in a currency that its client has nothing of.
    #[error("the value of client {client} changed with another currency")]
    NotIsolated {
        /// Who.
        client: usize,
    },
    /// One of two got too far ahead.
    #[error("client {favoured} is {ahead} ahead of {other}, more than {bound}")]
    Unfair {
        /// Who got too much, i.
        favoured: usize,
        /// Who got too little, j.
        other: usize,
        /// `S_i w_j - S_j w_i`.
        ahead: i128,
        /// `w_i + w_j`.
        bound: i128,
    },
}

impl Violation {
    /// The law that it broke.
    #[must_use]
    pub fn law(&self) -> Law {
        match self {
            Self::Nonsense { .. } => Law::Sanity,
            Self::Undetermined { .. } => Law::Determinism,
            Self::WrongHolder { .. } => Law::Enumeration,
            Self::BadFit { .. } => Law::Chances,
            Self::WrongShare { .. } => Law::Compensation,
            Self::NotConserved { .. } => Law::Conservation,
            Self::NotIsolated { .. } => Law::Isolation,
            Self::Unfair { .. } => Law::Pairwise,
        }
    }
}
