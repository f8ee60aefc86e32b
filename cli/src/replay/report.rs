//! What a replay amounts to: for people, for programs, job by job.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use apportion_backfill::{Metrics, Outcome};
use apportion_workload::{CleaningReport, DropReason, Job};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::Workload;
use super::policy::Policy;

/// The threshold of the bounded slowdown, by custom.
pub(super) const BOUND_SECONDS: u64 = 10;

/// One line of the table, one entry of the JSON document.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    policy: String,
    jobs: usize,
    /// Records left out, by reason.
    skipped: BTreeMap<&'static str, u64>,
    avg_wait_s: f64,
    avg_bounded_slowdown: f64,
    max_wait_s: u64,
    makespan_s: u64,
    utilization: f64,
    replay_ms: f64,
}

impl Row {
    pub(super) fn new(
        policy: Policy,
        metrics: &Metrics,
        cleaning: &CleaningReport,
        took: Duration,
    ) -> Self {
        Self {
            policy: policy.to_string(),
            jobs: metrics.jobs,
            skipped: skipped(cleaning),
            avg_wait_s: metrics.average_wait,
            avg_bounded_slowdown: metrics.average_bounded_slowdown,
            max_wait_s: metrics.max_wait,
            makespan_s: metrics.makespan,
            utilization: metrics.utilization,
            replay_ms: took.as_secs_f64() * 1e3,
        }
    }

    pub(super) fn summary(&self) -> String {
        format!(
            "mean wait {}, mean bounded slowdown {:.1}, utilisation {:.1} %",
            duration(self.avg_wait_s),
            self.avg_bounded_slowdown,
            self.utilization * 100.0
        )
    }
}

fn skipped(cleaning: &CleaningReport) -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("runtime", cleaning.dropped_for(DropReason::Runtime)),
        ("processors", cleaning.dropped_for(DropReason::Processors)),
        ("submit", cleaning.dropped_for(DropReason::Submit)),
        ("partial", cleaning.partial),
    ])
}

pub(super) fn json(rows: &[Row]) -> String {
    // Numbers, strings and maps of them: serialising cannot fail.
    let mut text = serde_json::to_string_pretty(rows).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn table(workload: &Workload, rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "policy",
        "mean wait",
        "longest wait",
        "mean bounded slowdown",
        "makespan",
        "utilisation",
        "replayed in",
    ]);
    for row in rows {
        #[expect(clippy::cast_precision_loss, reason = "printed for people")]
        let (longest, makespan) = (row.max_wait_s as f64, row.makespan_s as f64);
        table.add_row([
            row.policy.clone(),
            duration(row.avg_wait_s),
            duration(longest),
            format!("{:.2}", row.avg_bounded_slowdown),
            duration(makespan),
            format!("{:.1} %", row.utilization * 100.0),
            format!("{:.1} ms", row.replay_ms),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = workload.title() + "\n" + &cleaning_line(&workload.cleaning) + "\n";
    for line in table.lines() {
        // Every line begins with the padding of the first column.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text
}

/// What cleaning did, if it did anything.
fn cleaning_line(cleaning: &CleaningReport) -> String {
    if cleaning.is_clean() {
        return String::new();
    }
    let counts = [
        (cleaning.dropped_runtime, "dropped without a run time"),
        (cleaning.dropped_processors, "dropped without processors"),
        (cleaning.dropped_submit, "dropped without a submit time"),
        (cleaning.partial, "left out as parts of checkpointed jobs"),
        (cleaning.processors_capped, "cut to the processors of the machine"),
        (cleaning.runtimes_clamped, "killed at the estimate"),
        (cleaning.estimates_from_runtime, "with the run time as estimate"),
        (cleaning.processors_from_allocated, "with the allocated processors"),
        (cleaning.out_of_order, "moved into the order of submission"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|count| count.0 > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let CleaningReport { records, jobs, .. } = cleaning;
    format!("cleaning: {jobs} of {records} records kept; {}\n", parts.join(", "))
}

/// `job_id,start`, a line a job in order of submission.
pub(super) fn starts(jobs: &[Job], outcome: &Outcome) -> String {
    let mut text = String::from("job_id,start\n");
    for (job, run) in jobs.iter().zip(&outcome.runs) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{}", job.id, run.start);
    }
    text
}

/// Seconds, and what they amount to in the two largest units.
fn duration(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0)];
    for pair in units.windows(2) {
        let [large, small] = [pair[0], pair[1]];
        // Rounded first: nearly a day is a day, and not 24 hours.
        let whole = (seconds / small.1).round();
        let ratio = large.1 / small.1;
        if whole >= ratio {
            let count = (whole / ratio).floor();
            return format!("{count} {} {} {}", large.0, whole % ratio, small.0);
        }
    }
    format!("{seconds:.1} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_before_their_units_are_chosen() {
        for (seconds, text) in [
            (0.0, "0.0 s"),
            (59.4, "59.4 s"),
            (59.6, "1 min 0 s"),
            (3_599.7, "1 h 0 min"),
            (86_399.0, "1 d 0 h"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
