//! Arbitrary calls of everything that divides, against what the documentation promises: no call
//! panics, a refused one changes nothing, what is kept up to date is what dividing anew gives,
//! nobody gets more than there is, no part runs on two CPUs at once, and what is saved is restored.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../fairshare/tests/calls/mod.rs"]
mod calls;

use libfuzzer_sys::fuzz_target;

use calls::{Call, play};

fuzz_target!(|input: ([u8; 3], Vec<Call>)| {
    let (setup, calls) = input;
    play(setup, &calls);
});
