//! Without rights: what is missing is named, and nice levels can be had.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use crate::common::Stage;
use crate::machine::{self, Run, until};

/// The program as somebody who may do nothing; or nothing, after the line `not run`.
fn nobody(stage: &Stage, who: &str, arguments: &str) -> Option<Command> {
    if !rustix::process::geteuid().is_root() {
        apportion_testbed::not_run("cgroup-v1", who, "this is not root, who can become another");
        return None;
    }
    // A copy that everybody may execute, in a folder that everybody may enter.
    let program = stage.path("apportion");
    // By another process: were it ours, a process that another test starts just then would hold it
    // open for writing, and it could not be executed.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_apportion")).arg(&program).status();
    assert!(copied.expect("there is `cp`").success());
    fs::set_permissions(stage.path("."), fs::Permissions::from_mode(0o777)).expect("it is ours");
    let mut command = stage.command(&program);
    command.args(arguments.split_whitespace()).uid(NOBODY).gid(NOBODY);
    Some(command)
}

#[test]
fn control_groups_are_unavailable_and_nice_levels_are_named() {
    let _alone = machine::alone();
    let stage = Stage::new();
    stage.write("spec.toml", "[[command]]\nname = 'a'\nrun = ['true']\n");
    for backend in ["", "--backend auto", "--backend cgroup"] {
        let arguments = format!("run spec.toml {backend} --output out");
        let Some(program) = nobody(&stage, "without rights", &arguments) else { return };
        let done = Run::of(program).finish();
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
        assert!(done.err.starts_with("apportion: cgroup controller cpu: "), "{}", done.err);
        let end = "; or, for weights only: `--backend nice`\n";
        assert!(done.err.ends_with(end) && done.err.lines().count() == 1, "{}", done.err);
        assert_eq!(stage.names(), ["apportion", "spec.toml"]);
    }
}

#[test]
fn nice_levels_hold_weights() {
    let _alone = machine::alone();
    let stage = Stage::new();
    let arguments = "run --backend nice --cpus 0 --for 2s --json";
    let Some(program) = nobody(&stage, "nice levels hold weights", arguments) else { return };
    let done = Run::of(program).finish();
    assert_eq!(done.status, Some(0), "{}", done.err);
    let said =
        "apportion: nice levels and affinity: no finer weights, so shares are off, in points: ";
    assert!(done.err.starts_with(said), "{}", done.err);
    let list: serde_json::Value = serde_json::from_str(&done.out).expect("it is one document");
    let list: Vec<f64> = list
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|row| row["achieved"].as_f64().expect("it is a number"))
        .collect();
    let all: f64 = list.iter().sum();
    for (achieved, decided) in list.iter().zip([1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]) {
        assert!((achieved / all - decided).abs() < 0.04, "{list:?}");
    }
}

#[test]
fn nice_levels_leave_nothing_behind_either() {
    let _alone = machine::alone();
    let stage = Stage::new();
    let text = "
        [[command]]
        name = 'family'
        run = ['sh', '-c', 'sleep 1000 & sleep 1000 & sleep 1000']
        weight = 3
        [[command]]
        name = 'short'
        run = ['sh', '-c', 'sleep 1000 & sleep 0.3']
    ";
    stage.write("spec.toml", text);
    let start = |options: &str| {
        let arguments = format!("run spec.toml --backend nice {options}");
        let program = nobody(&stage, "nice levels leave nothing behind", &arguments)?;
        let run = Run::of(program);
        until("all sleep", || run.running("sleep") >= 3);
        // The other command may only now be starting. Its keeper is told of it as soon as it runs; what
        // it starts before that would be left if the program was killed in the meantime.
        std::thread::sleep(Duration::from_millis(500));
        Some(run)
    };
    let Some(run) = start("--for 1s") else { return };
    let done = run.finish();
    assert_eq!(done.status, Some(0), "{}", done.err);
    let Some(run) = start("") else { return };
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.finish().status, Some(130));
    let Some(run) = start("") else { return };
    run.kill();
}

#[test]
fn what_nice_levels_cannot_hold_is_refused() {
    let stage = Stage::new();
    for key in ["limit = 0.5", "hard = true", "memory = '1GiB'", "io-weight = 5"] {
        stage.write("spec.toml", format!("[[command]]\nname = 'a'\nrun = ['true']\n{key}\n"));
        let (key, _) = key.split_once(' ').expect("there is a blank");
        stage.run("run spec.toml --backend nice").refused(&format!(
            "spec.toml:2: `{key}` of `a`: a nice level cannot hold it; use `--backend cgroup`, or take \
             `{key}` out"
        ));
    }
}

#[test]
fn what_nice_levels_cannot_hold_is_refused_in_mid_run_too() {
    let _alone = machine::alone();
    let stage = Stage::new();
    let spec = |keys: &str| {
        let text = format!("[[command]]\nname = 'a'\nrun = ['sleep', '100']\n{keys}\n");
        stage.write("spec.toml", text);
    };
    spec("weight = 1");
    let mut program = stage.program();
    program.args(["run", "spec.toml", "--backend", "nice"]);
    program.stderr(fs::File::create(stage.path("err")).expect("a file can be made"));
    let run = Run::with_its_own_errors(program);
    run.until_running("sleep", 1);
    spec("weight = 9\nlimit = 0.1");
    run.signal(rustix::process::Signal::HUP);
    until("it is refused", || stage.read("err").ends_with("nothing is changed\n"));
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.finish().status, Some(130));
    let refusal = "apportion: spec.toml:2: `limit` of `a`: a nice level cannot hold it; use `--backend \
                   cgroup`, or take `limit` out; nothing is changed\n";
    assert_eq!(stage.read("err"), refusal);
}

#[test]
fn a_probe_changes_nothing() {
    let stage = Stage::new();
    let text = stage.run("run --probe").succeeded();
    assert!(text.starts_with("what ") && text.contains("\ncgroup controller cpu "), "{text}");
    let list = stage.run("run --probe --json").succeeded();
    let list: serde_json::Value = serde_json::from_str(&list).expect("it is one document");
    for row in list.as_array().expect("it is a list") {
        let is_complete = if row["available"].as_bool().expect("it is said") {
            row["how"].is_string() && row["fix"].is_null()
        } else {
            row["why"].is_string() && row["fix"].is_string()
        };
        assert!(is_complete, "{row}");
    }
    assert!(stage.names().is_empty());
}

const NOBODY: u32 = 65_534;
