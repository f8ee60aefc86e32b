//! Snapshots: the policy, and capacity and content of each bin. Indexes are made anew.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Bins;
use crate::index::MOST;
use crate::snapshot::{Inconsistent, check};
use crate::{BinId, Fit};

#[derive(Deserialize, Serialize)]
#[serde(rename = "Bins", deny_unknown_fields)]
struct Snapshot {
    version: u32,
    fit: Fit,
    opening: Option<u64>,
    /// By number.
    bins: Vec<Slot>,
    last: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    generation: u32,
    /// Nothing where no bin is.
    bin: Option<Held>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Held {
    capacity: u64,
    used: u64,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl Serialize for Bins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bins = self.slots.iter().enumerate().map(|(number, slot)| Slot {
            generation: slot.generation,
            bin: slot.is_present().then(|| Held {
                capacity: self.capacities.of(number),
                used: self.capacities.of(number) - slot.residual,
            }),
        });
        Snapshot {
            version: VERSION,
            fit: self.fit,
            opening: self.opens(),
            bins: bins.collect(),
            last: self.last as u32,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl Snapshot {
    fn restore(self) -> Result<Bins, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        check(self.bins.len() <= MOST as usize, "it is too large")?;
        let last = self.last as usize;
        check(last < self.bins.len().max(1), "what was used last never was")?;
        let mut bins = Bins::from_parts(self.fit, self.opening);
        for (number, slot) in (0..).zip(self.bins) {
            let id = BinId { number, generation: slot.generation };
            bins.leave_vacant(id);
            let Some(held) = slot.bin else { continue };
            let residual = held.capacity.checked_sub(held.used);
            let residual = residual.ok_or(Inconsistent("a bin holds more than it can"))?;
            bins.join(id, held.capacity, residual);
        }
        bins.last = last;
        Ok(bins)
    }
}
