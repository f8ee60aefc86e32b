//! What is to be started, with which rights.

use std::collections::BTreeMap;

use apportion_fairshare::Weight;
use apportion_host::GroupPath;
use toml::Spanned;

use super::division::cpus;
use super::document::{Document, Source, WrittenCommand, WrittenGroup};
use super::network::{self, Network, Share};
use super::value::{Amount, CPU};
use crate::output::Error;

/// Commands and the groups that they are in, checked: names differ, and no group is in itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Spec {
    /// In the order of the document.
    pub(super) commands: Vec<Command>,
    /// Parents before children.
    pub(super) groups: Vec<Group>,
    /// Whose bandwidth is shared, if one is.
    pub(super) network: Option<Network>,
}

/// What has a weight among its siblings. Amounts are in parts of a CPU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rights {
    pub(super) weight: Weight,
    pub(super) reserve: u64,
    pub(super) limit: Option<u64>,
}

impl Default for Rights {
    fn default() -> Self {
        Self { weight: Weight::MIN, reserve: 0, limit: None }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Command {
    pub(super) name: String,
    /// The program and what it is told.
    pub(super) run: (String, Vec<String>),
    pub(super) rights: Rights,
    pub(super) hard: bool,
    /// In bytes.
    pub(super) memory: Option<u64>,
    pub(super) io_weight: Option<u16>,
    /// What it has of the network, if it is in it.
    pub(super) network: Option<Share>,
    /// By number, ascending; all that there are if none is named.
    pub(super) cpus: Option<Vec<u32>>,
    /// Which group it is in, if any.
    pub(super) group: Option<usize>,
    /// Where it stands in the document.
    pub(super) line: usize,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) rights: Rights,
    /// Which group it is in, if any.
    pub(super) parent: Option<usize>,
    /// Where it stands in the document.
    pub(super) line: usize,
}

impl Spec {
    /// Reads a specification of commands on these CPUs.
    pub(super) fn parse(source: Source<'_>, cpus: &[u32]) -> Result<Self, Error> {
        let Document { command, group, network } = source.parse()?;
        for (found, what) in [(command.len(), "commands"), (group.len(), "groups")] {
            if found > MOST {
                let message = format!("expected at most {MOST} {what}, found {found}");
                return Err(source.refusal(0..0, &message));
            }
        }
        if command.is_empty() {
            return Err(source.refusal(0..0, "expected a [[command]], found none"));
        }
        let groups = groups(source, &group)?;
        let number: BTreeMap<&str, usize> =
            groups.iter().enumerate().map(|(at, group)| (group.name.as_str(), at)).collect();
        let network = network.as_ref().map(|written| network::read(source, written));
        let mut commands: Vec<Command> = Vec::with_capacity(command.len());
        let mut places = BTreeMap::new();
        for group in &groups {
            places.insert((group.parent, group.name.clone()), "a group");
        }
        let mut names = BTreeMap::new();
        for written in command {
            let written = written.into_inner();
            let share = network::read_share(source, &written, network.is_some())?;
            let command = read_command(source, written, &number, cpus)?;
            let command = Command { network: share, ..command };
            let Command { name, group, line, .. } = &command;
            let line = *line;
            if let Some(first) = names.insert(name.clone(), line) {
                let message =
                    format!("expected names that differ, found `{name}` again, as on line {first}");
                return Err(Error::input(format!("{}:{line}", source.name), message));
            }
            if places.insert((*group, name.clone()), "a command").is_some() {
                let message = format!("expected another name than that of a group, found `{name}`");
                return Err(Error::input(format!("{}:{line}", source.name), message));
            }
            commands.push(command);
        }
        if let Some(network) = &network {
            network::check(source, network, &commands)?;
        }
        Ok(Self { commands, groups, network })
    }

    /// The names of the groups that a group is in, itself included, from the top.
    pub(super) fn chain(&self, group: Option<usize>) -> Vec<usize> {
        let mut chain: Vec<usize> =
            std::iter::successors(group, |&at| self.groups[at].parent).collect();
        chain.reverse();
        chain
    }
}

fn read_command(
    source: Source<'_>,
    written: WrittenCommand,
    groups: &BTreeMap<&str, usize>,
    cpus: &[u32],
) -> Result<Command, Error> {
    let line = source.line(written.name.span().start);
    let name = read_name(source, &written.name)?;
    let mut run = written.run.get_ref().iter();
    let Some(program) = run.next().filter(|program| !program.is_empty()) else {
        let message =
            "expected a program and its arguments, such as [\"sleep\", \"5\"], found none";
        return Err(source.refusal(written.run.span(), message));
    };
    let zero = |text: &&String| text.contains('\0');
    if written.run.get_ref().iter().any(|text| zero(&text)) {
        let message = "expected arguments without a zero byte, found one";
        return Err(source.refusal(written.run.span(), message));
    }
    let run = (program.clone(), run.cloned().collect());
    let rights = rights(source, &name, written.weight, written.reserve, written.limit)?;
    let group = match &written.group {
        Some(group) => Some(find(source, group, groups)?),
        None => None,
    };
    let own = match written.cpus {
        Some(list) => {
            let place = list.span();
            let list = list.into_inner();
            if let Some(cpu) = list.0.iter().find(|cpu| !cpus.contains(cpu)) {
                let given = super::value::CpuList(cpus.to_vec());
                let message = format!("expected CPUs among {given}, found {cpu}");
                return Err(source.refusal(place, &message));
            }
            let most = list.0.len() as u64 * CPU;
            if rights.reserve > most {
                let message = format!("expected `{name}` to reserve no more than its CPUs");
                return Err(source.refusal(place, &message));
            }
            Some(list.0)
        }
        None => None,
    };
    Ok(Command {
        name,
        run,
        rights,
        hard: written.hard,
        memory: written.memory.map(|memory| memory.0),
        io_weight: written.io_weight.map(|weight| weight.0),
        network: None,
        cpus: own,
        group,
        line,
    })
}

/// The groups, sorted so that parents come before children.
fn groups(source: Source<'_>, written: &[Spanned<WrittenGroup>]) -> Result<Vec<Group>, Error> {
    let mut by_name = BTreeMap::new();
    for (at, group) in written.iter().enumerate() {
        let name = &group.get_ref().name;
        let text = read_name(source, name)?;
        if let Some(first) = by_name.insert(text, at) {
            let line = source.line(written[first].get_ref().name.span().start);
            let name = name.get_ref();
            let message =
                format!("expected names that differ, found `{name}` again, as on line {line}");
            return Err(source.refusal(group.get_ref().name.span(), &message));
        }
    }
    let by_name: BTreeMap<&str, usize> =
        by_name.iter().map(|(name, &at)| (name.as_str(), at)).collect();
    let mut parents = Vec::with_capacity(written.len());
    for group in written {
        let parent = group.get_ref().parent.as_ref();
        parents.push(parent.map(|parent| find(source, parent, &by_name)).transpose()?);
    }
    let order = order(&parents).map_err(|cycle| {
        let name = |&at: &usize| format!("`{}`", written[at].get_ref().name.get_ref());
        let mut names: Vec<String> = cycle.iter().take(MOST_NAMES).map(name).collect();
        if cycle.len() > MOST_NAMES {
            names.push(format!("{} others", cycle.len() - MOST_NAMES));
        }
        names.extend(cycle.first().map(name));
        let place = cycle.first().map_or(0, |&at| written[at].get_ref().name.span().start);
        let message =
            format!("expected groups that end at the top, found a cycle: {}", names.join(" in "));
        source.refusal(place..place, &message)
    })?;
    let mut number = vec![0; written.len()];
    for (at, &old) in order.iter().enumerate() {
        number[old] = at;
    }
    let read = |&old: &usize| {
        let WrittenGroup { name, weight, limit, reserve, .. } = written[old].get_ref();
        let line = source.line(name.span().start);
        let name = name.get_ref().clone();
        let rights = rights(source, &name, *weight, reserve.clone(), *limit)?;
        Ok(Group { name, rights, parent: parents[old].map(|parent| number[parent]), line })
    };
    order.iter().map(read).collect()
}

/// Parents before children, otherwise as they are; or a cycle, each in the next.
fn order(parents: &[Option<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut placed = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for at in 0..parents.len() {
        let mut chain = Vec::new();
        let mut next = Some(at);
        while let Some(group) = next.filter(|&group| !placed[group]) {
            if let Some(begin) = chain.iter().position(|&earlier| earlier == group) {
                return Err(chain.split_off(begin));
            }
            chain.push(group);
            next = parents[group];
        }
        for group in chain.into_iter().rev() {
            placed[group] = true;
            order.push(group);
        }
    }
    Ok(order)
}

fn rights(
    source: Source<'_>,
    name: &str,
    weight: Option<super::value::Weight>,
    reserve: Option<Spanned<Amount>>,
    limit: Option<Amount>,
) -> Result<Rights, Error> {
    let limit = limit.map(|limit| limit.0);
    if let (Some(reserve), Some(limit)) = (&reserve, limit)
        && reserve.get_ref().0 > limit
    {
        let [most, found] = [limit, reserve.get_ref().0].map(|parts| cpus(parts.into()));
        let message =
            format!("expected `{name}` to reserve at most its limit of {most} CPUs, found {found}");
        return Err(source.refusal(reserve.span(), &message));
    }
    Ok(Rights {
        weight: weight.map_or(Weight::MIN, |weight| weight.0),
        reserve: reserve.map_or(0, |reserve| reserve.into_inner().0),
        limit,
    })
}

fn find(
    source: Source<'_>,
    name: &Spanned<String>,
    groups: &BTreeMap<&str, usize>,
) -> Result<usize, Error> {
    groups.get(name.get_ref().as_str()).copied().ok_or_else(|| {
        let message = format!("expected the name of a [[group]], found `{}`", name.get_ref());
        source.refusal(name.span(), &message)
    })
}

/// A name that a control group and a file can have. Those that begin with another character than a
/// letter or a digit are for groups of our own.
fn read_name(source: Source<'_>, name: &Spanned<String>) -> Result<String, Error> {
    let text = name.get_ref();
    let is_segment = !text.contains('/') && text.parse::<GroupPath>().is_ok();
    if is_segment && text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Ok(text.clone());
    }
    let message = format!(
        "expected a name of at most 100 letters, digits, `.`, `_` and `-` that begins with a letter \
         or a digit, found `{text}`"
    );
    Err(source.refusal(name.span(), &message))
}

const MOST: usize = 250;
const MOST_NAMES: usize = 6;
