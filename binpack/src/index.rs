//! Where the bins with room are found. No decision depends on how.

mod bitmap;
mod classes;
mod heap;
mod max_tree;
mod residuals;

pub(crate) use bitmap::Bitmap;
pub(crate) use max_tree::MaxTree;
pub(crate) use residuals::Residuals;

/// No bin.
pub(crate) const NONE: u32 = u32::MAX;

/// A bin, and what is left of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) number: usize,
    pub(crate) residual: u64,
}
