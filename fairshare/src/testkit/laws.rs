use std::vec::Vec;

use super::Violation;
use crate::Claim;

/// How exactly units are to be weighed against each other.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Rounding {
    /// Up to a unit: `(a_i + 1) / w_i > (a_j - 1) / w_j` wherever i could have more and j could have
    /// less. Every divisor method keeps that.
    Unit,
    /// Each unit counted at its middle: `(2 a_i + 1) / w_i >= (2 a_j - 1) / w_j`, the method of
    /// Sainte-Laguë.
    HalfUnit,
}

/// The bounds of a claim that competes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) weight: u32,
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Bounds {
    pub(super) fn of(claim: &Claim) -> Self {
        let most = claim.limit().min(claim.demand());
        Self { weight: claim.weight().get(), least: claim.reservation().min(most), most }
    }
}

/// Whether a division among claims, none of them hard, is max–min fair, reservations being the
/// floors of shares: bounds, sum and the conditions of Karush, Kuhn and Tucker. Linear time.
///
/// # Errors
///
/// The first law broken.
pub fn check_division(
    capacity: u64,
    claims: &[Claim],
    allocations: &[u64],
    rounding: Rounding,
) -> Result<(), Violation> {
    let bounds: Vec<Bounds> = claims.iter().map(Bounds::of).collect();
    check_bounds(capacity, &bounds, allocations, rounding, |at| at)
}

pub(super) fn check_bounds(
    capacity: u64,
    claims: &[Bounds],
    allocations: &[u64],
    rounding: Rounding,
    name: impl Fn(usize) -> usize,
) -> Result<(), Violation> {
    if allocations.len() != claims.len() {
        return Err(Violation::Length { found: allocations.len(), expected: claims.len() });
    }
    for (at, (&Bounds { least, most, .. }, &allocation)) in
        claims.iter().zip(allocations).enumerate()
    {
        if !(least..=most).contains(&allocation) {
            return Err(Violation::Bounds { claim: name(at), allocation, least, most });
        }
    }
    let found: u128 = allocations.iter().copied().map(u128::from).sum();
    let all: u128 = claims.iter().map(|bounds| u128::from(bounds.most)).sum();
    let expected = all.min(capacity.into());
    if found != expected {
        return Err(Violation::Sum { found, expected });
    }
    // The worst off of those who could have more, the best off of those who could have less.
    let [up, down] = match rounding {
        Rounding::Unit => [2, 2],
        Rounding::HalfUnit => [1, 1],
    };
    let next = |at: usize| (2 * u128::from(allocations[at]) + up, u128::from(claims[at].weight));
    let last = |at: usize| {
        ((2 * u128::from(allocations[at])).saturating_sub(down), u128::from(claims[at].weight))
    };
    let less = |one: (u128, u128), other: (u128, u128)| one.0 * other.1 < other.0 * one.1;
    let mut poorer: Option<usize> = None;
    let mut richer: Option<usize> = None;
    for at in 0..claims.len() {
        let could_gain = allocations[at] < claims[at].most;
        if could_gain && poorer.is_none_or(|other| less(next(at), next(other))) {
            poorer = Some(at);
        }
        let could_lose = allocations[at] > claims[at].least;
        if could_lose && richer.is_none_or(|other| less(last(other), last(at))) {
            richer = Some(at);
        }
    }
    if let (Some(one), Some(other)) = (poorer, richer) {
        let tied = next(one).0 * last(other).1 == last(other).0 * next(one).1;
        let unfair = less(next(one), last(other)) || (tied && rounding == Rounding::Unit);
        if unfair && one != other {
            return Err(Violation::Unfair {
                poorer: name(one),
                less: allocations[one],
                richer: name(other),
                more: allocations[other],
                weights: [claims[one].weight, claims[other].weight],
            });
        }
    }
    Ok(())
}

/// A division whose sorted list of `(2 a_i + 1) / (2 w_i)` is the greatest in lexicographic order,
/// found among all divisions there are: exponential time, for a handful of claims and units.
///
/// `None` if no division keeps the bounds.
#[must_use]
pub fn brute_force(capacity: u64, claims: &[Claim]) -> Option<Vec<u64>> {
    brute_force_within(capacity, &claims.iter().map(Bounds::of).collect::<Vec<_>>())
}

fn brute_force_within(capacity: u64, bounds: &[Bounds]) -> Option<Vec<u64>> {
    let all: u128 = bounds.iter().map(|bounds| u128::from(bounds.most)).sum();
    let total = u64::try_from(all.min(capacity.into())).unwrap_or(u64::MAX);
    let mut best: Option<Vec<u64>> = None;
    let mut current: Vec<u64> = bounds.iter().map(|bounds| bounds.least).collect();
    // Counts through all allocations within the bounds, as an odometer does.
    loop {
        if current.iter().copied().map(u128::from).sum::<u128>() == total.into() {
            let better = best.as_ref().is_none_or(|best| precedes(bounds, best, &current));
            if better {
                best = Some(current.clone());
            }
        }
        let limit = |at: usize| bounds[at].most.min(total);
        let Some(at) = (0..current.len()).find(|&at| current[at] < limit(at)) else {
            return best;
        };
        current[at] += 1;
        for lower in 0..at {
            current[lower] = bounds[lower].least;
        }
    }
}

/// Whether the sorted list of one is lexicographically less than that of the other.
fn precedes(claims: &[Bounds], one: &[u64], other: &[u64]) -> bool {
    sorted(claims, one).into_iter().zip(sorted(claims, other)).find_map(|(one, other)| {
        let [left, right] = [one.0 * other.1, other.0 * one.1];
        (left != right).then_some(left < right)
    }) == Some(true)
}

/// What everybody has by weight, the worst off first.
fn sorted(claims: &[Bounds], allocations: &[u64]) -> Vec<(u128, u128)> {
    let each = claims.iter().zip(allocations);
    let mut list: Vec<(u128, u128)> = each
        .map(|(bounds, &units)| (2 * u128::from(units) + 1, u128::from(bounds.weight)))
        .collect();
    list.sort_by(|one, other| (one.0 * other.1).cmp(&(other.0 * one.1)));
    list
}

/// Whether the brute force finds a division that is better than this one.
pub(super) fn check_lexicographic(
    capacity: u64,
    claims: &[Claim],
    allocations: &[u64],
) -> Result<(), Violation> {
    check_best(capacity, &claims.iter().map(Bounds::of).collect::<Vec<_>>(), allocations)
}

pub(super) fn check_best(
    capacity: u64,
    bounds: &[Bounds],
    allocations: &[u64],
) -> Result<(), Violation> {
    match brute_force_within(capacity, bounds) {
        Some(better) if precedes(bounds, allocations, &better) => {
            Err(Violation::NotLexicographic { found: allocations.to_vec(), better })
        }
        _ => Ok(()),
    }
}
