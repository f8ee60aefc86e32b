//! How far a command is, for whoever waits.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error if that is a terminal, once it takes longer than a blink.
pub(crate) struct Progress {
    what: String,
    total: u64,
    unit: &'static str,
    begin: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `what` is to be done in `total` steps, each a `unit`.
    pub(crate) fn new(what: String, total: u64, unit: &'static str) -> Self {
        Self { what, total, unit, begin: now(), bar: None }
    }

    /// Tells how many steps are done.
    pub(crate) fn report(&mut self, done: u64) {
        let elapsed = self.begin.elapsed();
        if elapsed < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template(&format!("{TEMPLATE} {}, {{eta}} left", self.unit))
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(self.total)
                .with_style(style)
                .with_prefix(self.what.clone())
                .with_elapsed(elapsed)
        });
        bar.set_position(done);
    }

    /// Takes the bar away. Returns how long it took.
    pub(crate) fn finish(self) -> Duration {
        let took = self.begin.elapsed();
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        took
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program reports how long something takes; no decision depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

const PATIENCE: Duration = Duration::from_millis(500);
const TEMPLATE: &str = "{prefix} [{wide_bar}] {human_pos}/{human_len}";
