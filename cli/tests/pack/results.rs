//! How many bins, which, and how far from the bound.

use serde_json::{Value, json};

use crate::common::Stage;
use crate::{entries, entry, hash, piped, triplets, vectors};

#[test]
fn a_document_says_what_came_out() {
    let stage = Stage::new();
    stage.write("t", "4\n10\n4\n7\n3\n6\n");
    // In the order 7, 6, 4, 3.
    let hash = hash(&[0, 1, 1, 0]);
    let expected = json!({
        "file": "t", "items": 4, "bins": 2, "lower_bound": 2, "optimal": true,
        "assignment_hash": hash, "rejected": [],
    });
    assert_eq!(entry(&stage, "t"), expected);
    let first = entry(&stage, "t --fit first --order as-given");
    assert_eq!((&first["bins"], &first["optimal"]), (&json!(3), &json!(false)));
    let improved = entry(&stage, "t --fit first --order as-given --improve-steps 1000");
    assert_eq!((&improved["bins"], &improved["optimal"]), (&json!(2), &json!(true)));
    assert!(
        improved["steps"].is_u64() && improved.as_object().map(serde_json::Map::len) == Some(8)
    );
}

#[test]
fn vectors_of_all_of_64_bits_are_compared_to_the_last_unit() {
    let stage = Stage::new();
    let (all, half) = (1_u64 << 63, 1_u64 << 62);
    let [less, more] = [half + 1, half + 2];
    // Two that do not go together, and one that goes with either: the second leaves less.
    let text = format!("2\n{all} {all}\n3\n{less} {less} 1\n{more} {more} 1\n1 1 1\n");
    stage.write("a.vbp", text);
    for (fit, bin) in [("next", 1), ("first", 0), ("best", 1), ("worst", 0), ("almost-worst", 1)] {
        let found = entry(&stage, &format!("a.vbp --order as-given --fit {fit}"));
        assert_eq!(found["assignment_hash"], hash(&[0, 1, bin]), "{fit}");
    }
    let most = u64::MAX;
    stage.write("b.vbp", format!("3\n1 {most} 5\n2\n1 1 2 1\n0 {} 3 1\n", most - 1));
    for fit in ["next", "first", "best", "worst", "almost-worst"] {
        let found = entry(&stage, &format!("b.vbp --fit {fit} --improve-steps 100"));
        assert_eq!((&found["bins"], &found["optimal"]), (&json!(1), &json!(true)), "{fit}");
    }
}

#[test]
fn several_files_come_in_their_order() {
    let stage = Stage::new();
    stage.write("a.txt", triplets());
    stage.write("b.vbp", vectors());
    let text = stage.run("pack b.vbp a.txt b.vbp --json").succeeded();
    let files: Vec<Value> = entries(&text).iter().map(|entry| entry["file"].clone()).collect();
    assert_eq!(files, ["b.vbp", "a.txt", "b.vbp"]);
    let table = stage.run("pack b.vbp a.txt").succeeded();
    let starts: Vec<&str> = table.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(starts, ["best", "", "file", "b.vbp", "a.txt", "", "in"], "{table}");
}

#[test]
fn as_many_steps_give_the_same_packing() {
    let stage = Stage::new();
    stage.write("a.txt", triplets());
    stage.write("b.vbp", vectors());
    for arguments in ["a.txt", "b.vbp", "a.txt --fit worst --order shuffle:7", "b.vbp --fit next"] {
        let rule = entry(&stage, arguments);
        for milliseconds in [0, 1, 30] {
            let timed = entry(&stage, &format!("{arguments} --improve {milliseconds}"));
            let steps = timed["steps"].as_u64().expect("a number of steps");
            let again = entry(&stage, &format!("{arguments} --improve-steps {steps}"));
            assert_eq!(again, timed, "{arguments}");
            assert!(timed["bins"].as_u64() <= rule["bins"].as_u64());
            assert!(timed["lower_bound"].as_u64() >= rule["lower_bound"].as_u64());
        }
        // Nothing is tried, so nothing is better than the rule and the usual packings.
        let none = entry(&stage, &format!("{arguments} --improve-steps 0"));
        assert_eq!(none["steps"], 0);
    }
    let optimal = entry(&stage, "a.txt --improve-steps 100000");
    assert_eq!((&optimal["bins"], &optimal["optimal"]), (&json!(40), &json!(true)));
}

#[test]
fn time_is_told_as_steps() {
    let stage = Stage::new();
    stage.write("a.txt", triplets());
    let text = stage.run("pack a.txt --improve 2").succeeded();
    let line = text.lines().last().expect("a line");
    let (steps, again) = line.split_once(" steps; the same packing again: ").expect(line);
    assert_eq!(again, format!("--improve-steps {steps}"));
    let hash = |text: &str| {
        let row = text.lines().find(|line| line.starts_with("a.txt")).expect("a row");
        row.split_whitespace().last().map(str::to_owned)
    };
    let repeated = stage.run(&format!("pack a.txt {again}")).succeeded();
    assert_eq!(hash(&repeated), hash(&text));
}

#[test]
fn items_that_no_bin_holds_are_named() {
    let text = "4\n10\n11\n4\n0\n99\n";
    let entry = &entries(&piped("--json", text.as_bytes()).succeeded())[0];
    assert_eq!(entry["file"], "-");
    assert_eq!(entry["rejected"], json!([0, 3]));
    assert_eq!((&entry["items"], &entry["bins"]), (&json!(4), &json!(1)));
    let table = piped("", text.as_bytes()).succeeded();
    assert!(
        table.ends_with(
            "\n\nrejected: standard input: item 0 of size 11, larger than a bin of 10\n\
             rejected: standard input: item 3 of size 99, larger than a bin of 10\n"
        ),
        "{table}"
    );
    let vectors = "2\n10 5\n2\n4 6 20\n4 5 3\n";
    let entry = &entries(&piped("--json", vectors.as_bytes()).succeeded())[0];
    assert_eq!(entry["rejected"].as_array().map(Vec::len), Some(20));
    assert_eq!((&entry["bins"], &entry["optimal"]), (&json!(3), &json!(true)));
    let table = piped("", vectors.as_bytes()).succeeded();
    let first = "rejected: standard input: item 0 of size (4, 6), larger than a bin of (10, 5)\n";
    assert!(table.contains(first), "{table}");
    assert!(table.ends_with("rejected: standard input: 12 more; --json names them all\n"));
    for improve in ["--improve 5", "--improve-steps 100"] {
        let entry = &entries(&piped(&format!("{improve} --json"), text.as_bytes()).succeeded())[0];
        assert_eq!((&entry["bins"], &entry["rejected"]), (&json!(1), &json!([0, 3])));
    }
}

#[test]
fn edges() {
    for (text, bins, optimal) in [
        ("0\n10\n", 0, true),
        ("2\n0\n0\n0\n", 1, true),
        ("2\n0\n1\n2\n", 0, true),
        ("3\n18446744073709551615\n18446744073709551615\n18446744073709551615\n1\n", 3, true),
        ("2\n9 9\n0\n", 0, true),
        ("1\n10\n1\n6 3\n", 3, true),
        ("2\n0 9\n1\n0 4 4\n", 2, true),
    ] {
        for arguments in ["--json", "--json --improve 5", "--json --improve-steps 9 --fit next"] {
            let entry = &entries(&piped(arguments, text.as_bytes()).succeeded())[0];
            assert_eq!(
                (&entry["bins"], &entry["optimal"]),
                (&json!(bins), &json!(optimal)),
                "{text}"
            );
        }
        piped("", text.as_bytes()).succeeded();
    }
}

#[test]
fn one_dimension_is_packed_alike_in_both_formats() {
    let stage = Stage::new();
    stage.write("a.txt", "5\n10\n3\n3\n3\n6\n8\n");
    stage.write("a.vbp", "1\n10\n3\n3 3\n6 1\n8 1\n");
    // Two dimensions, of which one is the other once more.
    stage.write("b.vbp", "2\n10 10\n3\n3 3 3\n6 6 1\n8 8 1\n");
    for fit in ["next", "first", "best", "worst", "almost-worst"] {
        for order in ["as-given", "decreasing", "shuffle:5"] {
            let found = |file| {
                let mut entry = entry(&stage, &format!("{file} --fit {fit} --order {order}"));
                entry["file"].take();
                entry
            };
            assert_eq!(found("a.txt"), found("a.vbp"), "{fit} {order}");
            assert_eq!(found("a.txt"), found("b.vbp"), "{fit} {order}");
        }
    }
}

#[test]
fn a_newcomer_sees_it_work() {
    let stage = Stage::new();
    let found = entries(&stage.run("pack --json").succeeded());
    let files: Vec<&Value> = found.iter().map(|entry| &entry["file"]).collect();
    assert_eq!(files, ["uniform-250", "triplets-120", "machines-160"]);
    for (entry, [bins, bound]) in found.iter().zip([[103, 102], [47, 40], [31, 29]]) {
        assert_eq!((&entry["bins"], &entry["lower_bound"]), (&json!(bins), &json!(bound)));
    }
    let improved = entries(&stage.run("pack --json --improve-steps 20000").succeeded());
    assert_eq!(improved[0]["bins"], 102);
    assert_eq!(improved[1]["bins"], 40);
}
