//! The form of a specification, as TOML, and the line of whatever is wrong with it.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::network::WrittenNetwork;
use super::value::{Amount, Bandwidth, Bytes, CpuList, IoWeight, Weight};
use crate::document;
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
            let said = error.message();
            let message = document::expected(said, "key")
                .unwrap_or_else(|| format!("expected TOML, found an error in it: {said}"));
            self.refusal(at..at, &message)
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
