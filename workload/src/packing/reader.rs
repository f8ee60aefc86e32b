use alloc::vec::Vec;

use super::{PackingError, PackingErrorKind, PackingFormat, PackingInstance, PackingNumber};
use crate::swf::quote;

pub(super) fn read(format: PackingFormat, text: &[u8]) -> Result<PackingInstance, PackingError> {
    let mut lines = Lines::new(text);
    let instance = match format {
        PackingFormat::Bpplib => read_sizes(&mut lines),
        PackingFormat::Vbp => read_vectors(&mut lines),
    }?;
    match lines.next() {
        None => Ok(instance),
        Some(line) => Err(line.error(PackingErrorKind::Trailing { found: quote(line.text) })),
    }
}

fn read_sizes(lines: &mut Lines<'_>) -> Result<PackingInstance, PackingError> {
    let mut numbers = Vec::new();
    lines.numbers(&[PackingNumber::Items], &mut numbers)?;
    let count = numbers[0];
    let line = lines.numbers(&[PackingNumber::Capacity], &mut numbers)?;
    let capacity = numbers.clone();
    let mut instance = PackingInstance::new(capacity).map_err(|kind| line.error(kind))?;
    for _ in 0..count {
        let line = lines.numbers(&[PackingNumber::Size], &mut numbers)?;
        instance.push(&numbers, 1).map_err(|kind| line.error(kind))?;
    }
    Ok(instance)
}

fn read_vectors(lines: &mut Lines<'_>) -> Result<PackingInstance, PackingError> {
    let mut numbers = Vec::new();
    let line = lines.numbers(&[PackingNumber::Dimensions], &mut numbers)?;
    let dimensions = numbers[0];
    if dimensions == 0 {
        return Err(line.error(PackingErrorKind::NoDimension));
    }
    let line = lines.expect(PackingNumber::Capacity)?;
    // Compared with what the line holds before anything of that length is allocated.
    let expected = usize::try_from(dimensions).unwrap_or(usize::MAX);
    let found = line.words().count();
    if found != expected {
        return Err(line.error(PackingErrorKind::Numbers { expected, found }));
    }
    let mut meaning = alloc::vec![PackingNumber::Capacity; found];
    line.numbers(&meaning, &mut numbers)?;
    let mut instance = PackingInstance::new(numbers.clone()).map_err(|kind| line.error(kind))?;
    lines.numbers(&[PackingNumber::Kinds], &mut numbers)?;
    let kinds = numbers[0];
    meaning.fill(PackingNumber::Size);
    meaning.push(PackingNumber::Demand);
    for _ in 0..kinds {
        let line = lines.numbers(&meaning, &mut numbers)?;
        let demand = numbers.pop().unwrap_or(0);
        instance.push(&numbers, demand).map_err(|kind| line.error(kind))?;
    }
    Ok(instance)
}

/// The lines of a text that are not blank.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: Option<&'a [u8]>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: Some(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)), number: 0 }
    }

    /// The next line, which holds `expected` or begins with it.
    fn expect(&mut self, expected: PackingNumber) -> Result<TextLine<'a>, PackingError> {
        self.next().ok_or_else(|| PackingError {
            line: self.number + 1,
            kind: PackingErrorKind::Ended { expected },
        })
    }

    /// Reads the next line into `numbers`, which mean this.
    fn numbers(
        &mut self,
        meaning: &[PackingNumber],
        numbers: &mut Vec<u64>,
    ) -> Result<TextLine<'a>, PackingError> {
        let line = self.expect(meaning[0])?;
        line.numbers(meaning, numbers)?;
        Ok(line)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = TextLine<'a>;

    fn next(&mut self) -> Option<TextLine<'a>> {
        while let Some(rest) = self.rest {
            let length = memchr::memchr(b'\n', rest);
            self.rest = length.map(|length| &rest[length + 1..]);
            // What follows the last line feed is a line only if there is something.
            if length.is_none() && rest.is_empty() {
                break;
            }
            let line = &rest[..length.unwrap_or(rest.len())];
            self.number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii();
            if !line.is_empty() {
                return Some(TextLine { text: line, number: self.number });
            }
        }
        None
    }
}

#[derive(Clone, Copy)]
pub(super) struct TextLine<'a> {
    text: &'a [u8],
    number: u64,
}

impl<'a> TextLine<'a> {
    pub(super) fn words(self) -> impl Iterator<Item = &'a [u8]> {
        self.text.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
    }

    fn error(self, kind: PackingErrorKind) -> PackingError {
        PackingError { line: self.number, kind }
    }

    /// Reads all words into `numbers`, which mean this.
    fn numbers(
        self,
        meaning: &[PackingNumber],
        numbers: &mut Vec<u64>,
    ) -> Result<(), PackingError> {
        numbers.clear();
        let mut words = self.words();
        for expected in meaning {
            let Some(word) = words.next() else { break };
            numbers.push(number(*expected, word).map_err(|kind| self.error(kind))?);
        }
        let found = numbers.len() + words.count();
        if found != meaning.len() {
            let expected = meaning.len();
            return Err(self.error(PackingErrorKind::Numbers { expected, found }));
        }
        Ok(())
    }
}

fn number(expected: PackingNumber, word: &[u8]) -> Result<u64, PackingErrorKind> {
    if !word.iter().all(u8::is_ascii_digit) {
        return Err(PackingErrorKind::NotANumber { expected, found: quote(word) });
    }
    let mut value = 0_u64;
    for digit in word {
        let next = value.checked_mul(10).and_then(|tens| tens.checked_add((digit - b'0').into()));
        value =
            next.ok_or_else(|| PackingErrorKind::OutOfRange { expected, found: quote(word) })?;
    }
    Ok(value)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;
    use PackingErrorKind as Kind;
    use PackingNumber as Number;
    use alloc::string::{String, ToString};

    fn read(text: &str) -> Result<PackingInstance, PackingError> {
        PackingInstance::parse(text)
    }

    fn kinds(text: &str) -> Vec<(Vec<u64>, u64)> {
        read(text).unwrap().kinds().map(|(sizes, demand)| (sizes.to_vec(), demand)).collect()
    }

    fn failure(text: &str) -> (u64, Kind) {
        let error = read(text).unwrap_err();
        (error.line, error.kind)
    }

    #[test]
    fn each_format_is_read() {
        let sizes = read("3\n10\n7\n0\n12\n").unwrap();
        assert_eq!((sizes.dimensions(), sizes.capacity(), sizes.count()), (1, &[10][..], 3));
        assert_eq!(sizes.items().collect::<Vec<_>>(), [[7], [0], [12]]);
        let vectors = "2\n10 20\n2\n1 2 3\n4 5 0\n";
        assert_eq!(kinds(vectors), [([1, 2].into(), 3), ([4, 5].into(), 0)]);
        assert_eq!(read(vectors).unwrap().items().count(), 3);
        assert_eq!(kinds("1\n10\n1\n4 2\n"), [([4].into(), 2)]);
    }

    #[test]
    fn a_few_texts_could_be_either() {
        assert_eq!(kinds("1\n10\n0\n"), [([0].into(), 1)]);
        let none = PackingInstance::parse_as(PackingFormat::Vbp, "1\n10\n0\n").unwrap();
        assert_eq!(none.count(), 0);
        assert_eq!(PackingFormat::detect(""), PackingFormat::Bpplib);
        assert_eq!(PackingFormat::detect("\n\n2\n\n1 2"), PackingFormat::Vbp);
        assert_eq!(PackingFormat::detect("1\n10\n2\n\n3 4\n5 6"), PackingFormat::Vbp);
        // Sizes with demands, or a word too many: the line with that is to be named.
        for text in ["3\n10\n7\t 2\n", "2\n10\n7 2\n5 1", "3\n10\n7\n5 x\n1", "0\n10\n7\n5"] {
            assert_eq!(PackingFormat::detect(text), PackingFormat::Bpplib, "{text:?}");
        }
    }

    #[test]
    fn line_endings_blank_lines_and_margins_do_not_matter() {
        let text = "\u{feff}2\r\n\r\n \t10  20\t\r\n1\n1\t2 3 \r\n\n \n";
        assert_eq!(read(text), read("2\n10 20\n1\n1 2 3"));
        assert_eq!(read("2\r\n9\r\n1\r\n2"), read("2\n9\n1\n2\n"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let ended = |expected| Kind::Ended { expected };
        let word = |expected, found: &str| Kind::NotANumber { expected, found: found.into() };
        let numbers = |expected, found| Kind::Numbers { expected, found };
        assert_eq!(failure(""), (1, ended(Number::Items)));
        assert_eq!(failure("3\n"), (2, ended(Number::Capacity)));
        assert_eq!(failure("3\n10\n4\n\n5"), (6, ended(Number::Size)));
        assert_eq!(failure("3\n10\n-4\n"), (3, word(Number::Size, "-4")));
        assert_eq!(failure("3\n1.5\n"), (2, word(Number::Capacity, "1.5")));
        assert_eq!(failure("1\n2\n3\r4\n"), (3, word(Number::Size, "3\\r4")));
        assert_eq!(failure("1\n2\n3\n4\n"), (4, Kind::Trailing { found: "4".into() }));
        assert_eq!(failure("2\n10 20 30\n1\n"), (2, numbers(2, 3)));
        assert_eq!(failure("2\n10 20\n1 1\n"), (3, numbers(1, 2)));
        assert_eq!(failure("2\n10 20\n2\n1 2 3\n1 2\n"), (5, numbers(3, 2)));
        assert_eq!(failure("2\n10 20\n2\n1 2 3\n1 2 3 4\n"), (5, numbers(3, 4)));
        assert_eq!(failure("2\n10 20\n2\n1 2 3\n"), (5, ended(Number::Size)));
        assert_eq!(failure("2\n10 20\n1\n1 2 many\n"), (4, word(Number::Demand, "many")));
        assert_eq!(failure("2\n10 20\n0\nx y\n"), (4, Kind::Trailing { found: "x y".into() }));
        assert_eq!(failure("0\n10 20\n"), (1, Kind::NoDimension));
        let error = read("3\n10\n4\nfour\n").unwrap_err().to_string();
        assert_eq!(error, "line 4: expected the size of an item, found `four`");
    }

    #[test]
    fn no_count_reserves_memory() {
        let many = 10_u64.pow(18);
        let text = |start: &str| String::from(start).replace("MANY", &many.to_string());
        assert_eq!(failure(&text("MANY\n9\n1\n")), (4, Kind::Ended { expected: Number::Size }));
        let found = Kind::Numbers { expected: usize::try_from(many).unwrap(), found: 2 };
        assert_eq!(failure(&text("MANY\n9 9\n")), (2, found));
        let ended = Kind::Ended { expected: Number::Size };
        assert_eq!(failure(&text("2\n9 9\nMANY\n1 1 1\n")), (5, ended));
        let too_many = Kind::TooMany { demand: many, limit: crate::PACKING_NUMBERS };
        assert_eq!(failure(&text("2\n9 9\n2\n1 1 1\n1 1 MANY\n")), (5, too_many));
        let huge = "18446744073709551616";
        let beyond = Kind::OutOfRange { expected: Number::Demand, found: huge.into() };
        assert_eq!(failure(&text("1\n9\n1\n1 18446744073709551616\n")), (4, beyond));
        let limit = crate::PACKING_NUMBERS / 2;
        let most = alloc::format!("2\n9 9\n1\n1 1 {limit}\n");
        assert_eq!(read(&most).unwrap().count(), limit);
        let more = alloc::format!("2\n9 9\n2\n1 1 {limit}\n1 1 1\n");
        assert_eq!(failure(&more).0, 5);
    }
}
