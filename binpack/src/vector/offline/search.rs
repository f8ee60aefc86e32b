use alloc::vec;
use alloc::vec::Vec;

use super::exchange::{Best, Exchange};
use super::weighting::{Normal, Weighting, key, weights};
use crate::chance::SplitMix64;
use crate::{Norm, VectorInstance};

/// A packing of some items in a fixed number of bins, with the others outside.
#[derive(Clone, Debug)]
pub(super) struct Search<const D: usize> {
    pub(super) bins: Vec<Bin<D>>,
    pub(super) outside: Vec<u32>,
    /// How large each item is, to compare what goes in and what comes out.
    pub(super) weights: Vec<u64>,
    /// The turn from which an item may move again.
    pub(super) free_from: Vec<u64>,
    /// The weight of what is outside, and the least that it has been since the last bin was
    /// dissolved.
    pub(super) weight_outside: u64,
    pub(super) least_outside: u64,
    pub(super) turn: u64,
    /// The packing to return to, all items inside.
    complete: Vec<Vec<u32>>,
    /// Turns since what is outside was last less than ever.
    idle: u64,
    /// How often the search began anew from the complete packing.
    attempts: u64,
    chance: SplitMix64,
    steps: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Bin<const D: usize> {
    pub(super) items: Vec<u32>,
    pub(super) room: [u64; D],
}

impl<const D: usize> Search<D> {
    /// Begins with a packing, of which a bin is dissolved.
    pub(super) fn new(instance: &VectorInstance<D>, bins: Vec<Vec<u32>>, seed: u64) -> Self {
        let count = instance.sizes().len();
        let mut search = Self {
            bins: Vec::new(),
            outside: Vec::new(),
            weights: vec![0; count],
            free_from: vec![0; count],
            weight_outside: 0,
            least_outside: 0,
            turn: 0,
            complete: bins,
            idle: 0,
            attempts: 0,
            chance: SplitMix64 { state: seed },
            steps: 0,
        };
        search.begin(instance);
        search
    }

    /// All items by bin, if none is outside.
    pub(super) fn complete(&mut self) -> Option<&[Vec<u32>]> {
        if !self.outside.is_empty() {
            return None;
        }
        // A bin may have become empty on the way.
        self.bins.retain(|bin| !bin.items.is_empty());
        self.complete = self.bins.iter().map(|bin| bin.items.clone()).collect();
        Some(&self.complete)
    }

    /// Goes on from the packing that is complete now, with a bin less.
    pub(super) fn dissolve_another(&mut self, instance: &VectorInstance<D>) {
        self.attempts = 0;
        self.begin(instance);
    }

    /// Dissolves a bin of the complete packing: the lightest first, then any.
    fn begin(&mut self, instance: &VectorInstance<D>) {
        self.weigh(instance);
        let bin = |items: &Vec<u32>| {
            let mut room = *instance.capacity();
            for item in items {
                take(&mut room, &instance.sizes()[*item as usize]);
            }
            Bin { items: items.clone(), room }
        };
        self.bins = self.complete.iter().map(bin).collect();
        let dissolved = if self.attempts == 0 {
            let weight = |bin: &usize| -> u64 {
                self.bins[*bin].items.iter().map(|item| self.weights[*item as usize]).sum()
            };
            (0..self.bins.len()).min_by_key(weight).unwrap_or(0)
        } else {
            self.pick(self.bins.len())
        };
        if dissolved < self.bins.len() {
            self.outside = self.bins.swap_remove(dissolved).items;
        }
        self.weight_outside = self.outside.iter().map(|item| self.weights[*item as usize]).sum();
        self.least_outside = self.weight_outside;
        self.free_from.fill(0);
        self.turn = 0;
        self.idle = 0;
        self.attempts += 1;
    }

    /// Weighs the items: by the L1 norm, weighted by the mean size in each dimension at first, then
    /// by chance.
    fn weigh(&mut self, instance: &VectorInstance<D>) {
        let normal = Normal::new(instance.capacity());
        let totals = normal.totals(instance);
        let mut weight = weights(Weighting::Average, &totals, instance.sizes().len(), normal.full);
        if self.attempts > 0 {
            let most = weight.iter().copied().max().unwrap_or(1).max(1);
            // None is drawn for dimensions that have nothing: with more of them, all goes as without.
            for (weight, _) in weight.iter_mut().zip(instance.capacity()).filter(|pair| *pair.1 > 0)
            {
                let part = self.chance.word() % (u64::from(most) + 1);
                *weight = if self.attempts % 2 == 1 {
                    *weight / 2 + part as u32 / 2
                } else {
                    part as u32
                };
            }
        }
        // 40 bits for the whole capacity: 2^20 items outside weigh less than 2^64.
        let most = key(Norm::L1, &weight, &[normal.full; D]);
        let excess = (128 - most.leading_zeros()).saturating_sub(40);
        for item in instance.packable() {
            let amounts = normal.amounts(&instance.sizes()[item as usize]);
            self.weights[item as usize] = (key(Norm::L1, &weight, &amounts) >> excess) as u64 + 1;
        }
    }

    /// The best exchange between what is outside and a bin, and many swaps between bins. How many
    /// were looked at.
    pub(super) fn turn(&mut self, instance: &VectorInstance<D>) -> u64 {
        self.steps = 1;
        self.turn += 1;
        self.idle += 1;
        if self.idle > PATIENCE {
            self.begin(instance);
            return self.steps;
        }
        let count = self.bins.len();
        let first = self.pick(count);
        let mut best = Best::new(self.chance.word());
        for index in 0..count.min(SAMPLE) {
            self.steps += best.look_at(self, instance, (first + index) % count);
        }
        if let Some(exchange) = best.found() {
            self.carry_out(instance, &exchange);
        }
        for _ in 0..(self.bins.len() * SWAPS.0).min(SWAPS.1) {
            if self.outside.is_empty() {
                break;
            }
            if let Some((one, other)) = self.swap_any(instance) {
                let mut best = Best::new(self.chance.word());
                self.steps += best.look_at(self, instance, one);
                self.steps += best.look_at(self, instance, other);
                let found = best.found().filter(|found| found.weight < self.weight_outside);
                if let Some(exchange) = found {
                    self.carry_out(instance, &exchange);
                }
            }
        }
        self.steps
    }

    fn carry_out(&mut self, instance: &VectorInstance<D>, exchange: &Exchange) {
        let Exchange { bin: number, comes, goes, .. } = exchange;
        let tenure = 3 + self.chance.word() % 8 + self.outside.len() as u64 / 2;
        for item in goes.iter().flatten() {
            self.replace(instance, *number, Some(*item), None);
            self.weight_outside += self.weights[*item as usize];
            self.outside.push(*item);
            self.free_from[*item as usize] = self.turn + tenure;
        }
        for item in comes.iter().flatten() {
            self.outside.retain(|other| other != item);
            self.weight_outside -= self.weights[*item as usize];
            self.replace(instance, *number, None, Some(*item));
            self.free_from[*item as usize] = self.turn + tenure;
        }
        if self.weight_outside < self.least_outside {
            self.least_outside = self.weight_outside;
            self.idle = 0;
        }
    }

    /// Lets two items of two bins, all picked by chance, change places, if they fit; in place of
    /// one there may be none. Which bins.
    fn swap_any(&mut self, instance: &VectorInstance<D>) -> Option<(usize, usize)> {
        self.steps += 1;
        let (one, other) = (self.pick(self.bins.len()), self.pick(self.bins.len()));
        if one == other {
            return None;
        }
        let place = self.pick(self.bins[one].items.len());
        let other_place = self.pick(self.bins[other].items.len());
        // Once in a while an item just moves.
        let moves = self.chance.word().is_multiple_of(MOVES);
        let item = self.bins[one].items.get(place).copied().filter(|_| !moves);
        let other_item = self.bins[other].items.get(other_place).copied();
        let size = |item: Option<u32>| item.map_or([0; D], |item| instance.sizes()[item as usize]);
        let (size, other_size) = (size(item), size(other_item));
        let (room, other_room) = (&self.bins[one].room, &self.bins[other].room);
        // A room and the size of an item that is in there are within the capacity.
        let fits = (0..D).all(|d| {
            other_size[d] <= room[d] + size[d] && size[d] <= other_room[d] + other_size[d]
        });
        if !fits {
            return None;
        }
        self.replace(instance, one, item, other_item);
        self.replace(instance, other, other_item, item);
        Some((one, other))
    }

    /// Takes an item out of a bin, and puts another in its place.
    fn replace(
        &mut self,
        instance: &VectorInstance<D>,
        bin: usize,
        goes: Option<u32>,
        comes: Option<u32>,
    ) {
        let bin = &mut self.bins[bin];
        if let Some(item) = goes {
            bin.items.retain(|other| *other != item);
            give(&mut bin.room, &instance.sizes()[item as usize]);
        }
        if let Some(item) = comes {
            bin.items.push(item);
            take(&mut bin.room, &instance.sizes()[item as usize]);
        }
    }

    /// A number below the count, and zero if that is zero.
    fn pick(&mut self, count: usize) -> usize {
        ((u128::from(self.chance.word()) * count as u128) >> 64) as usize
    }
}

fn take<const D: usize>(room: &mut [u64; D], size: &[u64; D]) {
    for (room, size) in room.iter_mut().zip(size) {
        *room -= size;
    }
}

fn give<const D: usize>(room: &mut [u64; D], size: &[u64; D]) {
    for (room, size) in room.iter_mut().zip(size) {
        *room += size;
    }
}

/// Bins that a turn looks at for its exchange.
const SAMPLE: usize = 256;
/// Swaps between bins that a turn tries: so many for each bin, and at most so many.
const SWAPS: (usize, usize) = (100, 20_000);
/// Of so many swaps one is a move.
const MOVES: u64 = 32;
/// Idle turns after which the search begins anew.
const PATIENCE: u64 = 100;
