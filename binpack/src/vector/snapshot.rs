use alloc::vec::Vec;

use super::bins::VectorBins;
use super::cache::Cache;
use super::fit::{VectorFit, fits, subtract};
use super::scale::{Measure, Norm, Scale};
use super::store::{Slot, Store};
use crate::Error;
use crate::snapshot::{Inconsistent, check};

/// What is saved of bins: nothing that can be worked out.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "VectorBins", deny_unknown_fields)]
pub(super) struct Parts {
    version: u32,
    fit: FitParts,
    opening: Option<Vec<u64>>,
    slots: Vec<SlotParts>,
    last: usize,
    cache: usize,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Slot", deny_unknown_fields)]
struct SlotParts {
    generation: u32,
    bin: Option<BinParts>,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Bin", deny_unknown_fields)]
struct BinParts {
    capacity: Vec<u64>,
    held: Vec<u64>,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "VectorFit")]
enum FitParts {
    Next,
    First,
    Best(MeasureParts),
    Worst(MeasureParts),
    AlmostWorst(MeasureParts),
    NormBased(MeasureParts),
    DotProduct(ScaleParts),
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Measure", deny_unknown_fields)]
struct MeasureParts {
    norm: Norm,
    scale: ScaleParts,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(rename = "Scale", deny_unknown_fields)]
struct ScaleParts {
    units: Vec<u64>,
    weights: Vec<u16>,
}

/// Why a snapshot is none of bins.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("expected {expected} dimensions, found {found}")]
    Dimensions { expected: usize, found: usize },
    #[error("bin {number} holds more than its capacity")]
    Overfull { number: usize },
    #[error("next fit cannot begin at bin {number} of {slots}")]
    Last { number: usize, slots: usize },
    #[error(transparent)]
    Inconsistent(#[from] Inconsistent),
    #[error(transparent)]
    Refused(#[from] Error),
}

impl<const D: usize> TryFrom<Parts> for VectorBins<D> {
    type Error = Flaw;

    fn try_from(parts: Parts) -> Result<Self, Flaw> {
        check(parts.version == VERSION, "its version is unknown")?;
        let fit = VectorFit::try_from(parts.fit)?;
        let opening = parts.opening.map(array).transpose()?;
        if let Some(capacity) = &opening {
            fit.check(capacity)?;
        }
        let mut store = Store::new();
        for (number, SlotParts { generation, bin }) in parts.slots.into_iter().enumerate() {
            let mut capacity = None;
            let mut residual = [0; D];
            if let Some(bin) = bin {
                let (all, held) = (array(bin.capacity)?, array(bin.held)?);
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

impl<const D: usize> From<VectorBins<D>> for Parts {
    fn from(bins: VectorBins<D>) -> Self {
        let store = &bins.store;
        let slots = store.slots().iter().enumerate().map(|(number, slot)| SlotParts {
            generation: slot.generation,
            bin: slot.capacity.map(|capacity| BinParts {
                held: subtract(&capacity, store.residual(number)).into(),
                capacity: capacity.into(),
            }),
        });
        Self {
            version: VERSION,
            fit: bins.fit.into(),
            opening: bins.opening.map(Vec::from),
            slots: slots.collect(),
            last: bins.last,
            cache: bins.cache.limit(),
        }
    }
}

impl<const D: usize> TryFrom<FitParts> for VectorFit<D> {
    type Error = Flaw;

    fn try_from(parts: FitParts) -> Result<Self, Flaw> {
        Ok(match parts {
            FitParts::Next => Self::Next,
            FitParts::First => Self::First,
            FitParts::Best(measure) => Self::Best(measure.try_into()?),
            FitParts::Worst(measure) => Self::Worst(measure.try_into()?),
            FitParts::AlmostWorst(measure) => Self::AlmostWorst(measure.try_into()?),
            FitParts::NormBased(measure) => Self::NormBased(measure.try_into()?),
            FitParts::DotProduct(scale) => Self::DotProduct(scale.try_into()?),
        })
    }
}

impl<const D: usize> From<VectorFit<D>> for FitParts {
    fn from(fit: VectorFit<D>) -> Self {
        match fit {
            VectorFit::Next => Self::Next,
            VectorFit::First => Self::First,
            VectorFit::Best(measure) => Self::Best(measure.into()),
            VectorFit::Worst(measure) => Self::Worst(measure.into()),
            VectorFit::AlmostWorst(measure) => Self::AlmostWorst(measure.into()),
            VectorFit::NormBased(measure) => Self::NormBased(measure.into()),
            VectorFit::DotProduct(scale) => Self::DotProduct(scale.into()),
        }
    }
}

impl<const D: usize> TryFrom<MeasureParts> for Measure<D> {
    type Error = Flaw;

    fn try_from(parts: MeasureParts) -> Result<Self, Flaw> {
        Ok(Self { norm: parts.norm, scale: parts.scale.try_into()? })
    }
}

impl<const D: usize> From<Measure<D>> for MeasureParts {
    fn from(measure: Measure<D>) -> Self {
        Self { norm: measure.norm, scale: measure.scale.into() }
    }
}

impl<const D: usize> TryFrom<ScaleParts> for Scale<D> {
    type Error = Flaw;

    fn try_from(parts: ScaleParts) -> Result<Self, Flaw> {
        Ok(Self::new(array(parts.units)?).weighted(array(parts.weights)?))
    }
}

impl<const D: usize> From<Scale<D>> for ScaleParts {
    fn from(scale: Scale<D>) -> Self {
        Self { units: (*scale.units()).into(), weights: (*scale.weights()).into() }
    }
}

fn array<T, const D: usize>(numbers: Vec<T>) -> Result<[T; D], Flaw> {
    numbers
        .try_into()
        .map_err(|numbers: Vec<T>| Flaw::Dimensions { expected: D, found: numbers.len() })
}
