//! The slow twin: every division unit by unit, from the definition. It shares with the fast one the
//! values that callers see, and nothing else. For small capacities.

use std::vec::Vec;

use crate::{Bound, Claim, Error, Overbooking, Reading, Rules, Share};

/// What [`divide`](crate::divide()) does, unit by unit: `O(capacity n)`.
///
/// # Errors
///
/// Those of [`divide`](crate::divide()).
pub fn divide(capacity: u64, claims: &[Claim], rules: Rules) -> Result<Vec<Share>, Error> {
    let nodes: Vec<_> = claims.iter().map(|claim| (None, *claim)).collect();
    divide_tree(capacity, &nodes, rules)
}

/// What [`Tree::divide`](crate::Tree::divide) does, unit by unit, for nodes that come after their
/// parents.
///
/// # Errors
///
/// Those of [`Tree::add`](crate::Tree::add) and [`Tree::divide`](crate::Tree::divide).
pub fn divide_tree(
    capacity: u64,
    nodes: &[(Option<usize>, Claim)],
    rules: Rules,
) -> Result<Vec<Share>, Error> {
    for (number, (parent, claim)) in nodes.iter().enumerate() {
        if let Some(node) = parent.filter(|&parent| parent >= number) {
            return Err(Error::UnknownNode { node });
        }
        let [reservation, limit] = [claim.reservation(), claim.limit()];
        if reservation > limit {
            return Err(Error::ReservationAboveLimit { claim: number, reservation, limit });
        }
    }
    let twin = Twin { nodes, rules };
    for number in (0..nodes.len()).rev() {
        twin.feasible(number)?;
    }
    let nobody = Share { allocation: 0, used: 0, wasted: 0, bound: Bound::Demand };
    let mut shares = std::vec![nobody; nodes.len()];
    twin.fill(None, capacity, &mut shares)?;
    for number in 0..nodes.len() {
        let usable = shares[number].allocation.min(nodes[number].1.demand());
        twin.fill(Some(number), usable, &mut shares)?;
    }
    for number in (0..nodes.len()).rev() {
        let members = twin.members(Some(number));
        let used = if members.is_empty() {
            shares[number].allocation.min(nodes[number].1.demand())
        } else {
            members.iter().map(|&member| shares[member].used).sum()
        };
        shares[number].used = used;
        shares[number].wasted = shares[number].allocation - used;
    }
    Ok(shares)
}

struct Twin<'a> {
    nodes: &'a [(Option<usize>, Claim)],
    rules: Rules,
}

/// A member that may still be given units.
#[derive(Clone, Copy)]
struct Bidder {
    weight: u32,
    floor: u64,
    ceiling: u64,
}

impl Twin<'_> {
    fn members(&self, group: Option<usize>) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&number| self.nodes[number].0 == group).collect()
    }

    /// What a node can use: what its members may get, or its demand.
    fn wanted(&self, number: usize) -> u64 {
        let members = self.members(Some(number));
        let demand = self.nodes[number].1.demand();
        if members.is_empty() {
            return demand;
        }
        let sum: u128 = members.iter().map(|&member| u128::from(self.most(member))).sum();
        demand.min(u64::try_from(sum).unwrap_or(u64::MAX))
    }

    fn most(&self, number: usize) -> u64 {
        let claim = &self.nodes[number].1;
        if claim.is_hard() { claim.limit() } else { claim.limit().min(self.wanted(number)) }
    }

    fn reserved(&self, number: usize) -> u64 {
        let members = self.members(Some(number));
        let sum: u128 = members.iter().map(|&member| u128::from(self.reserved(member))).sum();
        let sum = u64::try_from(sum).unwrap_or(u64::MAX);
        self.nodes[number].1.reservation().max(sum).min(self.most(number))
    }

    /// A group cannot hold more reservations than it may get.
    fn feasible(&self, number: usize) -> Result<(), Error> {
        let members = self.members(Some(number));
        let claim = &self.nodes[number].1;
        let capacity = claim.limit().min(claim.demand());
        let reserved: u128 = members.iter().map(|&member| u128::from(self.reserved(member))).sum();
        let scaled = self.rules.overbooking == Overbooking::ScaleDown;
        if members.is_empty() || reserved <= capacity.into() || scaled {
            return Ok(());
        }
        let claims = members.into_iter().filter(|&member| self.reserved(member) > 0).collect();
        Err(Error::Overbooked { group: Some(number), capacity, reserved, claims })
    }

    fn fill(&self, group: Option<usize>, capacity: u64, out: &mut [Share]) -> Result<(), Error> {
        let members = self.members(group);
        let claim = |member: usize| &self.nodes[member].1;
        let bidders = |floor: &dyn Fn(usize) -> u64, ceiling: &dyn Fn(usize) -> u64| {
            let bidder = |&member: &usize| Bidder {
                weight: claim(member).weight().get(),
                floor: floor(member),
                ceiling: ceiling(member),
            };
            members.iter().map(bidder).collect::<Vec<_>>()
        };
        // Hard allocations, as if there were nothing but weights.
        let whole = unit_by_unit(capacity, &bidders(&|_| 0, &|_| u64::MAX));
        let place = |member| members.iter().position(|&other| other == member).unwrap_or(0);
        let least = |member: usize| {
            let reserved = self.reserved(member);
            if claim(member).is_hard() {
                whole[place(member)].clamp(reserved, claim(member).limit())
            } else {
                reserved
            }
        };
        let reserved: u128 = members.iter().map(|&member| u128::from(least(member))).sum();
        let scaled = reserved > capacity.into();
        let most = |member: usize| {
            if claim(member).is_hard() { least(member) } else { self.most(member) }
        };
        let allocations = if scaled {
            if self.rules.overbooking == Overbooking::Refuse {
                let claims = members.iter().copied().filter(|&member| least(member) > 0).collect();
                return Err(Error::Overbooked { group, capacity, reserved, claims });
            }
            unit_by_unit(capacity, &bidders(&|_| 0, &least))
        } else if self.rules.reading == Reading::ReservationFirst {
            let rest = capacity - u64::try_from(reserved).unwrap_or(u64::MAX);
            let more = unit_by_unit(rest, &bidders(&|_| 0, &|member| most(member) - least(member)));
            members.iter().zip(more).map(|(&member, units)| least(member) + units).collect()
        } else {
            unit_by_unit(capacity, &bidders(&least, &most))
        };
        for (&member, &allocation) in members.iter().zip(&allocations) {
            out[member].allocation = allocation;
            let floor = least(member);
            // By weight alone it would have less: its last unit comes after all that others were
            // given above their floors.
            let others = members.iter().zip(&allocations);
            let above = others
                .filter(|(other, units)| !claim(**other).is_hard() && **units > least(**other));
            let later = |other: usize, units: u64| {
                let [one, two] = [member, other].map(|at| u128::from(claim(at).weight().get()));
                (2 * u128::from(allocation) - 1) * two > (2 * u128::from(units) - 1) * one
            };
            let floors = self.rules.reading == Reading::FloorOfShare && !scaled;
            let held_up = allocation > 0
                && allocation == floor
                && (!floors || { above }.all(|(&other, &units)| later(other, units)));
            out[member].bound = if claim(member).is_hard() {
                Bound::Hard
            } else if allocation == self.most(member) && claim(member).limit() < self.wanted(member)
            {
                Bound::Limit
            } else if allocation == self.most(member) {
                Bound::Demand
            } else if held_up {
                Bound::Reservation
            } else {
                Bound::Weight
            };
        }
        Ok(())
    }
}

/// Each unit to whom the middle of the next unit, by weight, is least; of equals to the lightest,
/// then to the first.
fn unit_by_unit(capacity: u64, bidders: &[Bidder]) -> Vec<u64> {
    let mut units: Vec<u64> = bidders.iter().map(|bidder| bidder.floor).collect();
    let mut left = capacity - units.iter().sum::<u64>();
    while left > 0 {
        let mut best: Option<usize> = None;
        for (number, bidder) in bidders.iter().enumerate() {
            if units[number] == bidder.ceiling {
                continue;
            }
            let better = best.is_none_or(|best| {
                let other = &bidders[best];
                let one = (2 * u128::from(units[number]) + 1) * u128::from(other.weight);
                let two = (2 * u128::from(units[best]) + 1) * u128::from(bidder.weight);
                one < two || (one == two && bidder.weight < other.weight)
            });
            if better {
                best = Some(number);
            }
        }
        let Some(best) = best else { break };
        units[best] += 1;
        left -= 1;
    }
    units
}
