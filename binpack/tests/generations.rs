//! Handles that a number has given out all of: it is not used again, not even after a snapshot.

use apportion_binpack::{BinId, Bins, Fit, ItemId, Packer, VectorBins, VectorFit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The same, had all numbers been given out 2^32 - 2 times before.
fn aged<T: Serialize + DeserializeOwned>(young: &T) -> T {
    fn age(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "generation" => *value = (u32::MAX - 1).into(),
                        "generations" => value.as_array_mut().unwrap().fill((u32::MAX - 1).into()),
                        _ => age(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(age),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(young).unwrap();
    age(&mut value);
    serde_json::from_value(value).unwrap()
}

fn restored<T: Serialize + DeserializeOwned>(of: &T) -> T {
    serde_json::from_str(&serde_json::to_string(of).unwrap()).unwrap()
}

fn bin(number: u32, generation: u32) -> BinId {
    serde_json::from_value(serde_json::json!({ "number": number, "generation": generation }))
        .unwrap()
}

fn item(number: u32, generation: u32) -> ItemId {
    serde_json::from_value(serde_json::json!({ "number": number, "generation": generation }))
        .unwrap()
}

#[test]
fn of_bins() {
    for fit in Fit::ALL {
        let mut young = Bins::new(fit);
        young.add(9).unwrap();
        let mut bins = aged(&young);
        let last = bin(0, u32::MAX - 1);
        assert!(bins.contains(last));
        bins.remove(last).unwrap();
        for mut bins in [restored(&bins), bins] {
            assert_eq!(bins.add(9).unwrap(), bin(1, 0), "{fit}");
            assert!(![0, u32::MAX - 1, u32::MAX].iter().any(|of| bins.contains(bin(0, *of))));
            assert_eq!(bins.len(), 1);
            assert_eq!(bins.place(9).unwrap().placement().unwrap().bin, bin(1, 0));
        }
    }
}

#[test]
fn of_bins_of_vectors() {
    let mut young = VectorBins::<2>::new(VectorFit::First);
    young.add([9, 9]).unwrap();
    let mut bins = aged(&young);
    bins.remove(bin(0, u32::MAX - 1)).unwrap();
    for mut bins in [restored(&bins), bins] {
        assert_eq!(bins.add([9, 9]).unwrap(), bin(1, 0));
    }
}

#[test]
fn of_items() {
    let mut young = Packer::new(Bins::opening(Fit::First, 9));
    assert_eq!(young.place(1).unwrap().item(), Some(item(0, 0)));
    let mut packer = aged(&young);
    let last = item(0, u32::MAX - 1);
    packer.remove(last).unwrap();
    for mut packer in [restored(&packer), packer] {
        assert!(packer.remove(last).is_err());
        assert_eq!(packer.place(2).unwrap().item(), Some(item(1, 0)));
        assert!(packer.remove(item(0, u32::MAX)).is_err() && packer.remove(item(0, 0)).is_err());
        packer.remove(item(1, 0)).unwrap();
        assert_eq!(packer.place(2).unwrap().item(), Some(item(1, 1)));
    }
}
