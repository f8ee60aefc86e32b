//! The help does what it says.

use crate::stage::{Done, Stage, done, small};

fn help(stage: &Stage, arguments: &[&str], environment: &[(&str, &str)]) -> Done {
    let mut program = stage.program();
    program.args(arguments).envs(environment.iter().copied());
    done(program.output().expect("the program can be started"))
}

/// The lines of a section, up to the next blank line.
fn section<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != title).skip(1);
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn examples_work_as_printed() {
    let stage = Stage::new();
    for option in ["-h", "--help"] {
        let text = help(&stage, &["replay", option], &[]).succeeded();
        let examples: Vec<&str> = section(&text, "Examples:")
            .into_iter()
            .filter_map(|line| line.strip_prefix("  apportion "))
            .collect();
        assert_eq!(examples.len(), 2, "{text}");
        for example in examples {
            let mut program = stage.program();
            program.args(example.split_whitespace());
            let text = done(program.output().expect("the program can be started")).succeeded();
            assert!(text.contains("5000 jobs on 128 processors"), "{example}: {text}");
        }
    }
    assert_eq!(stage.names(), ["easy.svg"]);
    let picture = stage.read("easy.svg");
    assert!(picture.contains("<svg") && picture.trim_end().ends_with("</svg>"));
}

#[test]
fn policies_are_those_listed() {
    let stage = Stage::with(small());
    let text = help(&stage, &["replay", "--help"], &[]).succeeded();
    let names: Vec<&str> = section(&text, "Policies:")
        .iter()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names.len(), 10, "{text}");
    let refusal = stage.replay("t.swf --policy no-such-policy").err;
    for name in names {
        assert!(refusal.contains(name), "{name} is missing in: {refusal}");
        let policy = name.replace(":K", ":2");
        stage.replay(&format!("t.swf --policy {policy}")).succeeded();
    }
}

#[test]
fn the_program_says_where_to_start() {
    let stage = Stage::new();
    let text = help(&stage, &["--help"], &[]).succeeded();
    assert!(text.contains("Start with `apportion replay`"), "{text}");
    let done = help(&stage, &[], &[]);
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("Usage: apportion <COMMAND>"), "{}", done.err);
}

#[test]
fn colours_are_left_out_on_request() {
    let stage = Stage::new();
    let coloured = help(&stage, &["replay", "--help"], &[("CLICOLOR_FORCE", "1")]).succeeded();
    assert!(coloured.contains('\u{1b}'), "forced colours are shown");
    let environment = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    let plain = help(&stage, &["replay", "--help"], &environment).succeeded();
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(!stage.replay("--policy fcfs").succeeded().contains('\u{1b}'));
}
