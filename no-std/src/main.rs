//! Links every policy crate without std, and uses it.
//!
//! A crate that pulls std in brings a second panic handler: then this program does not compile. It
//! ends with status 0 if the policies decide as they should, else with a message and status 1.

#![no_std]
#![no_main]

extern crate alloc;

mod arena;
mod proof;
mod system;
mod unwinding;

use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    use core::fmt::Write;
    // If not even the message can be written, the status says enough.
    let _ = writeln!(system::StandardError, "{info}");
    system::exit(1)
}
