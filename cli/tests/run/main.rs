//! The command `run`, as its users see it.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod help;
mod machine;
mod network;
mod refusals;
mod screen;
mod shares;
mod stops;
mod unprivileged;
