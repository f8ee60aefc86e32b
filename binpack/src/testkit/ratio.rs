use alloc::vec::Vec;

use super::policy::fits;
use super::watch::combine;
use super::{Answer, CaseSize, Family, OnlinePacker, Policy, Random, Violation, cut};
use crate::{Fit, Size};

/// The most bins that a policy opens where `optimum` would do, in any order of items.
///
/// *Sources:* first fit: Dósa and Sgall, *First fit bin packing: a tight analysis*, STACS 2013; best
/// fit: the same, *Optimal analysis of best fit bin packing*, ICALP 2014: 1.7 times the optimum,
/// rounded down. Next, worst and almost-worst fit: fewer than twice the optimum, as
/// [`most_bins_any_fit`] says (Johnson 1973).
#[must_use]
pub const fn most_bins(fit: Fit, optimum: usize) -> usize {
    match fit {
        Fit::First | Fit::Best => optimum.saturating_mul(17) / 10,
        Fit::Next | Fit::Worst | Fit::AlmostWorst => most_bins_any_fit(1, optimum),
    }
}

/// The most bins that open for vectors where `optimum` would do, by any rule that opens none while
/// there is room in the bin that was opened last: fewer than `2 · dimensions · optimum`.
///
/// What began a bin did not fit the one before, so in some dimension the two hold more than one can.
/// Take bins in pairs: of each, all dimensions together have more than one bin's worth, and `optimum`
/// bins can hold no more than `dimensions · optimum` of that.
#[must_use]
pub const fn most_bins_any_fit(dimensions: usize, optimum: usize) -> usize {
    optimum.saturating_mul(2).saturating_mul(dimensions).saturating_sub(1)
}

/// The same for first fit with items from the largest to the smallest: 11/9 times the optimum and
/// 6/9, rounded down. *Source:* Dósa, Li, Han and Tuza, *Tight absolute bound for first fit
/// decreasing bin-packing*, Theoretical Computer Science 510, 2013.
#[must_use]
pub const fn most_bins_decreasing(optimum: usize) -> usize {
    optimum.saturating_mul(11).saturating_add(6) / 9
}

/// Packs items that fill bins exactly, so that the fewest bins are known: shuffled, and with first
/// fit in one dimension also from the largest to the smallest. Capacities are no larger than what
/// the policy can compare.
///
/// # Errors
///
/// [`Violation::TooManyBins`], an item that is left out, or one that is in a bin that has no room for
/// it or is not there.
pub fn check_ratio<F: Policy, P: OnlinePacker<F::Size>>(
    seed: u64,
    fit: F,
    make: impl Fn(Option<F::Size>) -> P,
) -> Result<(), Violation<F::Size>> {
    let mut random = Random::new(seed);
    for optimum in [1, 2, 3, 7, 20, 100] {
        for amount in [12, 100, 1_000, 1 << 40, u64::MAX] {
            let most = |dimension| amount.min(fit.largest_capacity(dimension));
            let capacity = F::Size::from_fn(most);
            for family in [Family::Triplets, Family::Cut] {
                let sizes = cut(random.word(), family, capacity, optimum);
                let Some(mut sizes) = sizes else { continue };
                let judge = |sizes: &[F::Size], most| {
                    let bins = pack(make(Some(capacity)), capacity, sizes)?;
                    let broken = Violation::TooManyBins { bins, optimum, most };
                    if bins > most { Err(broken) } else { Ok(()) }
                };
                judge(&sizes, fit.most_bins(optimum))?;
                if let Some(most) = fit.most_bins_decreasing(optimum) {
                    sizes.sort_by(|one, other| other.amounts().cmp(one.amounts()));
                    judge(&sizes, most)?;
                }
            }
        }
    }
    Ok(())
}

/// How many bins of this capacity open.
fn pack<S: CaseSize, P: OnlinePacker<S>>(
    mut packer: P,
    capacity: S,
    sizes: &[S],
) -> Result<usize, Violation<S>> {
    let mut residuals: Vec<S> = Vec::new();
    for &size in sizes {
        let bins = residuals.len();
        let Answer::Bin(bin) = packer.place(size) else {
            return Err(Violation::LeftOut { size, bin: bins });
        };
        if bin == bins {
            residuals.push(capacity);
        }
        let there = residuals.get_mut(bin);
        let residual = there.ok_or(Violation::NoSuchBin { size, bin, bins })?;
        if !fits(&size, residual) {
            return Err(Violation::Overfull { size, bin, residual: *residual });
        }
        *residual = combine(residual, &size, u64::saturating_sub);
    }
    Ok(residuals.len())
}
