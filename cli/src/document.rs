//! What documents in JSON and TOML have in common: their words for what is wrong, and numbers.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};

/// What was expected, for people, if serde said it in words that are known. `entry` is what the
/// format calls something that has a name.
pub(crate) fn expected(said: &str, entry: &str) -> Option<String> {
    for (what, count) in [("missing", "none"), ("duplicate", "two")] {
        let name = said.strip_prefix(what).and_then(|said| said.strip_prefix(" field "));
        if let Some(name) = name {
            return Some(format!("expected one {entry} {name}, found {count}"));
        }
    }
    let (found, expected) = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|how| said.strip_prefix(how)?.rsplit_once(", expected "))
        .or_else(|| said.strip_prefix("unknown field ")?.split_once(", expected "))?;
    Some(format!("expected {expected}, found {found}"))
}

/// A whole number within a range.
pub(crate) struct Number {
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Visitor<'_> for Number {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        if (self.least..=self.most).contains(&number) {
            Ok(number)
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}
