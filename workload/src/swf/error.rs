use alloc::string::String;

use super::field::Field;

/// Why a line is no record. Texts found are cut after 40 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line ends before its 18th field.
    #[error("expected 18 fields, found {found}")]
    TooFewFields {
        /// The number of fields found.
        found: usize,
    },
    /// A field is not an integer.
    #[error("expected an integer in {field}, found `{found}`")]
    NotAnInteger {
        /// The field.
        field: Field,
        /// The text of the field.
        found: String,
    },
    /// A time field is neither an integer nor a decimal fraction.
    #[error("expected seconds (an integer or a decimal fraction) in {field}, found `{found}`")]
    NotSeconds {
        /// The field.
        field: Field,
        /// The text of the field.
        found: String,
    },
    /// The number is beyond 64 bits.
    #[error("expected a signed 64-bit number in {field}, found `{found}`")]
    OutOfRange {
        /// The field.
        field: Field,
        /// The text of the field.
        found: String,
    },
    /// The line is longer than [`LINE_BYTES`](crate::LINE_BYTES).
    #[error("expected a line of at most {limit} bytes")]
    TooLong {
        /// The bytes permitted, without the line feed.
        limit: usize,
    },
    /// A carriage return stands inside the line: lines end in LF or CRLF, never in CR alone.
    #[error("expected lines ending in LF or CRLF, found a carriage return inside a line")]
    CarriageReturn,
}

/// The start of a word, for a message.
pub(crate) fn quote(word: &[u8]) -> String {
    // A character takes at most 4 bytes: enough is decoded for the 40 that are kept.
    let head = &word[..word.len().min(4 * QUOTED)];
    let text = String::from_utf8_lossy(head);
    let mut quoted: String = text.chars().take(QUOTED).flat_map(char::escape_debug).collect();
    if head.len() < word.len() || text.chars().count() > QUOTED {
        quoted.push('…');
    }
    quoted
}

/// Characters of a text that a message quotes.
const QUOTED: usize = 40;
