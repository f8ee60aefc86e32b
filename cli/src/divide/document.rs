//! The form of a specification, as JSON, and the line of whatever is wrong with it.

use std::collections::BTreeSet;
use std::fmt;

use apportion_fairshare::{Claim, Weight};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::document::{self, Number};
use crate::output::Error;

/// The document, checked as it is read: so that whatever is wrong has a line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(deserialize_with = "amount")]
    pub(super) capacity: u64,
    #[serde(deserialize_with = "siblings")]
    pub(super) claims: Vec<Entry>,
}

/// A claim with a name and with claims on what it gets.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) claim: Claim,
    pub(super) children: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(deserialize_with = "name")]
    name: String,
    #[serde(deserialize_with = "weight")]
    weight: Weight,
    #[serde(default, deserialize_with = "amount")]
    reserve: u64,
    #[serde(default = "none", deserialize_with = "amount")]
    limit: u64,
    #[serde(default)]
    hard: bool,
    #[serde(default = "none", deserialize_with = "amount")]
    demand: u64,
    #[serde(default, deserialize_with = "siblings")]
    children: Vec<Entry>,
}

impl Document {
    pub(super) fn parse(source: &str, text: &str) -> Result<Self, Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let parsed = (&mut deserializer).deserialize_map(Whole).and_then(|document| {
            deserializer.end()?;
            Ok(document)
        });
        parsed.map_err(|error| {
            let place = format!(" at line {} column {}", error.line(), error.column());
            let said = error.to_string();
            let said = said.strip_suffix(&place).unwrap_or(&said);
            let message = match error.classify() {
                _ if said == "recursion limit exceeded" => {
                    format!("expected at most {DEEPEST} groups in groups, found more")
                }
                Category::Data => {
                    document::expected(said, "field").unwrap_or_else(|| said.to_owned())
                }
                _ => format!("expected JSON, found an error in it: {said}"),
            };
            Error::input(source, format!("line {}: {message}", error.line()))
        })
    }
}

/// A name that can stand in a table, below its group, and in a path a/b.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let lines = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let found = if name.is_empty() {
        "none"
    } else if name.contains(lines) {
        "a control character"
    } else if name.contains('/') {
        "`/`, which joins the names of a path,"
    } else if name.trim() != name {
        "a blank at an end"
    } else {
        return Ok(name);
    };
    Err(D::Error::custom(format_args!("expected a name that is a word, found {found} in {name:?}")))
}

fn none() -> u64 {
    u64::MAX
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_u64(Number { least: 0, most: u64::MAX })
}

fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weight, D::Error> {
    let range = Number { least: Weight::MIN.into(), most: Weight::MAX.into() };
    Weight::new(deserializer.deserialize_u64(range)?).map_err(D::Error::custom)
}

fn siblings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    deserializer.deserialize_seq(Siblings)
}

/// The whole document.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `capacity` and `claims`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        Document::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Claims whose names differ.
struct Siblings;

impl<'de> Visitor<'de> for Siblings {
    type Value = Vec<Entry>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of claims")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Entry>, A::Error> {
        let mut names = BTreeSet::new();
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element_seed(Sibling { names: &mut names })? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// A claim beside others.
struct Sibling<'a> {
    names: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Sibling<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Sibling<'_> {
    type Value = Entry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a claim: an object with `name` and `weight`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        let Written { name, weight, reserve, limit, hard, demand, children } =
            Written::deserialize(MapAccessDeserializer::new(map))?;
        if !self.names.insert(name.clone()) {
            let message = format_args!("expected names that differ, found `{name}` again");
            return Err(A::Error::custom(message));
        }
        if reserve > limit {
            return Err(A::Error::custom(format_args!(
                "expected `{name}` to reserve at most its limit of {limit}, found {reserve}"
            )));
        }
        let claim = Claim::new(weight).reserving(reserve).limited_to(limit).demanding(demand);
        Ok(Entry { name, claim: if hard { claim.hard() } else { claim }, children })
    }
}

/// The parser nests no deeper than 127 objects and lists.
const DEEPEST: usize = 62;
