use core::fmt;

use super::weighting::Weighting;
use super::{MANY_ITEMS, bin_centric, item_centric, vector_lower_bound};
use crate::{Assignment, Norm, VectorInstance};

/// A published heuristic for vectors that are all known beforehand.
///
/// Sizes and residuals are normalised by the capacity, weighted, and compared as whole numbers.
/// Normalised amounts are exact if the least common multiple of the capacities is at most 2^44, and
/// cut to 44 bits otherwise; weights that need more than 32 bits are cut to these. Of items with
/// equal keys the first comes first; of bins with equal keys the one that opened first. Items larger
/// than the capacity are left out.
///
/// *Source:* see [`Weighting`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum VectorHeuristic {
    /// Items as they come, each to the first bin that has room.
    FirstFit,
    /// Items one by one, the largest first, each to a bin that has room.
    ItemCentric {
        /// Which of the bins.
        fit: ItemFit,
        /// How large an item is, and what is left of a bin.
        norm: Norm,
        /// What dimensions count.
        weighting: Weighting,
        /// Whether weights are worked out anew from the items left, after each item.
        dynamic: bool,
    },
    /// Bins one by one, each filled until nothing fits it.
    BinCentric {
        /// Which of the items goes in next.
        score: BinScore,
        /// What dimensions count.
        weighting: Weighting,
        /// Whether weights are worked out anew from the items left, after each item.
        dynamic: bool,
    },
}

/// Which of the bins an item-centric heuristic takes, of those that have room.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "the three that the literature compares")]
pub enum ItemFit {
    /// The one that opened first.
    First,
    /// The one with the smallest residual, before the item is in it.
    Best,
    /// The one with the largest.
    Worst,
}

/// Which of the items that fit a bin-centric heuristic takes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum BinScore {
    /// The largest dot product with the residual.
    DotProduct,
    /// The largest dot product over the length of the item.
    Cosine,
    /// The smallest sum of squares of what would be left.
    NormBased,
}

impl VectorHeuristic {
    /// All of them, plain ones first.
    pub fn all() -> impl Iterator<Item = Self> {
        let norms = || Norm::ALL.into_iter();
        let fits = [ItemFit::First, ItemFit::Best, ItemFit::Worst];
        let item_centric = weightings().flat_map(move |(weighting, dynamic)| {
            fits.into_iter().flat_map(move |fit| {
                norms().map(move |norm| Self::ItemCentric { fit, norm, weighting, dynamic })
            })
        });
        let scores = [BinScore::DotProduct, BinScore::Cosine, BinScore::NormBased];
        let bin_centric = weightings().flat_map(move |(weighting, dynamic)| {
            scores.into_iter().map(move |score| Self::BinCentric { score, weighting, dynamic })
        });
        core::iter::once(Self::FirstFit).chain(item_centric).chain(bin_centric)
    }

    /// Packs an instance.
    ///
    /// *Complexity*: for n items and m bins, O(n · (log n + m · D)) if weights are static and it is
    /// item-centric; O(n² · D) otherwise.
    #[must_use]
    pub fn pack<const D: usize>(self, instance: &VectorInstance<D>) -> Assignment {
        match self {
            Self::FirstFit => item_centric::first_fit(instance),
            Self::ItemCentric { fit, norm, weighting, dynamic: false } => {
                item_centric::pack(instance, fit, norm, weighting)
            }
            Self::ItemCentric { fit, norm, weighting, dynamic: true } => {
                item_centric::pack_dynamic(instance, fit, norm, weighting)
            }
            Self::BinCentric { score, weighting, dynamic } => {
                bin_centric::pack(instance, score, weighting, dynamic)
            }
        }
    }

    /// Those of [`all`](Self::all) that so many items can be packed by in reasonable time: for more
    /// than 5,000, the ones that are not [quadratic](Self::is_quadratic).
    pub fn suited_to(items: usize) -> impl Iterator<Item = Self> {
        Self::all().filter(move |heuristic| items <= MANY_ITEMS || !heuristic.is_quadratic())
    }

    /// Whether it looks at items again and again, in time quadratic in their number. The others look
    /// at each item once, and for it at all bins.
    #[must_use]
    pub const fn is_quadratic(self) -> bool {
        matches!(self, Self::BinCentric { .. } | Self::ItemCentric { dynamic: true, .. })
    }
}

fn weightings() -> impl Iterator<Item = (Weighting, bool)> {
    let dynamic = Weighting::ALL.into_iter().skip(1).map(|weighting| (weighting, true));
    Weighting::ALL.into_iter().map(|weighting| (weighting, false)).chain(dynamic)
}

impl fmt::Display for VectorHeuristic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (weighting, dynamic) = match self {
            Self::FirstFit => return f.write_str("FF"),
            Self::ItemCentric { fit, norm, weighting, dynamic } => {
                let fit = match fit {
                    ItemFit::First => "FFD",
                    ItemFit::Best => "BFD",
                    ItemFit::Worst => "WFD",
                };
                write!(f, "{fit}-{norm}")?;
                (weighting, dynamic)
            }
            Self::BinCentric { score, weighting, dynamic } => {
                f.write_str(match score {
                    BinScore::DotProduct => "BC-DP",
                    BinScore::Cosine => "BC-cosine",
                    BinScore::NormBased => "BC-L2",
                })?;
                (weighting, dynamic)
            }
        };
        write!(f, "-{weighting}{}", if *dynamic { "-Dyn" } else { "" })
    }
}

/// The best packing that any of the heuristics finds, and the first that finds it. It ends early
/// when the [lower bound](vector_lower_bound) is reached. Of many items, by those that are [suited
/// to](VectorHeuristic::suited_to) them.
#[must_use]
pub fn vector_portfolio<const D: usize>(
    instance: &VectorInstance<D>,
) -> (Assignment, VectorHeuristic) {
    let bound = vector_lower_bound(instance);
    let mut best = (VectorHeuristic::FirstFit.pack(instance), VectorHeuristic::FirstFit);
    for heuristic in VectorHeuristic::suited_to(instance.sizes().len()).skip(1) {
        if best.0.bins() <= bound {
            break;
        }
        let packed = heuristic.pack(instance);
        if packed.bins() < best.0.bins() {
            best = (packed, heuristic);
        }
    }
    best
}
