//! What pictures have in common: pages, plots, axes and the primitives of SVG.

pub(crate) mod axis;
pub(crate) mod draw;
pub(crate) mod page;
pub(crate) mod plot;

#[cfg(test)]
pub(crate) mod tests;
