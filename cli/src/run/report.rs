//! What a run amounts to: for people and for programs.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::record::Record;
use super::spec::Spec;
use super::value::CPU;

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    decided: f64,
    achieved: f64,
    cpu_ms: u64,
    exit: Option<i32>,
}

/// One document on one line.
pub(super) fn json(spec: &Spec, record: &Record) -> String {
    let commands = spec.commands.iter().zip(&record.rows).enumerate();
    let list: Vec<Document<'_>> = commands
        .map(|(at, (command, row))| Document {
            name: &command.name,
            decided: record.decided(at),
            achieved: record.achieved(at),
            cpu_ms: u64::try_from(row.cpu.as_millis()).unwrap_or(u64::MAX),
            exit: row.exit.map(code),
        })
        .collect();
    // Numbers and words can always be written.
    serde_json::to_string(&list).unwrap_or_default() + "\n"
}

/// A table, and below it what all of them used together.
pub(super) fn table(title: &str, spec: &Spec, record: &Record) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["command", "group", "weight", "decided", "achieved", "CPU time", "exit"]);
    for (at, (command, row)) in spec.commands.iter().zip(&record.rows).enumerate() {
        let chain = spec.chain(command.group);
        let group: Vec<&str> = chain.iter().map(|&at| spec.groups[at].name.as_str()).collect();
        table.add_row([
            command.name.clone(),
            group.join("/"),
            command.rights.weight.get().to_string(),
            percent(record.decided(at)),
            percent(record.achieved(at)),
            format!("{:.3} s", row.cpu.as_secs_f64()),
            row.exit.map_or_else(|| "ended with the run".to_owned(), words),
        ]);
    }
    for column in table.column_iter_mut().skip(2).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{title}\n\n");
    for line in table.lines() {
        // Every line begins with the padding of the first column.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    let achieved: f64 = (0..record.rows.len()).map(|at| record.achieved(at)).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n{} of {} CPU seconds used in {:.2} s",
        percent(achieved),
        seconds(record),
        record.elapsed().as_secs_f64()
    );
    text
}

fn seconds(record: &Record) -> String {
    #[expect(clippy::cast_precision_loss, reason = "printed for people")]
    let cpus = record.capacity() as f64 / CPU as f64;
    format!("{:.2}", record.elapsed().as_secs_f64() * cpus)
}

/// A share of the CPUs.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The exit status of a command as shells know it.
pub(super) fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(255)
}

/// How a command ended, in a word.
pub(super) fn words(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => code(status).to_string(),
    }
}
