use crate::{Outcome, TraceJob};

/// What a replay amounts to. Times in ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Metrics {
    /// Jobs replayed.
    pub jobs: usize,
    /// Mean time between submission and end in which a job did not run: the time before its start
    /// and, if it was preempted, that in which it was suspended.
    pub average_wait: f64,
    /// The longest such time.
    pub max_wait: u64,
    /// Mean over all jobs of `max(1, (wait + runtime) / max(runtime, threshold))`.
    pub average_bounded_slowdown: f64,
    /// From the first submission to the last end.
    pub makespan: u64,
    /// Work done, as a fraction of what the processors could have done in the makespan.
    pub utilization: f64,
}

impl Outcome {
    /// The usual measures of `jobs` on `processors`, with the bounded slowdown's `threshold` in
    /// ticks (10 s by custom).
    ///
    /// *Source:* D. G. Feitelson and L. Rudolph, "Metrics and benchmarking for parallel job
    /// scheduling", JSSPP 1998 (bounded slowdown). *Complexity:* O(n). No jobs: all zero.
    #[must_use]
    pub fn metrics(&self, jobs: &[TraceJob], processors: u64, threshold: u64) -> Metrics {
        let (mut waits, mut max_wait, mut slowdowns, mut work, mut last_end) =
            (0u128, 0, 0.0, 0u128, 0);
        for (job, run) in jobs.iter().zip(&self.runs) {
            let response = run.end.saturating_sub(job.submit);
            let wait = response.saturating_sub(job.runtime);
            waits += u128::from(wait);
            max_wait = max_wait.max(wait);
            slowdowns += ratio(response.into(), job.runtime.max(threshold).into()).max(1.0);
            work = work
                .saturating_add(u128::from(job.runtime) * u128::from(job.submission.processors));
            last_end = last_end.max(run.end);
        }
        let makespan = jobs.first().map_or(0, |first| last_end.saturating_sub(first.submit));
        let count = jobs.len() as u128;
        Metrics {
            jobs: jobs.len(),
            average_wait: ratio(waits, count),
            max_wait,
            average_bounded_slowdown: if jobs.is_empty() {
                0.0
            } else {
                slowdowns / approximate(count)
            },
            makespan,
            utilization: ratio(work, u128::from(processors) * u128::from(makespan)),
        }
    }
}

/// 0 if there is nothing to divide by.
fn ratio(amount: u128, of: u128) -> f64 {
    if of == 0 { 0.0 } else { approximate(amount) / approximate(of) }
}

#[expect(clippy::cast_precision_loss, reason = "a report, not a decision")]
fn approximate(amount: u128) -> f64 {
    amount as f64
}
