//! `apportion pack`: items into bins, beside the lower bound.

mod embedded;
mod input;
mod outcome;
mod picture;
mod recipe;
mod report;
mod sizes;
mod vectors;

use std::path::PathBuf;

use apportion_workload::PackingInstance;
use clap::Args;

use crate::option::refusal;
use crate::output::{self, Error, Pending, Target};
use crate::progress::Progress;
use outcome::Outcome;
use recipe::{Budget, Recipe};

/// Pack items into bins, as few as possible, and see how far from the lower bound that is.
///
/// A rule puts the items in one by one. On request an improver looks for a packing with fewer bins,
/// and for a proof that there is none. Sizes are numbers, or vectors of up to 16 of them. Without a
/// file, seeded instances are packed.
#[derive(Args, Debug)]
#[command(after_help = GUIDE)]
pub(crate) struct Arguments {
    /// Instances: BPPLIB text, or `.vbp` as `VPSolver` has it; `-` reads standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Which bin gets an item, of the list below
    #[arg(long, value_name = "F", default_value = "best", allow_hyphen_values = true)]
    fit: String,

    /// In which order items come, of the list below
    #[arg(long, value_name = "O", default_value = "decreasing", allow_hyphen_values = true)]
    order: String,

    /// Improve the packing of each file until so many milliseconds have passed
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    improve: Option<String>,

    /// Improve the packing of each file by so many steps, which gives the same packing anywhere
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    improve_steps: Option<String>,

    /// Draw the bins and what is in them
    #[arg(long, value_name = "OUT.svg")]
    svg: Option<PathBuf>,

    /// Write the bin of each item, numbered from 0 (one file only)
    #[arg(long, value_name = "OUT.csv")]
    assignment: Option<PathBuf>,

    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

const GUIDE: &str = "\
Fits, of bins that have room; if there is none, a bin opens:
  next          the bin that was used last, and no other
  first         the bin that opened first
  best          the bin with the least room; of equal ones, the one that opened first
  worst         the bin with the most room; of equal ones, the one that opened first
  almost-worst  the second of these, if there are two
The room of vectors is the sum over dimensions, each normalised by the capacity.

Orders:
  as-given      as the file has them
  decreasing    the largest first (vectors: the largest sum, normalised); equal ones as given
  shuffle:SEED  shuffled by Fisher and Yates, with SplitMix64 from this state

An item that is larger than a bin is rejected and named. Items and bins are numbered from 0. A file
is written whole or not at all; where a symbolic link is named, what it leads to is written.

JSON: a list with, for each file: file, items, bins, lower_bound, optimal (proved), assignment_hash
(FNV-1a of the bin of each item, in the order in which they came; 2^32 - 1 stands for the bin of
one that is rejected), ms (without reading), rejected (items), and, when improved, steps.

Examples:
  apportion pack
      seeded instances by best fit decreasing
  apportion pack --improve 500 --svg pack.svg
      the same, improved for up to half a second each, and a picture of the bins";

/// What is to be packed.
#[derive(Debug)]
struct Source {
    /// As the user wrote it, or what was made.
    file: String,
    /// For people.
    name: String,
    instance: PackingInstance,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let recipe = Recipe {
        fit: input::fit(&arguments.fit)?,
        order: input::order(&arguments.order)?,
        budget: input::budget(arguments.improve.as_deref(), arguments.improve_steps.as_deref())?,
    };
    if arguments.assignment.is_some() && arguments.files.len() != 1 {
        let found = match arguments.files.len() {
            0 => "none".to_owned(),
            count => count.to_string(),
        };
        return Err(refusal("--assignment", "one FILE", &found));
    }
    let sources = input::load(&arguments.files)?;
    let (svg, assignment) = targets(arguments)?;

    let outcomes = pack_all(&sources, &recipe)?;

    let mut files = Pending::default();
    if let (Some(target), [outcome]) = (assignment, outcomes.as_slice()) {
        files.add(target, report::assignment(outcome))?;
    }
    if let Some(target) = svg {
        files.add(target, picture::render(&recipe, &sources, &outcomes))?;
    }
    let text = if arguments.json {
        report::json(&sources, &outcomes)
    } else {
        report::table(&recipe, &sources, &outcomes)
    };
    files.commit(&text)
}

fn pack_all(sources: &[Source], recipe: &Recipe) -> Result<Vec<Outcome>, Error> {
    let each = |source: &Source| match recipe.budget {
        Budget::None => source.instance.count(),
        Budget::Time(limit) => u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        Budget::Steps(steps) => steps,
    };
    let all = sources.iter().map(each).fold(0, u64::saturating_add);
    let unit = match recipe.budget {
        Budget::None => "items",
        Budget::Time(_) => "ms",
        Budget::Steps(_) => "steps",
    };
    let mut progress = Progress::new("packing".to_owned(), all, unit);
    let mut done: u64 = 0;
    let mut outcomes = Vec::with_capacity(sources.len());
    for source in sources {
        let mut report = |part: u64| progress.report(done.saturating_add(part));
        outcomes.push(pack(source, recipe, &mut report)?);
        done = done.saturating_add(each(source));
        progress.report(done);
    }
    progress.finish();
    Ok(outcomes)
}

/// Packs by the half of the library that the number of dimensions asks for.
fn pack(source: &Source, recipe: &Recipe, report: &mut dyn FnMut(u64)) -> Result<Outcome, Error> {
    // A copy of the library for each number of dimensions would take minutes to compile.
    match source.instance.dimensions() {
        1 => sizes::pack(source, recipe, report),
        2 => vectors::pack::<2>(source, recipe, report),
        3 | 4 => vectors::pack::<4>(source, recipe, report),
        _ => vectors::pack::<MOST_DIMENSIONS>(source, recipe, report),
    }
}

/// An instance with more is refused when it is read.
const MOST_DIMENSIONS: usize = 16;

/// Where the files are to go: found out before packing, which may take long.
fn targets(arguments: &Arguments) -> Result<(Option<Target>, Option<Target>), Error> {
    let target = |path: Option<&PathBuf>| path.map(|path| Target::new(path)).transpose();
    let svg = target(arguments.svg.as_ref())?;
    let assignment = target(arguments.assignment.as_ref())?;
    if let (Some(svg), Some(assignment)) = (&svg, &assignment)
        && svg.is_same_file(assignment)
    {
        return Err(Error::Usage("--svg and --assignment: expected two files, found one".into()));
    }
    if arguments.json {
        output::beside_json([("--svg", &svg), ("--assignment", &assignment)])?;
    }
    let written = || [&svg, &assignment].into_iter().flatten();
    let mut read = arguments.files.iter().filter(|path| path.as_os_str() != "-");
    if read.any(|path| written().any(|target| target.replaces(path))) {
        return Err(Error::Usage("expected another file to write than those to pack".into()));
    }
    Ok((svg, assignment))
}
