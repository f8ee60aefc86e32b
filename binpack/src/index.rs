//! Where the bins with room are found. No decision depends on how.

mod bitmap;
mod classes;
mod crowd;
mod group;
mod max_tree;
mod residuals;

pub(crate) use bitmap::Bitmap;
pub(crate) use max_tree::MaxTree;
pub(crate) use residuals::Residuals;

/// No bin.
pub(crate) const NONE: u32 = u32::MAX;

/// Numbers of bins are below.
pub(crate) const MOST: u32 = 1 << 31;

/// What is known of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) residual: u64,
    pub(crate) generation: u32,
    /// Where residuals have it; `NONE` where no bin is.
    pub(crate) home: u32,
}

impl Slot {
    #[inline]
    pub(crate) const fn is_present(&self) -> bool {
        self.home != NONE
    }
}

/// A bin, and what is left of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) number: usize,
    pub(crate) residual: u64,
    /// Where residuals have it.
    pub(crate) home: u32,
}
