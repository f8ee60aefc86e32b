//! One dimension: by a rule, and improved.

use apportion_binpack::{Improver, Instance, check, l2, pack as pack_by_rule};

use super::Source;
use super::outcome::{Outcome, refused};
use super::recipe::{Budget, Clock, Recipe};
use crate::output::Error;

pub(super) fn pack(
    source: &Source,
    recipe: &Recipe,
    report: &mut dyn FnMut(u64),
) -> Result<Outcome, Error> {
    let Recipe { fit, order, budget } = *recipe;
    let capacity = source.instance.capacity().first().copied().unwrap_or(0);
    let sizes = source.instance.items().flatten().copied().collect();
    let instance = Instance::new(capacity, sizes)
        .map_err(|error| Error::input(&source.name, error.to_string()))?;

    let mut clock = Clock::new(budget, report);
    let by_rule = pack_by_rule(&instance, fit, order);
    let (assignment, improved) = if budget == Budget::None {
        (by_rule, None)
    } else {
        let own =
            Improver::with_packing(&instance, by_rule).map_err(|flaw| refused(source, flaw))?;
        // The better packing to begin with, and the user's if they are equal. A million items that
        // are packed as well as can be need not be packed again.
        let rules = (!own.is_optimal()).then(|| Improver::new(&instance));
        let mut improver = rules.filter(|best| best.bins() < own.bins()).unwrap_or(own);
        clock.improve(0, SLICE, |steps| {
            let done = improver.run(steps);
            (improver.steps(), done)
        });
        let bound = improver.lower_bound();
        (improver.assignment().clone(), Some((bound, improver.steps())))
    };
    let took = clock.elapsed();

    check(&instance, &assignment).map_err(|flaw| refused(source, flaw))?;
    let lower_bound = improved.map_or_else(|| l2(&instance), |(bound, _)| bound);
    let order = order.arrange(instance.sizes());
    let hash = assignment.hash_in_order(order.iter().copied());
    let steps = improved.map(|(_, steps)| steps);
    Ok(Outcome { assignment, lower_bound, hash, order, steps, took })
}

/// Steps between two looks at the clock: less than a millisecond.
const SLICE: u64 = 100;
