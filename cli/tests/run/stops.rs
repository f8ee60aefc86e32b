//! However a run ends, nothing of it is left.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::common::Stage;
use crate::machine::{self, Run, until};

/// A command with children, one of them in a session of its own, beside one that does not heed a
/// request to end.
const FAMILY: &str = "
    [[command]]
    name = 'family'
    run = ['sh', '-c', 'sleep 1000 & setsid sleep 1000 & sleep 1000']
    [[command]]
    name = 'stubborn'
    run = ['sh', '-c', 'trap \"\" TERM; sleep 1000 & while :; do sleep 0.05; done']
";

fn family(stage: &Stage, options: &str) -> Run {
    stage.write("spec.toml", FAMILY);
    let run = Run::new(stage, &format!("run spec.toml {options}"));
    until("all sleep", || run.running("sleep") >= 4);
    run
}

#[test]
fn when_it_is_told_to_end() {
    let Some(_alone) = machine::groups("when it is told to end") else { return };
    let stage = Stage::new();
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let run = family(&stage, "");
        run.signal(signal);
        sleep(Duration::from_millis(100));
        // Once more: at once.
        run.signal(signal);
        let done = run.finish();
        assert_eq!((done.status, done.err.as_str()), (Some(status), ""));
        assert_eq!(done.out.matches("ended with the run").count(), 2, "{}", done.out);
    }
    // The time is up: asked, and killed after a while.
    let done = family(&stage, "--for 500ms").finish();
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""));
}

#[test]
fn when_it_is_killed() {
    let Some(_alone) = machine::groups("when it is killed") else { return };
    let stage = Stage::new();
    family(&stage, "").kill();
    family(&stage, "--for 10s").kill();
}

#[test]
fn when_it_and_its_keeper_are_killed_the_next_start_sweeps() {
    let Some(_alone) = machine::groups("the next start sweeps") else { return };
    let stage = Stage::new();
    let run = family(&stage, "");
    let folders = run.folders();
    assert!(!folders.is_empty());
    run.kill_keeper_and_program();
    stage.write("next.toml", "[[command]]\nname = 'a'\nrun = ['true']\n");
    // Another test may have swept, of another program that uses the library.
    let done = Run::new(&stage, "run next.toml").finish();
    assert_eq!(done.status, Some(0));
    let said = format!("apportion: removed {} groups of a run that was killed\n", folders.len());
    assert!(done.err.is_empty() || done.err == said, "{}", done.err);
    until("processes are left", || run.processes().is_empty());
    assert_eq!(run.folders(), Vec::<String>::new());
}

#[test]
fn two_at_once_are_not_in_each_others_way() {
    let Some(_alone) = machine::groups("two at once") else { return };
    let stage = Stage::new();
    let one = family(&stage, "");
    Run::new(&stage, "run --cpus 0 --for 500ms").finish().succeeded();
    assert!(one.running("sleep") >= 4);
    one.signal(Signal::INT);
    sleep(Duration::from_millis(100));
    one.signal(Signal::INT);
    assert_eq!(one.finish().status, Some(130));
}

#[test]
fn when_a_command_cannot_be_started() {
    let Some(_alone) = machine::groups("a command that cannot be started") else { return };
    let stage = Stage::new();
    let first = "[[command]]\nname = 'first'\nrun = ['sh', '-c', 'sleep 1000 & sleep 1000']\n";
    for (program, reason) in [
        ("/no/such/program", "No such file or directory (os error 2)"),
        ("no-such-program", "No such file or directory (os error 2)"),
        ("/", "Permission denied (os error 13)"),
    ] {
        let text = format!("{first}[[command]]\nname = 'b'\nrun = ['{program}']\n");
        stage.write("spec.toml", text);
        let done = Run::new(&stage, "run spec.toml --output out --svg x.svg --json").finish();
        done.refused(&format!(
            "spec.toml:5: expected a command that can be started: cannot start `{program}`: {reason}"
        ));
        assert_eq!(stage.names(), ["spec.toml"]);
    }
}

#[test]
fn what_a_command_leaves_behind_is_killed_when_it_ends() {
    let Some(_alone) = machine::groups("what a command leaves behind") else { return };
    let stage = Stage::new();
    let text = "
        [[command]]
        name = 'leaves'
        run = ['sh', '-c', 'setsid sleep 1000 & exit 0']
        [[command]]
        name = 'waits'
        run = ['sleep', '0.5']
    ";
    stage.write("spec.toml", text);
    let run = Run::new(&stage, "run spec.toml");
    until("the one that waits is left", || run.running("sleep") == 1);
    assert_eq!(run.finish().status, Some(0));
}
