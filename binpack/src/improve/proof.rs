//! A lower bound from prices, proved in integers.

use alloc::vec::Vec;

use super::pricing::most_valuable;
use super::problem::Problem;

/// A lower bound, and the price of each size that shows it, in parts of 2^32.
#[derive(Clone, Debug)]
pub(super) struct Proved {
    pub(super) bins: usize,
    pub(super) prices: Vec<(u64, u64)>,
}

/// How many bins the items take at least, by these prices: if no bin's contents are worth more than
/// 1, the items need as many bins as they are worth together. The prices may come from anywhere:
/// they are rounded down to multiples of 2^-32, and that no bin is worth more is searched through,
/// exactly. `None` if that takes more than `nodes` steps, or one is.
///
/// *Source:* the dual of Gilmore and Gomory's relaxation, 1961; Lueker, *Bin packing with items
/// uniformly distributed over intervals [a, b]*, FOCS 1983, for prices that are feasible whatever
/// the items.
pub(super) fn prove(
    problem: &Problem,
    prices: &[f64],
    nodes: u64,
    work: &mut u64,
) -> Option<Proved> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a conversion to an integer saturates, and any price proves something"
    )]
    let whole = |price: &f64| u128::from((price * 4_294_967_296.0) as u64).min(ONE);
    let prices: Vec<u128> = prices.iter().map(whole).collect();
    let counts = &problem.counts;
    let found = most_valuable(problem, counts, &prices, ONE, nodes, work);
    if found.pattern.is_some() || !found.exhausted {
        return None;
    }
    // Below 2^32 items of at most 2^32.
    let worth: u128 =
        prices.iter().zip(counts).map(|(price, count)| price * u128::from(*count)).sum();
    let bins = usize::try_from(worth.div_ceil(ONE)).ok()?;
    let cut = |price: &u128| u64::try_from(*price).unwrap_or(u64::MAX);
    Some(Proved {
        bins,
        prices: problem.sizes.iter().copied().zip(prices.iter().map(cut)).collect(),
    })
}

const ONE: u128 = 1 << 32;
