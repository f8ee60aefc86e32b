//! Saved and restored in mid-run, and tampered with. That both runs agree to the last decision is
//! seen in `online.rs`, which goes on with what was restored.

mod held;

use apportion_binpack::testkit::Random;
use apportion_binpack::{Bins, Fit, Packer};
use serde_json::{Value, json};

use held::Held;

/// Three bins, of which one went away, and three items.
fn packer(fit: Fit) -> Packer {
    let mut packer = Packer::new(Bins::new(fit));
    let bins = [10, 20, 30].map(|capacity| packer.add_bin(capacity).unwrap());
    let items = [4, 9, 7, 2].map(|size| packer.place(size).unwrap().item().unwrap());
    packer.remove(items[1]).unwrap();
    if packer.items_of(bins[0]).unwrap().next().is_none() {
        packer.remove_bin(bins[0]).unwrap();
    }
    Held::of(&packer).check();
    packer
}

fn saved(fit: Fit) -> Value {
    serde_json::to_value(packer(fit)).unwrap()
}

#[test]
fn the_form_is_stable() {
    let expected = json!({
        "version": 1,
        "bins": {
            "version": 1,
            "fit": "Worst",
            "opening": null,
            "bins": [
                { "generation": 1, "bin": null },
                { "generation": 0, "bin": { "capacity": 20, "used": 7 } },
                { "generation": 0, "bin": { "capacity": 30, "used": 6 } },
            ],
            "last": 2,
        },
        "items": {
            "generations": [0, 1, 0, 0],
            "vacant": [1],
            "items": [
                { "number": 2, "bin": { "number": 1, "generation": 0 }, "size": [7] },
                { "number": 0, "bin": { "number": 2, "generation": 0 }, "size": [4] },
                { "number": 3, "bin": { "number": 2, "generation": 0 }, "size": [2] },
            ],
        },
    });
    assert_eq!(saved(Fit::Worst), expected);
}

#[test]
fn what_cannot_be_is_refused() {
    type Spoil = fn(&mut Value);
    let spoil: [(&str, Spoil); 20] = [
        ("its version is unknown", |at| at["version"] = json!(2)),
        ("its version is unknown", |at| at["bins"]["version"] = json!(0)),
        ("unknown variant", |at| at["bins"]["fit"] = json!("Better")),
        ("what was used last never was", |at| at["bins"]["last"] = json!(3)),
        ("a bin holds more than it can", |at| at["bins"]["bins"][1]["bin"]["used"] = json!(21)),
        ("an item is in no bin", |at| at["bins"]["bins"][1]["bin"] = Value::Null),
        ("an item is in no bin", |at| at["bins"]["bins"][1]["generation"] = json!(1)),
        ("an item is in no bin", |at| at["items"]["items"][0]["bin"]["number"] = json!(9)),
        ("an item is in no bin", |at| at["items"]["items"][0]["bin"]["generation"] = json!(9)),
        ("items are larger than what is in a bin", |at| {
            at["items"]["items"][1]["size"] = json!([5]);
        }),
        ("items are larger than what is in a bin", |at| {
            at["items"]["items"][2]["size"] = json!([u64::MAX]);
        }),
        ("a size has another dimension", |at| at["items"]["items"][0]["size"] = json!([2, 0])),
        ("a size has another dimension", |at| at["items"]["items"][0]["size"] = json!([])),
        ("a number is used twice", |at| at["items"]["items"][0]["number"] = json!(0)),
        ("a number is used twice", |at| at["items"]["vacant"] = json!([1, 1])),
        ("a number is used twice", |at| at["items"]["vacant"] = json!([4])),
        ("a number is missing", |at| at["items"]["vacant"] = json!([])),
        ("items are not bin by bin", |at| {
            at["items"]["items"].as_array_mut().unwrap().rotate_left(1);
        }),
        ("missing field", |at| drop(at["items"].as_object_mut().unwrap().remove("items"))),
        ("unknown field", |at| at["bins"]["more"] = json!(0)),
    ];
    for (expected, spoil) in spoil {
        let mut value = saved(Fit::Worst);
        spoil(&mut value);
        let error = serde_json::from_value::<Packer>(value).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[test]
fn a_number_after_the_last_bin_may_be_vacant() {
    for fit in Fit::ALL {
        let mut bins = Bins::opening(fit, 10);
        let placed = [6, 6].map(|size| bins.put(size).unwrap().unwrap());
        let mut held = Held::default();
        for bin in placed {
            held.placed(bin, true, [6], [4]);
        }
        held.check();
        bins.remove(placed[1]).unwrap();
        held.goes(placed[1]);
        let text = serde_json::to_string(&bins).unwrap();
        let mut restored: Bins = serde_json::from_str(&text).unwrap();
        for size in [5, 4, 0, 11] {
            let decision = bins.place(size);
            assert_eq!(restored.place(size), decision, "{fit} {size}");
            if let Some(placed) = decision.unwrap().placement() {
                held.placed(placed.bin, placed.opened, [size], [placed.residual]);
            }
        }
        held.check();
    }
}

/// Where nothing is checked a snapshot may say what it likes: what comes out has to hold together.
#[test]
fn any_change_of_a_byte_is_refused_or_makes_sense() {
    let mut random = Random::new(1);
    let mut accepted = 0;
    for fit in Fit::ALL {
        let text = saved(fit).to_string().into_bytes();
        for _ in 0..2_000 {
            let mut text = text.clone();
            let at = usize::try_from(random.below(text.len() as u64)).unwrap();
            text[at] = b"0123456789,[]{}:\"-"[usize::try_from(random.below(18)).unwrap()];
            let Ok(mut packer) = serde_json::from_slice::<Packer>(&text) else { continue };
            accepted += 1;
            for size in [0, 1, 5, 100] {
                let _ = packer.place(size).unwrap();
            }
            Held::of(&packer).check();
            let bins: Vec<_> = packer.bins().iter().collect();
            for bin in bins {
                let used = packer.bins().used(bin).unwrap();
                let sizes = packer.items_of(bin).unwrap().map(|item| packer.size_of(item).unwrap());
                assert!(sizes.sum::<u64>() <= used);
                let _ = packer.remove_bin(bin).unwrap();
            }
            assert!(packer.is_empty() && packer.bins().is_empty());
        }
    }
    assert!(accepted > 100, "hardly any was accepted: {accepted}");
}
