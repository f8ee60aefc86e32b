//! The help does what it says.

use crate::common::Stage;
use crate::machine::{self, Run};

#[test]
fn examples_are_two_and_keys_are_those_listed() {
    let stage = Stage::new();
    let text = stage.run("run --help").succeeded();
    let examples: Vec<&str> =
        text.lines().filter(|line| line.starts_with("  apportion ")).collect();
    assert_eq!(examples, ["  apportion run", "  apportion run --cpus 0 --for 3s --svg run.svg"]);
    let keys = [
        "name",
        "run",
        "weight",
        "limit",
        "reserve",
        "hard",
        "cpus",
        "memory",
        "io-weight",
        "group",
    ];
    for key in keys {
        assert!(text.contains(&format!("\n  {key} ")), "{key}: {text}");
    }
    for text in [text, stage.run("--help").succeeded()] {
        assert!(!text.contains("run-keeper"), "{text}");
    }
}

#[test]
fn the_second_example_works_as_printed() {
    let Some(_alone) = machine::groups("the second example works as printed") else { return };
    let stage = Stage::new();
    let text = Run::new(&stage, "run --cpus 0 --for 1s --svg run.svg").finish().succeeded();
    assert!(text.starts_with("three busy loops on CPU 0 by cgroup v1\n\ncommand "), "{text}");
    let picture = stage.read("run.svg");
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    assert_eq!(stage.names(), ["run.svg"]);
}
