//! Which groups there are, and what each is told so that everybody gets what was decided.
//!
//! Where one is hard, its siblings share a group of their own, so that together they never get what
//! it leaves. The same holds for a group that has a hard one inside: others outside must not have
//! that either, so what the group gets is fixed as well.

use std::cmp::Reverse;

use apportion_host::{GroupPath, InvalidGroupPath};

use super::division::Division;
use super::spec::Spec;
use super::value::CPU;

/// The groups, parents before children. They stay the same during a run.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) nodes: Vec<Node>,
    /// The node of each command.
    pub(super) commands: Vec<usize>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Node {
    pub(super) path: GroupPath,
    pub(super) parent: Option<usize>,
    pub(super) stands_for: For,
}

/// What a group is there for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum For {
    Command(usize),
    Group(usize),
    /// For those who are not fixed, beside others who are.
    Rest,
}

/// What a group is told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Told {
    /// Its weight among its siblings; none if nobody inside runs.
    pub(super) weight: Option<u64>,
    /// The most it may use, in parts of a CPU.
    pub(super) limit: Option<u64>,
    /// The CPUs it may run on, if that is for us to say.
    pub(super) cpus: Option<Vec<u32>>,
}

/// What can be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means<'a> {
    /// The CPUs to be used.
    pub(super) cpus: &'a [u32],
    /// Whether they are fewer than we may use, so that everybody has to be kept to them.
    pub(super) bounded: bool,
    /// Whether groups can be kept to single CPUs.
    pub(super) cpuset: bool,
}

impl Layout {
    /// Groups in groups.
    pub(super) fn nested(spec: &Spec) -> Result<Self, InvalidGroupPath> {
        let mut hard_inside = vec![false; spec.groups.len()];
        for command in spec.commands.iter().filter(|command| command.hard) {
            for group in spec.chain(command.group) {
                hard_inside[group] = true;
            }
        }
        let mut layout = Self { nodes: Vec::new(), commands: Vec::new() };
        // By group, and at the end for the top: where its fixed members go, and where the others do.
        let mut homes: Vec<[Option<usize>; 2]> = vec![[None; 2]; spec.groups.len() + 1];
        let top = spec.groups.len();
        layout.open(None, has_rest(spec, &hard_inside, None), &mut homes[top])?;
        for (at, group) in spec.groups.iter().enumerate() {
            let fixed = hard_inside[at];
            let home = homes[group.parent.unwrap_or(top)][usize::from(!fixed)];
            let node = layout.add(home, &group.name, For::Group(at))?;
            let rest = has_rest(spec, &hard_inside, Some(at));
            layout.open(Some(node), rest, &mut homes[at])?;
        }
        for (at, command) in spec.commands.iter().enumerate() {
            let home = homes[command.group.unwrap_or(top)][usize::from(!command.hard)];
            let node = layout.add(home, &command.name, For::Command(at))?;
            layout.commands.push(node);
        }
        Ok(layout)
    }

    /// One group for each command, side by side: for what knows no groups in groups.
    pub(super) fn flat(spec: &Spec) -> Result<Self, InvalidGroupPath> {
        let mut layout = Self { nodes: Vec::new(), commands: Vec::new() };
        for (at, command) in spec.commands.iter().enumerate() {
            let node = layout.add(None, &command.name, For::Command(at))?;
            layout.commands.push(node);
        }
        Ok(layout)
    }

    /// Where the members of a group go, fixed ones and others.
    fn open(
        &mut self,
        node: Option<usize>,
        rest: bool,
        homes: &mut [Option<usize>; 2],
    ) -> Result<(), InvalidGroupPath> {
        let others = if rest { Some(self.add(node, REST, For::Rest)?) } else { node };
        *homes = [node, others];
        Ok(())
    }

    fn add(
        &mut self,
        parent: Option<usize>,
        name: &str,
        stands_for: For,
    ) -> Result<usize, InvalidGroupPath> {
        let path = match parent {
            Some(parent) => self.nodes[parent].path.join(name)?,
            None => name.parse()?,
        };
        self.nodes.push(Node { path, parent, stands_for });
        Ok(self.nodes.len() - 1)
    }

    /// What each group is told for a division.
    pub(super) fn tell(&self, spec: &Spec, division: &Division, means: Means<'_>) -> Vec<Told> {
        let now = Now::of(self, spec, division);
        let owned = self.exclusive(spec, &now, means);
        let is_taken = |cpu: &u32| owned.iter().flatten().any(|owned| owned.contains(cpu));
        let shared: Vec<u32> = means.cpus.iter().copied().filter(|cpu| !is_taken(cpu)).collect();
        // CPUs that a hard one has left are for the others again, so these are always told theirs.
        let may_split = spec.commands.iter().any(|command| command.hard);

        let mut told: Vec<Told> = Vec::with_capacity(self.nodes.len());
        // By node: the least that it and the groups around it may use.
        let mut bounds: Vec<Option<u64>> = Vec::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let mut limit = self.limit(spec, division, &now, &owned, at);
            // Nobody gets more than the group that it is in; some kernels insist on being told less.
            let around = node.parent.and_then(|parent| bounds[parent]);
            limit = limit.map(|limit| limit.min(around.unwrap_or(limit)));
            bounds.push(limit.or(around));
            let mut cpus = None;
            if let For::Command(command) = node.stands_for
                && means.cpuset
                && now.live[at]
            {
                let wanted = spec.commands[command].cpus.as_ref();
                if wanted.is_some() || may_split || means.bounded {
                    let given = owned[at].as_ref().unwrap_or(&shared).iter().copied();
                    let may = |cpu: &u32| wanted.is_none_or(|wanted| wanted.contains(cpu));
                    cpus = Some(given.filter(may).collect());
                }
            }
            let weight = now.live[at].then_some(now.allocations[at].max(1));
            told.push(Told { weight, limit, cpus });
        }
        told
    }

    /// The most that a node may use.
    fn limit(
        &self,
        spec: &Spec,
        division: &Division,
        now: &Now,
        owned: &[Option<Vec<u32>>],
        at: usize,
    ) -> Option<u64> {
        let node = &self.nodes[at];
        let own = match node.stands_for {
            For::Command(command) => spec.commands[command].rights.limit,
            For::Group(group) => spec.groups[group].rights.limit,
            For::Rest => {
                let beside =
                    |&other: &usize| self.nodes[other].parent == node.parent && now.fixed[other];
                let fixed: Vec<usize> = (0..self.nodes.len()).filter(beside).collect();
                // Those who have CPUs of their own are out of reach anyway.
                if fixed.iter().all(|&at| owned[at].is_some()) {
                    return None;
                }
                let whole = node.parent.map_or(division.capacity, |at| now.allocations[at]);
                let fixed: u64 = fixed.iter().map(|&at| now.allocations[at]).sum();
                return Some(whole.saturating_sub(fixed));
            }
        };
        let fixed = (now.fixed[at] && owned[at].is_none()).then_some(now.allocations[at]);
        match (own, fixed) {
            (Some(own), Some(fixed)) => Some(own.min(fixed)),
            (own, fixed) => own.or(fixed),
        }
    }

    /// The CPUs that hard commands have to themselves, by node: where all of those at the top get
    /// whole CPUs, and there are enough for everybody else.
    fn exclusive(&self, spec: &Spec, now: &Now, means: Means<'_>) -> Vec<Option<Vec<u32>>> {
        let nobody = vec![None; self.nodes.len()];
        if !means.cpuset {
            return nobody;
        }
        let mut owned = nobody.clone();
        let mut free = means.cpus.to_vec();
        for (at, node) in self.nodes.iter().enumerate() {
            let For::Command(command) = node.stands_for else { continue };
            if node.parent.is_some() || !now.fixed[at] {
                continue;
            }
            let wanted = spec.commands[command].cpus.as_ref();
            let allocation = now.allocations[at];
            let count = usize::try_from(allocation / CPU).unwrap_or(usize::MAX);
            let may = |cpu: &u32| wanted.is_none_or(|wanted| wanted.contains(cpu));
            let mut taken: Vec<u32> = free.iter().copied().filter(may).collect();
            // Those that others insist on come last; otherwise from the end, as the first CPU is
            // where a machine does its own work.
            let others = |cpu: u32| {
                let commands = spec.commands.iter().enumerate();
                let others = commands.filter(|(other, _)| *other != command);
                let lists = others.filter_map(|(_, other)| other.cpus.as_ref());
                lists.filter(|cpus| cpus.contains(&cpu)).count()
            };
            taken.sort_by_key(|&cpu| (others(cpu), Reverse(cpu)));
            taken.truncate(count);
            if count == 0 || !allocation.is_multiple_of(CPU) || taken.len() < count {
                return nobody;
            }
            taken.sort_unstable();
            free.retain(|cpu| !taken.contains(cpu));
            owned[at] = Some(taken);
        }
        let is_served = |at: usize| match self.nodes[at].stands_for {
            For::Command(command) if now.live[at] && owned[at].is_none() => {
                let wanted = spec.commands[command].cpus.as_ref();
                free.iter().any(|cpu| wanted.is_none_or(|wanted| wanted.contains(cpu)))
            }
            _ => true,
        };
        if (0..self.nodes.len()).all(is_served) { owned } else { nobody }
    }
}

/// How the nodes stand, by node.
struct Now {
    /// Whether somebody inside runs.
    live: Vec<bool>,
    /// Whether what it gets is fixed: it is hard, or a hard one runs inside.
    fixed: Vec<bool>,
    /// In parts of a CPU.
    allocations: Vec<u64>,
}

impl Now {
    fn of(layout: &Layout, spec: &Spec, division: &Division) -> Self {
        let count = layout.nodes.len();
        let mut now = Self {
            live: vec![false; count],
            fixed: vec![false; count],
            allocations: vec![0; count],
        };
        // Members before their groups.
        for (at, node) in layout.nodes.iter().enumerate().rev() {
            match node.stands_for {
                For::Command(command) => {
                    now.allocations[at] = division.commands[command];
                    now.live[at] = division.running[command];
                    now.fixed[at] = now.live[at] && spec.commands[command].hard;
                }
                For::Group(group) => now.allocations[at] = division.groups[group],
                For::Rest => {}
            }
            if let Some(parent) = node.parent {
                now.live[parent] |= now.live[at];
                now.fixed[parent] |= now.fixed[at];
                if layout.nodes[parent].stands_for == For::Rest {
                    now.allocations[parent] += now.allocations[at];
                }
            }
        }
        now
    }
}

/// Whether a group, or the top, has both members that are fixed and others.
fn has_rest(spec: &Spec, hard_inside: &[bool], group: Option<usize>) -> bool {
    let groups = spec.groups.iter().zip(hard_inside);
    let groups = groups.filter(|(member, _)| member.parent == group).map(|(_, &hard)| hard);
    let commands = spec.commands.iter().filter(|command| command.group == group);
    let fixed: Vec<bool> = groups.chain(commands.map(|command| command.hard)).collect();
    fixed.contains(&true) && fixed.contains(&false)
}

/// No name of a specification begins like that.
const REST: &str = "_rest";
