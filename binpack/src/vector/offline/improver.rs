use alloc::vec::Vec;

use super::search::Search;
use super::vector_lower_bound;
use crate::{Assignment, Flaw, VectorInstance, check_vectors};

/// Finds packings with fewer bins, a step at a time.
///
/// A bin is dissolved, and its items are put back by exchanges with the items of other bins, such
/// that what is outside shrinks: one or two go in, up to two come out. When none makes it shrink,
/// the best one is carried out all the same, and what has moved by it stays where it is for a
/// while, so the search does not turn in circles. Between those exchanges, items of the bins change
/// places at random, many times, and each pair of bins that did is looked at again. When everything
/// is inside, there is a bin less. *Source:* the search by a tabu list over partial packings is
/// that of Buljubašić and Vasquez, *Consistent neighborhood search for one-dimensional bin packing
/// and two-dimensional vector packing*, Computers & Operations Research 2016; random swaps take the
/// place of their descents, which found less for as many steps.
///
/// The budget is a count of steps, each a look at one exchange, so a result does not depend on the
/// machine; nor does it depend on how the budget is cut into runs, but for one turn by which a run
/// may go beyond it: some ten thousand steps, or a few for each pair of items in a bin. The packing is
/// called optimal only when it has as many bins as the [lower bound](vector_lower_bound).
///
/// ```
/// use apportion_binpack::{VectorHeuristic, VectorImprover, VectorInstance};
///
/// let sizes = vec![[3, 3], [3, 3], [3, 3], [4, 3], [3, 4], [4, 4]];
/// let instance = VectorInstance::new([10, 10], sizes)?;
/// let start = VectorHeuristic::FirstFit.pack(&instance);
/// assert_eq!(start.bins(), 3);
/// let mut improver = VectorImprover::new(instance, start, 1).unwrap();
/// assert_eq!(improver.run(10_000).bins(), 2);
/// assert!(improver.is_optimal());
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct VectorImprover<const D: usize> {
    instance: VectorInstance<D>,
    best: Assignment,
    bound: usize,
    search: Option<Search<D>>,
    seed: u64,
    steps: u64,
}

impl<const D: usize> VectorImprover<D> {
    /// Begins with a packing of the instance. The seed decides between exchanges that are equally
    /// good.
    ///
    /// # Errors
    ///
    /// The first flaw of the packing, as [`check_vectors`] finds it.
    pub fn new(instance: VectorInstance<D>, start: Assignment, seed: u64) -> Result<Self, Flaw> {
        check_vectors(instance.capacity(), instance.sizes(), &start)?;
        let bound = vector_lower_bound(&instance);
        Ok(Self { instance, best: start, bound, search: None, seed, steps: 0 })
    }

    /// Goes on for so many steps more, or until the packing is optimal. The best packing so far.
    pub fn run(&mut self, steps: u64) -> &Assignment {
        let end = self.steps.saturating_add(steps);
        while self.steps < end && !self.is_optimal() {
            let search = self.search.get_or_insert_with(|| {
                let start = contents(&self.best);
                Search::new(&self.instance, start, self.seed)
            });
            self.steps = self.steps.saturating_add(search.turn(&self.instance));
            if let Some(bins) = search.complete() {
                let mut bin_of = alloc::vec![None; self.instance.sizes().len()];
                for (number, bin) in bins.iter().enumerate() {
                    for item in bin {
                        bin_of[*item as usize] = Some(number as u32);
                    }
                }
                self.best = Assignment::new(&bin_of);
                search.dissolve_another(&self.instance);
            }
        }
        &self.best
    }

    /// The best packing so far.
    #[must_use]
    pub const fn assignment(&self) -> &Assignment {
        &self.best
    }

    /// Steps so far.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Bins that no packing can do without.
    #[must_use]
    pub const fn lower_bound(&self) -> usize {
        self.bound
    }

    /// Whether no packing has fewer bins, for that is proved.
    #[must_use]
    pub const fn is_optimal(&self) -> bool {
        self.best.bins() <= self.bound
    }
}

fn contents(assignment: &Assignment) -> Vec<Vec<u32>> {
    let bins = assignment.contents().into_values();
    bins.map(|bin| bin.into_iter().map(|item| item as u32).collect()).collect()
}
