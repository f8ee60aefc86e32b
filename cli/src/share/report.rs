//! What a game amounts to: for people and for programs.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, Table, presets};

use super::name::name;
use super::policy::Policy;
use super::tally::{Entity, Tally};
use super::{Game, Outcome};
use crate::output::Error;

/// The first turns, as far as they go on a line.
#[derive(Debug, Default)]
pub(super) struct Strip {
    text: String,
    cut: bool,
}

impl Strip {
    pub(super) fn push(&mut self, index: usize) {
        if self.cut {
            return;
        }
        let name = name(index);
        if self.text.len() + 1 + name.len() > STRIP_WIDTH {
            self.cut = true;
            self.text.push_str(" …");
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&name);
    }
}

/// A table for each policy.
pub(super) fn tables(game: &Game, outcomes: &[Outcome]) -> String {
    let mut text = title(game) + "\n";
    for outcome in outcomes {
        let Outcome { policy, tally, strip, .. } = outcome;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}: {}\n", policy.name(), strip.text);
        for line in table(tally).lines() {
            // Every line begins with the padding of the first column.
            text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
            text.push('\n');
        }
        let _ = writeln!(text, "\nlargest lag: {}", summary(tally));
    }
    text
}

/// What is played, in a few words.
pub(super) fn title(game: &Game) -> String {
    let Game { weights, quanta, .. } = game;
    let mut list = String::new();
    let mut at = 0;
    while at < weights.len() {
        let weight = weights[at];
        let run = weights[at..].iter().take_while(|&&other| other == weight).count();
        let run = if run == 2 { 1 } else { run };
        if list.len() > LIST_WIDTH {
            list.push_str(", …");
            break;
        }
        let comma = if at > 0 { ", " } else { "" };
        let _ = match run {
            1 => write!(list, "{comma}{}", weight.get()),
            _ => write!(list, "{comma}{}x{run}", weight.get()),
        };
        at += run;
    }
    let unit = if *quanta == 1 { "quantum" } else { "quanta" };
    let weights = if weights.len() == 1 { "weight" } else { "weights" };
    format!("{weights} {list}: {quanta} {unit}")
}

/// The largest lag, and whose it is.
pub(super) fn summary(tally: &Tally) -> String {
    let (index, lag) = tally.furthest();
    match lag {
        0 => "none".to_owned(),
        _ => format!("{}, {}", far(lag, tally).replace(' ', " quanta "), name(index)),
    }
}

fn table(tally: &Tally) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "entity",
        "weight",
        "quanta",
        "share",
        "ideal share",
        "largest lag",
    ]);
    let entities = tally.entities();
    let each = if entities.len() <= MOST_ROWS { entities.len() } else { MOST_ROWS - 1 };
    for (index, entity) in entities[..each].iter().enumerate() {
        table.add_row(row(name(index), std::slice::from_ref(entity), tally));
    }
    if each < entities.len() {
        let others = &entities[each..];
        table.add_row(row(format!("{} others", others.len()), others, tally));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Several entities together: their sums, and the largest lag of one of them.
fn row(name: String, entities: &[Entity], tally: &Tally) -> [String; 6] {
    let weight: u64 = entities.iter().map(|entity| entity.weight).sum();
    let served: u64 = entities.iter().map(|entity| entity.served).sum();
    // The first of equals, as `max_by_key` would keep the last.
    let lags = entities.iter().rev().map(Entity::furthest);
    let lag = lags.max_by_key(|lag| lag.abs()).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "printed for people")]
    let percent = |part: i128, whole: i128| format!("{:.2} %", part as f64 * 100.0 / whole as f64);
    [
        name,
        weight.to_string(),
        served.to_string(),
        percent(served.into(), tally.played().into()),
        percent(weight.into(), tally.weight()),
        far(lag, tally),
    ]
}

/// A lag in quanta, cut after three digits: one below 1 is never written as 1.
fn far(lag: i128, tally: &Tally) -> String {
    let thousandths = lag.abs() * 1_000 / tally.weight();
    let side = if lag < 0 { "behind" } else { "ahead" };
    format!("{}.{:03} {side}", thousandths / 1_000, thousandths % 1_000)
}

/// Plays, and prints the turns as they come.
pub(super) fn json(policies: &[Policy], game: &Game) -> Result<(), Error> {
    let stdout = io::stdout();
    // A bar would run through the turns.
    let visible = !stdout.is_terminal();
    let mut out = io::BufWriter::with_capacity(1 << 16, stdout.lock());
    if let [policy] = policies {
        document(*policy, game, visible, &mut out)?;
    } else {
        for (number, &policy) in policies.iter().enumerate() {
            put(&mut out, if number == 0 { "[" } else { ",\n " })?;
            document(policy, game, visible, &mut out)?;
        }
        put(&mut out, "]")?;
    }
    put(&mut out, "\n")?;
    out.flush().map_err(Error::Print)
}

fn document(policy: Policy, game: &Game, visible: bool, out: &mut impl Write) -> Result<(), Error> {
    let mut tally = Tally::new(&game.weights);
    put(out, format_args!("{{\"policy\":\"{}\",\"sequence\":[", policy.name()))?;
    policy.play(game, visible, |index| {
        put(out, if tally.played() == 0 { "" } else { "," })?;
        tally.serve(index);
        put(out, index)
    })?;
    tally.finish();
    put(out, "],\"counts\":[")?;
    for (index, entity) in tally.entities().iter().enumerate() {
        put(out, if index == 0 { "" } else { "," })?;
        put(out, entity.served)?;
    }
    put(out, format_args!("],\"max_abs_lag\":{:?}}}", tally.max_abs_lag()))
}

fn put(out: &mut impl Write, text: impl std::fmt::Display) -> Result<(), Error> {
    write!(out, "{text}").map_err(Error::Print)
}

const STRIP_WIDTH: usize = 72;
const LIST_WIDTH: usize = 40;
/// A table of more is no table for people.
const MOST_ROWS: usize = 24;
