use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::heuristic::ItemFit;
use super::weighting::{Normal, Weighting, key, weights};
use crate::assignment::LEFT_OUT;
use crate::vector::fit::{fits, subtract};
use crate::{Assignment, Norm, VectorInstance};

pub(super) fn first_fit<const D: usize>(instance: &VectorInstance<D>) -> Assignment {
    let mut bins = Open::new(instance);
    for item in instance.packable() {
        bins.first(item);
    }
    bins.finish()
}

pub(super) fn pack<const D: usize>(
    instance: &VectorInstance<D>,
    fit: ItemFit,
    norm: Norm,
    weighting: Weighting,
) -> Assignment {
    let normal = Normal::new(instance.capacity());
    let mut items: Vec<u32> = instance.packable().collect();
    let weights = weights(weighting, &normal.totals(instance), items.len(), normal.full);
    let size = |item: &u32| {
        let amounts = normal.amounts(&instance.sizes()[*item as usize]);
        Reverse(key(norm, &weights, &amounts))
    };
    items.sort_by_cached_key(size);
    let mut bins = Open::new(instance);
    for item in items {
        if fit == ItemFit::First {
            bins.first(item);
        } else {
            let bin = bins.extreme(item, fit == ItemFit::Worst);
            bins.keys[bin] = key(norm, &weights, &normal.amounts(&bins.residuals[bin]));
        }
    }
    bins.finish()
}

pub(super) fn pack_dynamic<const D: usize>(
    instance: &VectorInstance<D>,
    fit: ItemFit,
    norm: Norm,
    weighting: Weighting,
) -> Assignment {
    let normal = Normal::new(instance.capacity());
    let mut totals = normal.totals(instance);
    let mut items: Vec<(u32, [u64; D])> = instance
        .packable()
        .map(|item| (item, normal.amounts(&instance.sizes()[item as usize])))
        .collect();
    let mut bins = Open::new(instance);
    while !items.is_empty() {
        let weights = weights(weighting, &totals, items.len(), normal.full);
        let size = |place: &usize| (key(norm, &weights, &items[*place].1), Reverse(*place));
        let Some(place) = (0..items.len()).max_by_key(size) else { break };
        let (item, amounts) = items.remove(place);
        if fit == ItemFit::First {
            bins.first(item);
        } else {
            for (bin, residual) in bins.residuals.iter().enumerate() {
                bins.keys[bin] = key(norm, &weights, &normal.amounts(residual));
            }
            bins.extreme(item, fit == ItemFit::Worst);
        }
        for (total, amount) in totals.iter_mut().zip(amounts) {
            *total -= u128::from(amount);
        }
    }
    bins.finish()
}

/// Bins that have been opened.
struct Open<'a, const D: usize> {
    instance: &'a VectorInstance<D>,
    residuals: Vec<[u64; D]>,
    /// How large each residual is.
    keys: Vec<u128>,
    bin_of: Vec<u32>,
}

impl<'a, const D: usize> Open<'a, D> {
    fn new(instance: &'a VectorInstance<D>) -> Self {
        let bin_of = vec![LEFT_OUT; instance.sizes().len()];
        Self { instance, residuals: Vec::new(), keys: Vec::new(), bin_of }
    }

    /// Puts an item in the first bin that has room.
    fn first(&mut self, item: u32) {
        let size = &self.instance.sizes()[item as usize];
        let bin = self.residuals.iter().position(|residual| fits(size, residual));
        self.put(item, bin);
    }

    /// Puts an item in the bin with the smallest key, or the largest, that has room. Which one.
    fn extreme(&mut self, item: u32, largest: bool) -> usize {
        let size = &self.instance.sizes()[item as usize];
        let mut found: Option<usize> = None;
        for (bin, residual) in self.residuals.iter().enumerate() {
            let better = found.is_none_or(|found| {
                let (key, other) = (self.keys[bin], self.keys[found]);
                if largest { key > other } else { key < other }
            });
            if better && fits(size, residual) {
                found = Some(bin);
            }
        }
        self.put(item, found)
    }

    fn put(&mut self, item: u32, bin: Option<usize>) -> usize {
        let bin = bin.unwrap_or_else(|| {
            self.residuals.push(*self.instance.capacity());
            self.keys.push(0);
            self.residuals.len() - 1
        });
        self.bin_of[item as usize] = bin as u32;
        self.residuals[bin] = subtract(&self.residuals[bin], &self.instance.sizes()[item as usize]);
        bin
    }

    fn finish(self) -> Assignment {
        Assignment::from_raw(self.bin_of)
    }
}
