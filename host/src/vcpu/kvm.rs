//! vCPUs of tiny guests, each run by a thread of its own.

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod absent;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod code;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod guest;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod immediate_exit;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod present;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod signal;

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub use absent::{Kvm, TinyGuest};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use guest::TinyGuest;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use present::Kvm;
