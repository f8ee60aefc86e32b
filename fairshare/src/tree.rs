mod families;
mod hard;
#[cfg(feature = "serde")]
mod snapshot;

use alloc::vec::Vec;

use crate::divide::{Divider, Want, overbooked};
use crate::{Claim, Error, Rules, Share};
use families::Families;

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct NodeId(u32);

impl NodeId {
    /// Its number, in the order of [`Tree::add`], from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Claims in groups in groups, to any depth.
///
/// The members of a group divide what the group gets, as [`divide`](crate::divide) does. A group
/// can use what its members can: no more than the sum of what each may get, so that what one group
/// cannot use goes to the others. Its reservation is its own, or the sum of its members' if that is
/// more.
///
/// # Hard claims
///
/// A hard claim gets its share of the whole by weights alone, as if everybody wanted everything:
/// the capacity is divided among those at the top by their weights, what comes to a group among its
/// members, and so on, in whole units at each level. On the way down the limit of a group, and
/// nothing else, may lower what is divided in it. The claim's own reservation and limit bound what
/// it gets. So nobody's demand, and no limit or reservation of anybody who is not on that way,
/// changes a hard allocation, unless more is reserved than there is and that is scaled down: then
/// what reservations have raised may be cut, but nothing below a share by weights, except in a group
/// whose own demand is less than what is reserved in it.
///
/// What is hard in a group is a part of what the group gets, and the least of it. Soft members divide
/// the rest, and what they do not want goes to other groups. A group's demand does not cut what is
/// hard in it. A hard group is a hard claim: its own reservation counts, not those of its members.
///
/// ```
/// use apportion_fairshare::{Claim, Rules, Tree, Weight};
///
/// let claim = Claim::new(Weight::MIN);
/// let mut tree = Tree::new();
/// let x = tree.add(None, claim)?;
/// for _ in 0..2 {
///     tree.add(Some(x), claim)?;
/// }
/// tree.add(None, claim.demanding(20))?;
/// let shares = tree.divide(100, Rules::default())?;
/// let allocations: Vec<u64> = shares.iter().map(|share| share.allocation).collect();
/// assert_eq!(allocations, [80, 40, 40, 20]); // X, its members, Y
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// Parents before children.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Node {
    parent: Option<NodeId>,
    claim: Claim,
}

impl Tree {
    /// Without claims.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a claim to a group, or to the top. The first claim added to another makes that a group.
    /// Constant time.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`], [`Error::ReservationAboveLimit`], [`Error::TooManyClaims`].
    pub fn add(&mut self, parent: Option<NodeId>, claim: Claim) -> Result<NodeId, Error> {
        if let Some(parent) = parent {
            self.node(parent)?;
        }
        claim.checked(self.nodes.len())?;
        let number = u32::try_from(self.nodes.len()).ok().filter(|&number| number < u32::MAX);
        let id = NodeId(number.ok_or(Error::TooManyClaims)?);
        self.nodes.push(Node { parent, claim });
        Ok(id)
    }

    /// Another claim for a node. Constant time.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`], [`Error::ReservationAboveLimit`].
    pub fn set_claim(&mut self, node: NodeId, claim: Claim) -> Result<(), Error> {
        self.node(node)?;
        claim.checked(node.index())?;
        self.nodes[node.index()].claim = claim;
        Ok(())
    }

    /// The claim of a node.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`].
    pub fn claim(&self, node: NodeId) -> Result<&Claim, Error> {
        self.node(node).map(|node| &node.claim)
    }

    /// The group that a node is in; none at the top.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`].
    pub fn parent(&self, node: NodeId) -> Result<Option<NodeId>, Error> {
        self.node(node).map(|node| node.parent)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn node(&self, node: NodeId) -> Result<&Node, Error> {
        self.nodes.get(node.index()).ok_or(Error::UnknownNode { node: node.index() })
    }

    /// Divides a capacity from the top down; by [`NodeId::index`]. Linear time and memory, at any
    /// depth: nothing calls itself.
    ///
    /// # Errors
    ///
    /// [`Error::Overbooked`], with the group in which more is reserved than it can get, unless that
    /// is to be scaled down.
    pub fn divide(&self, capacity: u64, rules: Rules) -> Result<Vec<Share>, Error> {
        let families = Families::of(&self.nodes);
        let Wants { wants, hard } = self.wants(&families, capacity, rules)?;
        let mut divider = Divider::default();
        let mut shares = Vec::new();
        let nobody = Share { allocation: 0, used: 0, wasted: 0, bound: crate::Bound::Demand };
        shares.resize(self.nodes.len(), nobody);
        let (mut among, mut parts) = (Vec::new(), Vec::new());
        for group in families.groups() {
            let children = families.children(group);
            if children.is_empty() {
                continue;
            }
            parts.clear();
            if !hard.is_empty() {
                parts.extend(children.iter().map(|&child| hard[child as usize]));
            }
            let capacity = group.map_or(capacity, |group| {
                let fixed = parts.iter().copied().fold(0, u64::saturating_add);
                shares[group].allocation.min(self.nodes[group].claim.demand().max(fixed))
            });
            among.clear();
            among.extend(children.iter().map(|&child| wants[child as usize]));
            if divider.divide(capacity, &among, &parts, rules).is_err() {
                return Err(overbooked(group, capacity, &among, |at| children[at] as usize));
            }
            let explained = divider.explain(&among, &parts, rules);
            for (&child, (allocation, bound)) in children.iter().zip(explained) {
                shares[child as usize].allocation = allocation;
                shares[child as usize].bound = bound;
            }
        }
        // Members come after their groups.
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let leaf = families.children(Some(number)).is_empty();
            let share = &mut shares[number];
            let can_use = if leaf { share.allocation } else { share.used };
            share.used = can_use.min(node.claim.demand());
            share.wasted = share.allocation - share.used;
            let used = share.used;
            if let Some(parent) = node.parent {
                shares[parent.index()].used += used;
            }
        }
        Ok(shares)
    }

    /// What each node comes to among its siblings: what is hard from the top down, the rest from the
    /// bottom up.
    fn wants(&self, families: &Families, capacity: u64, rules: Rules) -> Result<Wants, Error> {
        let mut wants: Vec<Want> = self.nodes.iter().map(|node| Want::of(&node.claim)).collect();
        let mut hard = hard::shares(&self.nodes, families, capacity);
        // Of the members, by group.
        let mut sums = alloc::vec![Sum::default(); self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let children = families.children(Some(number));
            let claim = &node.claim;
            let mut want = wants[number];
            if claim.is_hard() {
                want = Want::hard(claim, hard[number]);
            }
            let mut fixed = if claim.is_hard() { want.most } else { 0 };
            if !children.is_empty() {
                let sum = &sums[number];
                let inside = cut(sum.hard);
                let demand = claim.demand().max(inside);
                let capacity = demand.min(if claim.is_hard() { want.most } else { claim.limit() });
                let refused = rules.overbooking == crate::Overbooking::Refuse;
                if sum.reserved > capacity.into() && refused {
                    let among: Vec<Want> = children.iter().map(|&at| wants[at as usize]).collect();
                    let name = |at: usize| children[at] as usize;
                    return Err(overbooked(Some(number), capacity, &among, name));
                }
                if !claim.is_hard() {
                    let reserved = cut(sum.reserved).max(claim.reservation());
                    want = Want::within(claim, reserved, cut(sum.most).min(demand));
                    fixed = inside.min(want.most);
                }
            }
            wants[number] = want;
            if !hard.is_empty() {
                hard[number] = fixed;
            }
            if let Some(parent) = node.parent {
                sums[parent.index()].add(&want, fixed);
            }
        }
        Ok(Wants { wants, hard })
    }
}

struct Wants {
    wants: Vec<Want>,
    /// Of a hard node all that it gets; of a group what is hard inside. Empty if nothing is.
    hard: Vec<u64>,
}

/// Of the members of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    reserved: u128,
    most: u128,
    hard: u128,
}

impl Sum {
    fn add(&mut self, want: &Want, hard: u64) {
        self.reserved += u128::from(want.reserved);
        self.most += u128::from(want.most);
        self.hard += u128::from(hard);
    }
}

fn cut(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}
