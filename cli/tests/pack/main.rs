//! The command `pack`, as its users see it.

#[path = "../common/mod.rs"]
mod common;
mod files;
mod golden;
mod help;
mod refusals;
mod results;

use std::process::Stdio;

use common::{Done, Stage, done, feed};
use serde_json::Value;

/// Runs the program with an instance on standard input.
fn piped(arguments: &str, text: &[u8]) -> Done {
    let stage = Stage::new();
    let mut program = stage.program();
    program.args(["pack", "-"]).args(arguments.split_whitespace());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program can be started");
    feed(&mut child, text);
    done(child.wait_with_output().expect("the program ends"))
}

/// The entries of a document.
fn entries(text: &str) -> Vec<Value> {
    assert!(text.ends_with("]\n"), "the document ends with a line feed");
    serde_json::from_str(text).expect("one list and nothing else")
}

/// The entry of the only file, without the time that it took.
fn entry(stage: &Stage, arguments: &str) -> Value {
    let text = stage.run(&format!("pack --json {arguments}")).succeeded();
    let [mut entry] = <[Value; 1]>::try_from(entries(&text)).expect("one entry");
    let fields = entry.as_object_mut().expect("an object");
    assert!(fields.remove("ms").and_then(|ms| ms.as_f64()).expect("a time") >= 0.0);
    entry
}

/// FNV-1a with 64 bits over words of 32, the lowest byte first.
fn hash(bins: &[u32]) -> String {
    let bytes = bins.iter().flat_map(|bin| bin.to_le_bytes());
    let start = 1_469_598_103_934_665_603;
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    format!("{:016x}", bytes.fold(start, step))
}

/// An instance in which three items fill a bin, and no rule finds that out.
fn triplets() -> String {
    let mut sizes: Vec<u64> = (0..40)
        .flat_map(|k| {
            let (first, second) = (380 + 7 * k % 109, 251 + 11 * k % 53);
            [first, second, 1_000 - first - second]
        })
        .collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let lines: Vec<String> = sizes.iter().map(u64::to_string).collect();
    format!("{}\n1000\n{}\n", sizes.len(), lines.join("\n"))
}

/// Vectors of three dimensions, a rule for which opens more bins than the bound.
fn vectors() -> String {
    let size = |k: u64| format!("{} {} {} 1\n", 3 + 7 * k % 31, 2 + 11 * k % 37, 1 + 13 * k % 41);
    let sizes: String = (0..60).map(size).collect();
    format!("3\n60 60 64\n60\n{sizes}")
}
