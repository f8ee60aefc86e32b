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
    let twin = Twin::new(nodes, rules, capacity);
    for number in (0..nodes.len()).rev() {
        twin.feasible(number)?;
    }
    let nobody = Share { allocation: 0, used: 0, wasted: 0, bound: Bound::Demand };
    let mut shares = std::vec![nobody; nodes.len()];
    twin.fill(None, capacity, &mut shares)?;
    for number in 0..nodes.len() {
        let usable = nodes[number].1.demand().max(twin.hard_inside(number));
        twin.fill(Some(number), usable.min(shares[number].allocation), &mut shares)?;
    }
    for number in (0..nodes.len()).rev() {
        let members = twin.members(Some(number));
        let used = if members.is_empty() {
            shares[number].allocation
        } else {
            members.iter().map(|&member| shares[member].used).sum()
        };
        let used = used.min(nodes[number].1.demand());
        shares[number].used = used;
        shares[number].wasted = shares[number].allocation - used;
    }
    Ok(shares)
}

struct Twin<'a> {
    nodes: &'a [(Option<usize>, Claim)],
    rules: Rules,
    /// What would come to each if there were nothing but weights, and limits of groups above; of
    /// hard ones, within their own bounds.
    wholes: Vec<u64>,
    /// What is hard of each: all of it, or what is hard inside.
    hard: Vec<u64>,
    /// The most that each can use, and may get of that.
    wanted: Vec<u64>,
    most: Vec<u64>,
    /// The least that each gets.
    reserved: Vec<u64>,
}

/// A member that may still be given units.
#[derive(Clone, Copy)]
struct Bidder {
    weight: u32,
    floor: u64,
    ceiling: u64,
}

impl<'a> Twin<'a> {
    fn new(nodes: &'a [(Option<usize>, Claim)], rules: Rules, capacity: u64) -> Self {
        let nothing = || std::vec![0; nodes.len()];
        let [wholes, hard, wanted, most, reserved] = [(); 5].map(|()| nothing());
        let mut twin = Self { nodes, rules, wholes, hard, wanted, most, reserved };
        twin.divide_by_weights(None, capacity);
        for number in 0..nodes.len() {
            twin.divide_by_weights(Some(number), twin.wholes[number].min(capacity));
        }
        for number in (0..nodes.len()).rev() {
            twin.know(number);
        }
        twin
    }

    fn members(&self, group: Option<usize>) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&number| self.nodes[number].0 == group).collect()
    }

    fn hard_inside(&self, number: usize) -> u64 {
        saturated(sum(&self.members(Some(number)), &self.hard))
    }

    fn divide_by_weights(&mut self, group: Option<usize>, whole: u64) {
        let members = self.members(group);
        let bidder = |&member: &usize| Bidder {
            weight: self.nodes[member].1.weight().get(),
            floor: 0,
            ceiling: u64::MAX,
        };
        let units = unit_by_unit(whole, &members.iter().map(bidder).collect::<Vec<_>>());
        for (member, units) in members.into_iter().zip(units) {
            let claim = &self.nodes[member].1;
            let least = if claim.is_hard() { claim.reservation() } else { 0 };
            self.wholes[member] = units.clamp(least, claim.limit());
        }
    }

    /// For one whose members are known.
    fn know(&mut self, number: usize) {
        let claim = &self.nodes[number].1;
        let members = self.members(Some(number));
        if claim.is_hard() {
            for of in [&mut self.hard, &mut self.most, &mut self.reserved] {
                of[number] = self.wholes[number];
            }
            return;
        }
        let mut reserved = claim.reservation();
        let mut wanted = claim.demand();
        if !members.is_empty() {
            reserved = reserved.max(saturated(sum(&members, &self.reserved)));
            wanted = wanted.max(self.hard_inside(number));
            wanted = wanted.min(saturated(sum(&members, &self.most)));
        }
        self.wanted[number] = wanted;
        self.most[number] = claim.limit().min(wanted);
        self.reserved[number] = reserved.min(self.most[number]);
        self.hard[number] = self.hard_inside(number).min(self.most[number]);
    }

    /// A group cannot hold more reservations than it may get.
    fn feasible(&self, number: usize) -> Result<(), Error> {
        let members = self.members(Some(number));
        let claim = &self.nodes[number].1;
        let most = if claim.is_hard() { self.wholes[number] } else { claim.limit() };
        let capacity = most.min(claim.demand().max(self.hard_inside(number)));
        let reserved = sum(&members, &self.reserved);
        let scaled = self.rules.overbooking == Overbooking::ScaleDown;
        if members.is_empty() || reserved <= capacity.into() || scaled {
            return Ok(());
        }
        let claims = members.into_iter().filter(|&member| self.reserved[member] > 0).collect();
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
        let least = |member: usize| self.reserved[member];
        let reserved = sum(&members, &self.reserved);
        let scaled = reserved > capacity.into();
        let allocations = if scaled {
            if self.rules.overbooking == Overbooking::Refuse {
                let claims = members.iter().copied().filter(|&member| least(member) > 0).collect();
                return Err(Error::Overbooked { group, capacity, reserved, claims });
            }
            unit_by_unit(capacity, &bidders(&|_| 0, &least))
        } else if self.rules.reading == Reading::ReservationFirst {
            // What is hard is no reservation, but a part of what comes by weight.
            let first = |member: usize| least(member) - self.hard[member];
            let rest = members.iter().fold(capacity, |rest, &member| rest - first(member));
            let most = |member: usize| self.most[member] - first(member);
            let more = unit_by_unit(rest, &bidders(&|member| self.hard[member], &most));
            members.iter().zip(more).map(|(&member, units)| first(member) + units).collect()
        } else {
            unit_by_unit(capacity, &bidders(&least, &|member| self.most[member]))
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
            let full = allocation == self.most[member];
            let fixed = allocation > 0 && allocation == self.hard[member] && (full || held_up);
            out[member].bound = if claim(member).is_hard() || fixed {
                Bound::Hard
            } else if full && claim(member).limit() < self.wanted[member] {
                Bound::Limit
            } else if full {
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

fn sum(members: &[usize], of: &[u64]) -> u128 {
    members.iter().map(|&member| u128::from(of[member])).sum()
}

fn saturated(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
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
