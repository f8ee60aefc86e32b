use std::vec::Vec;

use super::laws::check_lexicographic;
use super::{Cases, Law, Rounding, Violation, check_division};
use crate::{Claim, Weight};

/// Which laws a divider is to keep, and on how many cases.
#[derive(Clone, Debug)]
pub struct Profile {
    rounding: Rounding,
    cases: u64,
    seed: u64,
    without: Vec<Law>,
}

impl Profile {
    /// For dividers that count each unit at its middle, as [`divide`](crate::divide()) does: what
    /// they answer is compared with the brute force, too.
    #[must_use]
    pub fn half_units() -> Self {
        Self { rounding: Rounding::HalfUnit, cases: 5_000, seed: 0, without: Vec::new() }
    }

    /// For dividers by any divisor method: Jefferson, Webster, Adams.
    #[must_use]
    pub fn any_divisor() -> Self {
        let without = std::vec![Law::Lexicographic];
        Self { rounding: Rounding::Unit, without, ..Self::half_units() }
    }

    /// How many cases are put; each is varied for the laws about changes.
    #[must_use]
    pub fn cases(self, cases: u64) -> Self {
        Self { cases, ..self }
    }

    /// Other cases.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Does not ask for a law.
    #[must_use]
    pub fn without(mut self, law: Law) -> Self {
        self.without.push(law);
        self
    }

    fn asks(&self, law: Law) -> bool {
        !self.without.contains(&law)
    }
}

/// What has been asked without a law being broken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Questions put.
    pub cases: u64,
    /// Of them, small enough for the brute force.
    pub brute_forced: u64,
}

/// A violation and the question that led to it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{violation}: capacity {capacity}, claims {claims:?}")]
#[non_exhaustive]
pub struct Failure {
    /// The law broken, with the values.
    pub violation: Violation,
    /// What was to be divided.
    pub capacity: u64,
    /// Among whom.
    pub claims: Vec<Claim>,
}

/// Has `divide` answer generated questions, and checks the answers by the laws of the profile. It is
/// given a capacity and claims, none of them hard, whose reservations are feasible, and returns what
/// each gets. The same profile asks the same questions.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check(
    profile: &Profile,
    mut divide: impl FnMut(u64, &[Claim]) -> Vec<u64>,
) -> Result<Report, Failure> {
    let mut cases = Cases::new(profile.seed);
    let mut report = Report::default();
    while report.cases < profile.cases {
        report.cases += 1;
        let small = report.cases % 4 == 0;
        let (capacity, claims) = if small { cases.small() } else { cases.division(24) };
        let violation = one(profile, capacity, &claims, &mut cases, &mut divide);
        if let Err(violation) = violation {
            return Err(Failure { violation, capacity, claims });
        }
        report.brute_forced += u64::from(small && profile.asks(Law::Lexicographic));
    }
    Ok(report)
}

fn one(
    profile: &Profile,
    capacity: u64,
    claims: &[Claim],
    cases: &mut Cases,
    divide: &mut impl FnMut(u64, &[Claim]) -> Vec<u64>,
) -> Result<(), Violation> {
    let asks = |law| profile.asks(law);
    let before = divide(capacity, claims);
    match check_division(capacity, claims, &before, profile.rounding) {
        Err(violation) if asks(violation.law()) => return Err(violation),
        _ => {}
    }
    if before.len() != claims.len() {
        return Ok(());
    }
    if asks(Law::Lexicographic) && capacity <= 12 && claims.len() <= 4 {
        check_lexicographic(capacity, claims, &before)?;
    }
    if asks(Law::Determinism) {
        same(Law::Determinism, &before, &divide(capacity, claims))?;
    }
    if let Some(more) = capacity.checked_add(1).filter(|_| asks(Law::MoreCapacity)) {
        let after = divide(more, claims);
        compare(Law::MoreCapacity, &before, &after, |before, after| after >= before)?;
    }
    if asks(Law::AnotherClaim) {
        let mut more = claims.to_vec();
        let magnitude = cases.below(32);
        let weight = Weight::new(1 + cases.below(1 << magnitude)).unwrap_or(Weight::MIN);
        more.push(Claim::new(weight).demanding(cases.below(capacity.saturating_add(2))));
        let after = divide(capacity, &more);
        compare(Law::AnotherClaim, &before, &after, |before, after| after <= before)?;
    }
    if asks(Law::Order) {
        // Reversed, and back. Of claims of equal weight, one may have what was left over.
        let reversed: Vec<Claim> = claims.iter().rev().copied().collect();
        let mut after = divide(capacity, &reversed);
        after.reverse();
        let exact = profile.rounding == Rounding::HalfUnit;
        let alone = |one: usize| {
            let equal = |other: &&Claim| other.weight() == claims[one].weight();
            exact && claims.iter().filter(equal).count() == 1
        };
        for (claim, (&before, &after)) in before.iter().zip(&after).enumerate() {
            if before.abs_diff(after) > u64::from(!alone(claim)) {
                return Err(Violation::Changed { law: Law::Order, claim, before, after });
            }
        }
    }
    let heaviest = claims.iter().map(|claim| claim.weight().get()).max().unwrap_or(1);
    if asks(Law::Scale) && heaviest <= u32::MAX / 3 {
        let scaled: Vec<Claim> = claims.iter().map(|claim| reweighted(claim, 3)).collect();
        same(Law::Scale, &before, &divide(capacity, &scaled))?;
    }
    Ok(())
}

fn reweighted(claim: &Claim, times: u64) -> Claim {
    let weight = Weight::new(u64::from(claim.weight().get()) * times).unwrap_or(Weight::MAX);
    let [reservation, limit] = [claim.reservation(), claim.limit()];
    Claim::new(weight).reserving(reservation).limited_to(limit).demanding(claim.demand())
}

fn same(law: Law, before: &[u64], after: &[u64]) -> Result<(), Violation> {
    compare(law, before, after, |before, after| before == after)
}

fn compare(
    law: Law,
    before: &[u64],
    after: &[u64],
    fine: impl Fn(u64, u64) -> bool,
) -> Result<(), Violation> {
    for (claim, (&before, &after)) in before.iter().zip(after).enumerate() {
        if !fine(before, after) {
            return Err(Violation::Changed { law, claim, before, after });
        }
    }
    Ok(())
}
