//! A specification that is read again while its commands run.

use std::path::Path;

use apportion_host::Setting;

use super::backend;
use super::division::Division;
use super::document::Source;
use super::input;
use super::network::Share;
use super::spec::{Command, Rights, Spec};
use crate::output::Error;

/// Where the specification came from.
#[derive(Debug)]
pub(super) struct Original<'a> {
    pub(super) path: Option<&'a Path>,
    /// For people.
    pub(super) name: String,
    /// The CPUs to be used.
    pub(super) cpus: &'a [u32],
    /// Whether nice levels have to hold what it asks for.
    pub(super) nice: bool,
}

/// What is to hold from now on.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) spec: Spec,
    pub(super) division: Division,
}

/// Reads the specification again: weights, reservations and limits may differ, the rest may not.
pub(super) fn read(
    original: &Original<'_>,
    old: &Spec,
    division: &Division,
) -> Result<Changed, Error> {
    let Some(path) = original.path.filter(|path| path.as_os_str() != "-") else {
        return Err(Error::input(&original.name, "expected a file to be read again, found none"));
    };
    let (name, text) = input::load(Some(path))?;
    let source = Source { name: &name, text: &text };
    let spec = Spec::parse(source, original.cpus)?;
    let same = shape(&spec) == shape(old);
    if !same {
        let message = "expected the same commands, groups and network as before, of which only \
                       weights, reservations and limits may change, found others";
        return Err(Error::input(name, message));
    }
    if original.nice {
        backend::check_nice(source, &spec)?;
    }
    let division = Division::of(&spec, source, &division.running, division.capacity)?;
    Ok(Changed { spec, division })
}

/// What may not change.
fn shape(spec: &Spec) -> Spec {
    let mut shape = spec.clone();
    let rights = Rights::default();
    for command in &mut shape.commands {
        (command.rights, command.line) = (rights, 0);
        command.network = command.network.map(|_| Share::default());
    }
    for group in &mut shape.groups {
        (group.rights, group.line) = (rights, 0);
    }
    if let Some(network) = &mut shape.network {
        network.line = 0;
    }
    shape
}

/// What has changed, in lines.
pub(super) fn differences(old: &Spec, new: &Spec) -> Vec<String> {
    let rights = |spec: &Spec| -> Vec<(String, Rights)> {
        let groups =
            spec.groups.iter().map(|group| (format!("group {}", group.name), group.rights));
        let commands = spec.commands.iter().map(|command| (command.name.clone(), command.rights));
        groups.chain(commands).collect()
    };
    let mut lines = Vec::new();
    for ((name, old), (_, new)) in rights(old).into_iter().zip(rights(new)) {
        let mut changes = Vec::new();
        if old.weight != new.weight {
            changes.push(format!("weight {}, was {}", new.weight.get(), old.weight.get()));
        }
        let cpus = |parts: Option<u64>| {
            parts.map_or("none".to_owned(), |parts| super::division::cpus(parts.into()))
        };
        if old.reserve != new.reserve {
            changes.push(format!(
                "reserve {}, was {}",
                cpus(Some(new.reserve)),
                cpus(Some(old.reserve))
            ));
        }
        if old.limit != new.limit {
            changes.push(format!("limit {}, was {}", cpus(new.limit), cpus(old.limit)));
        }
        if !changes.is_empty() {
            lines.push(format!("{name}: {}", changes.join("; ")));
        }
    }
    for (old, new) in old.commands.iter().zip(&new.commands) {
        let (Some(before), Some(now)) = (old.network, new.network) else { continue };
        let words = |share: Share| {
            let limit = share.limit.map_or("none".to_owned(), |limit| limit.to_string());
            format!("bandwidth-weight {}, bandwidth-limit {limit}", share.weight.get())
        };
        if before != now {
            lines.push(format!("{}: {}; was {}", new.name, words(now), words(before)));
        }
    }
    if lines.is_empty() {
        lines.push("the specification was read again, and says the same".to_owned());
    }
    lines
}

/// What a command's group is told once.
pub(super) fn settings(command: &Command) -> Vec<Setting> {
    let memory = command.memory.map(|bytes| Setting::Memory(Some(bytes)));
    memory.into_iter().chain(command.io_weight.map(Setting::IoWeight)).collect()
}
