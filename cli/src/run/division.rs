//! Who is to get how much: by the policy.

use apportion_fairshare::{Claim, Error as Refusal, NodeId, Overbooking, Reading, Rules, Tree};

use super::document::Source;
use super::spec::{Rights, Spec};
use super::value::CPU;
use crate::output::Error;

/// What each is to get, in parts of a CPU.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Division {
    /// Of all CPUs.
    pub(super) capacity: u64,
    /// Which commands run.
    pub(super) running: Vec<bool>,
    /// By command; nothing for one that does not run.
    pub(super) commands: Vec<u64>,
    /// By group.
    pub(super) groups: Vec<u64>,
    /// Whether more is reserved than there is, so that reservations were scaled down.
    pub(super) scaled_down: bool,
}

/// Divides the CPUs among the commands that run. Commands that have ended claim nothing, nor do the
/// groups that they have left empty. `None` if more is reserved than there is.
///
/// What a division was possible for may become too little for those who are left, as the shares of
/// hard ones grow: with `first` unset, reservations are then scaled down.
fn divide(
    spec: &Spec,
    running: &[bool],
    capacity: u64,
    first: bool,
) -> Result<Division, Overbooked> {
    let (tree, nodes) = tree(spec, running)?;
    let rules = |overbooking| Rules::new(Reading::FloorOfShare, overbooking);
    let (shares, scaled_down) = match tree.divide(capacity, rules(Overbooking::Refuse)) {
        Ok(shares) => (shares, false),
        Err(refusal) if first => return Err(Overbooked { refusal, nodes }),
        Err(_) => match tree.divide(capacity, rules(Overbooking::ScaleDown)) {
            Ok(shares) => (shares, true),
            Err(refusal) => return Err(Overbooked { refusal, nodes }),
        },
    };
    let mut division = Division {
        capacity,
        running: running.to_vec(),
        commands: vec![0; spec.commands.len()],
        groups: vec![0; spec.groups.len()],
        scaled_down,
    };
    for (node, share) in nodes.iter().zip(&shares) {
        match *node {
            Named::Command(at) => division.commands[at] = share.allocation,
            Named::Group(at) => division.groups[at] = share.allocation,
        }
    }
    Ok(division)
}

impl Division {
    /// For a specification that has just been read, among those who run.
    pub(super) fn of(
        spec: &Spec,
        source: Source<'_>,
        running: &[bool],
        capacity: u64,
    ) -> Result<Self, Error> {
        divide(spec, running, capacity, true).map_err(|overbooked| overbooked.at(spec, source))
    }

    /// A later one, for those who still run. Nothing new is refused.
    pub(super) fn of_running(spec: &Spec, running: &[bool], capacity: u64) -> Option<Self> {
        divide(spec, running, capacity, false).ok()
    }
}

/// What a node of the tree stands for.
#[derive(Clone, Copy, Debug)]
enum Named {
    Command(usize),
    Group(usize),
}

/// Why there is no division.
struct Overbooked {
    refusal: Refusal,
    nodes: Vec<Named>,
}

impl Overbooked {
    fn at(&self, spec: &Spec, source: Source<'_>) -> Error {
        let at =
            |line: usize, message: &str| Error::input(format!("{}:{line}", source.name), message);
        let line = |node: usize| match self.nodes.get(node) {
            Some(&Named::Command(at)) => spec.commands[at].line,
            Some(&Named::Group(at)) => spec.groups[at].line,
            None => 1,
        };
        let name = |node: usize| match self.nodes.get(node) {
            Some(&Named::Command(at)) => format!("`{}`", spec.commands[at].name),
            Some(&Named::Group(at)) => format!("`{}`", spec.groups[at].name),
            None => String::new(),
        };
        let Refusal::Overbooked { group, capacity, reserved, claims } = &self.refusal else {
            return at(1, &self.refusal.to_string());
        };
        let of = group.map_or_else(String::new, |group| format!(" of {}", name(group)));
        let mut names: Vec<String> =
            claims.iter().take(MOST_NAMES).map(|&node| name(node)).collect();
        if claims.len() > MOST_NAMES {
            names.push(format!("{} others", claims.len() - MOST_NAMES));
        }
        let message = format!(
            "expected at most the {} CPUs{of} to be reserved or hard, found {}: {}",
            cpus(u128::from(*capacity)),
            cpus(*reserved),
            names.join(", ")
        );
        let place = claims.first().copied().or(*group).map_or(1, line);
        at(place, &message)
    }
}

/// A number of CPUs without trailing zeros.
pub(super) fn cpus(parts: u128) -> String {
    let (whole, part) = (parts / u128::from(CPU), parts % u128::from(CPU));
    let text = format!("{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn tree(spec: &Spec, running: &[bool]) -> Result<(Tree, Vec<Named>), Overbooked> {
    let mut live = vec![false; spec.groups.len()];
    for (command, _) in spec.commands.iter().zip(running).filter(|(_, running)| **running) {
        for group in spec.chain(command.group) {
            live[group] = true;
        }
    }
    let mut tree = Tree::new();
    let mut nodes = Vec::new();
    let mut ids: Vec<Option<NodeId>> = vec![None; spec.groups.len()];
    for (at, group) in spec.groups.iter().enumerate().filter(|(at, _)| live[*at]) {
        let parent = group.parent.and_then(|parent| ids[parent]);
        nodes.push(Named::Group(at));
        match tree.add(parent, claim(group.rights, None)) {
            Ok(id) => ids[at] = Some(id),
            Err(refusal) => return Err(Overbooked { refusal, nodes }),
        }
    }
    for (at, command) in spec.commands.iter().enumerate().filter(|(at, _)| running[*at]) {
        let most = command.cpus.as_ref().map(|cpus| cpus.len() as u64 * CPU);
        let claim = claim(command.rights, most);
        let claim = if command.hard { claim.hard() } else { claim };
        nodes.push(Named::Command(at));
        if let Err(refusal) = tree.add(command.group.and_then(|group| ids[group]), claim) {
            return Err(Overbooked { refusal, nodes });
        }
    }
    Ok((tree, nodes))
}

fn claim(rights: Rights, most: Option<u64>) -> Claim {
    let limit = rights.limit.unwrap_or(u64::MAX).min(most.unwrap_or(u64::MAX));
    Claim::new(rights.weight).reserving(rights.reserve).limited_to(limit)
}

const MOST_NAMES: usize = 6;
