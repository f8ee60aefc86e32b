//! What goes wrong while commands run.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::common::Stage;
use crate::machine::{self, Run, until};

/// Where version 1 limits the CPU of a run, and of its command `a`.
fn quotas(run: &Run) -> [PathBuf; 2] {
    let folders = run.folders();
    let top = folders.iter().find(|path| path.contains("/cpu/")).expect("it has groups of the CPU");
    let folder = PathBuf::from(top);
    let entries = fs::read_dir(&folder).expect("it can be listed").flatten();
    let inner = entries.map(|entry| entry.path()).find(|path| path.ends_with("a"));
    [folder, inner.expect("the command has a group")].map(|path| path.join("cpu.cfs_quota_us"))
}

/// Somebody else limits all of a run, so that a limit inside which is higher is refused by the
/// kernel, and later takes that back.
#[test]
fn what_is_refused_in_mid_run_is_told_and_what_runs_goes_on() {
    let Some(_alone) = machine::groups("a refusal in mid-run") else { return };
    let stage = Stage::new();
    let limited = |limit: &str| {
        stage.write(
            "spec.toml",
            format!("[[command]]\nname = 'a'\nrun = ['sleep', '100']\n{limit}"),
        );
    };
    limited("");
    let mut program = stage.program();
    program.args(["run", "spec.toml", "--cpus", "0"]);
    program.stderr(fs::File::create(stage.path("err")).expect("a file can be made"));
    let run = Run::with_its_own_errors(program);
    run.until_running("sleep", 1);
    let [all, one] = quotas(&run);
    let read = || fs::read_to_string(&one).expect("it can be read");
    let says = |limit: &str, wanted: &str| {
        limited(limit);
        run.signal(Signal::HUP);
        until(wanted, || read().trim_end() == wanted);
    };
    let before = read();
    fs::write(&all, "10000").expect("the whole run is limited");
    limited("limit = 0.5\n");
    run.signal(Signal::HUP);
    until("the refusal is told", || stage.read("err").contains("what runs keeps what it was told"));
    assert_eq!((read(), run.running("sleep")), (before, 1));
    // What is possible again is done, and what is possible meanwhile too.
    says("limit = 0.05\n", "5000");
    fs::write(&all, "-1").expect("the run is not limited any more");
    says("limit = 0.5\n", "50000");
    run.signal(Signal::INT);
    assert_eq!(run.finish().status, Some(130));
    let err = stage.read("err");
    let lines: Vec<&str> = err.lines().collect();
    let [first, refused, second, third] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!(*first, "apportion: a: limit 0.5, was none");
    assert!(refused.contains("Invalid argument"), "{refused}");
    assert!(refused.ends_with("; what runs keeps what it was told"), "{refused}");
    assert_eq!(*second, "apportion: a: limit 0.05, was 0.5");
    assert_eq!(*third, "apportion: a: limit 0.5, was 0.05");
}

/// Whenever the signal comes, the run ends by it, and nothing is left.
#[test]
fn a_signal_that_comes_early_leaves_nothing() {
    let Some(_alone) = machine::groups("a signal that comes early") else { return };
    let stage = Stage::new();
    stage.write("spec.toml", "[[command]]\nname = 'a'\nrun = ['sleep', '100']\n");
    let [mut killed, mut ended] = [0_u32; 2];
    for delay in 0..60 {
        let run = Run::new(&stage, "run spec.toml");
        sleep(Duration::from_micros(500 * delay));
        // What is started in the background may have been told to ignore the other one.
        run.signal(Signal::TERM);
        let done = run.finish();
        match done.status {
            // Before it has said what it does then.
            None => killed += 1,
            Some(143) => ended += 1,
            other => panic!("{other:?} after {delay} half milliseconds: {}", done.err),
        }
    }
    // How many of each depends on the machine.
    println!("measured: {killed} ended by the signal itself, {ended} by the program");
}
