//! The form of a specification, as TOML, and the line of whatever is wrong with it.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::network::WrittenNetwork;
use super::value::{Amount, Bandwidth, Bytes, CpuList, IoWeight, Weight};
use crate::output::Error;

/// The document as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) command: Vec<Spanned<WrittenCommand>>,
    #[serde(default)]
    pub(super) group: Vec<Spanned<WrittenGroup>>,
    pub(super) network: Option<Spanned<WrittenNetwork>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenCommand {
    pub(super) name: Spanned<String>,
    pub(super) run: Spanned<Vec<String>>,
    pub(super) weight: Option<Weight>,
    pub(super) limit: Option<Amount>,
    #[serde(default)]
    pub(super) hard: bool,
    pub(super) reserve: Option<Spanned<Amount>>,
    pub(super) memory: Option<Bytes>,
    pub(super) io_weight: Option<IoWeight>,
    pub(super) cpus: Option<Spanned<CpuList>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) bandwidth_weight: Option<Spanned<Weight>>,
    pub(super) bandwidth_limit: Option<Spanned<Bandwidth>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGroup {
    pub(super) name: Spanned<String>,
    pub(super) weight: Option<Weight>,
    pub(super) limit: Option<Amount>,
    pub(super) reserve: Option<Spanned<Amount>>,
    pub(super) parent: Option<Spanned<String>>,
}

/// Where a specification comes from, and its text: for what is wrong, and on which line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn parse(self) -> Result<Document, Error> {
        toml::from_str(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.refusal(at..at, &in_the_usual_words(error.message()))
        })
    }

    /// What is wrong with the part that begins at `place`.
    pub(super) fn refusal(self, place: Range<usize>, message: &str) -> Error {
        Error::input(format!("{}:{}", self.name, self.line(place.start)), message)
    }

    pub(super) fn line(self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.split(|&byte| byte == b'\n').count()
    }
}

/// What was expected, for people.
fn in_the_usual_words(said: &str) -> String {
    for (what, rest) in [("missing", "found none"), ("duplicate", "found two")] {
        let field = said.strip_prefix(what).and_then(|said| said.strip_prefix(" field "));
        if let Some(field) = field {
            return format!("expected a key {field}, {rest}");
        }
    }
    for how in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            said.strip_prefix(how).and_then(|rest| rest.rsplit_once(", expected "))
        {
            return format!("expected {expected}, found {found}");
        }
    }
    if let Some((found, expected)) =
        said.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("expected {expected}, found {found}");
    }
    format!("expected TOML, found an error in it: {said}")
}
