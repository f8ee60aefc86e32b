//! What an option says, or what is wrong with it on one line.

use std::ops::RangeInclusive;

use crate::output::Error;

/// A number within `range`.
pub(crate) fn number(option: &str, text: &str, range: RangeInclusive<u64>) -> Result<u64, Error> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        refusal(option, &expected, &format!("`{text}`"))
    })
}

pub(crate) fn refusal(option: &str, expected: &str, found: &str) -> Error {
    Error::Usage(format!("{option}: expected {expected}, found {found}"))
}
