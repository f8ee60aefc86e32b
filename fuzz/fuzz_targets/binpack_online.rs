//! Arbitrary calls of online packers, against what their documentation promises: no call panics, a
//! refused call says why and changes nothing, every decision is that of the slow twin, its reasons
//! included, and one that is saved and restored goes on as if it had not been.
//!
//! The calls are those of the tests: where proptest does not get to, the fuzzer may.

#![no_main]

#[path = "../../binpack/tests/play/mod.rs"]
mod play;

use apportion_binpack::Fit;
use apportion_binpack::testkit::{Operation, Operations};
use libfuzzer_sys::fuzz_target;

use play::{play, play_packer};

fuzz_target!(|input: (u8, u8, Vec<[u8; 3]>)| {
    let (fit, opening, calls) = input;
    let fit = Fit::ALL[usize::from(fit) % Fit::ALL.len()];
    let opening = (opening % 2 == 1).then(|| amount(opening / 2));
    // The slow twin looks at everything.
    let operations = calls.iter().take(400).map(|&call| operation(call)).collect();
    let operations = Operations { opening, operations };
    play(fit, &operations);
    play_packer(fit, &operations);
});

fn operation([which, who, much]: [u8; 3]) -> Operation {
    let (at, size) = (usize::from(who), amount(much));
    match which % 16 {
        0..=1 => Operation::Add { capacity: size },
        2 => Operation::Remove { bin: at },
        3 => Operation::Release { bin: at, size },
        4 => Operation::Occupy { bin: at, size },
        5..=8 => Operation::Leave { item: at },
        _ => Operation::Place { size },
    }
}

/// Mostly small; some of any magnitude, and the limits.
fn amount(byte: u8) -> u64 {
    match byte {
        0..=180 => u64::from(byte % 11),
        181..=244 => 3 << (byte - 181) >> 1,
        _ => u64::MAX - u64::from(byte - 245),
    }
}
