use alloc::vec::Vec;

/// Residuals in 15 bits, rounded down: a bin in a lane of a block, one row a dimension. What a
/// scan reads is a quarter of the residuals themselves, and compares eight to an instruction.
///
/// Each dimension has its own power of two as a unit, such that the largest capacity takes all 15
/// bits. A lane that holds no bin has -1 everywhere and so has room for nothing.
#[derive(Clone, Debug)]
pub(super) struct Narrow<const D: usize> {
    blocks: Vec<Block<D>>,
    largest: [u64; D],
}

/// The lanes of a block, by dimension.
pub(super) type Block<const D: usize> = [[i16; LANES]; D];

/// Bins in a block.
pub(super) const LANES: usize = 64;

impl<const D: usize> Narrow<D> {
    pub(super) const fn new() -> Self {
        Self { blocks: Vec::new(), largest: [0; D] }
    }

    pub(super) fn blocks(&self) -> &[Block<D>] {
        &self.blocks
    }

    /// The largest capacity so far, by dimension.
    pub(super) const fn largest(&self) -> &[u64; D] {
        &self.largest
    }

    /// Whether a bin of this capacity needs larger units; then all bins must be set again.
    pub(super) fn widen(&mut self, capacity: &[u64; D]) -> bool {
        let before = self.units();
        for (largest, capacity) in self.largest.iter_mut().zip(capacity) {
            *largest = (*largest).max(*capacity);
        }
        self.units() != before
    }

    /// The unit of each dimension.
    pub(super) fn units(&self) -> [Unit; D] {
        self.largest.map(Unit::of)
    }

    /// Sets what is left of a bin, or that there is none.
    pub(super) fn set(&mut self, bin: usize, residual: Option<&[u64; D]>) {
        let (block, lane) = (bin / LANES, bin % LANES);
        if block >= self.blocks.len() {
            self.blocks.resize(block + 1, [[-1; LANES]; D]);
        }
        for (dimension, row) in self.blocks[block].iter_mut().enumerate() {
            let unit = Unit::of(self.largest[dimension]);
            row[lane] = residual.map_or(-1, |residual| unit.floor(residual[dimension]));
        }
    }
}

/// A unit of 2^shift, for a negative shift a fraction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unit {
    pub(super) shift: i32,
}

impl Unit {
    fn of(largest: u64) -> Self {
        let shift = if largest == 0 { 0 } else { 64 - 15 - largest.leading_zeros().cast_signed() };
        Self { shift }
    }

    /// An amount up to the largest in whole units, rounded down: below 2^15.
    pub(super) fn floor(self, amount: u64) -> i16 {
        let units = if self.shift >= 0 {
            amount >> self.shift
        } else {
            amount << self.shift.unsigned_abs()
        };
        i16::try_from(units).unwrap_or(i16::MAX)
    }

    /// What an amount may be more than its whole units: less than this many.
    pub(super) fn slack(self) -> i16 {
        i16::from(self.shift > 0)
    }
}
