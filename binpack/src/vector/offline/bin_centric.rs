use alloc::vec;
use alloc::vec::Vec;

use super::heuristic::BinScore;
use super::weighting::{Normal, Weighting, key, weights};
use crate::assignment::LEFT_OUT;
use crate::vector::fit::{fits, subtract};
use crate::{Assignment, Norm, VectorInstance};

struct Item<const D: usize> {
    number: u32,
    amounts: [u64; D],
    /// The root of the sum of squares of the amounts.
    length: u128,
}

pub(super) fn pack<const D: usize>(
    instance: &VectorInstance<D>,
    score: BinScore,
    weighting: Weighting,
    dynamic: bool,
) -> Assignment {
    let normal = Normal::new(instance.capacity());
    let mut totals = normal.totals(instance);
    let mut items: Vec<Item<D>> = instance
        .packable()
        .map(|item| {
            let amounts = normal.amounts(&instance.sizes()[item as usize]);
            let length = key(Norm::L2, &[1; D], &amounts).isqrt();
            Item { number: item, amounts, length }
        })
        .collect();
    let mut weight = weights(weighting, &totals, items.len(), normal.full);
    let mut bin_of = vec![LEFT_OUT; instance.sizes().len()];
    let mut residual = *instance.capacity();
    let mut bin = 0;
    while !items.is_empty() {
        let rest = normal.amounts(&residual);
        let mut best: Option<(u128, usize)> = None;
        for (place, item) in items.iter().enumerate() {
            if fits(&instance.sizes()[item.number as usize], &residual) {
                let score = value(score, &weight, item, &rest);
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, place));
                }
            }
        }
        let Some((_, place)) = best else {
            bin += 1;
            residual = *instance.capacity();
            continue;
        };
        let Item { number, amounts, .. } = items.remove(place);
        bin_of[number as usize] = bin;
        residual = subtract(&residual, &instance.sizes()[number as usize]);
        if dynamic {
            for (total, amount) in totals.iter_mut().zip(amounts) {
                *total -= u128::from(amount);
            }
            weight = weights(weighting, &totals, items.len(), normal.full);
        }
    }
    Assignment::from_raw(bin_of)
}

/// How well an item suits what is left: the larger the better.
fn value<const D: usize>(
    score: BinScore,
    weights: &[u32; D],
    item: &Item<D>,
    rest: &[u64; D],
) -> u128 {
    let product = || {
        let term = |dimension: usize| {
            let (size, rest) = (item.amounts[dimension], rest[dimension]);
            u128::from(weights[dimension]) * u128::from(size) * u128::from(rest)
        };
        (0..D).map(term).sum::<u128>()
    };
    match score {
        BinScore::DotProduct => product(),
        // An item without a length suits any bin as well as another does. The quotient is at most
        // 79 bits long: it gets 40 more behind the point, or as many as the product has room for.
        BinScore::Cosine => {
            let product: u128 = product();
            let room = product.leading_zeros().min(40);
            (product << room).checked_div(item.length).unwrap_or(0) << (40 - room)
        }
        BinScore::NormBased => {
            let left = core::array::from_fn(|dimension| {
                rest[dimension].saturating_sub(item.amounts[dimension])
            });
            !key(Norm::L2, weights, &left)
        }
    }
}
