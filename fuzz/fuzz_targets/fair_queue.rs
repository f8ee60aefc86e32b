//! Arbitrary calls of a fair queue of either order, against what its documentation promises: no call
//! panics, a refused call changes nothing, every item is handed out once, and one that is saved and
//! restored goes on as if it had not been.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../wfq/tests/items/mod.rs"]
mod items;

use libfuzzer_sys::fuzz_target;

use items::{Call, play};

fuzz_target!(|input: ([u8; 5], Vec<[u8; 4]>)| {
    let (setup, calls) = input;
    let calls: Vec<Call> = calls.into_iter().map(Call::from).collect();
    play(setup, &calls);
});
