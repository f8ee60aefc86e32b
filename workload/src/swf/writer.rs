use core::borrow::Borrow;
use core::fmt::{Result, Write};

use super::header::Header;
use super::record::Record;

/// Writes a trace: the header as comments, then a line a record; lines end in LF.
///
/// Reading the text gives the same comments and records back.
///
/// # Errors
///
/// What `out` reports.
///
/// *Complexity*: O(bytes written).
///
/// ```
/// use apportion_workload::{Header, Record, write};
///
/// let mut header = Header::new();
/// header.push("MaxProcs: 64");
/// let record = Record::parse(b"1 0 -1 9.5 4 -1 -1 4 20 -1 1 3 -1 -1 -1 -1 -1 -1").unwrap();
/// let mut text = String::new();
/// write(&header, [record], &mut text).unwrap();
/// assert_eq!(text, "; MaxProcs: 64\n1 0 -1 9 4 -1 -1 4 20 -1 1 3 -1 -1 -1 -1 -1 -1\n");
/// ```
pub fn write<R: Borrow<Record>>(
    header: &Header,
    records: impl IntoIterator<Item = R>,
    out: &mut impl Write,
) -> Result {
    for line in header.lines() {
        writeln!(out, "; {line}")?;
    }
    records.into_iter().try_for_each(|record| writeln!(out, "{}", record.borrow()))
}
