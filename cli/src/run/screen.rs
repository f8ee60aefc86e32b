//! The live table, for whoever watches, and above it what the commands print.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::record::Record;
use super::report::{percent, words};
use super::spec::Spec;

/// A table on a terminal. What the commands print comes through pipes, so that whole lines of it
/// can be put above.
#[derive(Debug)]
pub(super) struct Screen {
    lines: MultiProgress,
    head: ProgressBar,
    rows: Vec<ProgressBar>,
    width: usize,
    pipes: Vec<Pipe>,
}

#[derive(Debug)]
struct Pipe {
    reader: PipeReader,
    /// The beginning of a line.
    begun: Vec<u8>,
}

impl Screen {
    /// If standard error is a terminal.
    pub(super) fn new(spec: &Spec) -> Option<Self> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let bar = || {
            let style = ProgressStyle::with_template("{msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            lines.add(ProgressBar::new(0).with_style(style))
        };
        let head = bar();
        // A table of more is no table for people.
        let rows: Vec<_> = spec.commands.iter().take(MOST_ROWS).map(|_| bar()).collect();
        let names = spec.commands.iter().take(MOST_ROWS).map(|command| command.name.len());
        let width = names.max().unwrap_or(0).clamp(7, 32);
        Some(Self { lines, head, rows, width, pipes: Vec::new() })
    }

    /// Where a command may print to: both ends that it needs.
    pub(super) fn pipe(&mut self) -> io::Result<(File, File)> {
        let (reader, writer) = io::pipe()?;
        let out = OwnedFd::from(writer.try_clone()?);
        self.pipes.push(Pipe { reader, begun: Vec::new() });
        Ok((File::from(out), File::from(OwnedFd::from(writer))))
    }

    /// What may have something to be read.
    pub(super) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.pipes.iter().map(|pipe| pipe.reader.as_fd())
    }

    /// Reads from those sources that have something, by their order, and shows it.
    pub(super) fn relay(&mut self, ready: &[bool]) {
        let mut shown = Vec::new();
        let mut at = 0;
        let mut buffer = [0; 1 << 14];
        self.pipes.retain_mut(|pipe| {
            at += 1;
            if !ready.get(at - 1).copied().unwrap_or(false) {
                return true;
            }
            let count = match pipe.reader.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return true,
                Err(_) => 0,
            };
            pipe.begun.extend_from_slice(&buffer[..count]);
            let whole = match pipe.begun.iter().rposition(|&byte| byte == b'\n') {
                _ if count == 0 || pipe.begun.len() > LONGEST_LINE => pipe.begun.len(),
                last => last.map_or(0, |at| at + 1),
            };
            shown.extend(pipe.begun.drain(..whole));
            if whole > 0 && shown.last() != Some(&b'\n') {
                shown.push(b'\n');
            }
            count > 0
        });
        if !shown.is_empty() {
            // A terminal that has gone shows nothing.
            let _ = self.lines.suspend(|| io::stderr().write_all(&shown));
        }
    }

    /// Draws the table anew.
    pub(super) fn draw(&self, spec: &Spec, record: &Record) {
        let Self { head, rows, width, .. } = self;
        let seconds = record.elapsed().as_secs_f64();
        head.set_message(format!(
            "{:width$}  {:>9}  {:>9}  {:>10}  state   after {seconds:.0} s",
            "command", "decided", "achieved", "CPU time"
        ));
        for (at, (bar, command)) in rows.iter().zip(&spec.commands).enumerate() {
            let row = &record.rows[at];
            let name: String = command.name.chars().take(*width).collect();
            let state = row
                .exit
                .map_or_else(|| "runs".to_owned(), |exit| format!("ended: {}", words(exit)));
            bar.set_message(format!(
                "{name:width$}  {:>9}  {:>9}  {:>8.2} s  {state}",
                percent(record.decided_now(at)),
                percent(row.recent),
                row.cpu.as_secs_f64(),
            ));
        }
    }

    /// Says something above the table.
    pub(super) fn say(&self, line: &str) {
        let _ = self.lines.suspend(|| writeln!(io::stderr(), "{line}"));
    }

    /// Takes the table away.
    pub(super) fn clear(self) {
        // A terminal that has gone needs no clearing.
        let _ = self.lines.clear();
    }
}

const MOST_ROWS: usize = 24;
const LONGEST_LINE: usize = 1 << 16;
