//! How far a replay is, for whoever waits.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::policy::Policy;

/// A bar on standard error if that is a terminal, once a replay takes longer than a blink.
pub(super) struct Progress {
    policy: Policy,
    jobs: usize,
    begin: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(policy: Policy, jobs: usize) -> Self {
        Self { policy, jobs, begin: now(), bar: None }
    }

    /// Tells how many jobs have ended.
    pub(super) fn report(&mut self, finished: usize) {
        let elapsed = self.begin.elapsed();
        if elapsed < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template(TEMPLATE)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(self.jobs as u64)
                .with_style(style)
                .with_prefix(self.policy.to_string())
                .with_elapsed(elapsed)
        });
        bar.set_position(finished as u64);
    }

    /// Takes the bar away. Returns how long it took.
    pub(super) fn finish(self) -> Duration {
        let took = self.begin.elapsed();
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        took
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program reports how long a replay takes; no decision depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

const PATIENCE: Duration = Duration::from_millis(500);
const TEMPLATE: &str = "{prefix} [{wide_bar}] {human_pos}/{human_len} jobs, {eta} left";
