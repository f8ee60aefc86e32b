//! The command `run`, as its users see it.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod help;
mod machine;
mod measured;
mod network;
mod refusals;
mod screen;
mod shares;
mod stops;
mod unprivileged;
