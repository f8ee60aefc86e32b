use super::Law;

/// How a scheduler broke a law. Entities are named by the numbers that the kit gave them; where
/// groups take part, [`Member`] tells them apart.
///
/// Fairness is a matter of products: `received` and `bound` of a pair are in service times weight.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It picked what does not exist, sleeps, or is in service already.
    #[error("it picked {picked}, which {fault}")]
    Nonsense {
        /// The number it returned.
        picked: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// It picked nobody although somebody was runnable and below every limit.
    #[error("it picked nobody although entity {entity} may run")]
    Idle {
        /// One that could have been served.
        entity: usize,
    },
    /// B9: somebody runnable waited for longer than the largest charges so far explain.
    #[error("{waiting} waits while others receive {received}, more than {bound}")]
    Starvation {
        /// Who waits.
        waiting: Member,
        /// What its siblings received since it was served or became runnable, times its weight.
        received: u128,
        /// The most that they may receive, times its weight.
        bound: u128,
    },
    /// B1, B3, at every node (B11): of two that stayed runnable, one received too much.
    #[error("{favoured} received {received} more than {other}, whose weight allows {bound}")]
    Pairwise {
        /// Who received too much, i.
        favoured: Member,
        /// Who received too little, j.
        other: Member,
        /// `S_i w_j - S_j w_i` over the worst interval.
        received: u128,
        /// `q_i w_j + q_j w_i`.
        bound: u128,
    },
    /// B1 over an interval in which weights changed and changed back with nothing in between.
    #[error("{favoured} received {received} more than {other} by changing a weight, not {bound}")]
    Reweight {
        /// Who received too much, i.
        favoured: Member,
        /// Who received too little, j.
        other: Member,
        /// `S_i w_j - S_j w_i` over the worst interval.
        received: u128,
        /// `q_i w_j + q_j w_i`.
        bound: u128,
    },
    /// B7: who sleeps now and then received too much beside one that stayed runnable.
    #[error("{favoured}, by sleeping, received {received} more than {other}, not {bound}")]
    FreeLunch {
        /// Who received too much, i.
        favoured: Member,
        /// Who stayed runnable, j.
        other: Member,
        /// `S_i w_j - S_j w_i` over the worst interval.
        received: u128,
        /// `q_i w_j + q_j w_i`.
        bound: u128,
    },
    /// B7, B10: who was throttled in between received too much beside one that stayed runnable.
    #[error("{favoured}, once throttled, received {received} more than {other}, not {bound}")]
    WindUp {
        /// Who received too much, i.
        favoured: Member,
        /// Who stayed runnable, j.
        other: Member,
        /// `S_i w_j - S_j w_i` over the worst interval.
        received: u128,
        /// `q_i w_j + q_j w_i`.
        bound: u128,
    },
    /// B3', B4, B5: in a steady phase somebody is too far from its share of all the service.
    #[error("entity {entity} is {lag} off its share, more than {bound}")]
    Lag {
        /// Who.
        entity: usize,
        /// `S_i W - S w_i`: positive if it received more than its share.
        lag: i128,
        /// The most that the absolute value may be.
        bound: u128,
    },
    /// B5, at every node (B11): it serves somebody who has had more than its share, what it was owed
    /// being kept while it was not runnable.
    #[error("it picked from {picked}, which is owed {lag} / 2^20, while {owed} is owed something")]
    Ineligible {
        /// Who was picked, or whose member.
        picked: Member,
        /// What it is owed, in 2^-20 of a unit of service, rounded down.
        lag: i128,
        /// A sibling that could have been served.
        owed: Member,
    },
    /// B5: the same where weights are all that ever changed: what was owed was not kept over that.
    #[error(
        "having changed weights, it picked from {picked}, which is owed {lag} / 2^20, not {owed}"
    )]
    ForgottenLag {
        /// Who was picked, or whose member.
        picked: Member,
        /// What it is owed, in 2^-20 of a unit of service, rounded down.
        lag: i128,
        /// A sibling that could have been served.
        owed: Member,
    },
    /// B4, B5, at every node (B11): somebody is owed more than a request and what it was owed when
    /// somebody last came, went or changed weight explain.
    #[error("{member} is owed {lag} / 2^20, more than {bound}")]
    Owed {
        /// Who.
        member: Member,
        /// What it is owed, in 2^-20 of a unit of service, rounded down.
        lag: i128,
        /// The most that it may be owed.
        bound: i128,
    },
    /// B2, B7, at every node (B11): counters told are not where they have to be.
    #[error("the counter of {member} {fault}, of which it is {ahead} units ahead")]
    Counter {
        /// Whose counter it is.
        member: Member,
        /// What is wrong with it.
        fault: CounterFault,
        /// How far it is ahead of what the fault names, in its units, rounded down.
        ahead: i128,
    },
    /// B6: the least counter went back.
    #[error("the virtual time went back from {from} to {to}")]
    WentBack {
        /// Its value before.
        from: u128,
        /// Its value now.
        to: u128,
    },
    /// B10: it served somebody whose limit was used up.
    #[error("it served entity {entity} although {limited} is {debt} beyond its limit")]
    OverLimit {
        /// Who was picked.
        entity: usize,
        /// Whose limit it is: the entity's or that of a group it is in.
        limited: Member,
        /// What has been used beyond the budget: 0 if it was just used up.
        debt: u128,
    },
    /// B10: `next_release` is wrong.
    #[error("it names {said:?} as the next release, not {due:?}")]
    Release {
        /// What it said.
        said: Option<u64>,
        /// What follows from the limits.
        due: Option<u64>,
    },
    /// B11: what happens inside one group changed the turns of its siblings.
    #[error("in turn {turn} it serves {one}, or {other} if things differ inside a group")]
    Isolation {
        /// Which pick of its episode, from 0.
        turn: u64,
        /// The child of the root served.
        one: Member,
        /// The child of the root served when the inside of another group differs.
        other: Member,
    },
    /// B16: the same operations led to another pick.
    #[error("the same operations led to the picks {one:?} and {other:?}")]
    Undetermined {
        /// What it picked.
        one: Option<usize>,
        /// What it picked the second time.
        other: Option<usize>,
    },
}

impl Violation {
    /// The law that it broke.
    #[must_use]
    pub fn law(&self) -> Law {
        match self {
            Self::Nonsense { .. } => Law::Sanity,
            Self::Idle { .. } => Law::WorkConservation,
            Self::Starvation { .. } => Law::Starvation,
            Self::Pairwise { .. } => Law::Pairwise,
            Self::Reweight { .. } | Self::ForgottenLag { .. } => Law::Reweight,
            Self::FreeLunch { .. } => Law::FreeLunch,
            Self::WindUp { .. } => Law::WindUp,
            Self::Lag { .. } | Self::Ineligible { .. } | Self::Owed { .. } => Law::Lag,
            Self::Counter { .. } => Law::Counters,
            Self::WentBack { .. } => Law::Monotone,
            Self::OverLimit { .. } => Law::Limit,
            Self::Release { .. } => Law::Release,
            Self::Isolation { .. } => Law::Isolation,
            Self::Undetermined { .. } => Law::Determinism,
        }
    }
}

/// An entity or a group, by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Member {
    /// An entity.
    Entity(usize),
    /// A group.
    Group(usize),
}

impl core::fmt::Display for Member {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Entity(entity) => write!(formatter, "entity {entity}"),
            Self::Group(group) => write!(formatter, "group {group}"),
        }
    }
}

/// Why a pick makes no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such entity.
    Unknown,
    /// It sleeps.
    Asleep,
    /// It is in service already.
    InService,
}

impl core::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "does not exist",
            Self::Asleep => "sleeps",
            Self::InService => "is in service already",
        })
    }
}

/// What is wrong with a counter, beside another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CounterFault {
    /// It is less than that of the one picked.
    Less,
    /// It is ahead of that of the one picked by more than its largest charge.
    TooFarAhead,
    /// It moved although its owner was neither charged nor reweighted.
    Moved,
    /// It did not move by what its owner was charged.
    Miscounted,
}

impl core::fmt::Display for CounterFault {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Less => "is less than that of the one picked",
            Self::TooFarAhead => "is more than a charge ahead of that of the one picked",
            Self::Moved => "moved without a charge from what it was",
            Self::Miscounted => "did not move by what was charged from what it was",
        })
    }
}

/// A violation and where to find it again: the run is the same for the same profile and scheduler.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("after {operations} operations of the episode of seed {seed:#018x}: {violation}")]
#[non_exhaustive]
pub struct Failure {
    /// The law broken, with the values.
    pub violation: Violation,
    /// The episode: see [`Episode::new`](super::Episode::new). What breaks [`Law::Isolation`] is no
    /// such episode: [`check_isolation`](super::check_isolation) finds it again, with the same profile.
    pub seed: u64,
    /// Operations played of that episode, the last one included; turns, if they break
    /// [`Law::Isolation`].
    pub operations: u64,
}
