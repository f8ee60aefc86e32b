//! The Standard Workload Format, version 2.2: lines, header, reader, writer.

mod error;
mod field;
pub(crate) mod header;
mod reader;
mod record;
mod writer;

pub use error::LineError;
pub(crate) use error::quote;
pub use field::{FIELDS, Field};
pub use header::{HEADER_BYTES, HEADER_LINES, Header};
pub use reader::{Entry, LINE_BYTES, Line, ReadError, Reader};
pub use record::{Record, UNKNOWN};
pub use writer::write;
