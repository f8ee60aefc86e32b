//! What is saved: the capacity, the reading and the claims. What they get is worked out again.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Division;
use crate::{Claim, Reading};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename = "Division")]
struct Snapshot {
    version: u32,
    capacity: u64,
    reading: Reading,
    /// The generation of each number, and the claim that has it.
    claims: Vec<(u32, Option<Claim>)>,
    /// The numbers that are free, in the order in which they became so.
    vacant: Vec<u32>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl Serialize for Division {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.slots.iter();
        Snapshot {
            version: VERSION,
            capacity: self.capacity,
            reading: self.reading,
            claims: claims
                .map(|slot| (slot.generation, slot.held.map(|held| held.claim)))
                .collect(),
            vacant: self.vacant.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Division {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Snapshot { version, capacity, reading, claims, vacant } =
            Snapshot::deserialize(deserializer)?;
        let refused = |why| Err(D::Error::custom(format_args!("not a snapshot: {why}")));
        if version != VERSION {
            return refused("its version is unknown");
        }
        let mut free = vacant.clone();
        free.sort_unstable();
        let unused = (0..).zip(&claims).filter(|(_, (_, claim))| claim.is_none());
        if !unused.map(|(index, _)| index).eq(free) {
            return refused("the free numbers are not the unused ones");
        }
        let mut division = Self::new(capacity, reading);
        division.fill(&claims).map_err(D::Error::custom)?;
        division.vacant = vacant;
        Ok(division)
    }
}
