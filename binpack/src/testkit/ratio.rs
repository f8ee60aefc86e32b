use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Family, OnlinePacker, Random, Violation, cut};
use crate::Fit;

/// The most bins that a policy opens where `optimum` would do, in any order of items.
///
/// *Sources:* first fit: Dósa and Sgall, *First fit bin packing: a tight analysis*, STACS 2013; best
/// fit: the same, *Optimal analysis of best fit bin packing*, ICALP 2014: 1.7 times the optimum,
/// rounded down. Next, worst and almost-worst fit: what is in two neighbouring bins is more than one
/// can hold, so there are fewer than twice the optimum (Johnson 1973).
#[must_use]
pub const fn most_bins(fit: Fit, optimum: usize) -> usize {
    match fit {
        Fit::First | Fit::Best => optimum.saturating_mul(17) / 10,
        Fit::Next | Fit::Worst | Fit::AlmostWorst => optimum.saturating_mul(2).saturating_sub(1),
    }
}

/// The same for first fit with items from the largest to the smallest: 11/9 times the optimum and
/// 6/9, rounded down. *Source:* Dósa, Li, Han and Tuza, *Tight absolute bound for first fit
/// decreasing bin-packing*, Theoretical Computer Science 510, 2013.
#[must_use]
pub const fn most_bins_decreasing(optimum: usize) -> usize {
    optimum.saturating_mul(11).saturating_add(6) / 9
}

/// Packs items that fill bins exactly, so that the fewest bins are known: shuffled, and with first
/// fit also from the largest to the smallest.
///
/// # Errors
///
/// [`Violation::TooManyBins`], or an item that is left out.
pub fn check_ratio<P: OnlinePacker>(
    seed: u64,
    fit: Fit,
    make: impl Fn(Option<u64>) -> P,
) -> Result<(), Violation> {
    let mut random = Random::new(seed);
    for optimum in [1, 2, 3, 7, 20, 100] {
        for capacity in [12, 100, 1_000, 1 << 40, u64::MAX] {
            for family in [Family::Triplets, Family::Cut] {
                let Some(mut sizes) = cut(random.word(), family, capacity, optimum) else {
                    continue;
                };
                let bins = pack(make(Some(capacity)), &sizes)?;
                let most = most_bins(fit, optimum);
                if bins > most {
                    return Err(Violation::TooManyBins { bins, optimum, most });
                }
                if fit == Fit::First {
                    sizes.sort_by_key(|size| Reverse(*size));
                    let bins = pack(make(Some(capacity)), &sizes)?;
                    let most = most_bins_decreasing(optimum);
                    if bins > most {
                        return Err(Violation::TooManyBins { bins, optimum, most });
                    }
                }
            }
        }
    }
    Ok(())
}

fn pack<P: OnlinePacker>(mut packer: P, sizes: &[u64]) -> Result<usize, Violation> {
    let place = |size: &u64| {
        let left_out = Violation::LeftOut { size: *size, bin: 0 };
        packer.place(*size).ok_or(left_out)
    };
    let bins: Vec<usize> = sizes.iter().map(place).collect::<Result<_, _>>()?;
    Ok(bins.iter().max().map_or(0, |last| last + 1))
}
