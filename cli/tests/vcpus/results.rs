//! Tables, documents and pictures.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::{alone, kvm_and_groups};
use crate::common::{Stage, done};

fn document(arguments: &str) -> Value {
    let text = Stage::new().run(&format!("vcpus {arguments} --json")).succeeded();
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
    serde_json::from_str(&text).expect("one document and nothing else")
}

fn shares(document: &Value, name: &str) -> Vec<f64> {
    let vcpus = document["vcpus"].as_array().expect("a list").iter();
    vcpus.map(|vcpu| vcpu[name].as_f64().expect("a number")).collect()
}

#[test]
fn threads_by_quanta() {
    let _alone = alone();
    let found = document("--threads --policy wfq --policy stride --for 1s");
    let list = found.as_array().expect("a list, as there are two");
    assert_eq!(list.len(), 2);
    for (document, policy) in list.iter().zip(["wfq", "stride"]) {
        assert_eq!(document["policy"], policy);
        for (decided, exact) in shares(document, "decided").iter().zip([1.0, 2.0, 4.0]) {
            assert!((decided - exact / 7.0).abs() < 1e-9, "{document}");
        }
        let achieved = shares(document, "achieved");
        assert!((achieved.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{document}");
        assert!(achieved[2] > achieved[1] && achieved[1] > achieved[0], "{document}");
        assert!(document["decision_us"]["median"].as_f64() > Some(0.0), "{document}");
        assert!(document["vcpus"][0]["quanta"].as_u64() > Some(2), "{document}");
        assert!(document["vcpus"][0]["limit"].is_null());
    }
}

#[test]
fn one_policy_is_an_object() {
    let _alone = alone();
    let found = document(
        "--threads --policy wfq --weights 5,1x2 --limit 0=12.5% --early 1=20% --quantum 1ms --for 1s",
    );
    assert_eq!(found["policy"], "wfq");
    let vcpus = found["vcpus"].as_array().expect("a list");
    assert_eq!(vcpus.len(), 3);
    assert_eq!((&vcpus[0]["weight"], &vcpus[0]["limit"]), (&5.into(), &0.125.into()));
    assert!(vcpus[1]["yielded"].as_u64() > Some(0), "{found}");
    let used = vcpus[0]["cpu_ms"].as_f64().unwrap() / found["wall_ms"].as_f64().unwrap();
    assert!(used < 0.16, "{found}");
}

#[test]
fn a_picture_and_tables() {
    let _alone = alone();
    let stage = Stage::new();
    let run = "vcpus --threads --policy lottery --policy eevdf --for 300ms --svg vcpus.svg";
    let text = stage.run(run).succeeded();
    assert!(
        text.starts_with("3 vCPUs, weights 1, 2, 4\n\nlottery: quanta of 2ms, one vCPU"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(stage.names(), ["vcpus.svg"]);
    let picture = stage.read("vcpus.svg");
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"), "{picture}");
    assert_eq!(picture.matches("<title>vCPU ").count(), 6, "{picture}");
    stage.nobody_reads(&["vcpus", "--threads", "--policy", "wfq", "--for", "50ms"], b"");
    stage.disk_is_full(&["vcpus", "--threads", "--policy", "wfq", "--for", "50ms"]);
}

#[test]
fn it_ends_early_when_it_is_told_to() {
    let _alone = alone();
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["vcpus", "--threads", "--policy", "wfq", "--policy", "eevdf", "--for", "1h"]);
    let child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    sleep(Duration::from_secs(1));
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("there is a `kill`").success());
    let text = done(child.wait_with_output().expect("it ends")).succeeded();
    assert!(text.contains("\nwfq: ") && !text.contains("eevdf"), "{text}");
}

#[test]
fn guests_in_groups_and_by_quanta() {
    if !kvm_and_groups("guests in groups and by quanta") {
        return;
    }
    let _alone = alone();
    let found = document("--policy groups --policy wfq --for 2s");
    for (document, bound) in found.as_array().expect("a list").iter().zip([0.02, 0.01]) {
        let pairs = shares(document, "decided").into_iter().zip(shares(document, "achieved"));
        for (decided, achieved) in pairs {
            assert!((decided - achieved).abs() < bound, "{document}");
        }
        assert!((shares(document, "work").iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
    assert!(found[0]["vcpus"][0]["quanta"].is_null() && found[0]["decision_us"].is_null());
}
