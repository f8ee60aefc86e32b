//! Who gets how much, and why.

use serde_json::{Value, json};

use super::piped;
use crate::common::Stage;

fn document(arguments: &str, spec: &Value) -> Value {
    let text = piped(&format!("--json {arguments}"), spec.to_string().as_bytes()).succeeded();
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
    serde_json::from_str(&text).expect("one document and nothing else")
}

/// Name, allocation, used, wasted, bound.
fn rows(arguments: &str, spec: &Value) -> Vec<(String, u64, u64, u64, String)> {
    let document = document(arguments, spec);
    let rows = document["allocations"].as_array().expect("a list").iter();
    rows.map(|row| {
        assert_eq!(row.as_object().map(serde_json::Map::len), Some(5));
        let text = |key: &str| row[key].as_str().expect("a word").to_owned();
        let number = |key: &str| row[key].as_u64().expect("a number");
        (text("name"), number("allocation"), number("used"), number("wasted"), text("bound"))
    })
    .collect()
}

fn row(
    name: &str,
    [allocation, used, wasted]: [u64; 3],
    bound: &str,
) -> (String, u64, u64, u64, String) {
    (name.to_owned(), allocation, used, wasted, bound.to_owned())
}

/// Case 7, line by line: 60 for A1, B2 and C3, B idle.
#[test]
fn limits_and_hard_allocations() {
    let spec = |a: Value, b: Value, c: Value| {
        let named = |name: &str, weight: u64, more: Value| {
            let mut claim = json!({ "name": name, "weight": weight });
            for (key, value) in more.as_object().expect("an object") {
                claim[key] = value.clone();
            }
            claim
        };
        json!({ "capacity": 60, "claims": [named("A", 1, a), named("B", 2, b), named("C", 3, c)] })
    };
    let none = || json!({});
    let lent = [
        row("A", [15, 15, 0], "weight"),
        row("B", [0, 0, 0], "demand"),
        row("C", [45, 45, 0], "weight"),
    ];
    assert_eq!(rows("", &spec(none(), json!({ "demand": 0 }), none())), lent);
    assert_eq!(rows("", &spec(none(), json!({ "demand": 0, "limit": 20 }), none())), lent);
    let hard = json!({ "demand": 0, "hard": true });
    let expected = [
        row("A", [10, 10, 0], "weight"),
        row("B", [20, 0, 20], "hard"),
        row("C", [30, 30, 0], "weight"),
    ];
    assert_eq!(rows("", &spec(none(), hard.clone(), none())), expected);
    let all = [
        row("A", [10, 10, 0], "hard"),
        row("B", [20, 0, 20], "hard"),
        row("C", [30, 30, 0], "hard"),
    ];
    let other = || json!({ "hard": true });
    assert_eq!(rows("", &spec(other(), hard, other())), all);
}

#[test]
fn both_readings_of_a_reservation() {
    let spec = json!({ "capacity": 100, "claims": [
        { "name": "a", "weight": 1 },
        { "name": "b", "weight": 2, "limit": 30 },
        { "name": "c", "weight": 1, "reserve": 40 },
    ]});
    let floors = [
        row("a", [30, 30, 0], "weight"),
        row("b", [30, 30, 0], "limit"),
        row("c", [40, 40, 0], "reservation"),
    ];
    assert_eq!(rows("", &spec), floors);
    assert_eq!(rows("--reservations floor", &spec), floors);
    let first = [
        row("a", [15, 15, 0], "weight"),
        row("b", [30, 30, 0], "limit"),
        row("c", [55, 55, 0], "weight"),
    ];
    assert_eq!(rows("--reservations first", &spec), first);
}

#[test]
fn paths_and_groups() {
    let spec = json!({ "capacity": 100, "claims": [
        { "name": "x", "weight": 1, "children": [
            { "name": "p", "weight": 1, "demand": 10 },
            { "name": "q", "weight": 3, "limit": 20, "children": [{ "name": "p", "weight": 9 }] },
        ]},
        { "name": "y", "weight": 1, "children": [] },
    ]});
    let expected = [
        row("x", [30, 30, 0], "demand"),
        row("x/p", [10, 10, 0], "demand"),
        row("x/q", [20, 20, 0], "limit"),
        row("x/q/p", [20, 20, 0], "weight"),
        row("y", [70, 70, 0], "weight"),
    ];
    assert_eq!(rows("", &spec), expected);
}

#[test]
fn more_reserved_than_there_is_may_be_scaled_down() {
    let spec = json!({ "capacity": 100, "claims": [
        { "name": "a", "weight": 1, "reserve": 60 },
        { "name": "b", "weight": 1, "reserve": 80 },
    ]});
    let expected = [row("a", [50, 50, 0], "weight"), row("b", [50, 50, 0], "weight")];
    assert_eq!(rows("--scale-down", &spec), expected);
}

#[test]
fn a_table_for_people() {
    let spec = br#"{"capacity": 60, "claims": [
        {"name": "x", "weight": 1, "children": [{"name": "p", "weight": 1, "reserve": 5}]},
        {"name": "lab", "weight": 2, "hard": true, "demand": 7}]}"#;
    let expected = "\
standard input: a capacity of 60

claim  weight  reserved  limit  demand  allocation  used  wasted  bound
x           1                                   20    20          weight
  p         1         5                         20    20          weight
lab         2                        7          40     7      33  hard

used 27, wasted 33, left 0
";
    assert_eq!(piped("", spec).succeeded(), expected);
    let nobody = "standard input: a capacity of 0\n\nused 0, wasted 0, left 0\n";
    assert_eq!(piped("", br#"{"capacity": 0, "claims": []}"#).succeeded(), nobody);
}

#[test]
fn a_file_or_an_example_of_its_own() {
    let stage = Stage::new();
    let spec = r#"{"capacity": 3, "claims": [{"name": "ä", "weight": 1}]}"#;
    stage.write("x.json", spec);
    let text = stage.run("divide x.json").succeeded();
    assert!(text.starts_with("x.json: a capacity of 3\n"), "{text}");
    let text = stage.run("divide").succeeded();
    assert!(text.ends_with("\nused 787, wasted 213, left 0\n"), "{text}");
    let text = stage.run("divide --json").succeeded();
    let document: Value = serde_json::from_str(&text).expect("a document");
    assert_eq!(document["allocations"].as_array().map(Vec::len), Some(6));
    assert_eq!((stage.names(), stage.read("x.json")), (vec!["x.json".to_owned()], spec.to_owned()));
}

/// A hundred thousand claims, and as many groups in groups as the parser nests.
#[test]
fn many_claims_and_deep_ones() {
    let claims: Vec<Value> = (0..100_000)
        .map(|at| json!({ "name": at.to_string(), "weight": at % 1_000 + 1 }))
        .collect();
    let found = rows("", &json!({ "capacity": 1_000_000_000, "claims": claims }));
    assert_eq!(found.iter().map(|row| row.1).sum::<u64>(), 1_000_000_000);
    let nested = |levels: usize| {
        let mut text = r#"{"capacity": 5, "claims": ["#.to_owned();
        text += &r#"{"name": "g", "weight": 1, "children": ["#.repeat(levels);
        text + &"]}".repeat(levels + 1)
    };
    let text = piped("--json", nested(62).as_bytes()).succeeded();
    assert_eq!(text.matches("\"allocation\":5").count(), 62);
    piped("", nested(63).as_bytes())
        .refused("standard input: line 1: expected at most 62 groups in groups, found more");
    piped("", nested(1_000_000).as_bytes())
        .refused("standard input: line 1: expected at most 62 groups in groups, found more");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let stage = Stage::new();
    for arguments in [&["divide"][..], &["divide", "--json"]] {
        stage.nobody_reads(arguments, b"");
    }
    stage.disk_is_full(&["divide"]);
}
