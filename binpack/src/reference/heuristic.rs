use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::{Assignment, BinScore, ItemFit, Norm, VectorHeuristic, VectorInstance, Weighting};

/// [`VectorHeuristic::pack`], with everything worked out anew for each item. For capacities whose
/// least common multiple, which is searched for, is at most 2^24.
#[must_use]
pub fn pack_vectors<const D: usize>(
    instance: &VectorInstance<D>,
    heuristic: VectorHeuristic,
) -> Assignment {
    let mut packing = Packing::new(instance);
    match heuristic {
        VectorHeuristic::FirstFit => {
            while let Some(item) = packing.left.first().copied() {
                let bin = packing.with_room(item).first().copied();
                packing.put(item, bin);
            }
        }
        VectorHeuristic::ItemCentric { fit, norm, weighting, dynamic } => {
            let mut weights = packing.weights(weighting);
            while !packing.left.is_empty() {
                if dynamic {
                    weights = packing.weights(weighting);
                }
                packing.place_largest(fit, norm, &weights);
            }
        }
        VectorHeuristic::BinCentric { score, weighting, dynamic } => {
            let mut weights = packing.weights(weighting);
            while !packing.left.is_empty() {
                if dynamic {
                    weights = packing.weights(weighting);
                }
                packing.fill_last(score, &weights);
            }
        }
    }
    Assignment::new(&packing.bin_of)
}

struct Packing<'a, const D: usize> {
    instance: &'a VectorInstance<D>,
    /// What a full bin counts in each dimension.
    full: u128,
    /// Items that fit a bin and are in none, in order.
    left: Vec<usize>,
    /// What is left of each bin.
    residuals: Vec<[u64; D]>,
    bin_of: Vec<Option<u32>>,
}

impl<'a, const D: usize> Packing<'a, D> {
    fn new(instance: &'a VectorInstance<D>) -> Self {
        let count = instance.sizes().len();
        let full =
            instance.capacity().iter().filter(|amount| **amount > 0).fold(1, |full, amount| {
                let mut multiples = (1..).map(|times: u128| times * full);
                multiples.find(|multiple| multiple % u128::from(*amount) == 0).unwrap_or(full)
            });
        let fits = |item: &usize| has_room(&instance.sizes()[*item], instance.capacity());
        Self {
            instance,
            full,
            left: (0..count).filter(fits).collect(),
            residuals: Vec::new(),
            bin_of: vec![None; count],
        }
    }

    fn size(&self, item: usize) -> &[u64; D] {
        &self.instance.sizes()[item]
    }

    /// By capacity.
    fn normalized(&self, amounts: &[u64; D]) -> [u128; D] {
        core::array::from_fn(|dimension| match self.instance.capacity()[dimension] {
            0 => 0,
            capacity => u128::from(amounts[dimension]) * self.full / u128::from(capacity),
        })
    }

    /// Of the items left: in 32 bits, or 31 behind the point.
    fn weights(&self, weighting: Weighting) -> [u128; D] {
        let sum = |dimension: usize| -> u128 {
            self.left.iter().map(|item| self.normalized(self.size(*item))[dimension]).sum()
        };
        let sums: [u128; D] = core::array::from_fn(sum);
        let one: u128 = 1 << 31;
        match weighting {
            Weighting::Unit => [1; D],
            Weighting::Average => {
                let mut weights = sums;
                while weights.iter().any(|weight| *weight >= 1 << 32) {
                    weights = weights.map(|weight| weight / 2);
                }
                weights
            }
            Weighting::Exponential => sums.map(|sum| {
                let hundred = 100 * self.left.len() as u128 * self.full;
                let hundredth = (sum * one).checked_div(hundred).unwrap_or(0);
                let mut term = one;
                let mut series = one;
                for place in 1..6 {
                    term = term * hundredth / one / place;
                    series += term;
                }
                series
            }),
            Weighting::Reciprocal => {
                let least = sums.into_iter().filter(|sum| *sum > 0).min().unwrap_or(0);
                sums.map(|sum| (least * one).checked_div(sum).unwrap_or(0))
            }
        }
    }

    /// The bins that an item fits.
    fn with_room(&self, item: usize) -> Vec<usize> {
        let bins = 0..self.residuals.len();
        bins.filter(|bin| has_room(self.size(item), &self.residuals[*bin])).collect()
    }

    /// The largest item left goes in a bin.
    fn place_largest(&mut self, fit: ItemFit, norm: Norm, weights: &[u128; D]) {
        let key = |amounts: &[u64; D]| {
            let amounts = self.normalized(amounts);
            let terms = weights.iter().zip(amounts).map(|(weight, amount)| match norm {
                Norm::L1 | Norm::LInfinity => weight * amount,
                Norm::L2 => weight * amount * amount,
            });
            if norm == Norm::LInfinity { terms.max().unwrap_or(0) } else { terms.sum() }
        };
        let largest = self.left.iter().min_by_key(|item| Reverse(key(self.size(**item))));
        let Some(item) = largest.copied() else { return };
        let mut bins = self.with_room(item).into_iter();
        let bin = match fit {
            ItemFit::First => bins.next(),
            ItemFit::Best => bins.min_by_key(|bin| key(&self.residuals[*bin])),
            ItemFit::Worst => bins.min_by_key(|bin| Reverse(key(&self.residuals[*bin]))),
        };
        self.put(item, bin);
    }

    /// The item that suits the last bin most goes there; where none fits, a bin opens.
    fn fill_last(&mut self, score: BinScore, weights: &[u128; D]) {
        let Some(bin) = self.residuals.len().checked_sub(1) else {
            self.residuals.push(*self.instance.capacity());
            return;
        };
        let residual = self.residuals[bin];
        let rest = self.normalized(&residual);
        let value = |item: usize| -> (u128, Reverse<u128>) {
            let size = self.normalized(self.size(item));
            let sum = |term: &dyn Fn(usize) -> u128| (0..D).map(term).sum::<u128>();
            let product = sum(&|at| weights[at] * size[at] * rest[at]);
            match score {
                BinScore::DotProduct => (product, Reverse(0)),
                BinScore::Cosine => {
                    let length = sum(&|at| size[at] * size[at]).isqrt();
                    ((product * (1 << 40)).checked_div(length).unwrap_or(0), Reverse(0))
                }
                BinScore::NormBased => {
                    (0, Reverse(sum(&|at| weights[at] * (rest[at] - size[at]).pow(2))))
                }
            }
        };
        let fitting =
            self.left.iter().copied().filter(|item| has_room(self.size(*item), &residual));
        match fitting.min_by_key(|item| Reverse(value(*item))) {
            Some(item) => self.put(item, Some(bin)),
            None => self.residuals.push(*self.instance.capacity()),
        }
    }

    /// In this bin, or in one that opens.
    fn put(&mut self, item: usize, bin: Option<usize>) {
        let bin = bin.unwrap_or(self.residuals.len());
        if bin == self.residuals.len() {
            self.residuals.push(*self.instance.capacity());
        }
        let size = *self.size(item);
        for (left, amount) in self.residuals[bin].iter_mut().zip(size) {
            *left -= amount;
        }
        self.left.retain(|other| *other != item);
        self.bin_of[item] = u32::try_from(bin).ok();
    }
}

fn has_room<const D: usize>(size: &[u64; D], residual: &[u64; D]) -> bool {
    (0..D).all(|dimension| size[dimension] <= residual[dimension])
}
