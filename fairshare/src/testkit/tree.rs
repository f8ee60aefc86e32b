use std::cmp::Ordering;
use std::vec::Vec;

use super::laws::{Bounds, check_best, check_bounds};
use super::{Rounding, Violation};
use crate::{Claim, Overbooking, Reading, Rules, Share};

/// Whether a division in a tree is max–min fair in every group, and every hard allocation what its
/// definition says, for nodes that come after their parents. In groups of up to four that divide up
/// to twelve units, brute force is asked, too. Linear time, but for finding the members of groups
/// and, where some are hard, for the square of their number.
///
/// # Errors
///
/// The first law broken.
pub fn check_tree(
    capacity: u64,
    nodes: &[(Option<usize>, Claim)],
    rules: Rules,
    shares: &[Share],
) -> Result<(), Violation> {
    if shares.len() != nodes.len() {
        return Err(Violation::Length { found: shares.len(), expected: nodes.len() });
    }
    let mut members = std::vec![Vec::new(); nodes.len() + 1];
    for (number, (parent, _)) in nodes.iter().enumerate() {
        members[parent.map_or(0, |parent| parent + 1)].push(number);
    }
    let terms = terms(capacity, nodes, &members);
    for (family, members) in members.iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        let capacity = family.checked_sub(1).map_or(capacity, |group| {
            let hard = sum(members.iter().map(|&at| terms[at].hard));
            shares[group].allocation.min(nodes[group].1.demand().max(hard))
        });
        let of: Vec<Terms> = members.iter().map(|&at| terms[at]).collect();
        let found: Vec<u64> = members.iter().map(|&at| shares[at].allocation).collect();
        check_family(capacity, &of, rules, found, |at| members[at])?;
    }
    for (claim, share) in shares.iter().enumerate() {
        let members = &members[claim + 1];
        let can_use = if members.is_empty() {
            share.allocation
        } else {
            members.iter().map(|&member| shares[member].used).sum()
        };
        let used = can_use.min(nodes[claim].1.demand());
        if share.used != used || share.wasted != share.allocation - used {
            let allocation = share.used;
            return Err(Violation::Bounds { claim, allocation, least: used, most: used });
        }
    }
    Ok(())
}

/// What a node comes to among its siblings: the least and the most, with what is hard.
#[derive(Clone, Copy, Debug)]
struct Terms {
    bounds: Bounds,
    hard: u64,
}

fn terms(capacity: u64, nodes: &[(Option<usize>, Claim)], members: &[Vec<usize>]) -> Vec<Terms> {
    let wholes = wholes(capacity, nodes, members);
    let terms = |(_, claim): &(Option<usize>, Claim)| Terms { bounds: Bounds::of(claim), hard: 0 };
    let mut terms: Vec<Terms> = nodes.iter().map(terms).collect();
    for (number, (_, claim)) in nodes.iter().enumerate().rev() {
        let weight = claim.weight().get();
        let members = &members[number + 1];
        if claim.is_hard() {
            let hard = wholes[number];
            terms[number] = Terms { bounds: Bounds { weight, least: hard, most: hard }, hard };
        } else if !members.is_empty() {
            let inside = sum(members.iter().map(|&at| terms[at].hard));
            let most = sum(members.iter().map(|&at| terms[at].bounds.most));
            let most = most.min(claim.demand().max(inside)).min(claim.limit());
            let least = sum(members.iter().map(|&at| terms[at].bounds.least));
            let least = least.max(claim.reservation()).min(most);
            terms[number] =
                Terms { bounds: Bounds { weight, least, most }, hard: inside.min(most) };
        }
    }
    terms
}

/// What would come to each by weights alone, if limits of groups above are kept; of hard ones, what
/// they get. Nothing if nobody is hard.
fn wholes(capacity: u64, nodes: &[(Option<usize>, Claim)], members: &[Vec<usize>]) -> Vec<u64> {
    let mut wholes = std::vec![0; nodes.len()];
    if nodes.iter().any(|(_, claim)| claim.is_hard()) {
        for (family, members) in members.iter().enumerate() {
            let whole = family.checked_sub(1).map_or(capacity, |group| wholes[group]).min(capacity);
            let weights: Vec<u32> = members.iter().map(|&at| nodes[at].1.weight().get()).collect();
            for (&at, units) in members.iter().zip(by_weights(whole, &weights)) {
                let claim = &nodes[at].1;
                let least = if claim.is_hard() { claim.reservation() } else { 0 };
                wholes[at] = units.clamp(least, claim.limit());
            }
        }
    }
    wholes
}

/// By the method of Sainte-Laguë: quotients rounded, and then a unit at a time.
fn by_weights(capacity: u64, weights: &[u32]) -> Vec<u64> {
    let all: u128 = weights.iter().copied().map(u128::from).sum();
    // A half is rounded down: up to a level, and all before it.
    let rounded = |&weight: &u32| {
        let product = 2 * u128::from(capacity) * u128::from(weight);
        u64::try_from((product + all - 1) / (2 * all)).unwrap_or(u64::MAX)
    };
    let mut units: Vec<u64> = weights.iter().map(rounded).collect();
    let before = |one: (u128, usize), other: (u128, usize)| {
        let [left, right] =
            [one.0 * u128::from(weights[other.1]), other.0 * u128::from(weights[one.1])];
        (left, weights[one.1], one.1) < (right, weights[other.1], other.1)
    };
    loop {
        let total: u128 = units.iter().copied().map(u128::from).sum();
        let middle = |at: usize, units: u64| (2 * u128::from(units) + 1, at);
        match total.cmp(&capacity.into()) {
            Ordering::Less => {
                let each = (0..units.len()).map(|at| middle(at, units[at]));
                let first = each.reduce(|one, other| if before(other, one) { other } else { one });
                let Some((_, at)) = first else { return units };
                units[at] += 1;
            }
            Ordering::Greater => {
                let each = (0..units.len()).filter(|&at| units[at] > 0);
                let each = each.map(|at| middle(at, units[at] - 1));
                let last = each.reduce(|one, other| if before(one, other) { other } else { one });
                let Some((_, at)) = last else { return units };
                units[at] -= 1;
            }
            Ordering::Equal => return units,
        }
    }
}

fn check_family(
    capacity: u64,
    terms: &[Terms],
    rules: Rules,
    mut found: Vec<u64>,
    name: impl Fn(usize) -> usize,
) -> Result<(), Violation> {
    let reserved: u128 = terms.iter().map(|one| u128::from(one.bounds.least)).sum();
    let scaled = reserved > capacity.into();
    let mut left = capacity;
    let mut bounds: Vec<Bounds> = terms.iter().map(|one| one.bounds).collect();
    if scaled && rules.overbooking == Overbooking::Refuse {
        return Err(Violation::Sum { found: reserved, expected: capacity.into() });
    }
    for (at, bounds) in bounds.iter_mut().enumerate() {
        if scaled {
            *bounds = Bounds { least: 0, most: bounds.least, ..*bounds };
        } else if rules.reading == Reading::ReservationFirst {
            // What is reserved comes before, and what is hard is not reserved.
            let first = bounds.least - terms[at].hard;
            let Some(above) = found[at].checked_sub(first) else {
                let (least, most) = (bounds.least, bounds.most);
                let claim = name(at);
                return Err(Violation::Bounds { claim, allocation: found[at], least, most });
            };
            found[at] = above;
            left -= first;
            *bounds = Bounds { least: terms[at].hard, most: bounds.most - first, ..*bounds };
        }
    }
    check_bounds(left, &bounds, &found, Rounding::HalfUnit, name)?;
    if left <= 12 && bounds.len() <= 4 { check_best(left, &bounds, &found) } else { Ok(()) }
}

fn sum(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}
