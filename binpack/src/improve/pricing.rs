//! The most valuable contents of a bin, by given prices: a bounded knapsack.

mod frontier;
mod value;

use alloc::vec;
use alloc::vec::Vec;

use super::problem::{Part, Problem};
use frontier::Frontier;
use value::Value;

/// What a search for a pattern found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The most valuable pattern, if one is worth more than asked for.
    pub(super) pattern: Option<Vec<Part>>,
    /// Whether nothing more valuable can exist.
    pub(super) exhausted: bool,
}

/// Searches for the pattern worth most, and more than `floor`, of the items `left`, by branch and
/// bound in the order of price per size, in at most `nodes` steps.
pub(super) fn most_valuable<V: Value>(
    problem: &Problem,
    left: &[u32],
    prices: &[V],
    floor: V,
    nodes: u64,
    work: &mut u64,
) -> Found {
    let kinds = of_density(problem, left, prices);
    // The smallest size from each place on: nothing fits less.
    let mut smallest = vec![u64::MAX; kinds.len() + 1];
    for place in (0..kinds.len()).rev() {
        smallest[place] = smallest[place + 1].min(kinds[place].size);
    }
    *work += 4 * left.len() as u64;
    let mut search = Search { best: floor, pattern: None, visited: 0 };
    let mut exhausted = search.run(&kinds, &smallest, problem.capacity, nodes.min(NODES));
    *work += 2 * search.visited;
    if !exhausted && nodes > NODES {
        let mut frontier = Frontier { best: search.best, pattern: None, visited: 0 };
        exhausted = frontier.run(&kinds, problem.capacity, nodes - search.visited);
        *work += 2 * frontier.visited;
        search.pattern = frontier.pattern.or(search.pattern);
    }
    let pattern = search.pattern.map(|chosen| {
        let mut parts: Vec<Part> = chosen
            .into_iter()
            .map(|(place, copies)| Part { kind: kinds[place].number, copies })
            .collect();
        parts.sort_unstable_by_key(|part| part.kind);
        parts
    });
    Found { pattern, exhausted }
}

/// The kinds that are left and have a price, those worth most for their size first.
fn of_density<V: Value>(problem: &Problem, left: &[u32], prices: &[V]) -> Vec<Kind<V>> {
    let mut kinds: Vec<Kind<V>> = (0..left.len())
        .filter(|number| left[*number] > 0 && prices[*number].is_positive())
        .map(|number| Kind {
            number,
            size: problem.sizes[number],
            left: left[number],
            price: prices[number],
        })
        .collect();
    kinds.sort_unstable_by(|one, other| {
        V::by_density(other.price, other.size, one.price, one.size)
            .then(one.number.cmp(&other.number))
    });
    kinds
}

struct Kind<V> {
    number: usize,
    size: u64,
    left: u32,
    price: V,
}

struct Search<V> {
    best: V,
    /// The places of kinds, and how many of each.
    pattern: Option<Vec<(usize, u32)>>,
    visited: u64,
}

impl<V: Value> Search<V> {
    /// Whether all of it was searched.
    fn run(&mut self, kinds: &[Kind<V>], smallest: &[u64], capacity: u64, nodes: u64) -> bool {
        let mut chosen: Vec<(usize, u32)> = Vec::new();
        // Sums on the way: floats must not drift by going up and down.
        let mut sums: Vec<V> = Vec::new();
        let Some(first) = kinds.first() else { return true };
        let nothing = first.price.minus(first.price);
        let mut free = capacity;
        let mut place = 0;
        let mut worth = nothing;
        loop {
            while let Some(kind) = kinds.get(place) {
                self.visited += 1;
                if free < smallest[place]
                    || !worth.can_exceed(free, kind.price, kind.size, self.best)
                {
                    break;
                }
                if kind.size <= free {
                    #[expect(clippy::cast_possible_truncation, reason = "at most `left`")]
                    let copies = (free / kind.size).min(u64::from(kind.left)) as u32;
                    chosen.push((place, copies));
                    sums.push(worth);
                    free -= kind.size * u64::from(copies);
                    worth = worth.plus(kind.price, copies);
                }
                place += 1;
            }
            if worth.exceeds(self.best) {
                self.best = worth;
                self.pattern = Some(chosen.clone());
            }
            let (Some((last, copies)), Some(before)) = (chosen.pop(), sums.pop()) else {
                return true;
            };
            if self.visited > nodes {
                return false;
            }
            free += kinds[last].size;
            worth = before;
            if copies > 1 {
                worth = before.plus(kinds[last].price, copies - 1);
                chosen.push((last, copies - 1));
                sums.push(before);
            }
            place = last + 1;
        }
    }
}

/// Steps of the branch and bound before the lists take over.
const NODES: u64 = 20_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Instance;

    proptest! {
        #[test]
        fn the_best_pattern_is_found(
            capacity in 1_u64..40,
            sizes in prop::collection::vec(1_u64..40, 1..12),
            prices in prop::collection::vec(0_u32..50, 12),
        ) {
            let problem = Problem::new(&Instance::new(capacity, sizes).unwrap());
            let prices = &prices[..problem.kinds()];
            let exact: Vec<u128> = prices.iter().map(|price| u128::from(*price)).collect();
            let rounded: Vec<f64> = prices.iter().map(|price| f64::from(*price)).collect();
            // The table of the textbook.
            let mut best = vec![0_u128; usize::try_from(capacity).unwrap() + 1];
            for (kind, price) in exact.iter().enumerate() {
                let size = usize::try_from(problem.sizes[kind]).unwrap();
                for _ in 0..problem.counts[kind] {
                    for free in (size..best.len()).rev() {
                        best[free] = best[free].max(best[free - size] + price);
                    }
                }
            }
            let best = best.last().copied().unwrap();
            let worth = |parts: &[Part]| -> u128 {
                parts.iter().map(|part| exact[part.kind] * u128::from(part.copies)).sum()
            };
            let counts = &problem.counts;
            for floor in [0, best.saturating_sub(1), best] {
                let found = most_valuable(&problem, counts, &exact, floor, u64::MAX, &mut 0);
                prop_assert!(found.exhausted);
                let expected = (best > floor).then_some(best);
                prop_assert_eq!(found.pattern.as_deref().map(worth), expected);
                for part in found.pattern.iter().flatten() {
                    prop_assert!(part.copies <= counts[part.kind]);
                }
            }
            for floor in [0, best.saturating_sub(1), best] {
                let kinds = of_density(&problem, counts, &exact);
                let mut frontier = Frontier { best: floor, pattern: None, visited: 0 };
                prop_assert!(frontier.run(&kinds, capacity, u64::MAX));
                let worth = frontier.pattern.map(|chosen| {
                    chosen.iter().map(|(place, copies)| kinds[*place].price * u128::from(*copies)).sum()
                });
                prop_assert_eq!(worth, (best > floor).then_some(best));
            }
            let found = most_valuable(&problem, counts, &rounded, 0.0, u64::MAX, &mut 0);
            prop_assert_eq!(found.pattern.as_deref().map_or(0, worth), best);
        }
    }
}
