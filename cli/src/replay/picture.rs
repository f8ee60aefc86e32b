//! From replays to the panels of a Gantt picture.

use std::collections::BTreeMap;

use apportion_backfill::{StartKind, Suspension};

use super::{Replayed, Workload};
use crate::gantt::{self, Category, Panel, Segment};

pub(super) fn draw(workload: &Workload, replays: &[Replayed]) -> String {
    let panels: Vec<Panel> = replays
        .iter()
        .map(|replayed| Panel {
            title: replayed.policy.to_string(),
            summary: replayed.row.summary(),
            processors: workload.processors,
            segments: segments(workload, replayed),
        })
        .collect();
    gantt::render(&workload.name, &panels)
}

/// The stretches in which the jobs ran.
fn segments(workload: &Workload, replayed: &Replayed) -> Vec<Segment> {
    let mut pauses: BTreeMap<usize, Vec<Suspension>> = BTreeMap::new();
    for &pause in &replayed.outcome.suspensions {
        pauses.entry(pause.index).or_default().push(pause);
    }
    let mut segments = Vec::with_capacity(workload.jobs.len());
    for (index, (job, run)) in workload.jobs.iter().zip(&replayed.outcome.runs).enumerate() {
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
