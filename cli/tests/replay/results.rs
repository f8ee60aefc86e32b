//! What a replay reports.

use serde_json::Value;

use crate::stage::{Stage, small, trace};

const POLICIES: [&str; 13] = [
    "fcfs",
    "easy",
    "easy-sjbf",
    "easy++",
    "easy++-request",
    "easy-clairvoyant",
    "easy-sjbf-clairvoyant",
    "easy-preemptive",
    "conservative",
    "reservations:0",
    "reservations:3",
    "reservations:18446744073709551615",
    "reservations:unbounded",
];

fn rows(stage: &Stage, arguments: &str) -> Vec<Value> {
    let text = stage.replay(&format!("{arguments} --json")).succeeded();
    assert!(text.ends_with("]\n"), "the document ends with a line feed");
    serde_json::from_str(&text).expect("one document and nothing else")
}

/// FNV-1a, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn the_numbers_of_a_trace_that_can_be_worked_out_by_hand() {
    let stage = Stage::with(small());
    let row = &rows(&stage, "t.swf --policy easy")[0];
    // Job 1 runs from 0 to 10, job 3 beside it from 2 to 10, job 2 alone from 10 to 20, job 4 last.
    assert_eq!(stage.starts("t.swf --policy easy"), "job_id,start\n1,0\n2,10\n3,2\n4,20\n");
    assert_eq!(row["policy"], "easy");
    assert_eq!(row["jobs"], 4);
    assert_eq!(row["avg_wait_s"], 26.0 / 4.0);
    assert_eq!(row["max_wait_s"], 17);
    assert_eq!(row["makespan_s"], 29);
    assert_eq!(row["avg_bounded_slowdown"], (1.0 + 1.9 + 1.0 + 2.6) / 4.0);
    assert_eq!(row["utilization"], 87.0 / (4.0 * 29.0));
    assert!(row["replay_ms"].as_f64().is_some_and(|time| time >= 0.0));
}

#[test]
fn the_keys_are_those_that_scripts_rely_on() {
    let stage = Stage::with(small());
    let row = rows(&stage, "t.swf --policy easy").remove(0);
    let keys: Vec<String> = row.as_object().expect("an object").keys().cloned().collect();
    let mut expected = [
        "policy",
        "jobs",
        "skipped",
        "avg_wait_s",
        "avg_bounded_slowdown",
        "max_wait_s",
        "makespan_s",
        "utilization",
        "replay_ms",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
}

#[test]
fn starts_are_in_order_of_submission_then_of_the_file() {
    let stage = Stage::with(trace(&[
        [30, 5, 1, 1, 1],
        [10, 0, 1, 1, 1],
        [20, 5, 1, 1, 1],
        [-4, 5, 1, 1, 1],
    ]));
    let expected = "job_id,start\n10,0\n30,5\n20,5\n-4,5\n";
    assert_eq!(stage.starts("t.swf --policy fcfs"), expected);
}

#[test]
fn ties_matter_where_events_coincide() {
    // Job 2 is submitted at the second at which job 1 ends; job 3 follows at once.
    let stage = Stage::with(trace(&[[1, 0, 5, 4, 5], [2, 5, 5, 4, 5], [3, 5, 1, 1, 1]]));
    for ties in ["event", "finish-first", "batch"] {
        let starts = stage.starts(&format!("t.swf --policy easy --ties {ties}"));
        assert_eq!(starts, "job_id,start\n1,0\n2,5\n3,10\n", "{ties}");
    }
    // Of two submitted together the later one is shorter: one pass for both lets it go first.
    let stage =
        Stage::with(trace(&[[1, 0, 9, 3, 9], [2, 1, 9, 4, 9], [3, 2, 7, 1, 7], [4, 2, 6, 1, 6]]));
    let starts = |ties: &str| stage.starts(&format!("t.swf --policy easy-sjbf --ties {ties}"));
    assert_eq!(starts("event"), "job_id,start\n1,0\n2,9\n3,2\n4,18\n");
    assert_eq!(starts("finish-first"), starts("event"));
    assert_eq!(starts("batch"), "job_id,start\n1,0\n2,9\n3,18\n4,2\n");
}

#[test]
fn every_policy_runs_every_job() {
    let stage = Stage::with(small());
    for policy in POLICIES {
        let row = &rows(&stage, &format!("t.swf --policy {policy} --repeat 3"))[0];
        assert_eq!((row["policy"].as_str(), row["jobs"].as_u64()), (Some(policy), Some(4)));
    }
}

#[test]
fn more_reservations_than_jobs_are_as_many_as_one_likes() {
    let stage = Stage::new();
    let unbounded = stage.starts("--policy reservations:unbounded");
    assert_eq!(stage.starts("--policy reservations:18446744073709551615"), unbounded);
    assert_eq!(stage.starts("--policy reservations:1"), stage.starts("--policy easy"));
}

#[test]
fn the_default_is_four_policies_on_a_workload_of_its_own() {
    let stage = Stage::new();
    let strip = |mut rows: Vec<Value>| {
        for row in &mut rows {
            row.as_object_mut().expect("an object").remove("replay_ms");
        }
        rows
    };
    let first = strip(rows(&stage, ""));
    let policies: Vec<_> = first.iter().map(|row| row["policy"].as_str()).collect();
    let expected = ["fcfs", "easy", "conservative", "easy++-request"].map(Some);
    assert_eq!(policies, expected);
    assert!(first.iter().all(|row| row["jobs"] == 5_000));
    assert_eq!(strip(rows(&stage, "")), first);
    assert!(stage.names().is_empty());
}

#[test]
fn value_stability_of_the_default_replay() {
    let stage = Stage::new();
    for (policy, expected) in [
        ("fcfs", 0x2e9b_9751_073e_ec31),
        ("easy", 0x3dd6_fe85_f0ee_da49),
        ("conservative", 0x741b_eedc_009d_1be6),
        ("easy++-request", 0x42ec_3fb5_aae4_c423),
    ] {
        let starts = stage.starts(&format!("--policy {policy}"));
        assert_eq!(starts.lines().count(), 5_001);
        assert_eq!(hash(&starts), expected, "{policy}: {:#018x}", hash(&starts));
    }
}

#[test]
fn the_table_is_for_people() {
    let stage = Stage::with(trace(&[[1, 0, 90_000, 4, 90_000], [2, 0, 10, 4, 10]]));
    let text = stage.replay("t.swf --policy easy --policy fcfs").succeeded();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["t.swf: 2 jobs on 4 processors", ""]);
    assert_eq!(lines.len(), 5);
    let cells = |line: usize| -> Vec<&str> {
        lines[line].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    };
    assert_eq!(
        cells(2),
        [
            "policy",
            "mean wait",
            "longest wait",
            "mean bounded slowdown",
            "makespan",
            "utilisation",
            "replayed in"
        ]
    );
    let expected = ["easy", "12 h 30 min", "1 d 1 h", "4501.00", "1 d 1 h", "100.0 %"];
    assert_eq!(cells(3)[..6], expected);
    assert_eq!(cells(4)[0], "fcfs");
}
