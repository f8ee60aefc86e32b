//! The command `divide`, as its users see it.

#[path = "../common/mod.rs"]
mod common;
mod help;
mod refusals;
mod results;

use std::process::Stdio;

use common::{Done, Stage, done, feed};

/// Runs the program with a specification on standard input.
fn piped(arguments: &str, text: &[u8]) -> Done {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["divide", "-"]).args(arguments.split_whitespace());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program can be started");
    feed(&mut child, text);
    done(child.wait_with_output().expect("the program ends"))
}
