//! Any calls in any order: answers, refusals, and that a refusal changes nothing.

#[path = "calls/mod.rs"]
mod calls;

use proptest::prelude::*;

use calls::{Call, play};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_calls(
        setup in any::<[u8; 3]>(),
        calls in proptest::collection::vec(any::<Call>(), 0..120),
    ) {
        play(setup, &calls);
    }
}
