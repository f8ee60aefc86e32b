//! The command `replay`, as its users see it.

#[path = "../common/mod.rs"]
mod common;
#[cfg(unix)]
mod files;
mod help;
mod refusals;
mod results;
mod sources;
mod stage;
