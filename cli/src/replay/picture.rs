//! From replays to the panels of a Gantt picture.

use std::collections::BTreeMap;

use apportion_backfill::{Outcome, StartKind, Suspension};

use super::Workload;
use crate::gantt::{Category, Panel, Segment};

/// The panel of one policy.
pub(super) fn panel(
    title: String,
    summary: String,
    workload: &Workload,
    outcome: &Outcome,
) -> Panel {
    let segments = segments(workload, outcome);
    Panel { title, summary, processors: workload.processors, segments }
}

/// The stretches in which the jobs ran.
fn segments(workload: &Workload, outcome: &Outcome) -> Vec<Segment> {
    let mut pauses: BTreeMap<usize, Vec<Suspension>> = BTreeMap::new();
    for &pause in &outcome.suspensions {
        pauses.entry(pause.index).or_default().push(pause);
    }
    let mut segments = Vec::with_capacity(workload.jobs.len() + outcome.suspensions.len());
    for (index, (job, run)) in workload.jobs.iter().zip(&outcome.runs).enumerate() {
        let category = category(run.reason);
        let mut start = run.start;
        let mut push = |start, end| {
            segments.push(Segment {
                job: job.id,
                start,
                end,
                processors: job.processors,
                category,
            });
        };
        for pause in pauses.get(&index).into_iter().flatten() {
            push(start, pause.from);
            start = pause.until;
        }
        push(start, run.end);
    }
    segments
}

fn category(reason: StartKind) -> Category {
    match reason {
        StartKind::BeforeShadow => Category::BeforeShadow,
        // Where nobody holds a reservation, every free processor is extra.
        StartKind::ExtraProcessors | StartKind::Greedy => Category::ExtraProcessors,
        StartKind::Reserved => Category::Reserved,
        StartKind::BeyondShadow => Category::Preemptible,
        _ => Category::Head,
    }
}
