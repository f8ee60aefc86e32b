//! Properties of reading, writing and cleaning.

use std::convert::Infallible;
use std::num::NonZeroU64;

use apportion_workload::{
    Cleaner, CleaningRules, Entry, FIELDS, Header, Line, LineError, ReadError, Reader, Record,
    UNKNOWN, write,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

type Item = Result<Line, ReadError<Infallible>>;

fn records() -> impl Strategy<Value = Vec<Record>> {
    let field = prop_oneof![Just(UNKNOWN), 0..100_i64, any::<i64>()];
    vec([(); FIELDS].map(|()| field.clone()).prop_map(Record::from_fields), 0..20)
}

/// Texts that look like traces, whole or damaged.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"1 2 -1 4 5 6 7 8 9.5 10 11 12 13 14 15 16 17 18".to_vec()),
        4 => select(vec!["\n", "\r\n", "\r", "\n\n", " ", "\t", ";", "\u{feff}", "-", ".", "9"])
            .prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..8),
        1 => "; [A-Z][a-z]{0,9}: [0-9a-zé]{0,9}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What a reader gives of a text cut at these places.
fn read_cut(text: &[u8], cuts: &[Index]) -> Vec<Item> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    let chunks = places.windows(2).map(|ends| Ok(&text[ends[0]..ends[1]]));
    Reader::new(chunks).collect()
}

/// The lines of a text by the definition: split at line feeds, then at blanks.
fn read_slowly(text: &[u8]) -> Vec<Item> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut items = Vec::new();
    for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = line.iter().position(|byte| !b" \t".contains(byte));
        let entry = match start.map(|start| &line[start..]) {
            None => continue,
            Some([b';', comment @ ..]) if !comment.contains(&b'\r') => {
                Ok(Entry::Comment(String::from_utf8_lossy(comment).trim().into()))
            }
            Some([b';', ..]) => Err(LineError::CarriageReturn),
            Some(record) => Record::parse(record).map(Entry::Record),
        };
        let failed = entry.is_err();
        items.push(match entry {
            Ok(entry) => Ok(Line { number, entry }),
            Err(kind) => Err(ReadError::Line { number, kind }),
        });
        if failed {
            break;
        }
    }
    items
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(records in records(), comments in vec("\\PC{0,30}", 0..8)) {
        let mut header = Header::new();
        for comment in &comments {
            header.push(comment);
        }
        let mut text = String::new();
        write(&header, &records, &mut text).unwrap();

        let mut again = Header::new();
        let mut found = Vec::new();
        for line in Reader::from_text(&text) {
            match line.unwrap().entry {
                Entry::Comment(comment) => again.push(&comment),
                Entry::Record(record) => found.push(record),
                _ => unreachable!("no other entries"),
            }
        }
        prop_assert_eq!(again, header);
        prop_assert_eq!(found, records);
    }

    #[test]
    fn cuts_between_chunks_change_nothing(text in texts(), cuts in vec(any::<Index>(), 0..40)) {
        prop_assert_eq!(read_cut(&text, &cuts), read_cut(&text, &[]));
    }

    #[test]
    fn single_bytes_read_as_the_definition_says(text in texts()) {
        let bytes = text.iter().map(|byte| Ok::<_, Infallible>([*byte]));
        prop_assert_eq!(Reader::new(bytes).collect::<Vec<_>>(), read_slowly(&text));
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in vec(any::<u8>(), 0..300)) {
        let items: Vec<Item> = Reader::from_text(&text).collect();
        let refused = items.iter().position(Result::is_err);
        prop_assert!(refused.is_none_or(|place| place + 1 == items.len()));
    }

    #[test]
    fn cleaned_jobs_are_valid_sorted_and_all_accounted_for(
        records in records(), machine in 1..200_u64, strict in any::<bool>(),
        cap_processors in any::<bool>(), clamp_runtime in any::<bool>(),
        skip_partial in any::<bool>(),
    ) {
        let rules = CleaningRules { cap_processors, clamp_runtime, skip_partial, strict };
        let mut cleaner = Cleaner::new(NonZeroU64::new(machine).unwrap(), rules);
        let mut given = 0;
        for (record, line) in records.iter().zip(1..) {
            let before = *cleaner.report();
            if cleaner.push(line, record).is_ok() {
                given += 1;
            } else {
                prop_assert_eq!(*cleaner.report(), before);
            }
        }
        let Ok((jobs, report)) = cleaner.finish() else { return Ok(()) };
        prop_assert_eq!(report.records, given);
        prop_assert_eq!(report.records, report.jobs + report.dropped() + report.partial);
        prop_assert_eq!(report.jobs, jobs.len() as u64);
        prop_assert!(jobs.is_sorted_by_key(|job| (job.submit, job.line)));
        for job in &jobs {
            prop_assert!((1..=machine).contains(&job.processors));
            prop_assert!(1 <= job.runtime && job.runtime <= job.estimate);
        }
        prop_assert!(cap_processors || report.processors_capped == 0);
        prop_assert!(clamp_runtime || report.runtimes_clamped == 0);
        prop_assert!(skip_partial || report.partial == 0);
        prop_assert!(!strict || report.dropped() == 0);

        // Cleaning is idempotent: the records of the jobs are clean and make the same jobs.
        let mut cleaner = Cleaner::new(NonZeroU64::new(machine).unwrap(), CleaningRules::default());
        for job in &jobs {
            cleaner.push(job.line, &job.record()).unwrap();
        }
        let (again, report) = cleaner.finish().unwrap();
        prop_assert!(report.is_clean());
        prop_assert_eq!(again, jobs);
    }
}

#[cfg(feature = "serde")]
mod serde_forms {
    use super::*;
    use apportion_workload::{Estimates, Parameters, Trace};

    #[test]
    fn values_survive_json() {
        let text = "; MaxProcs: 9\n1 0 -1 9 4 -1 -1 4 20 -1 1 3 -1 -1 -1 -1 -1 -1\n";
        let trace = Trace::read(Reader::from_text(text), None, CleaningRules::default()).unwrap();
        let json = serde_json::to_string(&trace).unwrap();
        assert_eq!(serde_json::from_str::<Trace>(&json).unwrap(), trace);

        let parameters = Parameters::typeless(trace.processors);
        let json = serde_json::to_string(&(parameters, Estimates::Factor { percent: 5 })).unwrap();
        let again: (Parameters, Estimates) = serde_json::from_str(&json).unwrap();
        assert_eq!(again.1, Estimates::Factor { percent: 5 });
        assert_eq!(again.0.check(), Ok(()));
    }
}
