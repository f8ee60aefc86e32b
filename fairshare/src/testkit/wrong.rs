//! Dividers that are wrong on purpose, as others are by accident: a law catches each.

use std::vec::Vec;

use crate::Claim;

struct Range {
    weight: u32,
    least: u64,
    most: u64,
}

fn range(claim: &Claim) -> Range {
    let most = claim.limit().min(claim.demand());
    Range { weight: claim.weight().get(), least: claim.reservation().min(most), most }
}

/// Shares rounded down, and what is left over to those with the largest remainders (Hamilton's
/// method): more capacity may take a unit away, the Alabama paradox.
#[must_use]
pub fn largest_remainder(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    let ranges: Vec<Range> = claims.iter().map(range).collect();
    let all: u128 = ranges.iter().map(|range| u128::from(range.most)).sum();
    let capacity = all.min(capacity.into());
    // Freezes whoever is beyond a bound, until nobody is.
    let mut fixed: Vec<Option<u64>> = ranges.iter().map(|_| None).collect();
    loop {
        let free = || (0..ranges.len()).filter(|&at| fixed[at].is_none());
        let weight: u128 = free().map(|at| u128::from(ranges[at].weight)).sum();
        let taken: u128 = fixed.iter().flatten().copied().map(u128::from).sum();
        let rest = capacity.saturating_sub(taken);
        let above = |at: &usize| {
            rest * u128::from(ranges[*at].weight) > u128::from(ranges[*at].most) * weight
        };
        let below = |at: &usize| {
            rest * u128::from(ranges[*at].weight) < u128::from(ranges[*at].least) * weight
        };
        let excess = |at: usize| {
            let share = rest * u128::from(ranges[at].weight) / weight;
            share.abs_diff(share.clamp(ranges[at].least.into(), ranges[at].most.into()))
        };
        let too_much: u128 = free().filter(above).map(excess).sum();
        let too_little: u128 = free().filter(below).map(excess).sum();
        let up = too_much >= too_little && free().any(|at| above(&at));
        let cut: Vec<usize> =
            if up { free().filter(above).collect() } else { free().filter(below).collect() };
        if cut.is_empty() {
            let mut shares: Vec<u64> = (0..ranges.len())
                .map(|at| {
                    let share = || (rest * u128::from(ranges[at].weight) / weight) as u64;
                    fixed[at].unwrap_or_else(share)
                })
                .collect();
            let mut order: Vec<usize> = free().collect();
            order.sort_by_key(|&at| weight - rest * u128::from(ranges[at].weight) % weight);
            let left = capacity - shares.iter().copied().map(u128::from).sum::<u128>();
            for &at in order.iter().take(left as usize) {
                shares[at] += 1;
            }
            return shares;
        }
        for at in cut {
            fixed[at] = Some(if up { ranges[at].most } else { ranges[at].least });
        }
    }
}

/// A level found by halving in floats, sixty times: right for small amounts, and not beyond 2^53.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "that is what is wrong with it"
)]
pub fn float_level(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    let ranges: Vec<Range> = claims.iter().map(range).collect();
    let units = |level: f64, range: &Range| {
        let share = (level * f64::from(range.weight)).round() as u64;
        share.clamp(range.least, range.most)
    };
    let all = |level: f64| ranges.iter().map(|range| units(level, range) as f64).sum::<f64>();
    let (mut low, mut high) = (0.0, capacity as f64 + 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if all(middle) <= capacity as f64 { low = middle } else { high = middle }
    }
    ranges.iter().map(|range| units(low, range)).collect()
}

/// Float tags: each unit to whose tag, the middle of its next unit, is least, with tags that are
/// added up in single precision. For small capacities.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "that is what is wrong with it")]
pub fn float_tags(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    let ranges: Vec<Range> = claims.iter().map(range).collect();
    let mut units: Vec<u64> = ranges.iter().map(|range| range.least).collect();
    let step = |range: &Range| 1.0 / range.weight as f32;
    let tag = |range: &Range| (range.least as f32 + 0.5) * step(range);
    let mut tags: Vec<f32> = ranges.iter().map(tag).collect();
    let reserved: u64 = units.iter().sum();
    for _ in reserved..capacity {
        let open = (0..ranges.len()).filter(|&at| units[at] < ranges[at].most);
        let Some(at) = open.min_by(|&one, &other| tags[one].total_cmp(&tags[other])) else { break };
        units[at] += 1;
        tags[at] += step(&ranges[at]);
    }
    units
}

/// Shares by weight, cut to their bounds: what is cut off is lost, what is added is lacking.
#[must_use]
pub fn cut_to_bounds(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    let weight: u128 = claims.iter().map(|claim| u128::from(claim.weight().get())).sum();
    let share = |range: Range| {
        let share = u128::from(capacity) * u128::from(range.weight) / weight.max(1);
        (share as u64).clamp(range.least, range.most)
    };
    claims.iter().map(range).map(share).collect()
}

/// Everybody the same, as far as it goes: weights are ignored.
#[must_use]
pub fn without_weights(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    let equal: Vec<Claim> = claims
        .iter()
        .map(|claim| {
            Claim::new(crate::Weight::MIN)
                .reserving(claim.reservation())
                .limited_to(claim.limit())
                .demanding(claim.demand())
        })
        .collect();
    let shares = crate::divide(capacity, &equal, crate::Rules::default()).unwrap_or_default();
    shares.iter().map(|share| share.allocation).collect()
}
