//! `apportion divide`: a capacity divided among claims, in a tree.

mod document;
mod input;
mod report;
mod spec;

use std::path::PathBuf;

use apportion_fairshare::{Error as Refusal, Overbooking, Reading, Rules};
use clap::{Args, ValueEnum};

use crate::output::{self, Error};
use spec::Spec;

/// Divide a capacity by weights, reservations and limits: who gets how much, and why.
///
/// The members of a group divide what the group gets, and what one cannot use goes to the others;
/// but for hard allocations, of which the rest is wasted.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// What to divide, as described below (`-`: standard input) [default: an example of its own]
    #[arg(value_name = "SPEC.json")]
    spec: Option<PathBuf>,

    /// What a reservation means: the least that a share may be, or handed out before the rest is
    /// divided by weight
    #[arg(long, value_enum, default_value = "floor")]
    reservations: Reservations,

    /// Divide by weight, to nobody more than its reservation, where more is reserved than there is
    #[arg(long)]
    scale_down: bool,

    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reservations {
    Floor,
    First,
}

const GUIDE: &str = "\
SPEC.json: {\"capacity\": 100, \"claims\": [CLAIM, ...]}, all amounts whole numbers. A CLAIM has
  name      a word, different from its siblings': no `/`, no control characters, no blanks at an end
  weight    its right beside its siblings, at least 1
  reserve   the least it gets, as far as it can use it [default: 0]
  limit     the most it may get [default: none]
  hard      true: fixed at the share of the whole by weight, as if everybody wanted everything, and
            lent to nobody; among children too, where only limits of the groups above lower it
  demand    the most it can use [default: everything]
  children  claims on what it gets, 62 levels deep at most

JSON: {\"allocations\": [{name (a path a/b), allocation, used, wasted, bound}]}, groups before their
members. A bound is one of weight, reservation, limit, demand and hard.

Examples:
  apportion divide
      tenants with limits, reservations and a hard allocation
  echo '{\"capacity\": 60, \"claims\": [{\"name\": \"a\", \"weight\": 1}]}' | apportion divide -
      a claim from standard input";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let (name, text) = input::load(arguments.spec.as_deref())?;
    let spec = Spec::parse(&name, &text)?;
    let reading = match arguments.reservations {
        Reservations::Floor => Reading::FloorOfShare,
        Reservations::First => Reading::ReservationFirst,
    };
    let overbooking =
        if arguments.scale_down { Overbooking::ScaleDown } else { Overbooking::Refuse };
    let rules = Rules::new(reading, overbooking);
    let shares = spec.tree.divide(spec.capacity, rules).map_err(|error| match error {
        Refusal::Overbooked { group, capacity, reserved, claims } => {
            spec.overbooked(&name, group, [reserved, capacity.into()], &claims)
        }
        error => Error::input(&name, error.to_string()),
    })?;
    let text = if arguments.json {
        report::json(&spec, &shares)
    } else {
        report::table(&name, &spec, &shares)
    };
    output::print(&text)
}
