//! Several dimensions: by a rule, and improved.

use std::cmp::Reverse;

use apportion_binpack::{
    Assignment, Decision, Error as Refusal, Fit, Flaw, Measure, Norm, Order, Scale, VectorBins,
    VectorFit, VectorHeuristic, VectorImprover, VectorInstance, check_vectors, vector_lower_bound,
};

use super::Source;
use super::outcome::{Outcome, refused};
use super::recipe::{Clock, Recipe};
use crate::output::Error;

/// In `D` dimensions, of which the instance has as many at most.
pub(super) fn pack<const D: usize>(
    source: &Source,
    recipe: &Recipe,
    report: &mut dyn FnMut(u64),
) -> Result<Outcome, Error> {
    let Recipe { fit, order, budget } = *recipe;
    // Dimensions that there are not need nothing, and have nothing.
    let array = |amounts: &[u64]| {
        std::array::from_fn(|dimension| amounts.get(dimension).copied().unwrap_or(0))
    };
    let sizes = source.instance.items().map(array).collect();
    let instance = VectorInstance::<D>::new(array(source.instance.capacity()), sizes)
        .map_err(|error| explain(source, &error))?;

    let mut clock = Clock::new(budget, report);
    let measure = Measure { norm: Norm::L1, scale: Scale::normalizing(instance.capacity()) };
    let order = arrange(&instance, order, &measure);
    let by_rule = by_rule(&instance, rule(fit, measure), &order, &mut clock)
        .map_err(|error| explain(source, &error))?;
    let (assignment, steps) = if budget.improves() {
        let (assignment, steps) =
            improve(&instance, by_rule, &mut clock).map_err(|flaw| refused(source, flaw))?;
        (assignment, Some(steps))
    } else {
        (by_rule, None)
    };
    let took = clock.elapsed();

    check_vectors(instance.capacity(), instance.sizes(), &assignment)
        .map_err(|flaw| refused(source, flaw))?;
    let lower_bound = vector_lower_bound(&instance);
    let hash = assignment.hash_in_order(order.iter().copied());
    Ok(Outcome { assignment, lower_bound, hash, order, steps, took })
}

/// By all heuristics and then by the improver, as far as the budget goes: the packing, and the steps
/// that it took. Of equal packings the first counts, and this one before them.
fn improve<const D: usize>(
    instance: &VectorInstance<D>,
    by_rule: Assignment,
    clock: &mut Clock<'_>,
) -> Result<(Assignment, u64), Flaw> {
    let bound = vector_lower_bound(instance);
    let items = instance.sizes().len();
    let mut heuristics = VectorHeuristic::suited_to(items);
    let (bins, mut best, mut taken) = (by_rule.bins(), by_rule, 0);
    // The next one takes about as long as the longest before it.
    let mut longest = clock.elapsed();
    while best.bins() > bound
        && let Some(heuristic) = heuristics.next()
    {
        let steps = steps_of(heuristic, items, bins);
        if !clock.allows(taken + steps, longest) {
            return Ok((best, taken));
        }
        let begin = clock.elapsed();
        let packed = heuristic.pack(instance);
        longest = longest.max(clock.elapsed().saturating_sub(begin));
        if packed.bins() < best.bins() {
            best = packed;
        }
        taken += steps;
    }
    let mut improver = VectorImprover::new(instance.clone(), best, SEED)?;
    clock.improve(taken, SLICE, |steps| {
        improver.run(steps);
        (taken + improver.steps(), improver.is_optimal())
    });
    Ok((improver.assignment().clone(), taken + improver.steps()))
}

/// The steps that a heuristic counts for, so that as many steps are the same packing anywhere. Some 20
/// take a microsecond, of the improver 20 to 70.
fn steps_of(heuristic: VectorHeuristic, items: usize, bins: usize) -> u64 {
    let looks = if heuristic.is_quadratic() {
        items.saturating_mul(items) / 16
    } else {
        items.saturating_mul(bins) / 64
    };
    looks as u64 + 1
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

fn arrange<const D: usize>(
    instance: &VectorInstance<D>,
    order: Order,
    measure: &Measure<D>,
) -> Vec<usize> {
    let sizes = instance.sizes();
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
    instance: &VectorInstance<D>,
    fit: VectorFit<D>,
    order: &[usize],
    clock: &mut Clock<'_>,
) -> Result<Assignment, Refusal> {
    let mut bins = VectorBins::opening(fit, *instance.capacity())?;
    let mut bin_of = vec![None; order.len()];
    for (packed, item) in order.iter().enumerate() {
        if let Decision::Place(placement) = bins.place(instance.sizes()[*item])? {
            bin_of[*item] = u32::try_from(placement.bin.number()).ok();
        }
        if packed % 1_024 == 0 {
            clock.packed(packed);
        }
    }
    Ok(Assignment::new(&bin_of))
}

fn explain(source: &Source, error: &Refusal) -> Error {
    Error::input(&source.name, error.to_string())
}

/// Of the improver, which breaks ties by chance.
const SEED: u64 = 1;
/// Steps between two looks at the clock: about a millisecond.
const SLICE: u64 = 20_000;
