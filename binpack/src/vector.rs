//! Vectors: items and bins of several dimensions.

mod bins;
mod bound;
mod cache;
mod fit;
mod narrow;
mod scale;
mod scan;
mod scorer;
#[cfg(feature = "serde")]
mod snapshot;
mod store;

pub use bins::VectorBins;
pub use fit::{Scored, VectorFit};
pub use scale::{Measure, Norm, Scale};
