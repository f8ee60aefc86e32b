//! What came of it: for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use apportion_host::CpuLimit;
use apportion_host::vcpu::{Report, VcpuReport};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::policy::Policy;
use super::{Outcome, Plan};

#[derive(Serialize)]
struct Document {
    policy: &'static str,
    wall_ms: f64,
    cpu_ms: f64,
    idle_ms: f64,
    decision_us: Option<Decision>,
    vcpus: Vec<Row>,
}

#[derive(Serialize)]
struct Decision {
    median: f64,
    p99: f64,
}

#[derive(Serialize)]
struct Row {
    vcpu: u32,
    weight: u32,
    limit: Option<f64>,
    decided: f64,
    achieved: f64,
    work: Option<f64>,
    cpu_ms: f64,
    quanta: Option<u64>,
    yielded: Option<u64>,
    kick_us: Option<f64>,
}

/// One document on one line.
pub(super) fn json(outcomes: &[Outcome]) -> String {
    let documents: Vec<_> = outcomes.iter().map(document).collect();
    // Numbers and words can always be written.
    let text = match documents.as_slice() {
        [document] => serde_json::to_string(document),
        documents => serde_json::to_string(documents),
    };
    text.unwrap_or_default() + "\n"
}

fn document(outcome: &Outcome) -> Document {
    let Outcome { policy, report } = outcome;
    let median = report.decisions.median();
    let decision_us = median
        .zip(report.decisions.percentile_99())
        .map(|(median, p99)| Decision { median: micros(median), p99: micros(p99) });
    let turns = |count: u64| (*policy != Policy::Groups).then_some(count);
    let row = |vcpu: &VcpuReport| Row {
        vcpu: vcpu.member.vcpu.number(),
        weight: vcpu.member.weight.get(),
        limit: vcpu.member.limit.map(part),
        decided: vcpu.decided,
        achieved: vcpu.achieved,
        work: work_share(vcpu, report),
        cpu_ms: millis(vcpu.cpu),
        quanta: turns(vcpu.quanta),
        yielded: turns(vcpu.yielded),
        kick_us: turns(0).and_then(|_| vcpu.kicks.median()).map(micros),
    };
    Document {
        policy: policy.name(),
        wall_ms: millis(report.wall),
        cpu_ms: millis(report.cpu()),
        idle_ms: millis(report.idle),
        decision_us,
        vcpus: report.vcpus.iter().map(row).collect(),
    }
}

/// A table for each policy.
pub(super) fn tables(title: &str, outcomes: &[Outcome], quantum: Duration) -> String {
    let mut text = format!("{title}\n");
    for Outcome { policy, report } in outcomes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}: {}\n", policy.name(), policy.summary(quantum));
        for line in table(*policy, report).lines() {
            // Every line begins with the padding of the first column.
            text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
            text.push('\n');
        }
        let _ = writeln!(text, "\n{}", summary(report));
        if let Some(cost) = cost(report) {
            let _ = writeln!(text, "{cost}");
        }
    }
    text
}

/// Its header, whether it is shown, and what it says of a vCPU.
type Column<'a> = (&'a str, bool, &'a dyn Fn(&VcpuReport) -> String);

fn table(policy: Policy, report: &Report) -> Table {
    let vcpus = &report.vcpus;
    let limited = vcpus.iter().any(|vcpu| vcpu.member.limit.is_some());
    let worked = vcpus.iter().any(|vcpu| vcpu.work.is_some());
    let yielded = vcpus.iter().any(|vcpu| vcpu.yielded > 0);
    let turns = policy != Policy::Groups;
    let columns: [Column<'_>; 10] = [
        ("vCPU", true, &|vcpu| vcpu.member.vcpu.number().to_string()),
        ("weight", true, &|vcpu| vcpu.member.weight.to_string()),
        ("limit", limited, &|vcpu| {
            vcpu.member.limit.map_or_else(String::new, |limit| percent(part(limit)))
        }),
        ("decided", true, &|vcpu| percent(vcpu.decided)),
        ("achieved", true, &|vcpu| percent(vcpu.achieved)),
        ("CPU time", true, &|vcpu| format!("{:.3} s", vcpu.cpu.as_secs_f64())),
        ("guest work", worked, &|vcpu| work_share(vcpu, report).map_or_else(String::new, percent)),
        ("quanta", turns, &|vcpu| vcpu.quanta.to_string()),
        ("early", turns && yielded, &|vcpu| vcpu.yielded.to_string()),
        ("kick", turns, &|vcpu| vcpu.kicks.median().map_or_else(String::new, latency)),
    ];
    let shown: Vec<_> = columns.iter().filter(|column| column.1).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(shown.iter().map(|column| column.0));
    for vcpu in vcpus {
        table.add_row(shown.iter().map(|column| (column.2)(vcpu)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// How far it is from what was decided.
pub(super) fn summary(report: &Report) -> String {
    let furthest =
        report.vcpus.iter().map(|vcpu| (vcpu.achieved - vcpu.decided).abs()).fold(0.0, f64::max);
    let (cpu, wall) = (report.cpu().as_secs_f64(), report.wall.as_secs_f64());
    let mut text = format!(
        "largest difference {:.2} points; {cpu:.2} s of CPU time in {wall:.2} s",
        100.0 * furthest
    );
    if !report.idle.is_zero() {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {:.2} s left idle by limits", report.idle.as_secs_f64());
    }
    text
}

/// What it cost, if anything was decided in turns.
fn cost(report: &Report) -> Option<String> {
    let median = latency(report.decisions.median()?);
    let most = latency(report.decisions.percentile_99()?);
    Some(format!("a decision takes {median} (median), {most} (99 of 100)"))
}

/// What is run, in a few words.
pub(super) fn title(plan: &Plan) -> String {
    let weights: Vec<_> = plan.rights.iter().map(|right| right.weight.to_string()).collect();
    let (vcpus, weight) = match weights.len() {
        1 => ("1 vCPU".to_owned(), "weight"),
        many => (format!("{many} vCPUs"), "weights"),
    };
    let mut list = weights[..weights.len().min(SHOWN)].join(", ");
    if weights.len() > SHOWN {
        list.push_str(", …");
    }
    format!("{vcpus}, {weight} {list}")
}

/// The share of all the work that the guests did.
fn work_share(vcpu: &VcpuReport, report: &Report) -> Option<f64> {
    let total: u128 = report.vcpus.iter().filter_map(|vcpu| vcpu.work).map(u128::from).sum();
    #[expect(clippy::cast_precision_loss, reason = "printed for people")]
    let share = |work: u64| if total == 0 { 0.0 } else { work as f64 / total as f64 };
    vcpu.work.map(share)
}

fn part(limit: CpuLimit) -> f64 {
    limit.quota.as_secs_f64() / limit.period.as_secs_f64()
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn latency(latency: Duration) -> String {
    let micros = micros(latency);
    if micros < 1_000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1e3) }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// So many weights fit into a line.
const SHOWN: usize = 12;
