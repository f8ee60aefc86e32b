//! Snapshots that somebody has changed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Replaces numbers of a snapshot by others, in 4,000 ways drawn from a fixed seed: each is refused,
/// or what comes of it has to stand being used.
///
/// # Panics
///
/// If the value cannot be saved, or if hardly any change is accepted: then this shows nothing.
pub fn tampered<T: Serialize + DeserializeOwned>(value: &T, exercise: impl Fn(T)) {
    let whole = serde_json::to_value(value).expect("it can be saved");
    let mut state = 5_u64;
    let mut word = |limit: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
        (state >> 33) % limit
    };
    let mut restored = 0;
    for _ in 0..4_000 {
        let mut changed = whole.clone();
        for _ in 0..=word(3) {
            let mut numbers = Vec::new();
            collect(&mut changed, &mut numbers);
            let place = word(numbers.len() as u64);
            let number = match word(8) {
                0 => u64::MAX,
                1 => u64::MAX >> word(64),
                2 => u32::MAX.into(),
                _ => word(9),
            };
            *numbers[usize::try_from(place).expect("it is an index")] = number.into();
        }
        if let Ok(value) = serde_json::from_value::<T>(changed) {
            exercise(value);
            restored += 1;
        }
    }
    assert!(restored > 100, "{restored}");
}

fn collect<'a>(value: &'a mut Value, numbers: &mut Vec<&'a mut Value>) {
    match value {
        Value::Number(_) => numbers.push(value),
        Value::Array(list) => list.iter_mut().for_each(|at| collect(at, numbers)),
        Value::Object(fields) => fields.values_mut().for_each(|at| collect(at, numbers)),
        _ => (),
    }
}
