//! Where a trace may come from, and what cleaning says of it.

use crate::stage::{Stage, gzip, record, small, trace};

#[test]
fn standard_input_plain_or_packed() {
    let stage = Stage::with(small());
    let expected = stage.starts("t.swf --policy easy");
    for input in [small().into_bytes(), gzip(small().as_bytes())] {
        let done = stage.replay_input("- --policy easy --starts x.csv", &input);
        assert!(done.succeeded().starts_with("standard input: 4 jobs on 4 processors\n"));
        assert_eq!(stage.read("x.csv"), expected);
    }
}

#[test]
fn gzip_in_several_members() {
    let stage = Stage::with(small());
    let expected = stage.starts("t.swf --policy easy");
    let text = small();
    // Cut in the middle of a line.
    let (head, tail) = text.as_bytes().split_at(text.len() / 2);
    stage.write("t.swf.gz", [gzip(head), gzip(b""), gzip(tail)].concat());
    assert_eq!(stage.starts("t.swf.gz --policy easy"), expected);
}

#[test]
fn one_job_on_one_processor() {
    let stage = Stage::with(trace(&[[1, 0, 5, 1, 9]]));
    for (processors, machine) in [("1", "1 processor"), ("2", "2 processors")] {
        let text = stage.replay(&format!("t.swf --procs {processors}")).succeeded();
        assert!(text.starts_with(&format!("t.swf: 1 job on {machine}\n")), "{text}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let stage = Stage::new();
    let arguments = ["replay", "-", "--json", "--gantt", "x.svg"];
    stage.nobody_reads(&arguments, small().as_bytes());
    assert_eq!(stage.names(), ["x.svg"]);
}

#[test]
fn jobs_larger_than_the_machine_get_all_of_it() {
    let stage = Stage::with(small());
    let text = stage.replay("t.swf --procs 2 --policy fcfs").succeeded();
    assert!(
        text.contains(
            "t.swf: 4 jobs on 2 processors\n\
             cleaning: 4 of 4 records kept; 2 cut to the processors of the machine\n\n"
        ),
        "{text}"
    );
    let starts = stage.starts("t.swf --procs 2 --policy fcfs");
    assert_eq!(starts, "job_id,start\n1,0\n2,10\n3,20\n4,20\n");
}

#[test]
fn cleaning_is_counted() {
    let partial = record([6, 9, 5, 2, 9]).replacen(" 1 7", " 3 7", 1);
    let unknown = record([7, 8, 5, -1, -1]).replacen(" 5 -1", " 5 2", 1);
    let text = trace(&[
        [1, 0, 0, 2, 9],
        [2, 0, 5, -1, 9],
        [3, -1, 5, 2, 9],
        [4, 20, 12, 2, 9],
        [5, 10, 5, 2, 9],
    ]) + &partial
        + &unknown;
    let stage = Stage::with(text);
    let table = stage.replay("t.swf --policy easy").succeeded();
    assert!(
        table.contains(
            "cleaning: 3 of 7 records kept; 1 dropped without a run time, 1 dropped without \
             processors, 1 dropped without a submit time, 1 left out as parts of checkpointed \
             jobs, 1 killed at the estimate, 1 with the run time as estimate, 1 with the \
             allocated processors, 2 moved into the order of submission\n"
        ),
        "{table}"
    );
    let json = stage.replay("t.swf --policy easy --json").succeeded();
    let rows: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(
        rows[0]["skipped"],
        serde_json::json!({"runtime": 1, "processors": 1, "submit": 1, "partial": 1})
    );
    assert_eq!(stage.starts("t.swf --policy easy"), "job_id,start\n7,8\n5,10\n4,20\n");
}
