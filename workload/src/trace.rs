use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::clean::{CleanError, Cleaner, CleaningReport, CleaningRules};
use crate::job::Job;
use crate::swf::{Entry, Header, ReadError, Reader, header};

/// A whole trace, read and cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trace {
    /// The comments.
    pub header: Header,
    /// The processors of the machine.
    pub processors: NonZeroU64,
    /// The line of the comment that gave the processors; `None` if the caller did.
    pub processors_line: Option<u64>,
    /// The jobs by submit time, ties in the order of the text.
    pub jobs: Vec<Job>,
    /// What cleaning did.
    pub report: CleaningReport,
}

impl Trace {
    /// Reads a trace to its end and cleans it: [`Reader`], [`Header`] and [`Cleaner`] in one call.
    ///
    /// The machine has `processors`; if that is `None`, the number that the comments before the
    /// first record give as `MaxProcs`. `MaxNodes` is no substitute: nodes may have several
    /// processors.
    ///
    /// # Errors
    ///
    /// The first of: a line that cannot be read, a machine of unknown size, a record that the rules
    /// refuse; then, at the end, a job number that appears twice, or no job left.
    ///
    /// *Complexity*: O(b + n log n) time for b bytes and n records, O(n) space.
    pub fn read<I, B, E>(
        reader: Reader<I, B>,
        processors: Option<NonZeroU64>,
        rules: CleaningRules,
    ) -> Result<Self, TraceError<E>>
    where
        I: Iterator<Item = Result<B, E>>,
        B: AsRef<[u8]>,
    {
        let mut header = Header::new();
        let mut processors_line = None;
        let mut cleaner = None;
        for line in reader {
            let line = line.map_err(TraceError::Read)?;
            let record = match line.entry {
                Entry::Comment(comment) => {
                    if header::value(&comment, header::MAX_PROCESSORS).is_some() {
                        processors_line.get_or_insert(line.number);
                    }
                    header.push(&comment);
                    continue;
                }
                Entry::Record(record) => record,
            };
            let (_, cleaner) = match &mut cleaner {
                Some(cleaner) => cleaner,
                none => {
                    let machine = processors
                        .or_else(|| header.max_processors().and_then(NonZeroU64::new))
                        .ok_or_else(|| {
                            let line = processors_line.unwrap_or(line.number);
                            TraceError::UnknownProcessors { line }
                        })?;
                    none.insert((machine, Cleaner::new(machine, rules)))
                }
            };
            cleaner.push(line.number, &record).map_err(TraceError::Clean)?;
        }
        let Some((machine, cleaner)) = cleaner else {
            let none = CleanError::none_of(&CleaningReport::default());
            return Err(TraceError::Clean(none));
        };
        let (jobs, report) = cleaner.finish().map_err(TraceError::Clean)?;
        let processors_line = processors_line.filter(|_| processors.is_none());
        Ok(Self { header, processors: machine, processors_line, jobs, report })
    }
}

/// Why a text makes no [`Trace`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError<E> {
    /// The text cannot be read.
    #[error("{0}")]
    Read(ReadError<E>),
    /// The records make no jobs.
    #[error("{0}")]
    Clean(CleanError),
    /// Nobody said how many processors the machine has before the first record.
    #[error("line {line}: expected a comment `; MaxProcs: N` with N > 0 before the first record")]
    UnknownProcessors {
        /// The line of the comment, if it tells no such number, or else of the first record.
        line: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const RECORD: &str = "1 2 -1 7 4 -1 -1 4 9 -1 1 1 -1 -1 1 -1 -1 -1";

    type Machine = (u64, Option<u64>);

    fn read(head: &str, processors: Option<u64>) -> Result<Machine, alloc::string::String> {
        let text = alloc::format!("{head}\n{RECORD}\n; MaxProcs: 77\n");
        let processors = processors.and_then(NonZeroU64::new);
        Trace::read(Reader::from_text(&text), processors, CleaningRules::default())
            .map(|trace| (trace.processors.get(), trace.processors_line))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_size_of_the_machine_is_given_or_in_the_header() {
        assert_eq!(read("; Computer: x\n\n; MaxProcs: 8", None), Ok((8, Some(3))));
        assert_eq!(read("; MaxProcs: 8\n; maxprocs: 9", None), Ok((8, Some(1))));
        assert_eq!(read("; MaxProcs: 8", Some(16)), Ok((16, None)));
        let unknown = |line: u64| {
            Err(alloc::format!(
                "line {line}: expected a comment `; MaxProcs: N` with N > 0 before the first record"
            ))
        };
        assert_eq!(read("; MaxNodes: 4", None), unknown(2));
        assert_eq!(read("; MaxNodes: 4\n; MaxProcs: -1", None), unknown(2));
        assert_eq!(read("; MaxProcs: 0", None), unknown(1));
        assert_eq!(read("; MaxNodes: 4", Some(3)), Ok((3, None)));
    }

    #[test]
    fn a_text_without_records_has_no_jobs() {
        let empty = Reader::from_text("; MaxProcs: 8\n");
        let error = Trace::read(empty, None, CleaningRules::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a job, found none (records: 0, dropped: 0, partial: 0)"
        );
    }
}
