//! Plain values written and read again, and the form that they have there.

use std::fmt::Debug;

use apportion_binpack::{
    Bins, Decision, Fit, Improver, Instance, ItemDecision, Measure, Norm, Order, Packer, Proof,
    Scale, Scored, VectorBins, VectorFit, VectorHeuristic, VectorInstance, Weighting,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};

/// What it is written as.
#[track_caller]
fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Value {
    let saved = to_value(value).unwrap();
    assert_eq!(&from_value::<T>(saved.clone()).unwrap(), value, "{saved}");
    // Not all formats tell what is what.
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    saved
}

fn refusal<T: DeserializeOwned + Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

#[test]
fn policies() {
    for fit in Fit::ALL {
        written(&fit);
    }
    for order in [Order::AsGiven, Order::Decreasing, Order::Shuffled(u64::MAX)] {
        written(&order);
    }
    for weighting in Weighting::ALL {
        written(&weighting);
    }
    let all: Vec<VectorHeuristic> = VectorHeuristic::all().collect();
    written(&all);
    assert_eq!(written(&all[0]), json!("FirstFit"));
    assert_eq!(
        written(&all[1]),
        json!({ "ItemCentric": {
            "fit": "First", "norm": "L1", "weighting": "Unit", "dynamic": false,
        } }),
    );

    let scale = Scale::new([3, u64::MAX]).weighted([2, u16::MAX]);
    let as_scale = json!({ "units": [3, u64::MAX], "weights": [2, u16::MAX] });
    assert_eq!(written(&scale), as_scale);
    assert_eq!(written(&VectorFit::<2>::First), json!("First"));
    assert_eq!(written(&VectorFit::DotProduct(scale)), json!({ "DotProduct": as_scale }));
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        assert_eq!(written(&measure), json!({ "norm": norm, "scale": as_scale }));
        for fit in [VectorFit::Best, VectorFit::Worst, VectorFit::AlmostWorst, VectorFit::NormBased]
        {
            written(&fit(measure));
        }
    }
    // More than serde knows arrays of.
    written(&VectorFit::Best(Measure { norm: Norm::L1, scale: Scale::normalizing(&[7; 64]) }));
}

#[test]
fn decisions() {
    let mut bins = Bins::opening(Fit::First, 10);
    bins.put(4).unwrap();
    bins.put(9).unwrap();
    let placed = bins.place(1).unwrap();
    let [first, second] = [0, 1].map(|number| json!({ "number": number, "generation": 0 }));
    let as_placement = json!({
        "bin": first, "opened": false, "residual": 5,
        "runner_up": { "bin": second, "residual": 0 },
    });
    assert_eq!(written(&placed), json!({ "Place": as_placement }));
    assert_eq!(written(&placed.placement().unwrap()), as_placement);
    written(&bins.place(10).unwrap());
    assert_eq!(written(&bins.place(11).unwrap()), json!("Reject"));
    assert_eq!(written(&Decision::<u64>::Wait), json!("Wait"));

    let mut bins = VectorBins::opening(VectorFit::<3>::First, [9; 3]).unwrap();
    let scored = written(&bins.place([1, 2, 3]).unwrap());
    assert_eq!(scored["Place"]["residual"], json!({ "amounts": [8, 7, 6], "score": 0 }));
    // In a text, a score may be longer than other numbers of JSON are.
    let large: Scored<1> = serde_json::from_str(LARGE).unwrap();
    assert_eq!((large.score, serde_json::to_string(&large).unwrap().as_str()), (u128::MAX, LARGE));
    written(&Decision::<[u64; 3]>::from(bins.place([1, 2, 3]).unwrap()));

    let mut packer = Packer::new(Bins::opening(Fit::First, 10));
    let decision = packer.place(4).unwrap();
    assert_eq!(written(&decision)["Place"]["item"], json!({ "number": 0, "generation": 0 }));
    written(&ItemDecision::<u64>::Wait);
    let departure = packer.remove(decision.item().unwrap()).unwrap();
    let expected = json!({ "item": first, "size": 4, "bin": first, "residual": 10 });
    assert_eq!(written(&departure), expected);
}

#[test]
fn instances_and_proofs() {
    let vectors = VectorInstance::new([5, 6], vec![[1, 2], [7, 0]]).unwrap();
    assert_eq!(written(&vectors), json!({ "capacity": [5, 6], "sizes": [[1, 2], [7, 0]] }));
    let instance = Instance::new(100, vec![50, 40, 34, 34, 33, 33, 33, 33, 10]).unwrap();
    let mut improver = Improver::new(&instance);
    improver.run(1_000);
    written(improver.proof());
    written(&Proof::Prices(vec![(7, 1 << 32)]));
}

#[test]
fn vector_bins() {
    let scale = Scale::new([2, 1]);
    let fit = VectorFit::NormBased(Measure { norm: Norm::L2, scale });
    let mut bins = VectorBins::opening(fit, [5, 6]).unwrap().with_cache(3);
    for size in [[4, 1], [2, 2]] {
        assert!(bins.place(size).unwrap().placement().is_some());
    }
    let first = bins.iter().next().unwrap();
    bins.remove(first).unwrap();
    let expected = json!({
        "version": 1,
        "fit": { "NormBased": {
            "norm": "L2",
            "scale": { "units": [2, 1], "weights": [1, 1] },
        } },
        "opening": [5, 6],
        "slots": [
            { "generation": 1, "bin": null },
            { "generation": 0, "bin": { "capacity": [5, 6], "held": [2, 2] } },
        ],
        "last": 1,
        "cache": 3,
    });
    assert_eq!(to_value(&bins).unwrap(), expected);
    let restored: VectorBins<2> = from_value(expected.clone()).unwrap();
    assert_eq!(to_value(&restored).unwrap(), expected);
}

#[test]
fn another_form_is_refused() {
    let scale = json!({ "units": [1, 2, 3], "weights": [1, 1, 1] });
    written(&from_value::<Scale<3>>(scale.clone()).unwrap());
    let other = "expected 2 dimensions, found 3";
    assert_eq!(refusal::<Scale<2>>(scale.clone()), other);
    assert_eq!(refusal::<VectorFit<2>>(json!({ "DotProduct": scale })), other);
    assert_eq!(refusal::<Scored<2>>(json!({ "amounts": [1, 2, 3], "score": 0 })), other);
    for (capacity, sizes) in [(json!([1, 2, 3]), json!([])), (json!([1, 2]), json!([[1, 2, 3]]))] {
        let instance = json!({ "capacity": capacity, "sizes": sizes });
        assert_eq!(refusal::<VectorInstance<2>>(instance), other);
    }
    let bins = VectorBins::opening(VectorFit::First, [1, 2, 3]).unwrap();
    assert_eq!(refusal::<VectorBins<2>>(to_value(&bins).unwrap()), other);
    let more = json!({ "units": [1], "weights": [1], "more": 0 });
    assert!(refusal::<Scale<1>>(more).contains("unknown field `more`"));
    assert!(refusal::<VectorFit<1>>(json!("Last")).contains("unknown variant `Last`"));
}

const LARGE: &str = r#"{"amounts":[7],"score":340282366920938463463374607431768211455}"#;
