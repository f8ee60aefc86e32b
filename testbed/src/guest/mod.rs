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
//! use std::time::Duration;
//! use apportion_testbed::guest::{self, Guest};
//!
//! fn main() -> ExitCode {
//!     guest::begin();
//!     if guest::is_inside() {
//!         guest::check("sums", || if 1 + 1 == 2 { Ok(()) } else { Err("wrong".to_owned()) });
//!         return ExitCode::SUCCESS;
//!     }
//!     let cache = std::env::temp_dir();
//!     let guest = Guest::prepare(&cache).expect("there is a kernel and QEMU");
//!     let said = guest.boot(&[], &[], &[], Duration::from_secs(60)).expect("it boots");
//!     assert_eq!(said.verdict("sums"), Ok(()));
//!     ExitCode::SUCCESS
//! }
//! ```

mod archive;
mod inside;
mod kernel;
mod machine;

pub use inside::{begin, check, is_inside};
pub use machine::{Guest, Said, emulator};
