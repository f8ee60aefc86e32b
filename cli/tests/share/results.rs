//! Who runs, who gets how much, how large the lag is.

use serde_json::{Value, json};

use crate::common::Stage;

fn document(arguments: &str) -> Value {
    let text = Stage::new().run(&format!("share {arguments} --json")).succeeded();
    assert!(text.ends_with("}\n") || text.ends_with("]\n"), "the document ends with a line feed");
    serde_json::from_str(&text).expect("one document and nothing else")
}

/// The sequence in letters.
fn sequence(arguments: &str) -> String {
    let document = document(arguments);
    let turns = document["sequence"].as_array().expect("a list").iter();
    let letter = |index: &Value| {
        let index = index.as_u64().and_then(|index| u8::try_from(index).ok());
        char::from(b'A' + index.expect("few entities"))
    };
    turns.map(letter).collect()
}

fn max_abs_lag(arguments: &str) -> f64 {
    document(arguments)["max_abs_lag"].as_f64().expect("a number")
}

#[test]
fn worked_examples_of_weighted_turns() {
    for (weights, expected) in [
        ("1,2", "ABBABB"),
        ("3,2,1", "ABCABA"),
        ("1,2,4", "ABCCBCC"),
        ("1,2,4", "ABCCBCCABCCBCC"),
        ("7", "AAA"),
    ] {
        let quanta = expected.len();
        for policy in ["wfq", "sfq"] {
            let arguments = format!("--policy {policy} --weights {weights} --quanta {quanta}");
            assert_eq!(sequence(&arguments), expected, "{arguments}");
        }
    }
    // A pass begins at one stride.
    assert_eq!(sequence("--policy stride --weights 3,2,1 --quanta 6"), "ABAABC");
    assert_eq!(sequence("--policy stride --weights 1,2,4 --quanta 7"), "CBCCABC");
    // Of those who are not ahead, C's deadline is first, then B's.
    assert_eq!(sequence("--policy eevdf --weights 1,2,4 --quanta 7"), "CBCACBC");
    assert_eq!(sequence("--policy eevdf --weights 3,2,1 --quanta 6"), "ABABAC");
}

#[test]
fn counts_are_in_proportion() {
    for policy in ["wfq", "eevdf", "stride"] {
        let found = document(&format!("--policy {policy} --weights 1,2,4 --quanta 7000"));
        assert_eq!(found["counts"], json!([1_000, 2_000, 4_000]), "{policy}");
        assert_eq!(found["sequence"].as_array().map(Vec::len), Some(7_000));
    }
    let found = document("--policy wfq --weights 1048576,1 --quanta 1048577");
    assert_eq!(found["counts"], json!([1_048_576, 1]));
}

#[test]
fn one_among_a_hundred_is_owed_half_of_them_and_less_than_one() {
    let ones = ",1".repeat(100);
    for weights in [format!("100{ones}"), "100,1x100".to_owned()] {
        let lag =
            |policy| max_abs_lag(&format!("--policy {policy} --weights {weights} --quanta 2000"));
        assert_eq!(lag("wfq").to_string(), "49.5");
        assert!(lag("eevdf") < 1.0, "{}", lag("eevdf"));
    }
}

/// `|c - t * w / W|` of everybody after each quantum, from the sequence alone.
#[test]
fn the_largest_lag_is_that_of_the_sequence() {
    let weights = [3_i64, 1, 7, 2, 2, 11];
    let sum: i64 = weights.iter().sum();
    for policy in ["wfq", "eevdf", "stride", "lottery"] {
        let found = document(&format!("--policy {policy} --weights 3,1,7,2,2,11 --quanta 100"));
        let mut counts = [0; 6];
        let mut largest = 0;
        let turns = found["sequence"].as_array().expect("a list");
        for (turn, index) in (1..).zip(turns.iter().filter_map(Value::as_u64)) {
            counts[usize::try_from(index).expect("an index")] += 1;
            let lags =
                counts.iter().zip(weights).map(|(count, w): (&i64, i64)| count * sum - turn * w);
            largest = largest.max(lags.map(i64::abs).max().expect("six of them"));
        }
        assert_eq!(found["counts"], json!(counts));
        #[expect(clippy::cast_precision_loss, reason = "both are small")]
        let expected = largest as f64 / sum as f64;
        assert_eq!(found["max_abs_lag"], json!(expected), "{policy}");
    }
}

#[test]
fn one_policy_is_an_object_and_several_are_a_list() {
    let one = document("--policy sfq --weights 1,2 --quanta 3");
    let expected = json!({
        "policy": "wfq", "sequence": [0, 1, 1], "counts": [1, 2], "max_abs_lag": 2.0 / 3.0,
    });
    assert_eq!(one, expected);
    let all = document("--weights 1,2 --quanta 3");
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    assert_eq!((&all[0], &all[1]["policy"]), (&expected, &json!("eevdf")));
}

#[test]
fn a_seed_changes_the_lottery_and_nothing_else() {
    let [one, other] = ["--seed 18446744073709551615", ""].map(document);
    for policy in 0..3 {
        assert_eq!(one[policy], other[policy]);
    }
    assert_ne!(one[3]["sequence"], other[3]["sequence"]);
    let drawn = document("--policy lottery --seed 18446744073709551615");
    assert_eq!(drawn, one[3]);
}

#[test]
fn a_lottery_gives_what_chance_gives() {
    let found = document("--policy lottery --weights 1,2,4 --quanta 70000 --seed 1");
    for (index, share) in [10_000, 20_000, 40_000].into_iter().enumerate() {
        // Six deviations of the widest of them.
        let wins = found["counts"][index].as_u64().expect("a number");
        assert!(wins.abs_diff(share) < 786, "{found}");
    }
}

#[test]
fn many_entities_and_many_quanta() {
    let found = document("--policy eevdf --weights 1x100000 --quanta 100000");
    assert_eq!(found["counts"], json!(vec![1; 100_000]));
    assert_eq!(found["sequence"], json!((0..100_000).collect::<Vec<_>>()));
    // As far apart as weights can be, and no common multiple that is small.
    let found = document("--weights 1048573,1048571,1048575,1,2,3 --quanta 300000");
    assert!(found[1]["max_abs_lag"].as_f64().is_some_and(|lag| lag < 1.0), "{}", found[1]);
    let text = Stage::new().run("share --quanta 2000000").succeeded();
    assert!(text.contains("1142857") || text.contains("1142858"), "{text}");
}

#[test]
fn the_default_is_all_policies_on_weights_of_its_own() {
    let text = Stage::new().run("share").succeeded();
    let expected = "\
weights 1, 2, 4: 35 quanta

wfq: A B C C B C C A B C C B C C A B C C B C C A B C C B C C A B C C B C C

entity  weight  quanta    share  ideal share   largest lag
A            1       5  14.29 %      14.29 %   0.857 ahead
B            2      10  28.57 %      28.57 %   0.571 ahead
C            4      20  57.14 %      57.14 %  1.142 behind

largest lag: 1.142 quanta behind, C

eevdf: C B C A C B C C B C A C B C C B C A C B C C B C A C B C C B C A C B C

entity  weight  quanta    share  ideal share  largest lag
A            1       5  14.29 %      14.29 %  0.428 ahead
B            2      10  28.57 %      28.57 %  0.428 ahead
C            4      20  57.14 %      57.14 %  0.428 ahead

largest lag: 0.428 quanta ahead, A

stride: C B C C A B C C B C C A B C C B C C A B C C B C C A B C C B C C A B C

entity  weight  quanta    share  ideal share   largest lag
A            1       5  14.29 %      14.29 %  0.571 behind
B            2      10  28.57 %      28.57 %   0.428 ahead
C            4      20  57.14 %      57.14 %   0.714 ahead

largest lag: 0.714 quanta ahead, C

lottery: C C A A C C B C C A B C B C C C C C C C B A B A C B C C B B B B B C B

entity  weight  quanta    share  ideal share   largest lag
A            1       5  14.29 %      14.29 %   1.571 ahead
B            2      12  34.29 %      28.57 %  2.714 behind
C            4      18  51.43 %      57.14 %   2.571 ahead

largest lag: 2.714 quanta behind, B
";
    assert_eq!(text, expected);
}

#[test]
fn what_is_long_is_cut() {
    let text = Stage::new().run("share --policy wfq --weights 5,1x99 --quanta 1000").succeeded();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.lines().count() < 40, "{text}");
    assert!(text.starts_with("weights 5, 1x99: 1000 quanta\n\nwfq: A B C "), "{text}");
    assert!(text.contains(" …\n") && text.contains("\n77 others "), "{text}");
    let alone = Stage::new().run("share --policy wfq --weights 9 --quanta 1").succeeded();
    assert!(alone.starts_with("weight 9: 1 quantum\n\nwfq: A\n"), "{alone}");
    assert!(alone.ends_with("\nlargest lag: none\n"), "{alone}");
}
