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
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes: Option<u64>,
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
            sent_bytes: row.network.map(|usage| usage.sent),
            received_bytes: row.network.map(|usage| usage.received),
        })
        .collect();
    // Numbers and words can always be written.
    serde_json::to_string(&list).unwrap_or_default() + "\n"
}

/// A table, and below it what all of them used together.
pub(super) fn table(title: &str, spec: &Spec, record: &Record) -> String {
    let mut table = Table::new();
    let mut header = vec!["command", "group", "weight", "decided", "achieved", "CPU time", "exit"];
    if spec.network.is_some() {
        header.splice(6..6, ["sent", "received"]);
    }
    let right = header.len() - 3;
    table.load_style(presets::NOTHING).set_header(header);
    for (at, (command, row)) in spec.commands.iter().zip(&record.rows).enumerate() {
        let chain = spec.chain(command.group);
        let group: Vec<&str> = chain.iter().map(|&at| spec.groups[at].name.as_str()).collect();
        let mut cells = vec![
            command.name.clone(),
            group.join("/"),
            command.rights.weight.get().to_string(),
            percent(record.decided(at)),
            percent(record.achieved(at)),
            format!("{:.3} s", row.cpu.as_secs_f64()),
            row.exit.map_or_else(|| "ended with the run".to_owned(), words),
        ];
        if spec.network.is_some() {
            let megabytes = |bytes: Option<u64>| bytes.map_or("-".to_owned(), megabytes);
            let (sent, received) = (row.network.map(|u| u.sent), row.network.map(|u| u.received));
            cells.splice(6..6, [megabytes(sent), megabytes(received)]);
        }
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(2).take(right) {
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

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "printed for people")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.3} MB")
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
