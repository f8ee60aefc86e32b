//! Several dimensions: by a rule.

use std::cmp::Reverse;

use apportion_binpack::{
    Assignment, Decision, Fit, Instance, Measure, Norm, Order, Scale, VectorBins, VectorFit,
    check_vectors, l2,
};

use super::Source;
use super::outcome::{Outcome, refused};
use super::recipe::{Clock, Recipe};
use crate::output::Error;

pub(super) fn pack<const D: usize>(
    source: &Source,
    recipe: &Recipe,
    report: &mut dyn FnMut(u64),
) -> Result<Outcome, Error> {
    let Recipe { fit, order, .. } = *recipe;
    let array = |amounts: &[u64]| std::array::from_fn(|dimension| amounts[dimension]);
    let capacity: [u64; D] = array(source.instance.capacity());
    let sizes: Vec<[u64; D]> = source.instance.items().map(array).collect();

    let mut clock = Clock::new(report);
    let measure = Measure { norm: Norm::L1, scale: Scale::normalizing(&capacity) };
    let order = arrange(&sizes, order, &measure);
    let assignment = by_rule(&capacity, &sizes, rule(fit, measure), &order, &mut clock)
        .map_err(|error| Error::input(&source.name, error.to_string()))?;
    let took = clock.elapsed();

    check_vectors(&capacity, &sizes, &assignment).map_err(|flaw| refused(source, flaw))?;
    let lower_bound = lower_bound(&capacity, &sizes);
    let hash = assignment.hash_in_order(order.iter().copied());
    Ok(Outcome { assignment, lower_bound, hash, order, steps: None, took })
}

/// The rule of this name, by the room that is left before the item is in the bin.
fn rule<const D: usize>(fit: Fit, measure: Measure<D>) -> VectorFit<D> {
    match fit {
        Fit::Next => VectorFit::Next,
        Fit::First => VectorFit::First,
        Fit::Best => VectorFit::Best(measure),
        Fit::Worst => VectorFit::Worst(measure),
        Fit::AlmostWorst => VectorFit::AlmostWorst(measure),
    }
}

fn arrange<const D: usize>(sizes: &[[u64; D]], order: Order, measure: &Measure<D>) -> Vec<usize> {
    match order {
        Order::Decreasing => {
            let mut items: Vec<usize> = (0..sizes.len()).collect();
            items.sort_by_cached_key(|item| Reverse(measure.of(&sizes[*item])));
            items
        }
        // These ask for nothing but how many there are.
        Order::AsGiven | Order::Shuffled(_) => order.arrange(&vec![0; sizes.len()]),
    }
}

fn by_rule<const D: usize>(
    capacity: &[u64; D],
    sizes: &[[u64; D]],
    fit: VectorFit<D>,
    order: &[usize],
    clock: &mut Clock<'_>,
) -> Result<Assignment, apportion_binpack::Error> {
    let mut bins = VectorBins::opening(fit, *capacity)?;
    let mut bin_of = vec![None; sizes.len()];
    for (packed, item) in order.iter().enumerate() {
        if let Decision::Place(placement) = bins.place(sizes[*item])? {
            bin_of[*item] = u32::try_from(placement.bin.number()).ok();
        }
        if packed % 1_024 == 0 {
            clock.packed(packed);
        }
    }
    Ok(Assignment::new(&bin_of))
}

/// The best bound of a single dimension, of the items that fit a bin.
fn lower_bound<const D: usize>(capacity: &[u64; D], sizes: &[[u64; D]]) -> usize {
    let fits = |size: &&[u64; D]| size.iter().zip(capacity).all(|(size, most)| size <= most);
    let bound = |dimension: usize| {
        let sizes = sizes.iter().filter(fits).map(|size| size[dimension]).collect();
        Instance::new(capacity[dimension], sizes).map_or(0, |instance| l2(&instance))
    };
    (0..D).map(bound).max().unwrap_or(0)
}
