//! Bad input: exit status 2, one line that names file, line and what was expected.

use super::piped;
use crate::common::Stage;

/// Of a document whose third line is a claim.
#[track_caller]
fn refuses(claim: &str, line: &str) {
    let text = format!(
        "{{\"capacity\": 60,\n\"claims\": [{{\"name\": \"a\", \"weight\": 1}},\n{claim}\n]}}"
    );
    piped("--json", text.as_bytes()).refused(&format!("standard input: line {line}"));
}

#[test]
fn claims() {
    let weight = "3: expected a whole number from 1 to 4294967295, found";
    let amount = "3: expected a whole number from 0 to 18446744073709551615, found";
    for (claim, line) in [
        (r#"{"name": "b", "weight": 0}"#, format!("{weight} integer `0`")),
        (r#"{"name": "b", "weight": -1}"#, format!("{weight} integer `-1`")),
        (r#"{"name": "b", "weight": 1.5}"#, format!("{weight} floating point `1.5`")),
        (r#"{"name": "b", "weight": "2"}"#, format!("{weight} string \"2\"")),
        (r#"{"name": "b", "weight": 4294967296}"#, format!("{weight} integer `4294967296`")),
        (r#"{"name": "b"}"#, "3: expected one field `weight`, found none".to_owned()),
        (r#"{"weight": 1}"#, "3: expected one field `name`, found none".to_owned()),
        (r#"{"name": 1, "weight": 1}"#, "3: expected a string, found integer `1`".to_owned()),
        (r#"{"name": "b", "weight": 1, "limit": -3}"#, format!("{amount} integer `-3`")),
        (r#"{"name": "b", "weight": 1, "demand": 1e30}"#, format!("{amount} floating point `1e+30`")),
        (r#"{"name": "b", "weight": 1, "reserve": true}"#, format!("{amount} boolean `true`")),
        (
            r#"{"name": "b", "weight": 1, "hard": 1}"#,
            "3: expected a boolean, found integer `1`".to_owned(),
        ),
        (
            r#"{"name": "b", "weight": 1, "weight": 2}"#,
            "3: expected one field `weight`, found two".to_owned(),
        ),
        (
            r#"{"name": "b", "weight": 1, "reserve": 7, "limit": 5}"#,
            "3: expected `b` to reserve at most its limit of 5, found 7".to_owned(),
        ),
        (
            r#"{"name": "b", "weight": 1, "shares": 7}"#,
            "3: expected one of `name`, `weight`, `reserve`, `limit`, `hard`, `demand`, `children`, \
             found `shares`"
                .to_owned(),
        ),
        ("7", "3: expected a claim: an object with `name` and `weight`, found integer `7`".to_owned()),
        (
            r#"{"name": "b", "weight": 1, "children": [{"name": "c", "weight": 0}]}"#,
            format!("{weight} integer `0`"),
        ),
    ] {
        refuses(claim, &line);
    }
    let twice = r#"{"name": "a", "weight": 1}"#;
    refuses(twice, "3: expected names that differ, found `a` again");
}

/// Names that would make a line of the table, or a path of the JSON, look like another one.
#[test]
fn names() {
    for (name, found) in [
        ("", "none in \"\""),
        ("a/b", "`/`, which joins the names of a path, in \"a/b\""),
        ("/", "`/`, which joins the names of a path, in \"/\""),
        ("b\\nc", "a control character in \"b\\nc\""),
        ("\\u001b[2J", "a control character in \"\\u{1b}[2J\""),
        ("\\u0000", "a control character in \"\\0\""),
        ("b\\u0085", "a control character in \"b\\u{85}\""),
        ("b\\u2028c", "a control character in \"b\\u{2028}c\""),
        ("  b", "a blank at an end in \"  b\""),
        ("b ", "a blank at an end in \"b \""),
        (" ", "a blank at an end in \" \""),
    ] {
        let line = format!("3: expected a name that is a word, found {found}");
        refuses(&format!(r#"{{"name": "{name}", "weight": 1}}"#), &line);
        let group = format!(
            r#"{{"name": "b", "weight": 1, "children": [{{"name": "{name}", "weight": 1}}]}}"#
        );
        refuses(&group, &line);
    }
    let twice = r#"{"name": "b", "weight": 1, "children": [
        {"name": "c", "weight": 1}, {"name": "c", "weight": 2}]}"#;
    refuses(twice, "4: expected names that differ, found `c` again");
    // The same name in two groups makes two paths.
    let text = r#"{"capacity": 4, "claims": [
        {"name": "a b", "weight": 1, "children": [{"name": "c", "weight": 1}]},
        {"name": "c", "weight": 1}]}"#;
    let out = piped("--json", text.as_bytes()).succeeded();
    assert!(out.contains(r#""name":"a b/c""#) && out.contains(r#""name":"c""#), "{out}");
}

#[test]
fn documents() {
    for (text, line) in [
        ("", "1: expected JSON, found an error in it: EOF while parsing a value"),
        (
            "{\n  \"capacity\": 3,\n",
            "3: expected JSON, found an error in it: EOF while parsing a value",
        ),
        ("{\"capacity\": 3}", "1: expected one field `claims`, found none"),
        ("{\"claims\": []}", "1: expected one field `capacity`, found none"),
        ("[3, []]", "1: expected an object with `capacity` and `claims`, found sequence"),
        ("7", "1: expected an object with `capacity` and `claims`, found integer `7`"),
        (
            "{\"capacity\": 3, \"claims\": []} x",
            "1: expected JSON, found an error in it: trailing characters",
        ),
        (
            "{\"capacity\": 18446744073709551616, \"claims\": []}",
            "1: expected a whole number from 0 to 18446744073709551615, found floating point \
             `1.8446744073709552e+19`",
        ),
        ("{\"capacity\": 3, \"claims\": {}}", "1: expected a list of claims, found map"),
    ] {
        piped("", text.as_bytes()).refused(&format!("standard input: line {line}"));
    }
    piped("", b"{\n\xff}").refused("standard input: line 2: expected UTF-8");
}

#[test]
fn more_is_reserved_than_there_is() {
    let text = r#"{"capacity": 100, "claims": [
        {"name": "a", "weight": 1, "reserve": 60}, {"name": "b", "weight": 1},
        {"name": "c", "weight": 1, "limit": 90, "children": [
            {"name": "d", "weight": 1, "reserve": 30}, {"name": "e", "weight": 1, "reserve": 20}]}]}"#;
    piped("", text.as_bytes())
        .refused("standard input: expected at most the 100 to be reserved, found 110: `a`, `c`");
    let text = text.replace("90", "49");
    piped("", text.as_bytes()).refused(
        "standard input: expected at most the 49 of `c` to be reserved, found 50: `c/d`, `c/e`",
    );
}

#[test]
fn files_and_options() {
    let stage = Stage::new();
    stage
        .run("divide missing.json")
        .refused("missing.json: expected a specification: No such file or directory");
    stage.run("divide .").refused(".: expected a specification, found a folder");
    for (arguments, part) in [
        ("--reservations second", "'--reservations <RESERVATIONS>'"),
        ("a.json b.json", "'b.json'"),
        ("--weights 1", "'--weights'"),
    ] {
        let done = stage.run(&format!("divide {arguments}"));
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(done.err.contains(part), "{arguments}: {}", done.err);
    }
    assert!(stage.names().is_empty());
}
