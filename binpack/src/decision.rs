use crate::BinId;

/// What becomes of an item. `S` is the type of a size: `u64`, or `[u64; D]` for vectors.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub enum Decision<S> {
    /// It goes in this bin.
    Place(Placement<S>),
    /// No bin has room for it now, and none can be opened. One that is there would, if it were
    /// empty: ask again after something has left or a bin has joined.
    Wait,
    /// It is larger than every bin that is there or can be opened, even an empty one.
    Reject,
}

impl<S> Decision<S> {
    /// The placement, if there is one.
    pub fn placement(self) -> Option<Placement<S>> {
        match self {
            Self::Place(placement) => Some(placement),
            Self::Wait | Self::Reject => None,
        }
    }
}

/// Where an item goes, and what else was considered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Placement<S> {
    /// The bin.
    pub bin: BinId,
    /// Whether the bin was opened for this item, because no other had room.
    pub opened: bool,
    /// What is left of the bin, with the item in it.
    pub residual: S,
    /// The bin that the policy would have chosen if this one had not been there, not counting one
    /// that it would have opened.
    pub runner_up: Option<RunnerUp<S>>,
}

/// The second choice.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RunnerUp<S> {
    /// The bin.
    pub bin: BinId,
    /// What would have been left of it, with the item in it.
    pub residual: S,
}
