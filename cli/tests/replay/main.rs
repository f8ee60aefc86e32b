//! The command `replay`, as its users see it.

#[cfg(unix)]
mod files;
mod help;
mod refusals;
mod results;
mod sources;
mod stage;
