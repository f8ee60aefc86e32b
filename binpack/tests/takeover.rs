//! A packer made anew from the bins of another, and of what is in them, decides as that one does.

use std::collections::BTreeMap;

use apportion_binpack::testkit::{CaseSize, Operation, Operations, Policy, operations};
use apportion_binpack::{
    BinId, BinSet, Bins, Fit, ItemDecision, ItemId, Measure, Norm, Packer, Scale, VectorBins,
    VectorFit,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What somebody outside knows of a packer.
struct Known<B: BinSet> {
    packer: Packer<B>,
    opening: Option<B::Size>,
    /// Handle and capacity by number, of those that are there.
    bins: Vec<Option<(BinId, B::Size)>>,
    /// In the order of placement.
    items: Vec<(ItemId, BinId, B::Size)>,
    /// The number of the bin that was used last; where bins open, or joined last.
    last: Option<usize>,
}

/// What is decided on an item, by numbers: bin, residual, whether it opens, second choice.
type Said<S> = Result<(usize, S, bool, Option<(usize, S)>), bool>;

impl<B: BinSet> Known<B> {
    fn new(bins: B, opening: Option<B::Size>) -> Self {
        Self { packer: Packer::new(bins), opening, bins: Vec::new(), items: Vec::new(), last: None }
    }

    fn joins(&mut self, bin: BinId, capacity: B::Size) {
        self.bins.resize(self.bins.len().max(bin.number() + 1), None);
        self.bins[bin.number()] = Some((bin, capacity));
    }

    fn there(&self) -> impl Iterator<Item = BinId> + '_ {
        self.bins.iter().flatten().map(|(bin, _)| *bin)
    }

    fn add(&mut self, capacity: B::Size) -> usize {
        let bin = self.packer.add_bin(capacity).unwrap();
        self.joins(bin, capacity);
        if self.opening.is_some() {
            self.last = Some(bin.number());
        }
        bin.number()
    }

    /// Returns how many items went with the bin.
    fn remove(&mut self, number: usize) -> usize {
        let (bin, _) = self.bins[number].take().unwrap();
        self.items.retain(|(_, place, _)| *place != bin);
        self.packer.remove_bin(bin).unwrap().len()
    }

    fn place(&mut self, size: B::Size) -> Said<B::Size> {
        match self.packer.place(size).unwrap() {
            ItemDecision::Place { item, placement } => {
                if let Some(capacity) = self.opening.filter(|_| placement.opened) {
                    self.joins(placement.bin, capacity);
                }
                self.items.push((item, placement.bin, size));
                self.last = Some(placement.bin.number());
                let second =
                    placement.runner_up.map(|second| (second.bin.number(), second.residual));
                Ok((placement.bin.number(), placement.residual, placement.opened, second))
            }
            decision => Err(matches!(decision, ItemDecision::Wait)),
        }
    }

    fn leave(&mut self, which: usize) -> (usize, B::Size) {
        let (item, bin, _) = self.items.remove(which);
        let left = self.packer.remove(item).unwrap();
        assert_eq!(left.bin, bin);
        (bin.number(), left.residual)
    }

    /// Another packer takes over: the same bins by number, and in each the same items.
    fn taken_over(&self, bins: B) -> Self
    where
        B::Size: CaseSize,
    {
        let zero = B::Size::from_fn(|_| 0);
        let mut other = Self::new(bins, self.opening);
        for bin in &self.bins {
            other.add(bin.map_or(zero, |(_, capacity)| capacity));
        }
        for (_, bin, size) in &self.items {
            let (bin, _) = other.bins[bin.number()].unwrap();
            let item = other.packer.occupy(bin, *size).unwrap();
            other.items.push((item, bin, *size));
        }
        // Next fit goes on from what is occupied last.
        if let Some((bin, _)) = self.last.map(|number| other.bins[number].unwrap()) {
            let item = other.packer.occupy(bin, zero).unwrap();
            other.packer.remove(item).unwrap();
        }
        for (number, bin) in self.bins.iter().enumerate() {
            if bin.is_none() {
                other.remove(number);
            }
        }
        other
    }
}

/// Plays half of the operations, lets another packer take over, and plays the rest on both.
fn play<B>(empty: &B, operations: &Operations<B::Size>)
where
    B: BinSet<Size: CaseSize> + Clone + Serialize + DeserializeOwned,
{
    let (before, after) = operations.operations.split_at(operations.operations.len() / 2);
    let mut one = Known::new(empty.clone(), operations.opening);
    for operation in before {
        call(*operation, &mut [&mut one]);
    }
    let mut other = one.taken_over(empty.clone());
    // Saved and restored, it is that too.
    let mut third = one.taken_over(empty.clone());
    let saved = serde_json::to_string(&third.packer).unwrap();
    third.packer = serde_json::from_str(&saved).unwrap();
    for operation in after {
        call(*operation, &mut [&mut one, &mut other, &mut third]);
    }
    for packer in [&other, &third] {
        assert_eq!(contents(packer), contents(&one));
    }
}

/// The same call of each, with the same answer.
fn call<B: BinSet>(operation: Operation<B::Size>, packers: &mut [&mut Known<B>]) {
    let which = |which: usize, count: usize| which.checked_rem(count);
    let bins: Vec<usize> = packers[0].there().map(BinId::number).collect();
    let items = packers[0].items.len();
    match operation {
        Operation::Add { capacity } => same(packers, |packer| packer.add(capacity)),
        Operation::Remove { bin } => {
            let Some(bin) = which(bin, bins.len()) else { return };
            same(packers, |packer| packer.remove(bins[bin]));
        }
        Operation::Place { size } => same(packers, |packer| packer.place(size)),
        Operation::Leave { item } => {
            let Some(item) = which(item, items) else { return };
            same(packers, |packer| packer.leave(item));
        }
        _ => {}
    }
}

fn same<B: BinSet, T: PartialEq + std::fmt::Debug>(
    packers: &mut [&mut Known<B>],
    call: impl Fn(&mut Known<B>) -> T,
) {
    let answers: Vec<T> = packers.iter_mut().map(|packer| call(packer)).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

/// The sizes in each bin, the last placed first.
fn contents<B: BinSet>(known: &Known<B>) -> BTreeMap<usize, Vec<B::Size>> {
    let sizes = |bin: BinId| {
        let items = known.packer.items_of(bin).unwrap();
        items.map(|item| known.packer.size_of(item).unwrap()).collect()
    };
    known.there().map(|bin| (bin.number(), sizes(bin))).collect()
}

fn vector_fits() -> Vec<VectorFit<2>> {
    let scale = Scale::new([3, 1]).weighted([2, 5]);
    let mut fits = vec![VectorFit::Next, VectorFit::First, VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        fits.extend([VectorFit::Best(measure), VectorFit::Worst(measure)]);
        fits.extend([VectorFit::AlmostWorst(measure), VectorFit::NormBased(measure)]);
    }
    fits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn of_numbers(operations in operations(150)) {
        for fit in Fit::ALL {
            let bins = match operations.opening {
                Some(capacity) => Bins::opening(fit, capacity),
                None => Bins::new(fit),
            };
            play(&bins, &operations);
        }
    }

    #[test]
    fn of_vectors(operations in operations(100), cache in 0..4_usize) {
        for fit in vector_fits() {
            let operations = Operations::clone(&operations);
            let operations = operations.within(|dimension| fit.largest_capacity(dimension));
            let bins = match operations.opening {
                Some(capacity) => VectorBins::opening(fit, capacity).unwrap(),
                None => VectorBins::new(fit),
            };
            play(&bins.with_cache(cache), &operations);
        }
    }
}
