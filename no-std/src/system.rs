//! The way in, the way out, and a stream for the last words.
//!
//! The C library starts the program and copies its memory; nothing else of it is used.
#![allow(unsafe_code, reason = "the C library is reached by its own calling convention")]

use core::ffi::{c_char, c_int};
use core::fmt;

/// Ends the program.
pub(crate) fn exit(status: c_int) -> ! {
    // SAFETY: it takes any number, and there is nothing to clean up before.
    unsafe { _exit(status) }
}

/// The stream that people read.
pub(crate) struct StandardError;

impl fmt::Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            // SAFETY: it reads the bytes of `rest`, which are borrowed for the call, and no others.
            let written = unsafe { write(2, rest.as_ptr().cast(), rest.len()) };
            rest = usize::try_from(written)
                .ok()
                .filter(|&written| written > 0)
                .and_then(|written| rest.get(written..))
                .ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

// SAFETY: these are the declarations of POSIX.
#[link(name = "c")]
unsafe extern "C" {
    fn _exit(status: c_int) -> !;
    fn write(stream: c_int, bytes: *const c_char, count: usize) -> isize;
}

// SAFETY: the C library expects a function of this name and type, and there is no other.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    crate::proof::run();
    0
}
