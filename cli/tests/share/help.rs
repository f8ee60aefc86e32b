//! The help does what it says.

use crate::common::{Stage, done};

/// The lines of a section, up to the next blank line.
fn section<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != title).skip(1);
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn examples_work_as_printed() {
    let stage = Stage::new();
    for option in ["-h", "--help"] {
        let text = stage.run(&format!("share {option}")).succeeded();
        let lines = section(&text, "Examples:").into_iter();
        let examples: Vec<&str> =
            lines.filter_map(|line| line.strip_prefix("  apportion ")).collect();
        assert_eq!(examples.len(), 2, "{text}");
        for example in examples {
            let text = stage.run(example).succeeded();
            assert!(
                text.starts_with("weights ") && text.contains("\neevdf: "),
                "{example}: {text}"
            );
        }
    }
    assert_eq!(stage.names(), ["share.svg"]);
}

#[test]
fn policies_are_those_listed() {
    let stage = Stage::new();
    let text = stage.run("share --help").succeeded();
    let lines = section(&text, "Policies:").into_iter();
    let names: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["wfq", "eevdf", "stride", "lottery"], "{text}");
    for name in names {
        let text = stage.run(&format!("share --policy {name}")).succeeded();
        assert!(text.contains(&format!("\n{name}: ")), "{text}");
    }
}

#[test]
fn colours_are_left_out_on_request() {
    let stage = Stage::new();
    let coloured = |program: &mut std::process::Command| {
        program.args(["share", "--help"]).env("CLICOLOR_FORCE", "1");
        let output = program.output().expect("the program can be started");
        done(output).succeeded().contains('\u{1b}')
    };
    assert!(coloured(&mut stage.program()), "forced colours are shown");
    assert!(!coloured(stage.program().env("NO_COLOR", "1")));
    assert!(!stage.run("share").succeeded().contains('\u{1b}'));
}
