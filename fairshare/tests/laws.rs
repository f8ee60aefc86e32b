//! The kit: what is right passes, and each mistake is refused by the law it breaks.

use apportion_fairshare::testkit::{
    Claims, Law, Nodes, Profile, Rounding, Violation, brute_force, check, check_division,
    check_tree, wrong,
};
use apportion_fairshare::{Claim, Error, NodeId, Rules, Share, Tree, Weight, divide};
use quickcheck::{QuickCheck, TestResult};

fn own(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    allocations(&divide(capacity, claims, Rules::default()).expect("it is feasible"))
}

fn allocations(shares: &[Share]) -> Vec<u64> {
    shares.iter().map(|share| share.allocation).collect()
}

fn weights<const N: usize>(weights: [u64; N]) -> [Claim; N] {
    weights.map(|weight| Claim::new(Weight::new(weight).unwrap()))
}

#[test]
fn a_division_keeps_every_law() {
    let report = check(&Profile::half_units().cases(40_000), own).unwrap();
    assert_eq!((report.cases, report.brute_forced), (40_000, 10_000));
    check(&Profile::any_divisor().seed(1), own).unwrap();
}

#[test]
fn each_mistake_is_refused_by_the_law_it_breaks() {
    let any = Profile::any_divisor();
    let law = |profile: &Profile, divide: fn(u64, &[Claim]) -> Vec<u64>| {
        check(profile, divide).expect_err("it is wrong").violation.law()
    };
    assert_eq!(law(&any, wrong::largest_remainder), Law::MoreCapacity);
    assert_eq!(
        law(&any.clone().without(Law::MoreCapacity), wrong::largest_remainder),
        Law::AnotherClaim
    );
    assert_eq!(law(&any, wrong::float_level), Law::Sum);
    assert_eq!(law(&any, wrong::cut_to_bounds), Law::Sum);
    assert_eq!(law(&any, wrong::without_weights), Law::Fairness);
}

/// The tags of the lighter one stop moving as they should after 2^24 of them.
#[test]
fn float_tags_drift() {
    let claims = weights([3, 1]);
    let found = wrong::float_tags(60, &claims);
    assert_eq!(check_division(60, &claims, &found, Rounding::HalfUnit), Ok(()));
    let claims = weights([4_000_000, 3_000_001]);
    let capacity = 40_000_000;
    let found = wrong::float_tags(capacity, &claims);
    let violation = check_division(capacity, &claims, &found, Rounding::Unit).unwrap_err();
    assert_eq!(violation.law(), Law::Fairness);
    assert_eq!(
        check_division(capacity, &claims, &own(capacity, &claims), Rounding::HalfUnit),
        Ok(())
    );
}

/// The Alabama paradox, in numbers.
#[test]
fn largest_remainders_take_a_unit_from_who_had_one() {
    let claims = weights([6, 6, 2]);
    let at = |capacity| wrong::largest_remainder(capacity, &claims);
    assert_eq!((at(10), at(11)), (vec![4, 4, 2], vec![5, 5, 1]));
    assert_eq!((own(10, &claims), own(11, &claims)), (vec![4, 4, 2], vec![5, 4, 2]));
}

/// A certificate holds for one division only, but for ties: units moved are found out.
#[test]
fn any_unit_moved_is_found_out() {
    let claims = [
        Claim::new(Weight::new(5).unwrap()),
        Claim::new(Weight::new(7).unwrap()).limited_to(30),
        Claim::new(Weight::new(1).unwrap()).reserving(20),
        Claim::new(Weight::new(11).unwrap()).demanding(3),
    ];
    let right = own(101, &claims);
    for from in 0..4 {
        for to in 0..4 {
            let mut moved = right.clone();
            if from == to || moved[from] == 0 {
                continue;
            }
            moved[from] -= 1;
            moved[to] += 1;
            assert!(check_division(101, &claims, &moved, Rounding::HalfUnit).is_err(), "{moved:?}");
        }
    }
    let one = |allocations: &[u64]| check_division(101, &claims, allocations, Rounding::HalfUnit);
    assert_eq!(one(&right[..3]), Err(Violation::Length { found: 3, expected: 4 }));
    let sum = one(&[48, 30, 19, 3]);
    assert_eq!(sum, Err(Violation::Bounds { claim: 2, allocation: 19, least: 20, most: u64::MAX }));
    let sum = one(&[47, 30, 20, 3]);
    assert_eq!(sum, Err(Violation::Sum { found: 100, expected: 101 }));
}

#[test]
fn brute_force_on_what_is_known() {
    assert_eq!(brute_force(6, &weights([1, 2, 3])), Some(vec![1, 2, 3]));
    assert_eq!(brute_force(7, &[]), Some(Vec::new()));
    let [one, two] = weights([1, 1]);
    assert_eq!(brute_force(9, &[one.limited_to(2), two]), Some(vec![2, 7]));
    assert_eq!(brute_force(9, &[one.reserving(5), two.reserving(5)]), None);
}

fn tree_of(nodes: &[(Option<usize>, Claim)]) -> Tree {
    let mut tree = Tree::new();
    let mut ids: Vec<NodeId> = Vec::new();
    for (parent, claim) in nodes {
        ids.push(tree.add(parent.map(|parent| ids[parent]), *claim).expect("it is valid"));
    }
    tree
}

#[test]
fn quickcheck_has_questions_too() {
    fn division(Claims { capacity, claims }: Claims) -> bool {
        check_division(capacity, &claims, &own(capacity, &claims), Rounding::HalfUnit).is_ok()
    }
    fn tree(Nodes { capacity, nodes }: Nodes) -> TestResult {
        match tree_of(&nodes).divide(capacity, Rules::default()) {
            Ok(shares) => {
                let checked = check_tree(capacity, &nodes, Rules::default(), &shares);
                TestResult::from_bool(checked.is_ok())
            }
            Err(Error::Overbooked { .. }) => TestResult::discard(),
            Err(error) => TestResult::error(error.to_string()),
        }
    }
    QuickCheck::new().tests(2_000).quickcheck(division as fn(Claims) -> bool);
    QuickCheck::new().tests(2_000).quickcheck(tree as fn(Nodes) -> TestResult);
}

/// What a group does with its share changes nothing for others.
#[test]
fn groups_are_isolated() {
    let [a, b] = weights([2, 1]);
    let mut nodes = vec![(None, a), (None, b), (Some(0), a), (Some(0), b)];
    let before = tree_of(&nodes).divide(90, Rules::default()).unwrap();
    nodes[3].1 = Claim::new(Weight::new(100).unwrap());
    nodes.push((Some(0), a));
    let after = tree_of(&nodes).divide(90, Rules::default()).unwrap();
    assert_eq!(before[..2], after[..2]);
    assert_eq!(allocations(&before), [60, 30, 40, 20]);
    assert_eq!(allocations(&after), [60, 30, 1, 58, 1]);
}
