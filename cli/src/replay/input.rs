//! Where a workload comes from: a file, standard input, or the seeded model.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io::{self, BufReader, Cursor, Read};
use std::num::NonZeroU64;
use std::path::Path;

use apportion_backfill::MAX_PROCESSORS;
use apportion_workload::{
    CleaningReport, CleaningRules, Estimates, Lublin, Parameters, Reader, Trace, TraceError,
};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::Workload;
use super::gzip::{MAGIC, Trailing, Unpacked};
use crate::output::{self, Error};
use crate::source;

/// Reads and cleans the trace at `path` (`-`: standard input), or makes the embedded workload.
pub(super) fn load(
    path: Option<&Path>,
    processors: Option<u64>,
    strict: bool,
) -> Result<Workload, Error> {
    let processors = processors.and_then(NonZeroU64::new);
    let Some(path) = path else {
        return embedded(processors);
    };
    let (name, stream) = source::open(path, "a trace")?;
    let rules = CleaningRules { strict, ..CleaningRules::default() };
    let chunks =
        Chunks::new(stream).map_err(|error| source::unreadable(&name, "a trace", &error))?;
    let trace = Trace::read(Reader::new(chunks), processors, rules)
        .map_err(|error| explain(&name, error))?;
    let found = trace.processors.get();
    if found > MAX_PROCESSORS {
        let message =
            format!("expected at most {MAX_PROCESSORS} processors in `MaxProcs`, found {found}");
        return Err(broken(&name, trace.processors_line.unwrap_or(1), message));
    }
    Ok(Workload { name, processors: found, jobs: trace.jobs, cleaning: trace.report })
}

fn broken(name: &str, line: u64, message: impl Display) -> Error {
    Error::input(name, format!("line {line}: {message}"))
}

fn explain(name: &str, error: TraceError<Failure>) -> Error {
    match error {
        TraceError::UnknownProcessors { .. } => {
            Error::input(name, format!("{error}, or the option --procs"))
        }
        error => Error::input(name, error.to_string()),
    }
}

/// The chunks of a text, unpacked if it is compressed with gzip.
struct Chunks {
    bytes: Box<dyn Read>,
    packed: bool,
}

/// Why the next chunk cannot be had.
#[derive(Debug)]
struct Failure {
    error: io::Error,
    packed: bool,
}

impl Chunks {
    fn new(mut stream: impl Read + 'static) -> io::Result<Self> {
        // A pipe may give fewer bytes than asked for, but not to one who insists.
        let mut head = Vec::new();
        stream.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head)?;
        let packed = head == MAGIC;
        let bytes: Box<dyn Read> = if packed {
            Box::new(Unpacked::new(head, BufReader::with_capacity(CHUNK, stream)))
        } else {
            Box::new(Cursor::new(head).chain(stream))
        };
        Ok(Self { bytes, packed })
    }
}

impl Iterator for Chunks {
    type Item = Result<Vec<u8>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match self.bytes.read(&mut chunk) {
                Ok(0) => return None,
                Ok(length) => {
                    chunk.truncate(length);
                    return Some(Ok(chunk));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(Failure { error, packed: self.packed })),
            }
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, packed } = self;
        if error.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<Trailing>) {
            return write!(formatter, "{error}");
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof if *packed => formatter
                .write_str("expected the rest of the gzip stream, found the end of the file"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if *packed => {
                write!(formatter, "expected a gzip stream: {error}")
            }
            _ => write!(formatter, "expected more of the trace: {}", output::reason(error)),
        }
    }
}

/// Seven weeks of the Lublin–Feitelson model. Its users overestimate their run times up to fivefold
/// (the f-model of Mu'alem and Feitelson, 2001).
fn embedded(processors: Option<NonZeroU64>) -> Result<Workload, Error> {
    let processors = processors.unwrap_or(EMBEDDED_PROCESSORS);
    let name = format!("Lublin–Feitelson model, seed {EMBEDDED_SEED}");
    let parameters =
        Parameters { gap_scale: EMBEDDED_GAP_SCALE, ..Parameters::typeless(processors) };
    let model = Lublin::new(parameters)
        .map_err(|error| Error::input(&name, error.to_string()))?
        .with_estimates(Estimates::Factor { percent: 400 });
    let jobs: Vec<_> =
        model.generate(Pcg64::seed_from_u64(EMBEDDED_SEED)).take(EMBEDDED_JOBS).collect();
    let count = jobs.len() as u64;
    let cleaning = CleaningReport { records: count, jobs: count, ..CleaningReport::default() };
    Ok(Workload { name, processors: processors.get(), jobs, cleaning })
}

const EMBEDDED_SEED: u64 = 1;
const EMBEDDED_JOBS: usize = 5_000;
const EMBEDDED_PROCESSORS: NonZeroU64 = NonZeroU64::new(128).unwrap();
/// The published 0.4871 keeps the machine 87 % busy under EASY, with queues that grow to the end;
/// this keeps it 75 % busy.
const EMBEDDED_GAP_SCALE: f64 = 0.5;

const CHUNK: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Trickle(Cursor<Vec<u8>>);

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn gzip_is_recognised_however_slowly_it_comes() {
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(b"a text".as_slice(), flate2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        for (bytes, text) in [(packed, "a text"), (vec![0x1f], "\u{1f}"), (Vec::new(), "")] {
            let chunks = Chunks::new(Trickle(Cursor::new(bytes))).unwrap();
            let chunks: Vec<_> = chunks.map(Result::unwrap_or_default).collect();
            assert_eq!(chunks.concat(), text.as_bytes());
        }
    }
}
