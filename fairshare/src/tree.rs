use alloc::vec::Vec;

use crate::divide::{Divider, Want};
use crate::{Claim, Error, Rules, Share};

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
/// more. A hard claim wants its share of whatever its group gets, so a group with a hard member can
/// use anything up to its own demand and limit; what the other members leave is wasted there.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
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
        let wants = self.wants(&families, rules)?;
        let mut divider = Divider::default();
        let mut shares = Vec::new();
        let nobody = Share { allocation: 0, used: 0, wasted: 0, bound: crate::Bound::Demand };
        shares.resize(self.nodes.len(), nobody);
        let mut among = Vec::new();
        for group in families.groups() {
            let children = families.children(group);
            if children.is_empty() {
                continue;
            }
            let capacity = group.map_or(capacity, |group| {
                shares[group].allocation.min(self.nodes[group].claim.demand())
            });
            among.clear();
            among.extend(children.iter().map(|&child| wants[child as usize]));
            if divider.divide(capacity, &among, rules).is_err() {
                let name = |at: usize| children[at] as usize;
                return Err(divider.overbooked(group, capacity, &among, name));
            }
            for (&child, (allocation, bound)) in children.iter().zip(divider.explain(&among, rules))
            {
                shares[child as usize].allocation = allocation;
                shares[child as usize].bound = bound;
            }
        }
        // Members come after their groups.
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let leaf = families.children(Some(number)).is_empty();
            let share = &mut shares[number];
            if leaf {
                share.used = share.allocation.min(node.claim.demand());
            }
            share.wasted = share.allocation - share.used;
            let used = share.used;
            if let Some(parent) = node.parent {
                shares[parent.index()].used += used;
            }
        }
        Ok(shares)
    }

    /// What each node comes to among its siblings: from the bottom up.
    fn wants(&self, families: &Families, rules: Rules) -> Result<Vec<Want>, Error> {
        let mut wants: Vec<Want> = self.nodes.iter().map(|node| Want::of(&node.claim)).collect();
        // Of the members, by group.
        let mut sums = alloc::vec![(0_u128, 0_u128); self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let children = families.children(Some(number));
            let claim = &node.claim;
            if !children.is_empty() {
                let (reserved, most) = sums[number];
                let can_use = u64::try_from(most).unwrap_or(u64::MAX).min(claim.demand());
                let capacity = claim.limit().min(claim.demand());
                let refused = rules.overbooking == crate::Overbooking::Refuse;
                if reserved > capacity.into() && refused {
                    let reserving = |&&child: &&u32| wants[child as usize].reserved > 0;
                    let claims = children.iter().filter(reserving);
                    let claims = claims.map(|&child| child as usize).collect();
                    return Err(Error::Overbooked {
                        group: Some(number),
                        capacity,
                        reserved,
                        claims,
                    });
                }
                let reserved = u64::try_from(reserved).unwrap_or(u64::MAX);
                let reserved = reserved.max(claim.reservation());
                wants[number] = Want::within(claim, reserved, can_use);
            }
            if let Some(parent) = node.parent {
                let (reserved, most) = &mut sums[parent.index()];
                *reserved += u128::from(wants[number].reserved);
                *most += u128::from(wants[number].most);
            }
        }
        Ok(wants)
    }
}

/// Who is in which group: the members of each side by side.
struct Families {
    /// Where the members of a group begin, the top first, and where the last end.
    begins: Vec<u32>,
    members: Vec<u32>,
}

impl Families {
    fn of(nodes: &[Node]) -> Self {
        let family = |node: &Node| node.parent.map_or(0, |parent| parent.index() + 1);
        let mut begins = alloc::vec![0; nodes.len() + 2];
        for node in nodes {
            begins[family(node) + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut members = alloc::vec![0; nodes.len()];
        let mut next = begins.clone();
        for (number, node) in (0..).zip(nodes) {
            let next = &mut next[family(node)];
            members[*next as usize] = number;
            *next += 1;
        }
        Self { begins, members }
    }

    /// The top, then all nodes.
    fn groups(&self) -> impl Iterator<Item = Option<usize>> {
        (0..=self.members.len()).map(|family| family.checked_sub(1))
    }

    fn children(&self, group: Option<usize>) -> &[u32] {
        let family = group.map_or(0, |group| group + 1);
        &self.members[self.begins[family] as usize..self.begins[family + 1] as usize]
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Tree {
    /// Adds the nodes one by one, so that what cannot be added is refused.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Tree")]
        struct Saved {
            nodes: Vec<Node>,
        }
        let mut tree = Self::new();
        for Node { parent, claim } in Saved::deserialize(deserializer)?.nodes {
            tree.add(parent, claim).map_err(serde::de::Error::custom)?;
        }
        Ok(tree)
    }
}
