use alloc::vec::Vec;

use super::OnlinePacker;
use crate::reference::{Online, Outcome};
use crate::{BinId, Bins, Fit};

/// [`Bins`], by numbers of bins.
#[derive(Clone, Debug)]
pub struct Numbered {
    bins: Bins,
    handles: Vec<BinId>,
}

impl Numbered {
    /// No bins; with a capacity of those that open, or none that does.
    #[must_use]
    pub fn new(fit: Fit, opening: Option<u64>) -> Self {
        let bins = match opening {
            Some(capacity) => Bins::opening(fit, capacity),
            None => Bins::new(fit),
        };
        Self { bins, handles: Vec::new() }
    }
}

impl OnlinePacker for Numbered {
    fn add(&mut self, capacity: u64) -> usize {
        let bin = self.bins.add(capacity).expect("few");
        self.handles.push(bin);
        bin.number()
    }

    fn place(&mut self, size: u64) -> Option<usize> {
        let bin = self.bins.place(size).expect("few").placement()?.bin;
        if bin.number() == self.handles.len() {
            self.handles.push(bin);
        }
        Some(bin.number())
    }

    fn release(&mut self, bin: usize, size: u64) {
        self.bins.release(self.handles[bin], size).expect("it is in there");
    }
}

impl OnlinePacker for Online {
    fn add(&mut self, capacity: u64) -> usize {
        self.add(capacity)
    }

    fn place(&mut self, size: u64) -> Option<usize> {
        match self.place(size) {
            Outcome::Place { bin, .. } => Some(bin.0),
            Outcome::Wait | Outcome::Reject => None,
        }
    }

    fn release(&mut self, bin: usize, size: u64) {
        self.release(bin, size).expect("it is in there");
    }
}
