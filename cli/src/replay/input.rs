//! Where a workload comes from: a file, standard input, or the seeded model.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZeroU64;
use std::path::Path;

use apportion_workload::{
    CleaningReport, CleaningRules, Estimates, Lublin, ReadError, Reader, Trace, TraceError,
};
use flate2::bufread::MultiGzDecoder;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::Workload;
use crate::output::Error;

/// Reads and cleans the trace at `path` (`-`: standard input), or makes the embedded workload.
pub(super) fn load(
    path: Option<&Path>,
    processors: Option<u64>,
    strict: bool,
) -> Result<Workload, Error> {
    let processors = processors.and_then(NonZeroU64::new);
    let Some(path) = path else {
        return Ok(embedded(processors));
    };
    let (name, stream): (_, Box<dyn Read>) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), Box::new(io::stdin().lock()))
    } else {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::input(&name, error))?;
        (name, Box::new(file))
    };
    let rules = CleaningRules { strict, ..CleaningRules::default() };
    let chunks = chunks(stream).map_err(|error| Error::input(&name, error))?;
    let trace = Trace::read(Reader::new(chunks), processors, rules)
        .map_err(|error| Error::input(&name, explain(error)))?;
    Ok(Workload {
        name,
        processors: trace.processors.get(),
        jobs: trace.jobs,
        cleaning: trace.report,
    })
}

/// The chunks of a text, unpacked if it is compressed with gzip.
fn chunks(stream: impl Read + 'static) -> io::Result<Chunks> {
    let mut stream = BufReader::with_capacity(CHUNK, stream);
    let packed = stream.fill_buf()?.starts_with(&GZIP_MAGIC);
    Ok(Chunks(if packed { Box::new(MultiGzDecoder::new(stream)) } else { Box::new(stream) }))
}

struct Chunks(Box<dyn Read>);

impl Iterator for Chunks {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match self.0.read(&mut chunk) {
                Ok(0) => return None,
                Ok(length) => {
                    chunk.truncate(length);
                    return Some(Ok(chunk));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn explain(error: TraceError<io::Error>) -> String {
    match error {
        TraceError::Read(ReadError::Source(error))
            if error.kind() == io::ErrorKind::UnexpectedEof =>
        {
            format!("the gzip stream ends early: expected a whole file")
        }
        TraceError::UnknownProcessors { .. } => format!("{error}, or the option --procs"),
        error => error.to_string(),
    }
}

/// A month and a half of the Lublin–Feitelson model, small enough to be looked at. Its users overestimate their runtimes up
/// to fivefold (the f-model of Mu'alem and Feitelson, 2001).
fn embedded(processors: Option<NonZeroU64>) -> Workload {
    let processors = processors.unwrap_or(EMBEDDED_PROCESSORS);
    let model = Lublin::typeless(processors).with_estimates(Estimates::Factor { percent: 400 });
    let jobs: Vec<_> =
        model.generate(Pcg64::seed_from_u64(EMBEDDED_SEED)).take(EMBEDDED_JOBS).collect();
    let cleaning = CleaningReport { jobs: jobs.len() as u64, ..CleaningReport::default() };
    let name = format!("seeded Lublin–Feitelson workload ({EMBEDDED_JOBS} jobs)");
    Workload { name, processors: processors.get(), jobs, cleaning }
}

const EMBEDDED_SEED: u64 = 1;
const EMBEDDED_JOBS: usize = 5_000;
const EMBEDDED_PROCESSORS: NonZeroU64 = NonZeroU64::new(128).unwrap();

const CHUNK: usize = 1 << 16;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
