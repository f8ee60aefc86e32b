//! Bad input: exit status 2, one line that says what was expected, no file touched.

use crate::common::{Stage, done};

/// Runs with every kind of output asked for.
#[track_caller]
fn refuses(option: &str, value: &str, line: &str) {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["share", option, value, "--svg", "new.svg"]);
    done(program.output().expect("the program can be started"))
        .refused(&format!("{option}: expected {line}"));
    assert!(stage.names().is_empty());
}

#[test]
fn weights() {
    let one = "a weight from 1 to 1048576, or such a weight and how often: 1x100";
    for (value, found) in [
        ("0", "0"),
        ("1,0,4", "0"),
        ("-1", "-1"),
        ("1,-2", "-2"),
        ("1048577", "1048577"),
        ("99999999999999999999", "99999999999999999999"),
        ("1.5", "1.5"),
        ("1,,2", ""),
        ("1,2,", ""),
        (",", ""),
        ("one", "one"),
        ("1x0", "1x0"),
        ("0x2", "0x2"),
        ("1x", "1x"),
        ("x3", "x3"),
        ("1x-2", "1x-2"),
        ("1x2x3", "1x2x3"),
        ("--json", "--json"),
    ] {
        refuses("--weights", value, &format!("{one}, found `{found}`"));
    }
    refuses("--weights", "", "weights such as 1,2,4, found none");
    refuses("--weights", " ", "weights such as 1,2,4, found none");
    let most = "at most 1000000 entities, found more";
    refuses("--weights", "1x1000001", most);
    refuses("--weights", "1x1000000,1", most);
    refuses("--weights", "1x18446744073709551615,1x18446744073709551615", most);
}

#[test]
fn numbers() {
    for value in ["0", "-7", "seven", "", "7.5", "1000000000001", "18446744073709551616"] {
        let range = "a number from 1 to 1000000000000";
        refuses("--quanta", value, &format!("{range}, found `{value}`"));
    }
    for value in ["-1", "x", "", "18446744073709551616"] {
        let range = "a number from 0 to 18446744073709551615";
        refuses("--seed", value, &format!("{range}, found `{value}`"));
    }
}

#[test]
fn policies() {
    for value in ["tickets", "strides", "WFQ", "", "wfq,eevdf", "-"] {
        refuses(
            "--policy",
            value,
            &format!("one of wfq, sfq, eevdf, stride, lottery, found `{value}`"),
        );
    }
}

#[test]
fn options_that_there_are_not() {
    let stage = Stage::new();
    for (arguments, part) in [
        ("--weight 1", "'--weight'"),
        ("--quanta", "'--quanta <N>'"),
        ("1,2,4", "'1,2,4'"),
        ("--weights 1 --weights 2", "cannot be used multiple times"),
    ] {
        let done = stage.run(&format!("share {arguments}"));
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(done.err.contains(part), "{arguments}: {}", done.err);
    }
}
