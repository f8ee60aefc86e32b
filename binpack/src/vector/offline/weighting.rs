use core::fmt;

use crate::vector::scale::common_multiple;
use crate::{Norm, VectorInstance};

/// What a dimension counts when sizes are compared, as the literature has it. Sizes are normalised
/// by the capacity first.
///
/// *Source:* Panigrahy, Talwar, Uyeda and Wieder, *Heuristics for vector bin packing*, 2011,
/// section 3; Mommessin, Erlebach and Shakhlevich, *Classification and evaluation of the algorithms
/// for vector bin packing*, Computers & Operations Research 2025.
///
/// All but the first look at items that are still to come, so they are for packing offline. Online
/// the caller says what a dimension counts, once and for all: [`Scale::weighted`](crate::Scale::weighted)
/// takes any weights, for each measure that a [`VectorFit`](crate::VectorFit) compares by. To weigh as
/// one of these does, let them follow from sizes that are expected.
///
/// ```
/// use apportion_binpack::{
///     ItemFit, Measure, Norm, Scale, VectorBins, VectorFit, VectorHeuristic, VectorInstance, Weighting,
/// };
///
/// // The mean size is twice as large in the second dimension.
/// let (capacity, sizes) = ([10, 10], [[2, 6], [4, 3], [1, 5], [3, 6]]);
/// let (norm, weighting) = (Norm::L1, Weighting::Average);
/// let offline =
///     VectorHeuristic::ItemCentric { fit: ItemFit::Best, norm, weighting, dynamic: false };
/// let packed = offline.pack(&VectorInstance::new(capacity, sizes.to_vec())?);
///
/// // Online, with these weights and the largest item first, it is the same packing.
/// let scale = Scale::normalizing(&capacity).weighted([1, 2]);
/// let mut bins = VectorBins::opening(VectorFit::Best(Measure { norm, scale }), capacity)?;
/// for item in [3, 0, 2, 1] {
///     let placement = bins.place(sizes[item])?.placement().unwrap();
///     assert_eq!(Some(placement.bin.number()), packed.bin_of(item));
/// }
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "the four that the literature compares")]
pub enum Weighting {
    /// All alike.
    Unit,
    /// The mean size of the items in it.
    Average,
    /// `exp(mean / 100)`.
    Exponential,
    /// 1 over the mean size; nothing where all sizes are zero.
    Reciprocal,
}

impl Weighting {
    /// All of them, in the order above.
    pub const ALL: [Self; 4] = [Self::Unit, Self::Average, Self::Exponential, Self::Reciprocal];
}

impl fmt::Display for Weighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unit => "Unit",
            Self::Average => "Avg",
            Self::Exponential => "Expo",
            Self::Reciprocal => "ReciprocAvg",
        })
    }
}

/// Normalised amounts as whole numbers: `units[d] · x` for an amount x, and `full` for the
/// capacity.
///
/// If the least common multiple of the capacities is at most 2^44, as it is whenever they are equal
/// or small, the units are that multiple over the capacity, and normalised amounts are exact: two
/// keys are equal if and only if they are equal as fractions. Otherwise units are 2^44 over the
/// capacity, rounded down, and a capacity beyond 2^44 makes all amounts round down to a multiple of
/// a power of two first.
#[derive(Clone, Debug)]
pub(super) struct Normal<const D: usize> {
    units: [u64; D],
    shifts: [u32; D],
    pub(super) full: u64,
}

/// Bits of a normalised amount. With 32 bits for a weight and 6 for a sum over 64 dimensions, the
/// square is within 128.
const BITS: u32 = 44;

impl<const D: usize> Normal<D> {
    pub(super) fn new(capacity: &[u64; D]) -> Self {
        let multiple = common_multiple(capacity, 1 << BITS);
        let full = multiple.unwrap_or(1 << BITS);
        let shifts = capacity.map(|amount| (64 - amount.leading_zeros()).saturating_sub(BITS));
        let units = core::array::from_fn(|dimension| {
            full.checked_div(capacity[dimension] >> shifts[dimension]).unwrap_or(0)
        });
        Self { units, shifts, full }
    }

    /// An amount of at most the capacity, normalised.
    pub(super) fn amounts(&self, amounts: &[u64; D]) -> [u64; D] {
        core::array::from_fn(|dimension| {
            (amounts[dimension] >> self.shifts[dimension]) * self.units[dimension]
        })
    }

    /// The sums of the normalised sizes of all items that fit a bin.
    pub(super) fn totals(&self, instance: &VectorInstance<D>) -> [u128; D] {
        let mut totals = [0; D];
        for item in instance.packable() {
            let amounts = self.amounts(&instance.sizes()[item as usize]);
            for (total, amount) in totals.iter_mut().zip(amounts) {
                *total += u128::from(amount);
            }
        }
        totals
    }
}

/// The weights that `count` items of these normalised `totals` give, relative to each other, in 32
/// bits.
pub(super) fn weights<const D: usize>(
    weighting: Weighting,
    totals: &[u128; D],
    count: usize,
    full: u64,
) -> [u32; D] {
    match weighting {
        Weighting::Unit => [1; D],
        Weighting::Average => {
            // The totals stand for the means. They are exact up to 32 bits.
            let most = totals.iter().fold(0, |most, total| most | total);
            let excess = (128 - most.leading_zeros()).saturating_sub(32);
            totals.map(|total| (total >> excess) as u32)
        }
        Weighting::Exponential => totals.map(|total| {
            // exp(x) by its series, in 2^-31: x is at most 1/100, and the sixth term is below that.
            let whole = (100 * count as u128 * u128::from(full)).max(1);
            let x = (total << 31) / whole;
            let one = 1 << 31;
            let mut sum = one;
            let mut term = one;
            for divisor in 1..=5 {
                term = ((term * x) >> 31) / divisor;
                sum += term;
            }
            sum.min(u128::from(u32::MAX)) as u32
        }),
        Weighting::Reciprocal => {
            let least = totals.iter().filter(|total| **total > 0).min().copied().unwrap_or(0);
            totals.map(|total| (least << 31).checked_div(total).unwrap_or(0) as u32)
        }
    }
}

/// The norm of normalised amounts: `Σ w·x`, `Σ w·x²` or `max w·x`.
pub(super) fn key<const D: usize>(norm: Norm, weights: &[u32; D], amounts: &[u64; D]) -> u128 {
    let term = |dimension: usize| u128::from(weights[dimension]) * u128::from(amounts[dimension]);
    match norm {
        Norm::L1 => (0..D).map(term).sum(),
        Norm::L2 => (0..D).map(|dimension| term(dimension) * u128::from(amounts[dimension])).sum(),
        Norm::LInfinity => (0..D).map(term).max().unwrap_or(0),
    }
}
