//! Busy commands, and what they got.

use serde_json::Value;

use crate::common::Stage;
use crate::machine::Run;

/// A busy loop.
const LOOP: &str = "run = [\"sh\", \"-c\", \"while :; do :; done\"]";

/// A command that is always busy.
pub(crate) fn busy(name: &str, keys: &str) -> String {
    format!("[[command]]\nname = \"{name}\"\n{LOOP}\n{keys}\n")
}

/// What came out of a run: name, decided, achieved.
pub(crate) fn shares(document: &str) -> Vec<(String, f64, f64)> {
    let list: Value = serde_json::from_str(document).expect("it is one document");
    let number = |value: &Value| value.as_f64().expect("it is a number");
    let list = list.as_array().expect("it is a list").iter();
    list.map(|row| {
        let name = row["name"].as_str().expect("it is a name").to_owned();
        (name, number(&row["decided"]), number(&row["achieved"]))
    })
    .collect()
}

/// Runs a specification and compares achieved with decided shares, in points. Where others use the
/// machine at the same time, all get less, in the same ratios. Up to three runs, as the others may
/// not be fair.
#[track_caller]
pub(crate) fn measures(text: &str, options: &str, points: f64, decided: &[(&str, f64)]) {
    let stage = Stage::new();
    stage.write("spec.toml", text);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let run = Run::new(&stage, &format!("run spec.toml --json {options}"));
        let found = shares(&run.finish().succeeded());
        for ((name, found, _), (expected_name, expected)) in found.iter().zip(decided) {
            assert_eq!(name, expected_name);
            assert!((found - expected).abs() < 2e-3, "{name}: {found} was decided");
        }
        assert_eq!(found.len(), decided.len());
        let all = |of: fn(&(String, f64, f64)) -> f64| found.iter().map(of).sum::<f64>();
        let [expected, achieved] = [all(|row| row.1), all(|row| row.2)];
        let is_met = found.iter().all(|row| {
            let absolute = (row.2 - row.1).abs();
            let relative = (row.2 / achieved - row.1 / expected).abs();
            absolute.min(relative) * 100.0 <= points
        });
        if is_met {
            return;
        }
        seen.push(found);
    }
    panic!("{seen:#?}");
}

/// The example that ships with the project, within two points.
#[track_caller]
pub(crate) fn measures_the_example() {
    let decided = [
        ("web", 0.2),
        ("search", 0.2),
        ("model", 0.05),
        ("train", 0.15),
        ("batch", 0.3),
        ("monitor", 0.1),
    ];
    measures(include_str!("../../examples/run.toml"), "--cpus 0 --for 4s", 2.0, &decided);
}
