use alloc::vec::Vec;

use super::{Answer, ChangingPacker, OnlinePacker};
use crate::reference::{self, Choice, Online, Outcome};
use crate::{BinId, BinSet, Bins, Decision, Fit, VectorBins, VectorFit};

/// [`Bins`] or [`VectorBins`], by numbers of bins.
///
/// As a packer it panics where they refuse: if there are too many bins, a bin is added that the policy
/// [cannot compare](crate::Error::TooLargeToCompare), a bin is not there, or more leaves it than is in
/// it.
#[derive(Clone, Debug)]
pub struct Numbered<B = Bins> {
    bins: B,
    handles: Vec<BinId>,
}

impl<B: BinSet> Numbered<B> {
    /// These bins, of which none is there yet.
    #[must_use]
    pub const fn of(bins: B) -> Self {
        Self { bins, handles: Vec::new() }
    }

    fn knows(&mut self, bin: BinId) -> usize {
        self.handles.resize(self.handles.len().max(bin.number() + 1), bin);
        self.handles[bin.number()] = bin;
        bin.number()
    }
}

impl Numbered {
    /// No bins; with a capacity of those that open, or none that does.
    #[must_use]
    pub fn new(fit: Fit, opening: Option<u64>) -> Self {
        Self::of(match opening {
            Some(capacity) => Bins::opening(fit, capacity),
            None => Bins::new(fit),
        })
    }
}

impl<const D: usize> Numbered<VectorBins<D>> {
    /// No bins; with a capacity of those that open, or none that does.
    ///
    /// # Panics
    ///
    /// If the policy cannot compare bins of this capacity.
    #[must_use]
    pub fn vectors(fit: VectorFit<D>, opening: Option<[u64; D]>) -> Self {
        Self::of(match opening {
            Some(capacity) => VectorBins::opening(fit, capacity).expect("it can be compared"),
            None => VectorBins::new(fit),
        })
    }
}

impl<B: BinSet> OnlinePacker<B::Size> for Numbered<B> {
    fn add(&mut self, capacity: B::Size) -> usize {
        let bin = self.bins.add(capacity).expect("few, and they can be compared");
        self.knows(bin)
    }

    fn place(&mut self, size: B::Size) -> Answer {
        match self.bins.place(size).expect("few") {
            Decision::Place(placement) => Answer::Bin(self.knows(placement.bin)),
            Decision::Wait => Answer::Wait,
            Decision::Reject => Answer::Reject,
        }
    }

    fn release(&mut self, bin: usize, size: B::Size) {
        self.bins.release(self.handles[bin], size).expect("it is in there");
    }
}

impl<B: BinSet> ChangingPacker<B::Size> for Numbered<B> {
    fn remove(&mut self, bin: usize) {
        self.bins.remove(self.handles[bin]).expect("it is there");
    }
}

impl OnlinePacker for Online {
    fn add(&mut self, capacity: u64) -> usize {
        self.add(capacity)
    }

    fn place(&mut self, size: u64) -> Answer {
        match self.place(size) {
            Outcome::Place { bin, .. } => Answer::Bin(bin.0),
            Outcome::Wait => Answer::Wait,
            Outcome::Reject => Answer::Reject,
        }
    }

    fn release(&mut self, bin: usize, size: u64) {
        self.release(bin, size).expect("it is in there");
    }
}

impl ChangingPacker for Online {
    fn remove(&mut self, bin: usize) {
        self.remove(bin).expect("it is there");
    }
}

impl<const D: usize> OnlinePacker<[u64; D]> for reference::VectorBins<D> {
    fn add(&mut self, capacity: [u64; D]) -> usize {
        self.add(capacity)
    }

    fn place(&mut self, size: [u64; D]) -> Answer {
        match self.place(size) {
            Choice::Bin { number, .. } => Answer::Bin(number),
            Choice::Wait => Answer::Wait,
            Choice::Reject => Answer::Reject,
        }
    }

    fn release(&mut self, bin: usize, size: [u64; D]) {
        self.release(bin, size).expect("it is in there");
    }
}

impl<const D: usize> ChangingPacker<[u64; D]> for reference::VectorBins<D> {
    fn remove(&mut self, bin: usize) {
        self.remove(bin);
    }
}
