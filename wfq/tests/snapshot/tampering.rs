//! Documents with one thing in them that is not as it was saved.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Makes each change to a document in turn; what is not refused is played, with a number of its own.
/// Returns how many were refused, and how many were not.
pub(crate) fn tamper<T: DeserializeOwned>(
    document: &Value,
    mut play: impl FnMut(T, u64),
) -> (u32, u32) {
    let mut all = Vec::new();
    changes(document, "", &mut all);
    let (mut refused, mut accepted) = (0, 0);
    for (number, (path, value)) in (0..).zip(all) {
        if let Ok(restored) = serde_json::from_value(tampered(document, &path, value)) {
            accepted += 1;
            play(restored, number);
        } else {
            refused += 1;
        }
    }
    (refused, accepted)
}

/// Each of these changes is refused, with these words.
pub(crate) fn refuses<T: DeserializeOwned>(document: &Value, all: &[(&str, Value, &str)]) {
    for (path, value, why) in all {
        let changed = tampered(document, path, Some(value.clone()));
        let restored = serde_json::from_value::<T>(changed);
        let error = restored.err().unwrap_or_else(|| panic!("{path}: it cannot be {value}"));
        assert!(error.to_string().contains(why), "{path}: {error}");
    }
}

/// All places in a document, and what may be put there instead: nothing, something of another kind,
/// another number.
fn changes(at: &Value, path: &str, found: &mut Vec<(String, Option<Value>)>) {
    let mut change = |value: Option<Value>| found.push((path.to_owned(), value));
    match at {
        Value::Number(number) => {
            for other in [0, 1, 2, 7, 1 << 20, u64::from(u32::MAX), 1 << 42, 1 << 63, u64::MAX] {
                change(Some(json!(other)));
            }
            let near = number.as_u64().unwrap_or(0);
            change(Some(json!(near.wrapping_add(1))));
            change(Some(json!(near.wrapping_sub(1))));
            change(Some(json!(-1)));
        }
        Value::String(_) => {
            let words = ["Vacant", "Asleep", "Runnable", "Throttled", "No", "Alone", "Among"];
            for word in words.into_iter().chain(["StartTime", "Eevdf"]) {
                change(Some(json!(word)));
            }
        }
        _ => {}
    }
    change(None);
    change(Some(Value::Null));
    change(Some(json!([])));
    change(Some(json!({})));
    let keys: Vec<String> = match at {
        Value::Array(list) => (0..list.len()).map(|key| key.to_string()).collect(),
        Value::Object(fields) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    };
    for key in keys {
        let inner = format!("{path}/{key}");
        changes(at.pointer(&format!("/{key}")).expect("it is there"), &inner, found);
    }
}

fn tampered(document: &Value, path: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    if let Some(value) = value {
        *document.pointer_mut(path).expect("it is there") = value;
        return document;
    }
    let (above, key) = path.rsplit_once('/').unwrap_or(("", ""));
    match document.pointer_mut(above) {
        Some(Value::Object(fields)) => drop(fields.remove(key)),
        Some(Value::Array(list)) => drop(list.remove(key.parse().expect("a number"))),
        _ => {}
    }
    document
}
