//! Where a specification comes from: a file, standard input, or the embedded example.

use std::io::Read;
use std::path::Path;

use crate::output::{self, Error};
use crate::source;

/// The name of a specification, for people, and its text.
pub(super) fn load(path: Option<&Path>) -> Result<(String, String), Error> {
    let Some(path) = path else {
        return Ok(("three busy loops".to_owned(), EMBEDDED.to_owned()));
    };
    let (name, source) = source::open(path, "a specification")?;
    let mut bytes = Vec::new();
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| {
        let message = format!("expected more of the specification: {}", output::reason(&error));
        Error::input(&name, message)
    })?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("expected at most {MOST_BYTES} bytes, found more");
        return Err(Error::input(name, message));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        Error::input(format!("{name}:{line}"), "expected UTF-8")
    })?;
    Ok((name, text))
}

const MOST_BYTES: u64 = 1 << 20;

const EMBEDDED: &str = r#"[[command]]
name = "one"
run = ["sh", "-c", "while :; do :; done"]
weight = 1

[[command]]
name = "two"
run = ["sh", "-c", "while :; do :; done"]
weight = 2

[[command]]
name = "four"
run = ["sh", "-c", "while :; do :; done"]
weight = 4
"#;
