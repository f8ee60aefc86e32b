//! What is drawn of a packing: which bins, which dimensions, and the items in order.

use std::ops::Range;

use super::super::Source;
use super::super::outcome::Outcome;

/// A packing, as it is drawn.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) bins: usize,
    pub(super) lower_bound: usize,
    /// Bins that are drawn: the first ones, and the last ones.
    pub(super) head: Range<usize>,
    pub(super) tail: Range<usize>,
    /// The most loaded dimensions, in their order.
    pub(super) rows: Vec<Row>,
    /// How many dimensions are not drawn.
    pub(super) hidden: usize,
}

/// A dimension of a packing.
#[derive(Debug)]
pub(super) struct Row {
    /// `None` if there is only one dimension.
    pub(super) dimension: Option<usize>,
    pub(super) capacity: u64,
    /// The sizes of the items of each bin that is drawn, in the order in which they came.
    pub(super) contents: Vec<Vec<u64>>,
}

impl Scene {
    /// At most about `most` columns in all rows.
    pub(super) fn new(source: &Source, outcome: &Outcome, most: usize) -> Self {
        let sizes: Vec<&[u64]> = source.instance.items().collect();
        let capacity = source.instance.capacity();
        let dimensions = most_loaded(capacity, &sizes, outcome);
        let hidden = capacity.len() - dimensions.len();

        let bins = outcome.bins();
        let most = (most / dimensions.len()).clamp(FEWEST_BINS, MOST_BINS);
        let (head, tail) = if bins <= most {
            (0..bins, bins..bins)
        } else {
            (0..most.div_ceil(2), bins - most / 2..bins)
        };

        let place = |bin: usize| {
            if head.contains(&bin) {
                Some(bin)
            } else {
                tail.contains(&bin).then(|| head.len() + bin - tail.start)
            }
        };
        let mut contents = vec![Vec::new(); head.len() + tail.len()];
        for item in &outcome.order {
            if let Some(place) = outcome.assignment.bin_of(*item).and_then(place) {
                contents[place].push(*item);
            }
        }
        let row = |dimension: usize| {
            let sizes_of = |items: &Vec<usize>| -> Vec<u64> {
                items.iter().map(|item| sizes[*item][dimension]).collect()
            };
            Row {
                dimension: (capacity.len() > 1).then_some(dimension),
                capacity: capacity[dimension],
                contents: contents.iter().map(sizes_of).collect(),
            }
        };
        let rows = dimensions.into_iter().map(row).collect();
        Self { bins, lower_bound: outcome.lower_bound, head, tail, rows, hidden }
    }

    /// How many bins are not drawn.
    pub(super) fn left_out(&self) -> usize {
        self.tail.start - self.head.end
    }
}

/// At most so many dimensions as are drawn: those in which the bins are fullest.
fn most_loaded(capacity: &[u64], sizes: &[&[u64]], outcome: &Outcome) -> Vec<usize> {
    let packed =
        || sizes.iter().enumerate().filter(|(item, _)| outcome.assignment.bin_of(*item).is_some());
    let load = |dimension: usize| {
        let sum: u128 = packed().map(|(_, size)| u128::from(size[dimension])).sum();
        // Beyond 2^86 a million items would be needed: this is for the eye only.
        sum.saturating_mul(1 << 40).checked_div(capacity[dimension].into()).unwrap_or(0)
    };
    let mut dimensions: Vec<usize> = (0..capacity.len()).collect();
    dimensions.sort_by_cached_key(|dimension| std::cmp::Reverse(load(*dimension)));
    dimensions.truncate(MOST_ROWS);
    dimensions.sort_unstable();
    dimensions
}

const MOST_ROWS: usize = 4;
const MOST_BINS: usize = 360;
const FEWEST_BINS: usize = 20;
