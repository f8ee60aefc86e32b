//! Arbitrary bytes, cut anywhere, through the reader and the cleaner: nothing panics, the cuts do
//! not matter, and what was read can be written and read again.

#![no_main]

use std::convert::Infallible;
use std::iter::FusedIterator;
use std::num::NonZeroU64;

use apportion_workload::{
    Cleaner, CleaningReport, CleaningRules, Entry, Header, Job, Line, ReadError, Reader, Record,
    Trace, write,
};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

/// The text comes last and is taken whole: a seed is eight bytes before a trace.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// A bit for each rule of cleaning.
    rules: u8,
    /// Processors of the machine, less one.
    machine: u8,
    /// Lengths of the chunks, again and again.
    cuts: [u8; 6],
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| check(&input));

fn check(input: &Input<'_>) {
    let (lines, error) = read(Reader::new(chunks(input).into_iter().map(Ok)));
    let uncut = read(Reader::from_text(input.text));
    assert_eq!((&lines, &error), (&uncut.0, &uncut.1), "the cuts matter");
    assert!(lines.is_sorted_by(|one, next| one.number < next.number));

    let mut header = Header::new();
    let mut records = Vec::new();
    for line in &lines {
        match &line.entry {
            Entry::Comment(comment) => header.push(comment),
            Entry::Record(record) => records.push((line.number, *record)),
            other => panic!("no line of the format: {other:?}"),
        }
    }
    if header.ignored() == 0 {
        check_writer(&header, &records);
    }

    let rules = CleaningRules {
        cap_processors: input.rules & 1 == 0,
        clamp_runtime: input.rules & 2 == 0,
        skip_partial: input.rules & 4 == 0,
        strict: input.rules & 8 != 0,
    };
    let machine = NonZeroU64::MIN.saturating_add(input.machine.into());
    let cleaned = clean(machine, rules, &records);
    let trace = Trace::read(Reader::from_text(input.text), Some(machine), rules).ok();
    let expected = cleaned.filter(|_| error.is_none());
    assert_eq!(trace.map(|trace| (trace.jobs, trace.report)), expected);
}

/// The text in pieces.
fn chunks<'a>(input: &Input<'a>) -> Vec<&'a [u8]> {
    if input.cuts == [0; 6] {
        return vec![input.text];
    }
    let mut rest = input.text;
    let mut chunks = Vec::new();
    for &cut in input.cuts.iter().cycle() {
        let (chunk, others) = rest.split_at(rest.len().min(cut.into()));
        chunks.push(chunk);
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    chunks
}

type ReadResult = Result<Line, ReadError<Infallible>>;

/// The lines up to the end or to the error, after which there must be none.
fn read(mut reader: impl FusedIterator<Item = ReadResult>) -> (Vec<Line>, Option<String>) {
    let mut lines = Vec::new();
    let error = loop {
        match reader.next() {
            Some(Ok(line)) => lines.push(line),
            Some(Err(error)) => break Some(error.to_string()),
            None => break None,
        }
    };
    assert!(reader.next().is_none(), "an end that is none");
    (lines, error)
}

/// What was read can be written, and reads as what it was.
fn check_writer(header: &Header, records: &[(u64, Record)]) {
    let mut text = String::new();
    write(header, records.iter().map(|(_, record)| record), &mut text).expect("strings grow");
    let mut comments = Vec::new();
    let mut again = Vec::new();
    for line in Reader::from_text(&text) {
        match line.expect("it was written").entry {
            Entry::Comment(comment) => comments.push(comment),
            Entry::Record(record) => again.push(record),
            other => panic!("no line of the format: {other:?}"),
        }
    }
    assert_eq!(comments, header.lines());
    assert!(again.iter().eq(records.iter().map(|(_, record)| record)));
}

/// The jobs of the records, unless a record is refused.
fn clean(
    machine: NonZeroU64,
    rules: CleaningRules,
    records: &[(u64, Record)],
) -> Option<(Vec<Job>, CleaningReport)> {
    let mut cleaner = Cleaner::new(machine, rules);
    for (line, record) in records {
        let before = *cleaner.report();
        if cleaner.push(*line, record).is_err() {
            assert_eq!(*cleaner.report(), before, "a refusal left its mark");
            return None;
        }
    }
    let (jobs, report) = cleaner.finish().ok()?;
    assert_eq!(report.jobs, jobs.len() as u64);
    assert_eq!(report.records, records.len() as u64);
    assert_eq!(report.records, report.jobs + report.dropped() + report.partial);
    assert!(jobs.is_sorted_by_key(|job| job.submit));

    let mut cleaner = Cleaner::new(machine, CleaningRules { strict: true, ..rules });
    for job in &jobs {
        assert!(1 <= job.runtime && job.runtime <= job.estimate);
        assert!(1 <= job.processors && job.processors <= machine.get());
        cleaner.push(job.line, &job.record()).expect("a job is a record that needs no repair");
    }
    let (again, report_again) = cleaner.finish().expect("it was finished before");
    assert_eq!(again, jobs);
    assert!(report_again.is_clean());
    Some((jobs, report))
}
