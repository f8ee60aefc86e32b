//! Ctrl-C, and being told to end in other ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output::{Error, reason};
use crate::progress::{Progress, now};

/// Whether somebody wants this to end.
#[derive(Debug)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on signals do not end the program, but ask it to end.
    pub(super) fn on_signals() -> Result<Self, Error> {
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&told)).map_err(|error| {
                Error::Usage(format!("signals cannot be waited for: {}", reason(&error)))
            })?;
        }
        Ok(Self(told))
    }

    pub(super) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    pub(super) fn is_told(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Waits for so long, or until it is told to stop. Returns how long that took.
    pub(super) fn wait(&self, what: &str, length: Option<Duration>) -> Duration {
        let begin = now();
        let mut progress = length.map(|length| {
            let total = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            Progress::new(what.to_owned(), total, "ms")
        });
        loop {
            let elapsed = begin.elapsed();
            let left = length.map_or(STEP, |length| length.saturating_sub(elapsed));
            if left.is_zero() || self.is_told() {
                if let Some(progress) = progress {
                    progress.finish();
                }
                return elapsed;
            }
            if let Some(progress) = &mut progress {
                progress.report(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
            }
            sleep(left.min(STEP));
        }
    }
}

/// A signal may wait for so long.
const STEP: Duration = Duration::from_millis(20);
