//! Arbitrary instances, packed by all rules and improved: no packing fails the check, no bound is
//! above a packing, no proof fails to convince, and nothing panics.

#![no_main]

#[path = "../../binpack/tests/offline/mod.rs"]
mod offline;

use apportion_binpack::Instance;
use libfuzzer_sys::fuzz_target;

use offline::{improve, pack_by_all_rules};

fuzz_target!(|input: (u64, bool, Vec<u64>)| {
    let (capacity, small, mut sizes) = input;
    let capacity = if small { capacity % 200 } else { capacity };
    if small {
        for size in &mut sizes {
            *size %= capacity + 2;
        }
    }
    let instance = Instance::new(capacity, sizes).expect("there are few items");
    let fewest = pack_by_all_rules(&instance);
    let improver = improve(&instance, 300);
    assert!(improver.bins() <= fewest || !improver.is_optimal());
    assert!(improver.lower_bound() <= improver.bins());
});
