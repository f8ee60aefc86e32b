//! The command `divide`, as its users see it.

#[path = "../common/mod.rs"]
mod common;
mod help;
mod refusals;
mod results;

use std::io::Write;
use std::process::Stdio;

use common::{Done, Stage, done};

/// Runs the program with a specification on standard input.
fn piped(arguments: &str, text: &[u8]) -> Done {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["divide", "-"]).args(arguments.split_whitespace());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program can be started");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(text).expect("the program reads it");
    drop(input);
    done(child.wait_with_output().expect("the program ends"))
}
