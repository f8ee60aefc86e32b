//! Arbitrary calls of currencies and of stride scheduling, against what their documentation
//! promises: no call panics, a refused call says why and changes nothing, values are those of the
//! slow twin and add up to the base, whoever wins may win, turns are those of the slow twin, and one
//! that is saved and restored goes on as if it had not been.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../lottery/tests/calls/mod.rs"]
mod calls;

use libfuzzer_sys::fuzz_target;

use calls::{Call, play_currencies, play_stride};

fuzz_target!(|input: (u32, Vec<Call>)| {
    let (quantum, calls) = input;
    // Slow twins go down every path.
    let calls = &calls[..calls.len().min(200)];
    if quantum.is_multiple_of(2) { play_currencies(calls) } else { play_stride(quantum, calls) }
});
