//! What the alloc crate of the toolchain, compiled to unwind, refers to and nothing here calls:
//! panics abort.
#![allow(unsafe_code, reason = "the linker looks for these names")]

// SAFETY: the name is free, for std defines it and is not linked.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

// SAFETY: the name is free, for no library for unwinding is linked.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    crate::system::exit(1)
}
