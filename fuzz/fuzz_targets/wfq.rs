//! Arbitrary calls of a scheduler of either order, against what its documentation promises: no call
//! panics, a refused call says why and changes nothing, nobody is picked who may not run, somebody
//! is if anybody may, and one that is saved and restored goes on as if it had not been.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../wfq/tests/calls/mod.rs"]
mod calls;

use libfuzzer_sys::fuzz_target;

use calls::{Call, Setup, play};

fuzz_target!(|input: ([u8; 5], Vec<[u8; 4]>)| {
    let (setup, calls) = input;
    let calls: Vec<Call> = calls.into_iter().map(Call::from).collect();
    play(Setup::from(setup), &calls);
});
