#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clean;
mod job;
mod lublin;
mod packing;
mod swf;
mod trace;

pub use clean::{CleanError, Cleaner, CleaningReport, CleaningRules, DropReason};
pub use job::Job;
pub use lublin::{Estimates, Generator, Lublin, LublinError, Parameters};
pub use packing::{
    PACKING_NUMBERS, PackingError, PackingErrorKind, PackingFormat, PackingInstance, PackingNumber,
};
pub use swf::{
    Entry, FIELDS, Field, HEADER_BYTES, HEADER_LINES, Header, LINE_BYTES, Line, LineError,
    ReadError, Reader, Record, UNKNOWN, write,
};
pub use trace::{Trace, TraceError};
