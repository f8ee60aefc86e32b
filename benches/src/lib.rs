//! What the benches share: the traces, peers measured side by side, and the medians of a run.

#![forbid(unsafe_code)]

mod beside;

use std::env;
use std::fs;
use std::path::PathBuf;

use apportion_backfill::{Submission, TraceJob};
use apportion_workload::{CleaningRules, Reader, Trace};

pub use beside::{Beside, beside};

/// The jobs of a shared trace, and the machine's processors. `None`, after the line `not run: …`,
/// if it is absent.
///
/// # Panics
///
/// If the trace is there and cannot be read.
#[must_use]
pub fn trace(name: &str) -> Option<(u64, Vec<TraceJob>)> {
    let text = text(name)?;
    let trace = Trace::read(Reader::from_text(text), None, CleaningRules::default())
        .expect("a shared trace is valid");
    let jobs = trace.jobs.iter().map(|job| TraceJob {
        submit: job.submit,
        runtime: job.runtime,
        submission: Submission {
            user: job.user.cast_unsigned(),
            prediction: Some(job.runtime),
            ..Submission::new(job.processors, job.estimate)
        },
    });
    Some((trace.processors.get(), jobs.collect()))
}

/// The text of a shared trace.
///
/// # Panics
///
/// If the trace is there and cannot be read.
#[must_use]
pub fn text(name: &str) -> Option<Vec<u8>> {
    let path = apportion_testbed::data(&format!("the bench on {name}"))?
        .join(format!("backfill/{name}.swf.gz"));
    Some(apportion_testbed::read(&path).expect("a shared trace can be read"))
}

/// The median of a finished benchmark, in nanoseconds per iteration, as criterion has saved it.
#[must_use]
pub fn median(group: &str, function: &str) -> Option<f64> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    let path = target.join("criterion").join(group).join(function).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
