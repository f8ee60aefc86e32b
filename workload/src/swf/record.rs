use core::fmt;

use super::error::{LineError, quote};
use super::field::{FIELDS, Field, is_time};

/// The value of a field that is unknown or irrelevant.
pub const UNKNOWN: i64 = -1;

/// One job line of the [Standard Workload Format][swf]: 18 fields, [`UNKNOWN`] where unknown.
///
/// *Source*: version 2.2 of the format, "The Data Fields". [`Display`](fmt::Display) writes the
/// line back.
///
/// [swf]: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Field 1: a counter, from 1 in most logs.
    pub job_number: i64,
    /// Field 2: seconds from the start of the log to the submission.
    pub submit_time: i64,
    /// Field 3: seconds from the submission to the start.
    pub wait_time: i64,
    /// Field 4: seconds of wall-clock time from the start to the end.
    pub run_time: i64,
    /// Field 5: processors that the job held.
    pub allocated_processors: i64,
    /// Field 6: seconds of CPU time, the mean over the processors.
    pub average_cpu_time: i64,
    /// Field 7: kilobytes of memory, the mean over the processors.
    pub used_memory: i64,
    /// Field 8: processors that the user asked for.
    pub requested_processors: i64,
    /// Field 9: seconds that the user asked for (wall-clock or CPU, as the header says).
    pub requested_time: i64,
    /// Field 10: kilobytes of memory a processor that the user asked for.
    pub requested_memory: i64,
    /// Field 11: 0 failed, 1 completed, 5 cancelled; 2 to 4 mark a partial execution.
    pub status: i64,
    /// Field 12: the user, a number from 1.
    pub user: i64,
    /// Field 13: the group of the user, a number from 1.
    pub group: i64,
    /// Field 14: the application, a number from 1.
    pub executable: i64,
    /// Field 15: the queue, a number from 1; 0 for interactive jobs by convention.
    pub queue: i64,
    /// Field 16: the partition of the machine, a number from 1.
    pub partition: i64,
    /// Field 17: the job that had to end before this one could be submitted.
    pub preceding_job: i64,
    /// Field 18: seconds from the end of the preceding job to the submission of this one.
    pub think_time: i64,
}

impl Record {
    /// Reads one job line, without its line ending.
    ///
    /// Fields are separated by spaces and tabs. Time fields (2, 3, 4, 6, 9, 18) may carry a decimal
    /// fraction, `12.75`, which is dropped (towards zero); text after the 18th field is ignored.
    ///
    /// # Errors
    ///
    /// [`LineError`] for a line that is no record; a blank line has too few fields.
    ///
    /// *Complexity*: O(bytes), no allocation unless it fails.
    ///
    /// ```
    /// use apportion_workload::Record;
    ///
    /// let record = Record::parse(b"7 60 -1 12.75 4 -1 -1 4 20 -1 1 3 -1 -1 -1 -1 -1 -1").unwrap();
    /// assert_eq!((record.submit_time, record.run_time), (60, 12));
    ///
    /// let error = Record::parse(b"7 60 -1 12.75 4 -1 -1 four").unwrap_err().to_string();
    /// assert_eq!(error, "expected an integer in field 8 (requested processors), found `four`");
    /// ```
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        let mut values = [0_i64; FIELDS];
        let mut rest = line;
        for (position, value) in values.iter_mut().enumerate() {
            rest = skip_blanks(rest);
            if rest.is_empty() {
                return Err(LineError::TooFewFields { found: position });
            }
            (*value, rest) = field(position, rest)?;
        }
        // A text whose lines end in CR alone would otherwise be one record and its jobs lost.
        if memchr::memchr(b'\r', rest).is_some() {
            return Err(LineError::CarriageReturn);
        }
        Ok(Self::from_fields(values))
    }

    /// The 18 fields in the order of the standard.
    #[must_use]
    pub fn fields(&self) -> [i64; FIELDS] {
        [
            self.job_number,
            self.submit_time,
            self.wait_time,
            self.run_time,
            self.allocated_processors,
            self.average_cpu_time,
            self.used_memory,
            self.requested_processors,
            self.requested_time,
            self.requested_memory,
            self.status,
            self.user,
            self.group,
            self.executable,
            self.queue,
            self.partition,
            self.preceding_job,
            self.think_time,
        ]
    }

    /// The record with these 18 fields in the order of the standard.
    #[must_use]
    pub fn from_fields(fields: [i64; FIELDS]) -> Self {
        let [
            job_number,
            submit_time,
            wait_time,
            run_time,
            allocated_processors,
            average_cpu_time,
            used_memory,
            requested_processors,
            requested_time,
            requested_memory,
            status,
            user,
            group,
            executable,
            queue,
            partition,
            preceding_job,
            think_time,
        ] = fields;
        Self {
            job_number,
            submit_time,
            wait_time,
            run_time,
            allocated_processors,
            average_cpu_time,
            used_memory,
            requested_processors,
            requested_time,
            requested_memory,
            status,
            user,
            group,
            executable,
            queue,
            partition,
            preceding_job,
            think_time,
        }
    }
}

impl fmt::Display for Record {
    /// The line: 18 integers, one space between, no line ending.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, others @ ..] = self.fields();
        write!(f, "{first}")?;
        others.iter().try_for_each(|field| write!(f, " {field}"))
    }
}

/// `text` without the spaces and tabs at its start.
pub(super) fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    &text[blanks..]
}

/// Reads the field at the start of `text`, which is not blank, and returns what follows it.
#[inline]
fn field(position: usize, text: &[u8]) -> Result<(i64, &[u8]), LineError> {
    let negative = text[0] == b'-';
    let digits = &text[usize::from(negative)..];
    let mut magnitude = 0_u64;
    let mut length = 0;
    while let Some(digit) = digits.get(length).map(|byte| byte.wrapping_sub(b'0'))
        && digit <= 9
    {
        // Wraps beyond 19 digits only, which the length tells below.
        magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    let rest = &digits[length..];
    if length > 0 && length <= SAFE_DIGITS && matches!(rest.first(), None | Some(b' ' | b'\t')) {
        let value = magnitude.cast_signed();
        return Ok((if negative { -value } else { value }, rest));
    }
    unusual_field(position, text)
}

/// The fields that [`field`] leaves: many digits, fractions, errors.
#[cold]
fn unusual_field(position: usize, text: &[u8]) -> Result<(i64, &[u8]), LineError> {
    let end = text.iter().position(|&byte| byte == b' ' || byte == b'\t').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let field = Field::at(position);
    let (negative, magnitude) = match word {
        [b'-', magnitude @ ..] => (true, magnitude),
        magnitude => (false, magnitude),
    };
    let whole = match magnitude.iter().position(|&byte| byte == b'.') {
        Some(point) if is_time(position) && is_number(&magnitude[point + 1..]) => {
            &magnitude[..point]
        }
        _ => magnitude,
    };
    if !is_number(whole) {
        let found = quote(word);
        return Err(if field.is_time() {
            LineError::NotSeconds { field, found }
        } else {
            LineError::NotAnInteger { field, found }
        });
    }
    let value = whole.iter().try_fold(0_i64, |value, byte| {
        let digit = i64::from(byte - b'0');
        // Negative numbers count downwards, so that i64::MIN is in range.
        value.checked_mul(10)?.checked_add(if negative { -digit } else { digit })
    });
    match value {
        Some(value) => Ok((value, rest)),
        None => Err(LineError::OutOfRange { field, found: quote(word) }),
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Numbers of so many digits are below `i64::MAX`.
const SAFE_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn with(position: usize, text: &str) -> Result<i64, LineError> {
        let mut words = ["0"; FIELDS];
        words[position] = text;
        Record::parse(words.join(" ").as_bytes()).map(|record| record.fields()[position])
    }

    #[test]
    fn numbers_reach_the_ends_of_their_range_and_no_further() {
        for value in [0, 1, -1, i64::MAX, i64::MIN, 99_999_999_999_999, -999_999_999_999_999_999] {
            assert_eq!(with(11, &value.to_string()), Ok(value));
        }
        assert_eq!(with(11, "-0"), Ok(0));
        assert_eq!(with(11, "000000000000000000000000000007"), Ok(7));
        for text in ["9223372036854775808", "-9223372036854775809", "100000000000000000000000"] {
            let expected = LineError::OutOfRange { field: Field::at(11), found: text.to_string() };
            assert_eq!(with(11, text), Err(expected));
        }
    }

    #[test]
    fn fractions_are_dropped_towards_zero_in_time_fields_only() {
        for (text, value) in [("12.75", 12), ("-1.5", -1), ("-0.9", 0), ("3.0000000000000001", 3)] {
            for position in [1, 2, 3, 5, 8, 17] {
                assert_eq!(with(position, text), Ok(value));
            }
            assert!(matches!(with(4, text), Err(LineError::NotAnInteger { .. })));
        }
        for text in [".5", "5.", "1.2.3", "1e5", "1.5e3", "-", "+5", "--5", "-.5", "NaN", "1.-5"] {
            assert!(matches!(with(3, text), Err(LineError::NotSeconds { .. })), "{text}");
            assert!(matches!(with(0, text), Err(LineError::NotAnInteger { .. })), "{text}");
        }
        assert!(matches!(with(3, "99999999999999999999.5"), Err(LineError::OutOfRange { .. })));
    }

    #[test]
    fn short_lines_say_how_many_fields_they_have() {
        assert_eq!(Record::parse(b""), Err(LineError::TooFewFields { found: 0 }));
        assert_eq!(Record::parse(b" 1 2\t3 "), Err(LineError::TooFewFields { found: 3 }));
        let long = b"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 {19} twenty";
        assert_eq!(Record::parse(long).map(|record| record.think_time), Ok(18));
        assert_eq!(Record::parse(&long[..42]), Err(LineError::TooFewFields { found: 17 }));
    }

    #[test]
    fn messages_quote_no_more_than_forty_characters() {
        let Err(LineError::NotAnInteger { found, .. }) = with(4, &"é".repeat(1000)) else {
            panic!("expected a refusal");
        };
        assert_eq!(found, "é".repeat(40) + "…");
    }

    #[test]
    fn carriage_returns_alone_end_no_line() {
        let text = b"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 \r 2 2 3 4";
        assert_eq!(Record::parse(text), Err(LineError::CarriageReturn));
    }
}
