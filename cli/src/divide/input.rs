//! Where a specification comes from: a file, standard input, or the embedded example.

use std::path::Path;

use crate::output::{self, Error};
use crate::source;

/// The name of a specification, for people, and its text.
pub(super) fn load(path: Option<&Path>) -> Result<(String, String), Error> {
    let Some(path) = path else {
        return Ok(("two tenants and a batch queue".to_owned(), EMBEDDED.to_owned()));
    };
    let (name, mut source) = source::open(path, "a specification")?;
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|error| {
        let message = format!("expected more of the specification: {}", output::reason(&error));
        Error::input(&name, message)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        Error::input(&name, format!("line {line}: expected UTF-8"))
    })?;
    Ok((name, text))
}

const EMBEDDED: &str = r#"{
  "capacity": 1000,
  "claims": [
    {"name": "shop", "weight": 3, "reserve": 300, "children": [
      {"name": "web", "weight": 2, "demand": 180},
      {"name": "search", "weight": 1},
      {"name": "mail", "weight": 1, "limit": 50}
    ]},
    {"name": "lab", "weight": 2, "hard": true, "demand": 120},
    {"name": "batch", "weight": 1, "reserve": 250}
  ]
}
"#;
