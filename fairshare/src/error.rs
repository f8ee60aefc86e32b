use alloc::vec::Vec;

use crate::{AccountId, ClaimId};

/// What a caller did wrong. Nothing has changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A weight of zero, or above 2^32 - 1.
    #[error("weight {weight} is not from 1 to 4294967295")]
    WeightOutOfRange {
        /// The weight.
        weight: u64,
    },
    /// More is reserved for a claim than it may get.
    #[error("claim {claim} reserves {reservation}, more than its limit of {limit}")]
    ReservationAboveLimit {
        /// Which claim, from 0; its number in a tree.
        claim: usize,
        /// What it reserves.
        reservation: u64,
        /// Its limit.
        limit: u64,
    },
    /// More is reserved, or hard, than there is to divide.
    #[error("{}", overbooked(*.group, *.reserved, *.capacity))]
    Overbooked {
        /// The group in a tree; none at the top.
        group: Option<usize>,
        /// What there is to divide.
        capacity: u64,
        /// What is reserved, and what is fixed by hard allocations, together.
        reserved: u128,
        /// The claims whose reservations and hard allocations these are.
        claims: Vec<usize>,
    },
    /// A node of a tree that is not there.
    #[error("there is no node {node}")]
    UnknownNode {
        /// Its number.
        node: usize,
    },
    /// There cannot be more than 2^32 - 1.
    #[error("there are more claims than numbers for them")]
    TooManyClaims,
    /// The claim has been removed, or never was.
    #[error("{claim} is unknown")]
    UnknownClaim {
        /// The handle.
        claim: ClaimId,
    },
    /// A [`Division`](crate::Division) has no hard claims: each would be another one with every
    /// change. [`divide`](crate::divide) does.
    #[error("a hard claim cannot be divided incrementally")]
    HardClaim,
    /// No CPUs, or more than 2^32 - 1 of them, or a period of no length, or more in all than 2^64.
    #[error("{cpus} CPUs and a period of {period} are no machine")]
    NoMachine {
        /// How many CPUs.
        cpus: usize,
        /// The length of the period.
        period: u64,
    },
    /// A claimant without a part that could run.
    #[error("claim {claim} has no parts")]
    NoParts {
        /// Which claim, from 0.
        claim: usize,
    },
    /// A part runs on one CPU at a time.
    #[error("part {part} is to run for {length} of a period of {period}")]
    PartTooLong {
        /// Which part, from 0.
        part: usize,
        /// How long it is to run.
        length: u64,
        /// The length of the period.
        period: u64,
    },
    /// All parts together need more than the CPUs have.
    #[error("the parts are to run for {length}, more than the {capacity} of all CPUs")]
    PartsTooLong {
        /// How long they are to run together.
        length: u128,
        /// What the CPUs have.
        capacity: u64,
    },
    /// With this half-life, usage would be forgotten at once, or never.
    #[error("a half-life of {ticks} is not from 1 to 2^40: it would switch fair share off")]
    HalfLifeOutOfRange {
        /// The half-life, in ticks.
        ticks: u64,
    },
    /// Time does not go back.
    #[error("time {now} is before {last}")]
    TimeWentBack {
        /// The time given.
        now: u64,
        /// The latest before.
        last: u64,
    },
    /// Decayed usage of 2^71 ticks, which no machine can have given.
    #[error("a charge of {amount} to {account} carries its usage beyond 2^71")]
    UsageTooLarge {
        /// The account.
        account: AccountId,
        /// The charge.
        amount: u64,
    },
    /// The shares of siblings together are a weight, too.
    #[error("{shares} shares beside the {others} of its siblings are more than 4294967295")]
    TooManyShares {
        /// The shares of the account.
        shares: u32,
        /// Those of its siblings together.
        others: u32,
    },
    /// An account that is not there.
    #[error("{account} is unknown")]
    UnknownAccount {
        /// The handle.
        account: AccountId,
    },
    /// An account with others below it is no user: it cannot be charged.
    #[error("{account} has accounts below it")]
    NotALeaf {
        /// The account.
        account: AccountId,
    },
    /// An account with usage of its own cannot have others below it.
    #[error("{account} has been charged")]
    AlreadyCharged {
        /// The account.
        account: AccountId,
    },
}

fn overbooked(group: Option<usize>, reserved: u128, capacity: u64) -> alloc::string::String {
    let place =
        group.map_or_else(alloc::string::String::new, |group| alloc::format!("in group {group}, "));
    alloc::format!("{place}{reserved} is reserved, more than the {capacity} there is")
}
