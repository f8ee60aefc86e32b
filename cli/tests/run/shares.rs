//! Real commands get what was decided, by the CPU time that the kernel counts.

use std::process::Stdio;

use serde_json::Value;

use crate::common::Stage;
use crate::machine::{self, Run};
use crate::measured::{busy, measures, measures_the_example, shares};

#[test]
fn one_two_four_within_a_point() {
    let Some(_alone) = machine::groups("1:2:4 within a point") else { return };
    let text = busy("one", "weight = 1") + &busy("two", "weight = 2") + &busy("four", "weight = 4");
    let decided = [("one", 1.0 / 7.0), ("two", 2.0 / 7.0), ("four", 4.0 / 7.0)];
    measures(&text, "--cpus 0 --for 5s", 1.0, &decided);
}

#[test]
fn the_example_that_ships_within_two_points() {
    let Some(_alone) = machine::groups("the example that ships within two points") else { return };
    measures_the_example();
}

#[test]
fn what_a_hard_one_leaves_is_wasted() {
    let Some(_alone) = machine::groups("what a hard one leaves is wasted") else { return };
    let stage = Stage::new();
    let text = "[[command]]\nname = \"hard\"\nrun = [\"sleep\", \"100\"]\nhard = true\n".to_owned()
        + &busy("a", "weight = 2")
        + &busy("b", "weight = 1");
    stage.write("spec.toml", &text);
    let run = Run::new(&stage, "run spec.toml --json --cpus 0 --for 3s");
    let found = shares(&run.finish().succeeded());
    let others = found[1].2 + found[2].2;
    assert!((found[1].2 / others - 2.0 / 3.0).abs() < 0.02, "{found:?}");
    assert!(found[0].2 < 0.02 && others < 0.77, "{found:?}");
    // A busy one gets no more than its share either.
    let text = busy("hard", "hard = true\nweight = 1")
        + "[[command]]\nname = \"idle\"\nrun = [\"sleep\", \"100\"]\nweight = 4\n";
    stage.write("spec.toml", &text);
    let run = Run::new(&stage, "run spec.toml --json --cpus 0 --for 2s");
    let found = shares(&run.finish().succeeded());
    assert!((0.15..0.22).contains(&found[0].2), "{found:?}");
}

#[test]
fn a_whole_cpu_is_a_hard_ones_alone() {
    let who = "a whole CPU is a hard one's alone";
    let Some(_alone) = machine::groups(who) else { return };
    let two =
        rustix::thread::sched_getaffinity(None).is_ok_and(|cpus| cpus.is_set(0) && cpus.is_set(1));
    if !two {
        apportion_testbed::not_run("two-cpus", who, "there are no CPUs 0 and 1");
        return;
    }
    let stage = Stage::new();
    let text = busy("hard", "hard = true\nweight = 2") + &busy("a", "") + &busy("b", "");
    stage.write("spec.toml", text);
    let run = Run::new(&stage, "run spec.toml --json --cpus 0-1 --for 2s");
    run.until_running("sh", 3);
    let mut cpus: Vec<String> = run
        .processes()
        .iter()
        .filter_map(|id| {
            let name = std::fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"))?;
            (name == "sh\n").then(|| list.to_owned())
        })
        .collect();
    cpus.sort();
    assert_eq!(cpus, ["0", "0", "1"]);
    let found = shares(&run.finish().succeeded());
    assert!((found[1].2 - found[2].2).abs() < 0.02, "{found:?}");
    let decided: Vec<f64> = found.iter().map(|row| row.1).collect();
    assert_eq!(decided, [0.5, 0.25, 0.25]);
}

#[test]
fn a_command_that_ends_leaves_its_share_to_the_others() {
    let Some(_alone) = machine::groups("a command that ends leaves its share") else { return };
    let stage = Stage::new();
    let text = "[[command]]\nname = \"short\"\nrun = [\"sleep\", \"1\"]\nweight = 3\n".to_owned()
        + &busy("long", "weight = 1");
    stage.write("spec.toml", &text);
    let run = Run::new(&stage, "run spec.toml --json --cpus 0 --for 2s");
    let found = shares(&run.finish().succeeded());
    // A quarter of the first second, and all of the other.
    assert!((found[1].1 - 0.625).abs() < 0.02, "{found:?}");
    assert!((found[0].1 - 0.375).abs() < 0.02, "{found:?}");
}

#[test]
fn weights_change_while_commands_run() {
    let Some(_alone) = machine::groups("weights change while commands run") else { return };
    let stage = Stage::new();
    stage.write("spec.toml", busy("a", "weight = 1") + &busy("b", "weight = 1"));
    let run = Run::new(&stage, "run spec.toml --json --cpus 0 --for 2500ms");
    run.until_running("sh", 2);
    let change = |a: &str| {
        stage.write("spec.toml", busy("a", a) + &busy("b", "weight = 1"));
        run.signal(rustix::process::Signal::HUP);
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    change("weight = 0");
    change("weight = 9\nhard = true");
    change("weight = 1");
    change("weight = 9\nlimit = 0.95");
    let done = run.finish();
    let lines: Vec<&str> = done.err.lines().collect();
    assert_eq!(
        lines,
        [
            "apportion: spec.toml:4: expected a whole number from 1 to 4294967295, found integer `0`; \
             nothing is changed",
            "apportion: spec.toml: expected the same commands, groups and network as before, of \
             which only weights, reservations and limits may change, found others; nothing is changed",
            "apportion: the specification was read again, and says the same",
            "apportion: a: weight 9, was 1; limit 0.95, was none",
        ]
    );
    let found = shares(&done.out);
    assert_eq!(done.status, Some(0));
    assert!(found[0].1 > 0.6 && found[0].2 > 1.8 * found[1].2, "{found:?}");
}

#[test]
fn a_specification_from_a_pipe_and_output_to_files() {
    let Some(_alone) = machine::groups("output to files") else { return };
    let stage = Stage::new();
    let text = "
        [[command]]
        name = 'says'
        run = ['sh', '-c', 'echo out; echo err >&2; read line || echo empty']
        memory = '64MiB'
        [[command]]
        name = 'fails'
        run = ['sh', '-c', 'sleep 0.2; exit 3']
        [[command]]
        name = 'dies'
        run = ['sh', '-c', 'sleep 0.4; kill -SEGV $$']
    ";
    stage.write("spec.toml", text);
    let mut program = stage.program();
    let input = std::fs::File::open(stage.path("spec.toml")).unwrap();
    program.args(["run", "-", "--output", "out"]).stdin(Stdio::from(input));
    let found = Run::of(program).finish();
    assert_eq!((found.status, found.err.as_str()), (Some(3), ""), "{}", found.out);
    let exits: Vec<&str> =
        found.out.lines().skip(3).take(3).filter_map(|line| line.rsplit("  ").next()).collect();
    assert_eq!(exits, ["0", "3", "signal 11"], "{}", found.out);
    let read = |name: &str| stage.read(&format!("out/{name}"));
    assert_eq!((read("says.out"), read("says.err")), ("out\nempty\n".into(), "err\n".into()));
    assert_eq!(read("fails.out") + &read("dies.err"), "");
    // Without a folder, both streams go to standard error.
    let run = Run::new(&stage, "run spec.toml --json");
    let found = run.finish();
    assert_eq!((found.status, found.err.as_str()), (Some(3), "out\nerr\nempty\n"));
    let list: Value = serde_json::from_str(&found.out).unwrap();
    let exits: Vec<_> = list.as_array().unwrap().iter().map(|row| row["exit"].as_i64()).collect();
    assert_eq!(exits, [Some(0), Some(3), Some(139)]);
    // When the time is up, that is what ended the run.
    let found = Run::new(&stage, "run spec.toml --json --for 300ms").finish();
    assert_eq!((found.status, found.out.matches("\"exit\":null").count()), (Some(0), 1));
}

#[test]
fn a_full_disk_loses_no_run() {
    let Some(_alone) = machine::groups("a full disk loses no run") else { return };
    let stage = Stage::new();
    stage.write("spec.toml", "[[command]]\nname = 'a'\nrun = ['true']\n");
    for arguments in [&["run", "spec.toml"][..], &["run", "spec.toml", "--json"]] {
        stage.disk_is_full(arguments);
    }
    let found = Run::new(&stage, "run spec.toml --svg /dev/full").finish();
    assert_eq!(found.status, Some(2));
    assert_eq!(found.err, "apportion: /dev/full: cannot be written: No space left on device\n");
    assert_eq!(stage.names(), ["spec.toml"]);
    // Nor does a reader that has seen enough.
    stage.nobody_reads(&["run", "-"], stage.read("spec.toml").as_bytes());
}
