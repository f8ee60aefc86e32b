//! Bad input: exit status 2, one line that names file, line and what was expected, no file touched.

use std::fs::File;
use std::process::Stdio;

use crate::common::{Stage, done};
use crate::piped;

/// Runs with every kind of output asked for.
#[track_caller]
fn refuses(arguments: &[&str], line: &str) {
    let stage = Stage::new();
    stage.write("t", "1\n10\n3\n");
    let mut program = stage.program();
    program.args(["pack", "t", "--svg", "new.svg", "--assignment", "new.csv"]).args(arguments);
    done(program.output().expect("the program can be started")).refused(line);
    assert_eq!(stage.names(), ["t"]);
}

#[test]
fn options() {
    for value in ["next-fit", "Best", "", "dot-product", "-1", "best,first"] {
        let fits = "next, first, best, worst, almost-worst";
        refuses(&["--fit", value], &format!("--fit: expected one of {fits}, found `{value}`"));
    }
    for value in ["increasing", "", "shuffle", "-", "Decreasing"] {
        let orders = "as-given, decreasing, shuffle:SEED";
        refuses(
            &["--order", value],
            &format!("--order: expected one of {orders}, found `{value}`"),
        );
    }
    let all = "a number from 0 to 18446744073709551615";
    for value in ["", "-1", "x", "1.5", "18446744073709551616"] {
        refuses(
            &["--order", &format!("shuffle:{value}")],
            &format!("--order shuffle: expected {all}, found `{value}`"),
        );
        refuses(
            &["--improve-steps", value],
            &format!("--improve-steps: expected {all}, found `{value}`"),
        );
    }
    for value in ["", "-1", "1s", "0.5", "31536000001"] {
        let year = "a number from 0 to 31536000000";
        refuses(&["--improve", value], &format!("--improve: expected {year}, found `{value}`"));
    }
    refuses(
        &["--improve", "5", "--improve-steps", "5"],
        "--improve and --improve-steps: expected one of them, found both",
    );
}

#[test]
fn files() {
    let stage = Stage::new();
    stage.write("good", "1\n10\n3\n");
    stage.write("bad.vbp", "2\n10 20\n1\n3 4 many\n");
    stage
        .run("pack good bad.vbp --svg new.svg")
        .refused("bad.vbp: line 4: expected a demand, found `many`");
    stage
        .run("pack good missing --svg new.svg --json")
        .refused("missing: expected a packing instance: No such file or directory");
    stage.run("pack .").refused(".: expected a packing instance, found a folder");
    stage.run("pack - good -").refused("expected standard input once, found `-` again");
    let one = "--assignment: expected one FILE, found";
    stage.run("pack good good --assignment new.csv").refused(&format!("{one} 2"));
    stage.run("pack --assignment new.csv").refused(&format!("{one} none"));
    assert_eq!(stage.names(), ["bad.vbp", "good"]);
}

#[test]
fn instances() {
    for (text, line) in [
        ("", "1: expected the number of items, found the end of the text"),
        ("3\n10\n4\n", "4: expected the size of an item, found the end of the text"),
        ("2\n10\n4\nfour\n", "4: expected the size of an item, found `four`"),
        ("2\n10\n-4\n4\n", "3: expected the size of an item, found `-4`"),
        ("1\n10\n4\n5\n", "4: expected nothing after the last item, found `5`"),
        (
            "1\n18446744073709551616\n4\n",
            "2: expected a capacity below 2^64, found `18446744073709551616`",
        ),
        ("2\n10 20\n1\n1 2\n", "4: expected 3 numbers, found 2"),
        (
            "1\n10\n1\n1 99999999999\n",
            "4: expected items with at most 67108864 numbers in all, found 99999999999 items more",
        ),
    ] {
        for json in ["", "--json --improve 10"] {
            piped(json, text.as_bytes()).refused(&format!("standard input: line {line}"));
        }
    }
}

#[test]
fn more_dimensions_than_there_are_copies() {
    let ones = ["1"; 17].join(" ");
    let text = format!("17\n{ones}\n1\n{ones} 1\n");
    let refused = "expected at most 16 dimensions, found 17";
    piped("", text.as_bytes()).refused(&format!("standard input: line 1: {refused}"));
    let stage = Stage::new();
    stage.write("good", "1\n10\n3\n");
    stage.write("many.vbp", format!("\u{feff}\r\n \n{text}"));
    stage.run("pack good many.vbp").refused(&format!("many.vbp: line 3: {refused}"));
}

#[test]
fn what_cannot_be_read_at_all() {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["pack", "-"]).stdin(File::open(stage.path(".")).expect("a folder"));
    done(program.output().expect("the program can be started"))
        .refused("standard input: expected a packing instance: Is a directory");
}

#[test]
#[cfg(target_os = "linux")]
fn two_documents_on_standard_output() {
    let stage = Stage::new();
    stage.write("t", "1\n10\n3\n");
    for option in ["--svg", "--assignment"] {
        let both = "expected one of them on standard output, found both";
        stage
            .run(&format!("pack t --json {option} /dev/stdout"))
            .refused(&format!("--json and {option}: {both}"));
        // A table is for people, who tell them apart.
        let text = stage.run(&format!("pack t {option} /dev/stdout")).succeeded();
        assert!(text.contains("best fit, decreasing"), "{text}");
    }
    let mut program = stage.program();
    program.args(["pack", "t", "--json", "--svg", "/dev/null", "--assignment", "/dev/null"]);
    assert!(program.stdout(Stdio::null()).status().expect("it can be started").success());
    stage
        .run("pack t --svg /dev/stdout --assignment /dev/stdout")
        .refused("--svg and --assignment: expected two files, found one");
}
