//! Handles, weights and virtual time: the values that cross the border.

use core::fmt;

use crate::Error;

/// A weight: a whole number from 1 to 2^20.
///
/// ```
/// use apportion_wfq::{Error, Weight};
///
/// assert_eq!(Weight::new(1_024)?.get(), 1_024);
/// assert_eq!(Weight::new(0), Err(Error::WeightOutOfRange { weight: 0 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u32", into = "u32"))]
pub struct Weight(u32);

impl Weight {
    /// The least weight.
    pub const MIN: Self = Self(1);
    /// The greatest weight: room for Linux's `cpu.shares` (262,144) and nice levels (88,761).
    pub const MAX: Self = Self(1 << 20);

    /// A weight.
    ///
    /// # Errors
    ///
    /// [`Error::WeightOutOfRange`] unless it is from 1 to 2^20.
    pub fn new(weight: u32) -> Result<Self, Error> {
        if (Self::MIN.0..=Self::MAX.0).contains(&weight) {
            Ok(Self(weight))
        } else {
            Err(Error::WeightOutOfRange { weight })
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Weight {
    type Error = Error;

    fn try_from(weight: u32) -> Result<Self, Error> {
        Self::new(weight)
    }
}

impl From<Weight> for u32 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// An entity of a scheduler. Numbers are used again; a handle of one that has left is refused, until
/// its number has been used 2^32 times since.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct EntityId {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "not_the_root"))]
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl EntityId {
    /// Its number: dense from 0, shared with groups, lowest first among equals.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize - 1
    }
}

/// A group of a scheduler.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct GroupId {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "not_the_root"))]
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl GroupId {
    /// Its number: dense from 0, shared with entities, lowest first among equals.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize - 1
    }
}

/// What can have a weight and a limit: an entity or a group.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else in a tree")]
pub enum Member {
    /// An entity.
    Entity(EntityId),
    /// A group.
    Group(GroupId),
}

impl From<EntityId> for Member {
    fn from(entity: EntityId) -> Self {
        Self::Entity(entity)
    }
}

impl From<GroupId> for Member {
    fn from(group: GroupId) -> Self {
        Self::Group(group)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "entity {}.{}", self.index, self.generation)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "group {}.{}", self.index, self.generation)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(entity) => entity.fmt(formatter),
            Self::Group(group) => group.fmt(formatter),
        }
    }
}

/// Number 0 is nobody's: a handle of it is none.
#[cfg(feature = "serde")]
fn not_the_root<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(core::num::NonZeroU32::get)
}
