//! Vectors: items and bins of several dimensions.

#[cfg(feature = "serde")]
mod arrays;
mod bins;
mod bound;
mod cache;
mod fit;
mod instance;
mod narrow;
mod offline;
mod scale;
mod scan;
mod scorer;
#[cfg(feature = "serde")]
mod snapshot;
mod store;

pub use bins::VectorBins;
pub use fit::{Scored, VectorFit};
pub use instance::VectorInstance;
pub use offline::{
    BinScore, ItemFit, VectorHeuristic, VectorImprover, Weighting, vector_lower_bound,
    vector_portfolio,
};
pub use scale::{Measure, Norm, Scale};
