//! Any calls of vector bins, with and without a cache, against their slow twin; and arbitrary
//! snapshots.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../binpack/tests/vector_play/mod.rs"]
mod play;

use apportion_binpack::{Measure, Norm, Scale, VectorBins, VectorFit};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

use play::play;

#[derive(Arbitrary, Debug)]
struct Input {
    fit: u8,
    norm: u8,
    units: [u64; 3],
    weights: [u16; 3],
    opening: Option<[u64; 3]>,
    cache: u8,
    calls: Vec<Call>,
    snapshot: String,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Add([u64; 3]),
    Remove(usize),
    Place([u64; 3]),
    /// Sizes that are small, and come again.
    Small([u8; 3]),
    Repeat(usize),
    Occupy(usize, [u8; 3]),
    Release(usize, bool),
    Save,
}

fuzz_target!(|input: Input| check(&input));

fn check(input: &Input) {
    // Nothing but an error may come of it, or bins that work.
    if let Ok(mut bins) = serde_json::from_str::<VectorBins<3>>(&input.snapshot) {
        let _ = bins.place([1; 3]);
    }
    let scale = Scale::new(input.units).weighted(input.weights);
    let measure = Measure { norm: Norm::ALL[usize::from(input.norm) % 3], scale };
    let fit = match input.fit % 7 {
        0 => VectorFit::Next,
        1 => VectorFit::First,
        2 => VectorFit::Best(measure),
        3 => VectorFit::Worst(measure),
        4 => VectorFit::AlmostWorst(measure),
        5 => VectorFit::NormBased(measure),
        _ => VectorFit::DotProduct(scale),
    };
    let calls: Vec<play::Call<3>> = input.calls.iter().take(200).map(call).collect();
    play(fit, input.opening, usize::from(input.cache % 8), &calls);
}

fn call(call: &Call) -> play::Call<3> {
    match *call {
        Call::Add(capacity) => play::Call::Add(capacity),
        Call::Remove(which) => play::Call::Remove(which),
        Call::Place(size) => play::Call::Place(size),
        Call::Small(size) => play::Call::Place(size.map(|amount| u64::from(amount % 4))),
        Call::Repeat(which) => play::Call::Repeat(which),
        Call::Occupy(which, size) => play::Call::Occupy(which, size.map(u64::from)),
        Call::Release(which, all) => play::Call::Release(which, all),
        Call::Save => play::Call::Save,
    }
}
