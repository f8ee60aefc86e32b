//! Bad input: exit status 2, one line that names file and line, no file touched.

use std::fs::File;

use crate::stage::{Stage, done, gzip, record, small, trace};

const GOOD: [i64; 5] = [1, 0, 5, 2, 9];

/// Replays `trace` with every kind of output asked for.
#[track_caller]
fn refuses(trace: impl AsRef<[u8]>, arguments: &str, line: &str) {
    let stage = Stage::with(trace);
    stage.write("old.csv", "old");
    let all = format!("t.swf --policy easy --starts old.csv --gantt new.svg {arguments}");
    stage.replay(&all).refused(line);
    assert_eq!(stage.names(), ["old.csv", "t.swf"]);
    assert_eq!(stage.read("old.csv"), "old");
}

#[test]
fn lines_that_are_no_records() {
    let after = |line: &str| format!("{}{line}\n", trace(&[GOOD]));
    refuses(after("2 3 -1"), "", "t.swf: line 3: expected 18 fields, found 3");
    refuses(
        after(&record([2, 0, 5, 2, 9]).replacen('2', "two", 1)),
        "",
        "t.swf: line 3: expected an integer in field 1 (job number), found `two`",
    );
    refuses(
        after(&record(GOOD).replacen(" 0 ", " soon ", 1)),
        "",
        "t.swf: line 3: expected seconds (an integer or a decimal fraction) in field 2 \
         (submit time), found `soon`",
    );
    refuses(
        after(&record([2, 0, 5, 2, 9]).replacen(" 0 ", " 9223372036854775808 ", 1)),
        "",
        "t.swf: line 3: expected a signed 64-bit number in field 2 (submit time), \
         found `9223372036854775808`",
    );
    refuses(
        b"\x89PNG\r\n\x1a\n\0\0",
        "",
        "t.swf: line 1: expected an integer in field 1 (job number), found `\u{fffd}PNG`",
    );
}

#[test]
fn numbers_beyond_what_the_policies_take() {
    let most = "of at most 4611686018427387904 s";
    for (second, what) in [
        (
            [7, i64::MAX, 5, 2, 9],
            format!("expected a submit time {most}, found 9223372036854775807 s"),
        ),
        ([7, 1 << 62, 5, 2, 9], format!("expected an end {most}, found 4611686018427387909 s")),
        (
            [7, 0, 5, 2, i64::MAX],
            "expected an estimate of 1 to 4611686018427387904 s, found 9223372036854775807 s"
                .to_owned(),
        ),
    ] {
        let text = trace(&[GOOD, second]);
        refuses(text, "", &format!("t.swf: line 3: job 7: {what}"));
    }
    let stage = Stage::with(trace(&[[1, 1, 5, 4, 1 << 62], [2, 2, 5, 4, 9]]));
    stage.replay("t.swf --policy conservative").refused(
        "t.swf: line 3: job 2: expected a reserved start of at most 4611686018427387904 s, \
         found 4611686018427387905 s",
    );
}

#[test]
fn lines_are_named_as_in_the_file_not_as_sorted() {
    let text = trace(&[[5, 1 << 62, 5, 2, 9], [6, 0, 5, 2, 9]]);
    refuses(
        text,
        "",
        "t.swf: line 2: job 5: expected an end of at most 4611686018427387904 s, \
         found 4611686018427387909 s",
    );
}

#[test]
fn the_same_job_number_twice() {
    let text = trace(&[[8, 0, 5, 2, 9], [9, 0, 5, 2, 9], [8, 4, 5, 2, 9]]);
    refuses(text, "", "t.swf: line 4: expected a new job number, found 8 as in line 2");
}

#[test]
fn damaged_gzip() {
    // Too varied to be packed into a few bytes.
    let text: String = (0..2_000).map(|i| record([i, i * i % 7919, i % 97 + 1, 1, 100])).collect();
    let packed = gzip((String::from("; MaxProcs: 4\n") + &text).as_bytes());
    let stage = Stage::with(&packed[..packed.len() / 2]);
    let done = stage.replay("t.swf --gantt x.svg");
    let (head, tail) = ("apportion: t.swf: line ", ": expected the rest of the gzip stream, ");
    let line = done.err.strip_prefix(head).and_then(|rest| rest.split_once(tail));
    let (number, rest) = line.unwrap_or_else(|| panic!("{}", done.err));
    let number: usize = number.parse().expect("a line number");
    assert!((500..1_500).contains(&number), "half of 2,001 lines is not {number}");
    assert_eq!(rest, "found the end of the file\n");
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
    assert_eq!(stage.names(), ["t.swf"]);

    refuses(
        b"\x1f\x8bgarbage, and more of it",
        "",
        "t.swf: line 1: expected a gzip stream: invalid gzip header",
    );
    let mut flipped = gzip(small().as_bytes());
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    refuses(
        flipped,
        "",
        "t.swf: line 6: expected a gzip stream: corrupt gzip stream does not have a matching \
         checksum",
    );
}

#[test]
fn something_after_the_gzip_stream() {
    let packed = gzip(small().as_bytes());
    let stage = Stage::with(small());
    let expected = stage.starts("t.swf --policy easy");
    // As gzip(1), which takes zeros for what fills a block of a tape.
    stage.write("t.swf", [packed.clone(), vec![0; 700]].concat());
    assert_eq!(stage.starts("t.swf --policy easy"), expected);
    for tail in ["more", "\0\0more", "\u{1f}"] {
        let text = [packed.clone(), tail.into()].concat();
        let line = "expected nothing but zeros after the gzip stream, found other bytes";
        refuses(text, "", &format!("t.swf: line 6: {line}"));
    }
}

#[test]
fn nothing_to_replay() {
    let none = "t.swf: expected a job, found none";
    refuses("", "", &format!("{none} (records: 0, dropped: 0, partial: 0)"));
    refuses("; MaxProcs: 4\n", "", &format!("{none} (records: 0, dropped: 0, partial: 0)"));
    let idle = trace(&[[1, 0, 0, 2, 9], [2, 0, 5, 0, 9]]);
    refuses(idle, "", &format!("{none} (records: 2, dropped: 2, partial: 0)"));
}

#[test]
fn a_machine_of_unknown_or_absurd_size() {
    let unknown = "expected a comment `; MaxProcs: N` with N > 0 before the first record, \
                   or the option --procs";
    refuses(record(GOOD), "", &format!("t.swf: line 1: {unknown}"));
    // Nodes may have several processors.
    let nodes = String::from("; MaxNodes: 4\n") + &record(GOOD);
    refuses(&nodes, "", &format!("t.swf: line 2: {unknown}"));
    Stage::with(nodes).replay("t.swf --procs 4").succeeded();

    let most = apportion_backfill::MAX_PROCESSORS;
    let huge = |size: u64| format!("; Computer: huge\n; MaxProcs: {size}\n{}", record(GOOD));
    refuses(
        huge(most + 1),
        "",
        &format!(
            "t.swf: line 2: expected at most {most} processors in `MaxProcs`, found {}",
            most + 1
        ),
    );
    Stage::with(huge(most)).replay("t.swf").succeeded();
    Stage::with(huge(most + 1)).replay("t.swf --procs 4").succeeded();
}

#[test]
fn strict_refuses_what_would_be_dropped() {
    let text = trace(&[GOOD, [2, 0, 0, 2, 9]]);
    let line = "t.swf: line 3: job 2: expected a job, but its run time is not positive";
    refuses(&text, "--strict", line);
    Stage::with(text).replay("t.swf").succeeded();
    Stage::with(small()).replay("t.swf --strict").succeeded();
}

#[test]
fn traces_that_cannot_be_read() {
    let stage = Stage::new();
    let missing = "missing.swf: expected a trace: ";
    let done = stage.replay("missing.swf --gantt x.svg");
    assert_eq!(done.err.lines().count(), 1);
    assert!(done.err.starts_with(&format!("apportion: {missing}")), "{}", done.err);
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));

    stage.replay(". --gantt x.svg").refused(".: expected a trace, found a folder");
    assert!(stage.names().is_empty());
}

#[test]
fn standard_input_is_named() {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["replay", "-"]).stdin(File::open(stage.path(".")).expect("a folder"));
    done(program.output().expect("the program can be started"))
        .refused("standard input: expected a trace: Is a directory");
    stage
        .replay_input("- --gantt x.svg", b"1 2 3\n")
        .refused("standard input: line 1: expected 18 fields, found 3");
    assert!(stage.names().is_empty());
}

#[test]
fn options_that_make_no_sense() {
    let stage = Stage::with(small());
    stage
        .replay("t.swf --policy fcfs --policy easy --starts x.csv")
        .refused("--starts: expected one --policy, found 2");
    stage.replay("t.swf --starts x.csv").refused("--starts: expected one --policy, found 4");
    for (arguments, part) in [
        ("--repeat 0", "'0' for '--repeat <N>'"),
        ("--procs 0", "'0' for '--procs <N>'"),
        ("--procs 99999999999", "'99999999999' for '--procs <N>'"),
        ("--policy best", "expected one of fcfs, easy, easy-sjbf, "),
        ("--policy reservations:", "expected `unbounded` or a number up to "),
        ("--policy reservations:-1", "expected `unbounded` or a number up to "),
        ("--policy reservations:18446744073709551616", "a number up to 18446744073709551615 "),
        ("--ties never", "[possible values: event, finish-first, batch]"),
        ("--gant x.svg", "'--gant'"),
    ] {
        let done = stage.replay(&format!("t.swf {arguments}"));
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(done.err.contains(part), "{arguments}: {}", done.err);
    }
    assert_eq!(stage.names(), ["t.swf"]);
}

#[test]
fn values_of_options_are_refused_on_one_line() {
    let stage = Stage::with(trace(&[GOOD]));
    for (options, line) in [
        ("--procs 0", "invalid value '0' for '--procs <N>': 0 is not in 1..=2147483648"),
        (
            "--policy reservations:",
            "invalid value 'reservations:' for '--policy <P>': expected `unbounded` or a number up to \
             18446744073709551615 after `reservations:`",
        ),
        (
            "--ties never",
            "invalid value 'never' for '--ties <TIES>' [possible values: event, finish-first, batch]",
        ),
        ("--starts=", "a value is required for '--starts <OUT.csv>' but none was supplied"),
        (
            "--policy easy --gantt -",
            "-: expected the name of a file; standard output has one, too: /dev/stdout",
        ),
    ] {
        stage.replay(&format!("t.swf {options}")).refused(line);
        assert_eq!(stage.names(), ["t.swf"]);
    }
}
