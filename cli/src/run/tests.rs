//! Specifications, decisions and what groups are told.

mod decisions;
mod documents;

use super::division::Division;
use super::document::Source;
use super::spec::Spec;
use super::value::CPU;
use crate::output::Error;

/// Reads a specification for so many CPUs.
pub(super) fn parse(text: &str, cpus: u32) -> Result<Spec, Error> {
    Spec::parse(Source { name: "spec.toml", text }, &(0..cpus).collect::<Vec<_>>())
}

/// What is decided at first.
pub(super) fn decide(text: &str, cpus: u32) -> Result<(Spec, Division), Error> {
    let source = Source { name: "spec.toml", text };
    let spec = parse(text, cpus)?;
    let running = vec![true; spec.commands.len()];
    let division = Division::of(&spec, source, &running, u64::from(cpus) * CPU)?;
    Ok((spec, division))
}
