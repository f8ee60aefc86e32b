//! The help does what it says.

use crate::common::{Stage, done};

/// The first words of the lines of a section, up to the next blank line, indented by two.
fn section(text: &str, title: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(title)).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let entries = lines.filter_map(|line| line.strip_prefix("  "));
    entries.filter_map(|line| line.split("  ").next()).map(str::to_owned).collect()
}

#[test]
fn examples_work_as_printed() {
    let stage = Stage::new();
    for option in ["-h", "--help"] {
        let text = stage.run(&format!("pack {option}")).succeeded();
        let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
        let examples: Vec<&str> =
            lines.filter_map(|line| line.strip_prefix("  apportion ")).collect();
        assert_eq!(examples.len(), 2, "{text}");
        for example in examples {
            let text = stage.run(example).succeeded();
            assert!(text.starts_with("best fit, decreasing"), "{example}: {text}");
            assert!(text.contains("\nin all: "), "{example}: {text}");
        }
    }
    assert_eq!(stage.names(), ["pack.svg"]);
}

#[test]
fn fits_and_orders_are_those_listed() {
    let stage = Stage::new();
    let text = stage.run("pack --help").succeeded();
    let fits = section(&text, "Fits,");
    assert_eq!(fits, ["next", "first", "best", "worst", "almost-worst"], "{text}");
    let orders = section(&text, "Orders:");
    assert_eq!(orders, ["as-given", "decreasing", "shuffle:SEED"], "{text}");
    for fit in fits {
        for order in &orders {
            let order = order.replace("SEED", "18446744073709551615");
            let text = stage.run(&format!("pack --fit {fit} --order {order}")).succeeded();
            assert!(text.starts_with(&format!("{fit} fit, {order}\n\n")), "{text}");
        }
    }
}

#[test]
fn colours_are_left_out_on_request() {
    let stage = Stage::new();
    let coloured = |program: &mut std::process::Command| {
        program.args(["pack", "--help"]).env("CLICOLOR_FORCE", "1");
        let output = program.output().expect("the program can be started");
        done(output).succeeded().contains('\u{1b}')
    };
    assert!(coloured(&mut stage.program()), "forced colours are shown");
    assert!(!coloured(stage.program().env("NO_COLOR", "1")));
    assert!(!stage.run("pack").succeeded().contains('\u{1b}'));
}
