//! Arrays with a number for each dimension: serde itself knows those of up to 32.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<T: Serialize, S: Serializer, const D: usize>(
    array: &[T; D],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(array)
}

pub(super) fn deserialize<'de, T: Deserialize<'de>, S: Deserializer<'de>, const D: usize>(
    deserializer: S,
) -> Result<[T; D], S::Error> {
    let numbers: Vec<T> = Vec::deserialize(deserializer)?;
    let found = numbers.len();
    let array = numbers.try_into().ok();
    array.ok_or_else(|| S::Error::custom(format_args!("expected {D} dimensions, found {found}")))
}

/// An array within something else.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Amounts<const D: usize>(#[serde(with = "self")] pub(super) [u64; D]);
