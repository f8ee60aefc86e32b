//! What is checked inside of the guest.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use apportion_testbed::guest::Check;
use rustix::process::Signal;

use crate::common::Stage;
use crate::machine::{Run, until};
use crate::measured::{busy, measures_the_example, shares};

/// By name; what fails panics.
pub(crate) fn checks() -> Vec<Check> {
    let checks: [(&'static str, fn()); 7] = [
        ("probe", probe),
        ("weights", weights),
        ("example", measures_the_example),
        ("change", change),
        ("whole_cpu", whole_cpu),
        ("ends", ends),
        ("unprivileged", unprivileged),
    ];
    let check = |(name, act): (&'static str, fn())| {
        Check::new(name, move || {
            act();
            Ok(())
        })
    };
    checks.into_iter().map(check).collect()
}

/// Programs of the machine that the guest has, too.
pub(crate) const PROGRAMS: [&str; 5] =
    [env!("CARGO_BIN_EXE_apportion"), "sh", "sleep", "chown", "chmod"];

fn probe() {
    let said = Stage::new().run("run --probe").succeeded();
    let line = said.lines().find(|line| line.starts_with("cgroup controller cpu "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(" yes ") && line.contains("cgroup v2"), "{line}");
}

/// By what the kernel counts, once it has noticed that none is on the CPU any more on which it began:
/// until then, shares are of what a group has on all CPUs. Up to three runs, as the machine may be busy
/// with other things.
fn weights() {
    let stage = Stage::new();
    let text = busy("one", "weight = 1") + &busy("two", "weight = 2") + &busy("four", "weight = 4");
    stage.write("spec.toml", text);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let run = Run::new(&stage, "run spec.toml --json --cpus 0");
        run.until_running("sh", 3);
        sleep(Duration::from_millis(1_500));
        let before = used(&run);
        sleep(Duration::from_secs(3));
        let after = used(&run);
        run.signal(Signal::INT);
        let done = run.finish();
        assert_eq!(done.status, Some(130), "{}", done.err);
        let used = [0, 1, 2].map(|at| after[at] - before[at]);
        let sum: f64 = used.iter().sum();
        let found = used.map(|used| used / sum);
        let off = [1.0, 2.0, 4.0].iter().zip(found).map(|(part, found)| (part / 7.0 - found).abs());
        let off = off.fold(0.0, f64::max);
        println!("measured: 1:2:4 by `run`: {found:.4?}, off by {:.2} points at most", 100.0 * off);
        if off <= 0.01 {
            return;
        }
        seen.push(found);
    }
    panic!("{seen:?}");
}

/// CPU time of the three commands, in microseconds.
fn used(run: &Run) -> [f64; 3] {
    let folders = run.folders();
    let [top] = folders.as_slice() else { panic!("{folders:?}") };
    ["one", "two", "four"].map(|name| {
        let path = Path::new(top).join(name).join("cpu.stat");
        let text = fs::read_to_string(path).expect("it can be read");
        let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
        line.and_then(|number| number.parse().ok()).expect("it is a number")
    })
}

/// Weights and limits change while commands run, and are what the kernel is told.
fn change() {
    let stage = Stage::new();
    stage.write("spec.toml", busy("a", "weight = 1") + &busy("b", "weight = 1"));
    let run = Run::new(&stage, "run spec.toml --json --cpus 0");
    run.until_running("sh", 2);
    let folders = run.folders();
    let [top] = folders.as_slice() else { panic!("{folders:?}") };
    let read = |name: &str| fs::read_to_string(Path::new(top).join(name)).unwrap_or_default();
    assert_eq!(read("a/cpu.weight"), read("b/cpu.weight"));
    stage.write("spec.toml", busy("a", "weight = 3\nlimit = 0.6") + &busy("b", "weight = 1"));
    run.signal(Signal::HUP);
    until("the limit is told", || read("a/cpu.max") == "60000 100000\n");
    run.signal(Signal::INT);
    let done = run.finish();
    assert_eq!(done.status, Some(130));
    let said = "apportion: a: weight 3, was 1; limit 0.6, was none\n";
    assert_eq!(done.err, said);
}

/// A hard allocation of a whole CPU is that CPU, alone.
fn whole_cpu() {
    let stage = Stage::new();
    let text = busy("hard", "hard = true\nweight = 2") + &busy("a", "") + &busy("b", "");
    stage.write("spec.toml", text);
    let run = Run::new(&stage, "run spec.toml --json --cpus 0-1 --for 2s");
    run.until_running("sh", 3);
    let folders = run.folders();
    let [top] = folders.as_slice() else { panic!("{folders:?}") };
    let cpus = ["hard", "_rest/a", "_rest/b"].map(|name| {
        let path = Path::new(top).join(name).join("cpuset.cpus.effective");
        fs::read_to_string(path).unwrap_or_default()
    });
    assert!(cpus == ["0\n", "1\n", "1\n"] || cpus == ["1\n", "0\n", "0\n"], "{cpus:?}");
    let found = shares(&run.finish().succeeded());
    assert!((found[1].2 - found[2].2).abs() < 0.03, "{found:?}");
}

/// However a run ends, nothing of it is left.
fn ends() {
    let stage = Stage::new();
    let text = "
        [[command]]
        name = 'family'
        run = ['sh', '-c', 'sleep 1000 & sleep 1000 & sleep 1000']
        [[command]]
        name = 'stubborn'
        run = ['sh', '-c', 'trap \"\" TERM; sleep 1000 & while :; do sleep 0.2; done']
    ";
    stage.write("spec.toml", text);
    let begin = || {
        let run = Run::new(&stage, "run spec.toml");
        until("all sleep", || run.running("sleep") >= 4);
        run
    };
    let run = begin();
    run.signal(Signal::TERM);
    assert_eq!(run.finish().status, Some(143));
    begin().kill();
    let run = begin();
    run.kill_keeper_and_program();
    stage.write("next.toml", "[[command]]\nname = 'a'\nrun = ['sh', '-c', ':']\n");
    let done = Run::new(&stage, "run next.toml").finish();
    let said = "apportion: removed 1 group of a run that was killed\n";
    assert_eq!((done.status, done.err.as_str()), (Some(0), said));
    until("processes are left", || run.processes().is_empty());
    assert_eq!(run.folders(), Vec::<String>::new());
}

/// Without rights it says what would help, which does.
fn unprivileged() {
    let stage = Stage::new();
    fs::set_permissions(stage.path("."), fs::Permissions::from_mode(0o755)).expect("it is ours");
    stage.write("spec.toml", "[[command]]\nname = 'a'\nrun = ['sh', '-c', ':']\n");
    let nobody = || {
        let mut program = stage.program();
        program.args(["run", "spec.toml"]).uid(NOBODY).gid(NOBODY);
        program
    };
    let done = Run::of(nobody()).finish();
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
    assert!(done.err.starts_with("apportion: cgroup controller cpu: "), "{}", done.err);
    println!("measured: {}", done.err.trim_end());
    let fix = done.err.split('`').nth(1).expect("a command that would help");
    let does = |line: &str| {
        let status = Command::new("sh").args(["-c", line]).env("PATH", "/bin").status();
        assert!(status.expect("there is a shell").success(), "{line}");
    };
    does(fix);
    let done = Run::of(nobody()).finish();
    does(&fix.replace("chown 65534", "chown 0").replace("u+w", "u-w"));
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""));
}

const NOBODY: u32 = 65_534;
