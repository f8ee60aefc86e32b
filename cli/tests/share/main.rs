//! The command `share`, as its users see it.

#[path = "../common/mod.rs"]
mod common;
mod files;
mod help;
mod refusals;
mod results;
