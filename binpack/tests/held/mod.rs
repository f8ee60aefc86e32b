//! What is in which bin, as calls and answers say, for the independent checker.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::ops::Deref;

use apportion_binpack::{
    Assignment, BinId, BinSet, Bins, Decision, Error, Packer, Size, VectorBins, check_vectors,
};

/// Bins by number, and the items in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held<const D: usize> {
    capacities: BTreeMap<usize, [u64; D]>,
    items: Vec<(usize, [u64; D])>,
}

impl<const D: usize> Held<D> {
    pub(crate) fn joins(&mut self, bin: BinId, capacity: [u64; D]) {
        assert_eq!(self.capacities.insert(bin.number(), capacity), None, "{bin} is there twice");
    }

    /// A bin goes away, with the items in it.
    pub(crate) fn goes(&mut self, bin: BinId) {
        self.capacities.remove(&bin.number()).unwrap();
        self.items.retain(|(number, _)| *number != bin.number());
    }

    pub(crate) fn comes(&mut self, bin: BinId, size: [u64; D]) {
        assert!(self.capacities.contains_key(&bin.number()), "{bin} is not there");
        self.items.push((bin.number(), size));
    }

    /// An item is placed, and this much is left, in a bin that may have opened for it.
    pub(crate) fn placed(&mut self, bin: BinId, opened: bool, size: [u64; D], left: [u64; D]) {
        if opened {
            self.joins(bin, core::array::from_fn(|dimension| left[dimension] + size[dimension]));
        }
        self.comes(bin, size);
    }

    /// An item leaves; or parts of items, if none has this size.
    pub(crate) fn leaves(&mut self, bin: BinId, size: [u64; D]) {
        let item = (bin.number(), size);
        if let Some(place) = self.items.iter().position(|other| *other == item) {
            self.items.swap_remove(place);
            return;
        }
        for (dimension, mut rest) in size.into_iter().enumerate() {
            for (_, amounts) in self.items.iter_mut().filter(|item| item.0 == bin.number()) {
                let part = rest.min(amounts[dimension]);
                amounts[dimension] -= part;
                rest -= part;
            }
            assert_eq!(rest, 0, "more leaves {bin} than came");
        }
    }

    /// Has it checked as a packing of equal bins, in which what a bin is smaller by is taken by an
    /// item of its own.
    #[track_caller]
    pub(crate) fn check(&self) {
        let all = || self.capacities.values();
        let most = |dimension: usize| all().map(|capacity| capacity[dimension]).max().unwrap_or(0);
        let most: [u64; D] = core::array::from_fn(most);
        let numbers: Vec<usize> = self.capacities.keys().copied().collect();
        let place = |number: usize| u32::try_from(numbers.binary_search(&number).unwrap()).ok();
        let fillers = self.capacities.iter().map(|(number, capacity)| {
            (*number, core::array::from_fn(|dimension| most[dimension] - capacity[dimension]))
        });
        let items: Vec<(usize, [u64; D])> = fillers.chain(self.items.iter().copied()).collect();
        let sizes: Vec<[u64; D]> = items.iter().map(|(_, size)| *size).collect();
        let bin_of: Vec<Option<u32>> = items.iter().map(|(number, _)| place(*number)).collect();
        assert_eq!(check_vectors(&most, &sizes, &Assignment::new(&bin_of)), Ok(()));
    }
}

impl Held<1> {
    /// What a packer says.
    pub(crate) fn of(packer: &Packer) -> Self {
        let mut held = Self::default();
        for bin in packer.bins().iter() {
            held.joins(bin, [packer.bins().capacity(bin).unwrap()]);
            for item in packer.items_of(bin).unwrap() {
                held.comes(bin, [packer.size_of(item).unwrap()]);
            }
        }
        held
    }
}

/// Bins of which every placement is checked.
#[derive(Clone, Debug)]
pub(crate) struct Checked<B, const D: usize> {
    bins: B,
    held: Held<D>,
}

/// Machines of one resource.
pub(crate) type CheckedBins = Checked<Bins, 1>;

/// Machines of several.
pub(crate) type CheckedVectors<const D: usize> = Checked<VectorBins<D>, D>;

impl<B: BinSet, const D: usize> Checked<B, D> {
    /// Of which none is there yet.
    pub(crate) fn new(bins: B) -> Self {
        Self { bins, held: Held::default() }
    }
}

impl<B: BinSet, const D: usize> BinSet for Checked<B, D> {
    type Size = B::Size;

    fn add(&mut self, capacity: B::Size) -> Result<BinId, Error> {
        let bin = self.bins.add(capacity)?;
        self.held.joins(bin, amounts(&capacity));
        Ok(bin)
    }

    fn remove(&mut self, bin: BinId) -> Result<B::Size, Error> {
        let held = self.bins.remove(bin)?;
        self.held.goes(bin);
        Ok(held)
    }

    fn place(&mut self, size: B::Size) -> Result<Decision<B::Size>, Error> {
        let decision = self.bins.place(size)?;
        if let Decision::Place(placement) = &decision {
            let (size, left) = (amounts(&size), amounts(&placement.residual));
            self.held.placed(placement.bin, placement.opened, size, left);
            self.held.check();
        }
        Ok(decision)
    }

    fn occupy(&mut self, bin: BinId, size: B::Size) -> Result<B::Size, Error> {
        let left = self.bins.occupy(bin, size)?;
        self.held.comes(bin, amounts(&size));
        self.held.check();
        Ok(left)
    }

    fn release(&mut self, bin: BinId, size: B::Size) -> Result<B::Size, Error> {
        let left = self.bins.release(bin, size)?;
        self.held.leaves(bin, amounts(&size));
        Ok(left)
    }

    fn used(&self, bin: BinId) -> Result<B::Size, Error> {
        self.bins.used(bin)
    }
}

impl<B, const D: usize> Deref for Checked<B, D> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.bins
    }
}

fn amounts<S: Size, const D: usize>(size: &S) -> [u64; D] {
    size.amounts().try_into().expect("as many dimensions")
}
