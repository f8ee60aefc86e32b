//! A guest: a Linux kernel of its own under emulation, for what this machine's kernel is not set
//! up for, such as version 2 of control groups.
//!
//! A test program is its own guest. Started on the machine, it boots a kernel with nothing but
//! itself, its libraries and a few modules; started as the first process of that kernel, it mounts
//! the file systems of a plain system, and starts itself once more as an ordinary process. That
//! one writes its verdicts to the second serial port, one line each.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use apportion_testbed::guest::{self, Check, Suite};
//!
//! fn main() -> ExitCode {
//!     guest::begin();
//!     let sums = || if 1 + 1 == 2 { Ok(()) } else { Err("wrong".to_owned()) };
//!     Suite {
//!         needs: ("guest", "sums"),
//!         cache: &std::env::temp_dir(),
//!         modules: &[],
//!         programs: &[],
//!         checks: vec![Check::new("sums", sums)],
//!     }
//!     .run()
//! }
//! ```

mod archive;
mod inside;
mod kernel;
mod machine;
mod suite;

pub use inside::{begin, is_inside};
pub use machine::emulator;
pub use suite::{Check, Suite};
