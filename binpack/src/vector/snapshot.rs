use alloc::vec::Vec;

use super::arrays::Amounts;
use super::bins::VectorBins;
use super::cache::Cache;
use super::fit::{VectorFit, fits, subtract};
use super::store::{Slot, Store};
use crate::Error;
use crate::snapshot::{Inconsistent, check};

/// What is saved of bins: nothing that can be worked out.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "VectorBins", deny_unknown_fields)]
pub(super) struct Parts<const D: usize> {
    version: u32,
    fit: VectorFit<D>,
    opening: Option<Amounts<D>>,
    slots: Vec<SlotParts<D>>,
    last: usize,
    cache: usize,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Slot", deny_unknown_fields)]
struct SlotParts<const D: usize> {
    generation: u32,
    bin: Option<BinParts<D>>,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Bin", deny_unknown_fields)]
struct BinParts<const D: usize> {
    #[serde(with = "super::arrays")]
    capacity: [u64; D],
    #[serde(with = "super::arrays")]
    held: [u64; D],
}

/// Why a snapshot is none of bins.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("bin {number} holds more than its capacity")]
    Overfull { number: usize },
    #[error("next fit cannot begin at bin {number} of {slots}")]
    Last { number: usize, slots: usize },
    #[error(transparent)]
    Inconsistent(#[from] Inconsistent),
    #[error(transparent)]
    Refused(#[from] Error),
}

impl<const D: usize> TryFrom<Parts<D>> for VectorBins<D> {
    type Error = Flaw;

    fn try_from(parts: Parts<D>) -> Result<Self, Flaw> {
        check(parts.version == VERSION, "its version is unknown")?;
        let fit = parts.fit;
        let opening = parts.opening.map(|Amounts(capacity)| capacity);
        if let Some(capacity) = &opening {
            fit.check(capacity)?;
        }
        let mut store = Store::new();
        for (number, SlotParts { generation, bin }) in parts.slots.into_iter().enumerate() {
            let mut capacity = None;
            let mut residual = [0; D];
            if let Some(BinParts { capacity: all, held }) = bin {
                fit.check(&all)?;
                if !fits(&held, &all) {
                    return Err(Flaw::Overfull { number });
                }
                capacity = Some(all);
                residual = subtract(&all, &held);
            }
            store.restore(Slot { generation, capacity }, residual)?;
        }
        store.refresh_all();
        let (number, slots) = (parts.last, store.slots().len());
        if number > 0 && number >= slots {
            return Err(Flaw::Last { number, slots });
        }
        let new = Self::new(fit);
        Ok(Self { opening, store, last: parts.last, cache: Cache::new(parts.cache), ..new })
    }
}

impl<const D: usize> From<VectorBins<D>> for Parts<D> {
    fn from(bins: VectorBins<D>) -> Self {
        let store = &bins.store;
        let slots = store.slots().iter().enumerate().map(|(number, slot)| SlotParts {
            generation: slot.generation,
            bin: slot.capacity.map(|capacity| BinParts {
                held: subtract(&capacity, store.residual(number)),
                capacity,
            }),
        });
        Self {
            version: VERSION,
            fit: bins.fit,
            opening: bins.opening.map(Amounts),
            slots: slots.collect(),
            last: bins.last,
            cache: bins.cache.limit(),
        }
    }
}
