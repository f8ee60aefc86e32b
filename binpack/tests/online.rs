//! Every policy against its slow twin, decision by decision with the second choice, whatever is
//! called in whatever order.

mod play;

use apportion_binpack::Fit;
use apportion_binpack::testkit::{Operations, Scale, operations};
use play::{play, play_packer};
use proptest::prelude::*;
use quickcheck::QuickCheck;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_operations_on_bins(operations in operations(200)) {
        for fit in Fit::ALL {
            play(fit, &operations);
        }
    }

    #[test]
    fn any_operations_on_a_packer(operations in operations(150)) {
        for fit in Fit::ALL {
            play_packer(fit, &operations);
        }
    }
}

#[test]
fn any_operations_by_quickcheck() {
    let both = |operations: Operations| {
        for fit in Fit::ALL {
            play(fit, &operations);
            play_packer(fit, &operations);
        }
    };
    QuickCheck::new().tests(300).quickcheck(both as fn(Operations));
}

#[test]
fn many_bins() {
    for (seed, scale) in (0..).zip(Scale::ALL) {
        for opens in [false, true] {
            let operations = Operations::seeded(seed, scale, opens, 500, 1_500);
            for fit in Fit::ALL {
                play(fit, &operations);
            }
        }
    }
}
