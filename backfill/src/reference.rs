//! Slow twins: every policy again, naive and independent of the fast one.
//!
//! Plain vectors, linear scans, nothing kept between two passes but the jobs themselves. With the
//! fast policies they share the values and traits that callers see and nothing else, and they make
//! the same decisions for the same reasons: what the oracle tests hold the fast policies against,
//! and the place to look up what a policy means to do.

mod backfill;
mod conservative;
mod free;
mod jobs;
mod preemptive;

pub use backfill::Backfill;
pub use conservative::Conservative;
