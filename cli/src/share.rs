//! `apportion share`: weighted turns under one or more policies.

pub(crate) mod input;
pub(crate) mod name;
mod picture;
mod policy;
mod report;
mod tally;
mod trace;

use std::path::PathBuf;

use apportion_wfq::Weight;
use clap::Args;

use crate::option;
use crate::output::{self, Error, Pending, Target};
use policy::Policy;
use report::Strip;
use tally::Tally;
use trace::Trace;

/// Play weighted turns: who runs, who got how much, and the largest lag.
///
/// Entities A, B, C ... of the given weights want to run all the time; each turn is one quantum.
/// Lag is how far an entity is ahead of the ideal, or behind it: what it has received, and its
/// weight's share of all quanta until then.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// A policy of the list below; may be given several times [default: all]
    #[arg(long = "policy", value_name = "P", allow_hyphen_values = true)]
    policies: Vec<String>,

    /// A weight for each entity, from 1 to 1048576; `1x100` stands for a hundred times 1
    #[arg(long, value_name = "W,W...", default_value = "1,2,4", allow_hyphen_values = true)]
    weights: String,

    /// How many quanta to play, at least 1
    #[arg(long, value_name = "N", default_value = "35", allow_hyphen_values = true)]
    quanta: String,

    /// Seed of what the lottery draws; the other policies draw nothing
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true)]
    seed: String,

    /// Draw the service received and the lag of each entity, one policy below the other
    #[arg(long, value_name = "OUT.svg")]
    svg: Option<PathBuf>,

    /// Print one JSON document instead of tables: a list if there are several policies
    #[arg(long)]
    json: bool,
}

const GUIDE: &str = "\
Policies:
  wfq      the least s_i runs and is charged s_i += q/w_i: start-time fair queueing (alias sfq)
  eevdf    of those who are not ahead, the one whose virtual deadline is earliest
  stride   the least pass runs, and its pass advances by 1/w; it begins at 1/w
  lottery  each quantum is drawn; the weights are tickets

Of equals, the first runs. JSON: {policy, sequence (indexes of entities, from 0), counts,
max_abs_lag (the largest lag of anybody after any quantum, in quanta)}.

Examples:
  apportion share
      weights 1, 2 and 4 under all policies
  apportion share --weights 100,1x100 --quanta 400 --svg share.svg
      one heavy among a hundred light: who keeps it waiting, as a picture";

/// What is played.
#[derive(Debug)]
struct Game {
    weights: Vec<Weight>,
    quanta: u64,
    seed: u64,
}

/// What came out under one policy.
#[derive(Debug)]
struct Outcome {
    policy: Policy,
    tally: Tally,
    strip: Strip,
    trace: Option<Trace>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let game = Game {
        weights: input::weights(&arguments.weights)?,
        quanta: option::number("--quanta", &arguments.quanta, 1..=MOST_QUANTA)?,
        seed: option::number("--seed", &arguments.seed, 0..=u64::MAX)?,
    };
    let policies = input::policies(&arguments.policies)?;
    let svg = arguments.svg.as_deref().map(Target::new).transpose()?;
    if arguments.json {
        output::beside_json([("--svg", &svg)])?;
    }

    let mut files = Pending::default();
    let mut text = String::new();
    if svg.is_some() || !arguments.json {
        let play = |&policy| play(policy, &game, svg.is_some());
        let outcomes = policies.iter().map(play).collect::<Result<Vec<_>, _>>()?;
        if let Some(target) = svg {
            files.add(target, picture::render(&game, &outcomes))?;
        }
        if !arguments.json {
            text = report::tables(&game, &outcomes);
        }
    }
    files.commit(&text)?;
    // A sequence may be too long to be kept, so the turns are played again while they are printed.
    if arguments.json { report::json(&policies, &game) } else { Ok(()) }
}

fn play(policy: Policy, game: &Game, traced: bool) -> Result<Outcome, Error> {
    let mut tally = Tally::new(&game.weights);
    let mut strip = Strip::default();
    let mut trace = traced.then(|| Trace::new(game));
    policy.play(game, true, |index| {
        strip.push(index);
        let lags = tally.serve(index);
        if let Some(trace) = &mut trace {
            trace.serve(index, lags, &tally);
        }
        Ok(())
    })?;
    tally.finish();
    Ok(Outcome { policy, tally, strip, trace })
}

/// Keeps all products within 128 bits by far; it would take hours.
const MOST_QUANTA: u64 = 1_000_000_000_000;
