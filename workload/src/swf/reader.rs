use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::iter::{FusedIterator, Once, once};

use super::error::LineError;
use super::record::{Record, skip_blanks};

/// Bytes of a line at most, without its line feed: 1 MiB.
pub const LINE_BYTES: usize = 1 << 20;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Entry {
    /// A line that begins with `;`: the text after it, without white space at its ends. Bytes that
    /// are no UTF-8 become U+FFFD.
    Comment(String),
    /// A job line.
    Record(Record),
}

/// A line that is not blank, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Line {
    /// The number of the line; the first is 1 and blank lines count.
    pub number: u64,
    /// What it says.
    pub entry: Entry,
}

/// Why a [`Reader`] stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError<E> {
    /// The source of the chunks failed.
    #[error("line {number}: {error}")]
    Source {
        /// The number of the line that was being read; the first is 1.
        number: u64,
        /// What the source said.
        error: E,
    },
    /// A line is neither blank nor a comment nor a record.
    #[error("line {number}: {kind}")]
    Line {
        /// The number of the line; the first is 1.
        number: u64,
        /// What was expected and found.
        kind: LineError,
    },
}

/// Reads the lines of a trace from chunks of bytes that may be cut anywhere.
///
/// Lines end in LF or CRLF; the last may lack its ending. Blank lines, spaces and tabs at the ends
/// of a line and a UTF-8 byte order mark at the start of the text are passed over. The first error
/// is the last item.
///
/// *Complexity*: O(bytes) in time. In space the chunk at hand and the part of a line that began in
/// earlier chunks, at most [`LINE_BYTES`] more; a record costs no allocation.
///
/// ```
/// use apportion_workload::{Entry, Reader};
/// use core::convert::Infallible;
///
/// let chunks = ["; MaxPro", "cs: 4\n1 0 -1 9 2 -1 -1 2 9 -1 1 -", "1 -1 -1 -1 -1 -1 -1"];
/// let lines: Vec<_> = Reader::new(chunks.into_iter().map(Ok::<_, Infallible>))
///     .collect::<Result<_, _>>()
///     .unwrap();
/// assert_eq!(lines[0].entry, Entry::Comment("MaxProcs: 4".into()));
/// assert!(matches!(&lines[1].entry, Entry::Record(record) if record.run_time == 9));
/// assert_eq!(lines[1].number, 2);
/// ```
#[derive(Clone)]
pub struct Reader<I, B> {
    chunks: I,
    /// The chunk at hand and how many of its bytes are read.
    chunk: Option<(B, usize)>,
    /// The start of a line whose end is not yet seen.
    tail: Vec<u8>,
    /// The number of the last line whose end was seen.
    number: u64,
    ended: bool,
}

impl<I, B, E> Reader<I, B>
where
    I: Iterator<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    /// A reader of the text that the chunks make when they are joined.
    pub fn new(chunks: I) -> Self {
        Self { chunks, chunk: None, tail: Vec::new(), number: 0, ended: false }
    }

    /// The next piece of the chunk at hand: up to its line feed (true) or to its end (false).
    /// Returns what the piece makes, if it ends a line that is not blank.
    fn step(&mut self) -> Step {
        let Some((chunk, read)) = &mut self.chunk else {
            return Step::NeedChunk;
        };
        let rest = chunk.as_ref().get(*read..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', rest) else {
            if self.tail.len() + rest.len() > LINE_BYTES {
                return Step::Line(Some(Err(TOO_LONG)));
            }
            self.tail.extend_from_slice(rest);
            self.chunk = None;
            return Step::NeedChunk;
        };
        *read += length + 1;
        let first = self.number == 0;
        if self.tail.is_empty() {
            return Step::Line(entry(&rest[..length], first));
        }
        if self.tail.len() + length > LINE_BYTES {
            return Step::Line(Some(Err(TOO_LONG)));
        }
        self.tail.extend_from_slice(&rest[..length]);
        let made = entry(&self.tail, first);
        self.tail.clear();
        Step::Line(made)
    }

    /// Numbers what a line makes; an error ends the iteration.
    fn number(&mut self, made: Result<Entry, LineError>) -> Result<Line, ReadError<E>> {
        let number = self.number;
        match made {
            Ok(entry) => Ok(Line { number, entry }),
            Err(kind) => {
                self.end();
                Err(ReadError::Line { number, kind })
            }
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.chunk = None;
        self.tail = Vec::new();
    }
}

impl<B: AsRef<[u8]>> Reader<Once<Result<B, Infallible>>, B> {
    /// A reader of a text at hand.
    pub fn from_text(text: B) -> Self {
        Self::new(once(Ok(text)))
    }
}

impl<I, B, E> Iterator for Reader<I, B>
where
    I: Iterator<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    type Item = Result<Line, ReadError<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.step() {
                Step::Line(made) => {
                    self.number = self.number.saturating_add(1);
                    if let Some(made) = made {
                        return Some(self.number(made));
                    }
                }
                Step::NeedChunk => match self.chunks.next() {
                    Some(Ok(chunk)) => self.chunk = Some((chunk, 0)),
                    Some(Err(error)) => {
                        self.end();
                        let number = self.number.saturating_add(1);
                        return Some(Err(ReadError::Source { number, error }));
                    }
                    None => {
                        let made = entry(&self.tail, self.number == 0);
                        self.number = self.number.saturating_add(1);
                        self.end();
                        return made.map(|made| self.number(made));
                    }
                },
            }
        }
        None
    }
}

impl<I, B, E> FusedIterator for Reader<I, B>
where
    I: Iterator<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
}

impl<I, B> fmt::Debug for Reader<I, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("number", &self.number)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

enum Step {
    /// A line ended; `None` if it is blank.
    Line(Option<Result<Entry, LineError>>),
    NeedChunk,
}

/// What a line without its line feed says; `None` if it is blank.
fn entry(line: &[u8], first: bool) -> Option<Result<Entry, LineError>> {
    if line.len() > LINE_BYTES {
        return Some(Err(TOO_LONG));
    }
    let line = if first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
    let line = skip_blanks(line.strip_suffix(b"\r").unwrap_or(line));
    match line {
        [] => None,
        [b';', comment @ ..] => Some(if memchr::memchr(b'\r', comment).is_some() {
            Err(LineError::CarriageReturn)
        } else {
            Ok(Entry::Comment(String::from_utf8_lossy(comment).trim().into()))
        }),
        record => Some(Record::parse(record).map(Entry::Record)),
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const TOO_LONG: LineError = LineError::TooLong { limit: LINE_BYTES };

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::string::ToString;
    use alloc::vec;

    const RECORD: &str = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18";

    fn numbers(text: &str) -> Vec<u64> {
        Reader::from_text(text).map(|line| line.unwrap().number).collect()
    }

    #[test]
    fn line_endings_blank_lines_and_margins_do_not_matter() {
        let text = alloc::format!("\u{feff}; a\r\n\r\n \t\n\t {RECORD} \t\r\n\n{RECORD}");
        assert_eq!(numbers(&text), [1, 4, 6]);
        assert_eq!(numbers(&(text + "\n")), [1, 4, 6]);
        assert_eq!(numbers(""), []);
        assert_eq!(numbers("\n\r\n \n"), []);
    }

    #[test]
    fn comments_are_trimmed_and_decoded_with_loss() {
        let lines: Vec<_> = Reader::from_text(b";;  Note: \xff \t\n;\n".as_slice())
            .map(|line| line.unwrap().entry)
            .collect();
        assert_eq!(
            lines,
            [Entry::Comment(";  Note: \u{fffd}".into()), Entry::Comment(String::new())]
        );
    }

    #[test]
    fn the_first_error_names_its_line_and_ends_the_text() {
        let text = alloc::format!("; a\n\n{RECORD}\n1 2 3\n{RECORD}\n");
        let mut reader = Reader::from_text(&text);
        assert!(reader.by_ref().take(2).all(|line| line.is_ok()));
        let kind = LineError::TooFewFields { found: 3 };
        assert_eq!(reader.next(), Some(Err(ReadError::Line { number: 4, kind })));
        assert_eq!(reader.next(), None);
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn a_failing_source_ends_the_text() {
        let chunks = vec![Ok(RECORD), Ok("\n1 2"), Err("disk on fire"), Ok(RECORD)];
        let mut reader = Reader::new(chunks.into_iter());
        assert!(reader.next().unwrap().is_ok());
        let error = reader.next().unwrap().unwrap_err();
        assert_eq!(error, ReadError::Source { number: 2, error: "disk on fire" });
        assert_eq!(error.to_string(), "line 2: disk on fire");
        assert_eq!(reader.next(), None);

        let mut dead = Reader::new([Err::<&str, _>("no disk")].into_iter());
        let error = ReadError::Source { number: 1, error: "no disk" };
        assert_eq!(dead.next(), Some(Err(error)));
    }

    #[test]
    fn lines_beyond_the_limit_are_refused_however_they_are_cut() {
        let too_long = || ReadError::Line { number: 2, kind: TOO_LONG };
        for (length, fits) in [(LINE_BYTES, true), (LINE_BYTES + 1, false)] {
            let line = RECORD.to_owned() + &" ".repeat(length - RECORD.len());
            for text in [alloc::format!("; a\n{line}\n"), alloc::format!("; a\n{line}")] {
                for cut in [1, 4, 100, LINE_BYTES, text.len() - 1] {
                    let (head, tail) = text.split_at(cut);
                    let chunks = [head, tail].map(Ok::<_, Infallible>);
                    let last = Reader::new(chunks.into_iter()).last().unwrap();
                    if fits {
                        assert_eq!(last.unwrap().number, 2);
                    } else {
                        assert_eq!(last, Err(too_long()));
                    }
                }
            }
        }
    }
}
