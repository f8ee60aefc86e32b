use crate::{EntityId, GroupId, Member};

/// What a caller did wrong. Nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A weight of zero, or above 2^20.
    #[error("weight {weight} is not from 1 to 1048576")]
    WeightOutOfRange {
        /// The weight.
        weight: u32,
    },
    /// The entity has left, or never was.
    #[error("{entity} is unknown")]
    UnknownEntity {
        /// The handle.
        entity: EntityId,
    },
    /// The group has left, or never was.
    #[error("{group} is unknown")]
    UnknownGroup {
        /// The handle.
        group: GroupId,
    },
    /// Woken twice.
    #[error("{entity} is awake already")]
    AlreadyAwake {
        /// The entity.
        entity: EntityId,
    },
    /// Put to sleep twice.
    #[error("{entity} is asleep already")]
    AlreadyAsleep {
        /// The entity.
        entity: EntityId,
    },
    /// It has to be charged first.
    #[error("{entity} is in service")]
    InService {
        /// The entity.
        entity: EntityId,
    },
    /// Charged without a pick.
    #[error("{entity} is not in service")]
    NotInService {
        /// The entity.
        entity: EntityId,
    },
    /// A group with members cannot be removed.
    #[error("{group} has {members} members")]
    GroupNotEmpty {
        /// The group.
        group: GroupId,
        /// How many entities and groups it has.
        members: u32,
    },
    /// A quantum or a request above [`MAX_CHARGE`](crate::MAX_CHARGE).
    #[error("a quantum of {quantum} is above 2^42")]
    QuantumTooLarge {
        /// The quantum.
        quantum: u64,
    },
    /// A charge above [`MAX_CHARGE`](crate::MAX_CHARGE).
    #[error("a charge of {used} for {entity} is above 2^42")]
    ChargeTooLarge {
        /// The entity.
        entity: EntityId,
        /// The charge.
        used: u64,
    },
    /// Counters would come too far apart to compare. In start-time order another entity has been in
    /// service, and not been charged, for [`MAX_CHARGE`](crate::MAX_CHARGE) units of this one's
    /// service, or a correction is as large. In EEVDF two that compete would be half a circle apart,
    /// twice the largest charge at weight 1; nobody who is alone in service comes that far, unless
    /// others have come, left or been corrected since its pick. Once others have been served, it is
    /// accepted.
    #[error("a charge of {used} carries {member} too far ahead of the others")]
    SpanExceeded {
        /// The entity, or a group it is in.
        member: Member,
        /// The charge.
        used: u64,
    },
    /// Time does not go back.
    #[error("time {now} is before {last}")]
    TimeWentBack {
        /// The time given.
        now: u64,
        /// The latest before.
        last: u64,
    },
    /// All numbers, nearly 2^31, are in use.
    #[error("there are as many entities and groups as there are numbers")]
    Full,
}
