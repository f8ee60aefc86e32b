//! The fast division against its slow twin, and the incremental one against the fast one.

use apportion_fairshare::testkit::{Cases, Rounding, check_division, check_tree, claims, trees};
use apportion_fairshare::{
    Claim, ClaimId, Division, Error, Level, NodeId, Overbooking, Reading, Rules, Share, Tree,
    Weight, divide, reference,
};
use proptest::prelude::*;

const READINGS: [Reading; 2] = [Reading::FloorOfShare, Reading::ReservationFirst];

fn rules() -> impl Iterator<Item = Rules> {
    READINGS.into_iter().flat_map(|reading| {
        [Overbooking::Refuse, Overbooking::ScaleDown].map(|over| Rules::new(reading, over))
    })
}

fn fast(
    capacity: u64,
    nodes: &[(Option<usize>, Claim)],
    rules: Rules,
) -> Result<Vec<Share>, Error> {
    let mut tree = Tree::new();
    let mut ids: Vec<NodeId> = Vec::new();
    for (parent, claim) in nodes {
        ids.push(tree.add(parent.map(|parent| ids[parent]), *claim)?);
    }
    tree.divide(capacity, rules)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn trees_are_divided_as_unit_by_unit((capacity, nodes) in trees(12)) {
        let capacity = capacity % 2_000;
        for rules in rules() {
            let expected = reference::divide_tree(capacity, &nodes, rules);
            prop_assert_eq!(fast(capacity, &nodes, rules), expected, "{:?}", rules);
        }
    }

    #[test]
    fn a_flat_tree_is_a_division((capacity, nodes) in trees(12)) {
        let flat: Vec<Claim> = nodes.iter().map(|(_, claim)| *claim).collect();
        let nodes: Vec<_> = flat.iter().map(|claim| (None, *claim)).collect();
        for rules in rules() {
            prop_assert_eq!(divide(capacity, &flat, rules), fast(capacity, &nodes, rules));
        }
    }

    #[test]
    fn answers_of_any_size_have_a_certificate((capacity, claims) in claims(200)) {
        let shares = divide(capacity, &claims, Rules::default()).unwrap();
        let allocations: Vec<u64> = shares.iter().map(|share| share.allocation).collect();
        prop_assert_eq!(check_division(capacity, &claims, &allocations, Rounding::HalfUnit), Ok(()));
    }
}

#[test]
fn generated_trees_have_certificates() {
    let mut cases = Cases::new(7);
    let (mut accepted, mut refused) = (0, 0);
    for turn in 0..5_000 {
        let (capacity, nodes) = if turn % 2 == 0 { cases.tree(16) } else { cases.small_tree() };
        for rules in rules() {
            match fast(capacity, &nodes, rules) {
                Ok(shares) => {
                    let checked = check_tree(capacity, &nodes, rules, &shares);
                    assert_eq!(checked, Ok(()), "{capacity} {nodes:?} {rules:?}");
                    accepted += 1;
                }
                Err(Error::Overbooked { .. }) if rules.overbooking == Overbooking::Refuse => {
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(accepted > 15_000 && refused > 100, "{accepted} {refused}");
}

/// Whatever others demand, whatever their limits and reservations: neither is a hard part changed,
/// nor cut where reservations are scaled down, unless its own reservation has raised it.
#[test]
fn nobody_changes_a_hard_part() {
    let mut cases = Cases::new(11);
    let mut compared = 0;
    for _ in 0..5_000 {
        let (capacity, nodes) = cases.tree(12);
        let hard = |claim: &Claim| Claim::new(claim.weight()).demanding(claim.demand()).hard();
        let is_group = |number| nodes.iter().any(|(parent, _)| *parent == Some(number));
        let busy = |(number, (parent, claim)): (usize, &(Option<usize>, Claim))| {
            let limit = if is_group(number) { claim.limit() } else { u64::MAX };
            let soft = Claim::new(claim.weight()).limited_to(limit);
            (*parent, if claim.is_hard() { hard(claim) } else { soft })
        };
        let busy: Vec<_> = nodes.iter().enumerate().map(busy).collect();
        for rules in rules() {
            let scaled = rules.overbooking == Overbooking::ScaleDown;
            let given = |(number, (parent, claim)): (usize, &(Option<usize>, Claim))| {
                let claim = if claim.is_hard() { hard(claim) } else { *claim };
                // A group whose demand is less than what is reserved in it may cut everybody.
                let cuts = scaled && is_group(number);
                (*parent, if cuts { claim.demanding(u64::MAX) } else { claim })
            };
            let given: Vec<_> = nodes.iter().enumerate().map(given).collect();
            let before = fast(capacity, &busy, rules).unwrap();
            let Ok(after) = fast(capacity, &given, rules) else { continue };
            for (at, (_, claim)) in nodes.iter().enumerate().filter(|(_, node)| node.1.is_hard()) {
                assert_eq!(before[at].allocation, after[at].allocation, "{at} {claim:?} {nodes:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// Changes of one claim at a time, after each of which everything is divided anew as well.
fn changes(seed: u64, most: usize, scale: u64, reading: Reading) {
    let mut cases = Cases::new(seed);
    let (_, start) = cases.division(most);
    let capacity = scale.saturating_mul(most as u64 / 2);
    let mut division = Division::new(capacity, reading);
    let mut ids: Vec<ClaimId> = Vec::new();
    for claim in start {
        ids.extend(division.add(within(&claim, scale)).ok());
    }
    for turn in 0..200 {
        let (word, other) = cases.division(most);
        let claim = within(&other[0], scale);
        let at = usize::try_from(word % 1_000).unwrap() % ids.len().max(1);
        match turn % 5 {
            _ if ids.is_empty() => ids.extend(division.add(claim).ok()),
            0 => ids.extend(division.add(claim).ok()),
            1 => assert!(division.remove(ids.swap_remove(at)).is_ok()),
            2 => drop(division.set_capacity(word % (2 * capacity + 1))),
            _ => drop(division.set_claim(ids[at], claim)),
        }
        let ordered: Vec<ClaimId> = division.ids().collect();
        let claims: Vec<Claim> = ordered.iter().map(|id| division.claim(*id).unwrap()).collect();
        let rules = Rules::new(reading, Overbooking::Refuse);
        let expected = divide(division.capacity(), &claims, rules).unwrap();
        let found: Vec<Share> = ordered.iter().map(|id| division.share(*id).unwrap()).collect();
        assert_eq!(found, expected, "seed {seed}, turn {turn}: {claims:?}");
        let sum: u64 = expected.iter().map(|share| share.allocation).sum();
        assert_eq!(division.left(), division.capacity() - sum);
        let held = |share: &&Share| share.allocation > 0;
        if reading == Reading::FloorOfShare && division.level().is_none() {
            assert!(
                found.iter().filter(held).count() == 0
                    || claims.iter().any(|c| c.reservation() > 0)
            );
        }
    }
}

/// The same claim with amounts up to `scale`.
fn within(claim: &Claim, scale: u64) -> Claim {
    let cut = |amount: u64| if amount == u64::MAX { amount } else { amount % scale };
    let weight = Weight::new(u64::from(claim.weight().get() % 50 + 1)).unwrap();
    let reservation = cut(claim.reservation()) / 4;
    let limit = cut(claim.limit()).max(reservation);
    Claim::new(weight).reserving(reservation).limited_to(limit).demanding(cut(claim.demand()))
}

#[test]
fn a_division_is_what_dividing_anew_gives() {
    for seed in 0..60 {
        for (most, scale) in [(3, 10), (12, 10), (12, 1_000), (40, 100), (40, 1 << 50)] {
            for reading in READINGS {
                changes(seed, most, scale, reading);
            }
        }
    }
}

/// Weights of all sizes, mostly distinct, and amounts of all sizes: the levels are far apart.
#[test]
fn a_division_of_distinct_weights_is_what_dividing_anew_gives() {
    for (seed, scale) in (0..24).zip([1_000, 1 << 20, 1 << 40, 1 << 54].into_iter().cycle()) {
        let mut cases = Cases::new(seed);
        let mut word = || cases.division(1).0;
        let mut claim = || {
            let weight = 1 + word() % (u64::from(u32::MAX) >> (word() % 32));
            let claim = Claim::new(Weight::new(weight).unwrap());
            match word() % 4 {
                0 => claim.demanding(word() % scale),
                1 => claim.reserving(word() % scale / 8).limited_to(scale),
                _ => claim,
            }
        };
        let claims: Vec<Claim> = (0..300).map(|_| claim()).collect();
        let capacity = scale * 150;
        for reading in READINGS {
            let (mut division, ids) = Division::of_claims(capacity, reading, &claims).unwrap();
            let mut claims = claims.clone();
            for turn in 0..60 {
                let at = turn * 7 % ids.len();
                claims[at] = claim();
                division.set_claim(ids[at], claims[at]).unwrap();
                if turn % 5 == 0 {
                    division.set_capacity(capacity - capacity / 4 / (turn as u64 + 1)).unwrap();
                }
                let rules = Rules::new(reading, Overbooking::Refuse);
                let expected = divide(division.capacity(), &claims, rules).unwrap();
                let found = ids.iter().map(|id| division.share(*id).unwrap());
                assert!(found.eq(expected), "seed {seed}, turn {turn}");
            }
        }
    }
}

#[test]
fn levels_are_compared_as_fractions() {
    let mut division = Division::new(60, Reading::FloorOfShare);
    assert_eq!(division.level(), None);
    let weight = |weight| Claim::new(Weight::new(weight).unwrap());
    division.add(weight(1)).unwrap();
    let before: Level = division.level().unwrap();
    assert_eq!((before.half_units(), before.weight().get()), (119, 1));
    division.add(weight(2)).unwrap();
    // 20 and 40: the last unit of the second is the later one.
    let after = division.level().unwrap();
    assert_eq!((after.half_units(), after.weight().get()), (79, 2));
    assert!(after < before);
}
