//! Any calls of vector bins, with and without a cache, against their slow twin; and arbitrary
//! snapshots.

#![no_main]

use apportion_binpack::reference::{self, Choice};
use apportion_binpack::{BinId, Decision, Measure, Norm, Scale, Scored, VectorBins, VectorFit};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

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
    Release(usize),
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
    let fast = match input.opening {
        None => Ok(VectorBins::new(fit)),
        Some(capacity) => VectorBins::opening(fit, capacity),
    };
    let Ok(mut fast) = fast else { return };
    let mut cached = fast.clone().with_cache(usize::from(input.cache % 8));
    let mut slow = reference::VectorBins { fit, opening: input.opening, bins: vec![], last: 0 };
    let mut placed: Vec<(BinId, [u64; 3])> = Vec::new();
    for call in input.calls.iter().take(200) {
        match *call {
            Call::Add(capacity) => {
                let joined = fast.add(capacity);
                assert_eq!(cached.add(capacity), joined);
                if let Ok(bin) = joined {
                    assert_eq!(slow.add(capacity), bin.number());
                }
            }
            Call::Remove(which) => {
                let bin = fast.iter().nth(which % fast.len().max(1));
                if let Some(bin) = bin {
                    assert_eq!(fast.remove(bin), cached.remove(bin));
                    assert!(fast.release(bin, [0; 3]).is_err());
                    slow.remove(bin.number());
                    placed.retain(|(place, _)| *place != bin);
                }
            }
            Call::Place(size) => place(&mut fast, &mut cached, &mut slow, &mut placed, size),
            Call::Small(size) => {
                let size = size.map(|amount| u64::from(amount % 4));
                place(&mut fast, &mut cached, &mut slow, &mut placed, size);
            }
            Call::Release(which) => {
                if !placed.is_empty() {
                    let (bin, size) = placed.swap_remove(which % placed.len());
                    let left = fast.release(bin, size).expect("it is in there");
                    assert_eq!(cached.release(bin, size), Ok(left));
                    slow.bins[bin.number()].as_mut().expect("it is there").1 = left;
                }
            }
            Call::Save => {
                let text = serde_json::to_string(&cached).expect("it can be saved");
                cached = serde_json::from_str(&text).expect("it was saved");
            }
        }
    }
}

fn place(
    fast: &mut VectorBins<3>,
    cached: &mut VectorBins<3>,
    slow: &mut reference::VectorBins<3>,
    placed: &mut Vec<(BinId, [u64; 3])>,
    size: [u64; 3],
) {
    let decision = fast.place(size).expect("there are numbers left");
    assert_eq!(cached.place(size), Ok(decision));
    assert_eq!(slow.place(size), choice(decision));
    placed.extend(decision.placement().map(|placement| (placement.bin, size)));
}

fn choice(decision: Decision<Scored<3>>) -> Choice<3> {
    match decision {
        Decision::Place(placement) => Choice::Bin {
            number: placement.bin.number(),
            opened: placement.opened,
            residual: placement.residual.amounts,
            score: placement.residual.score,
            runner_up: placement.runner_up.map(|second| {
                (second.bin.number(), second.residual.amounts, second.residual.score)
            }),
        },
        Decision::Wait => Choice::Wait,
        Decision::Reject => Choice::Reject,
        other => panic!("no decision that is known: {other:?}"),
    }
}
