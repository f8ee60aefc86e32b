//! Networks for real: shares, limits and borrowing by what arrives, and that nothing is left.
//!
//! Each test plays the host in a network namespace of its own, so traffic goes only between
//! namespaces that it made itself.

mod gone;
mod shares;
mod stage;
