//! Cases worked by hand, claims of the papers, and each documented error once.

use apportion_fairshare::{
    Accounts, Bound, Claim, Cpus, Division, Error, HalfLife, Overbooking, Reading, Rules, Run,
    Share, Tree, Weight, divide,
};

fn claim(weight: u64) -> Claim {
    Claim::new(Weight::new(weight).unwrap())
}

fn allocations(shares: &[Share]) -> Vec<u64> {
    shares.iter().map(|share| share.allocation).collect()
}

fn bounds(shares: &[Share]) -> Vec<Bound> {
    shares.iter().map(|share| share.bound).collect()
}

fn used(shares: &[Share]) -> Vec<(u64, u64)> {
    shares.iter().map(|share| (share.used, share.wasted)).collect()
}

fn rules(reading: Reading) -> Rules {
    Rules::new(reading, Overbooking::Refuse)
}

/// Case 7, line by line: 60 for weights 1, 2 and 3, the second one idle.
#[test]
fn example_7_limits_and_hard_allocations() {
    let [a, b, c] = [1, 2, 3].map(claim);
    let idle = b.demanding(0);
    let divided = |claims: &[Claim]| divide(60, claims, Rules::default()).unwrap();

    let lent = divided(&[a, idle, c]);
    assert_eq!(used(&lent), [(15, 0), (0, 0), (45, 0)]);
    assert_eq!(bounds(&lent), [Bound::Weight, Bound::Demand, Bound::Weight]);

    let limited = divided(&[a, idle.limited_to(20), c]);
    assert_eq!(used(&limited), [(15, 0), (0, 0), (45, 0)]);

    let hard = divided(&[a, idle.hard(), c]);
    assert_eq!(allocations(&hard), [10, 20, 30]);
    assert_eq!(used(&hard), [(10, 0), (0, 20), (30, 0)]);
    assert_eq!(bounds(&hard), [Bound::Weight, Bound::Hard, Bound::Weight]);

    let all_hard = divided(&[a.hard(), idle.hard(), c.hard()]);
    assert_eq!(used(&all_hard), [(10, 0), (0, 20), (30, 0)]);
    assert_eq!(bounds(&all_hard), [Bound::Hard; 3]);
    // Nobody ever gets what is hard, be the others as idle as may be.
    let others = divided(&[a.demanding(3), b.hard(), c.demanding(1)]);
    assert_eq!(allocations(&others), [3, 20, 1]);
}

/// Case 8: two CPUs for virtual machines of one vCPU and weights 1, 1 and 4.
#[test]
fn example_8_shares_over_several_cpus() {
    let cpus = Cpus::new(2, 1_000).unwrap();
    let shares =
        cpus.divide(&[(claim(1), 1), (claim(1), 1), (claim(4), 1)], Rules::default()).unwrap();
    assert_eq!(allocations(&shares), [500, 500, 1_000]);
    assert_eq!(bounds(&shares), [Bound::Weight, Bound::Weight, Bound::Limit]);
    let runs = cpus.place(&allocations(&shares)).unwrap();
    let shown = |run: &Run| (run.part, run.cpu, run.start, run.end);
    let found: Vec<_> = runs.iter().map(shown).collect();
    assert_eq!(found, [(2, 0, 0, 1_000), (0, 1, 0, 500), (1, 1, 500, 1_000)]);
    // Three parts of two thirds on two CPUs: the one in the middle is cut.
    let runs = Cpus::new(2, 6).unwrap().place(&[4, 4, 4]).unwrap();
    let found: Vec<_> = runs.iter().map(shown).collect();
    assert_eq!(found, [(0, 0, 0, 4), (1, 0, 4, 6), (1, 1, 0, 2), (2, 1, 2, 6)]);
    assert_eq!(Cpus::parts(10, 4).collect::<Vec<_>>(), [3, 3, 2, 2]);
    assert_eq!(Cpus::parts(10, 0).count(), 0);
}

/// The two readings of a reservation, as mClock divides 100 and as ESX would.
#[test]
fn both_readings_of_a_reservation() {
    let claims = [claim(1), claim(2).limited_to(30), claim(1).reserving(40)];
    let floors = divide(100, &claims, rules(Reading::FloorOfShare)).unwrap();
    assert_eq!(allocations(&floors), [30, 30, 40]);
    assert_eq!(bounds(&floors), [Bound::Weight, Bound::Limit, Bound::Reservation]);
    let first = divide(100, &claims, rules(Reading::ReservationFirst)).unwrap();
    assert_eq!(allocations(&first), [15, 30, 55]);
    assert_eq!(bounds(&first), [Bound::Weight, Bound::Limit, Bound::Weight]);
}

/// Reservations of 60 and 80 out of 100: refused by name, or as mClock comes to divide them.
#[test]
fn more_reserved_than_there_is() {
    let claims = [claim(1).reserving(60), claim(1), claim(1).reserving(80)];
    for reading in [Reading::FloorOfShare, Reading::ReservationFirst] {
        let refused =
            Error::Overbooked { group: None, capacity: 100, reserved: 140, claims: vec![0, 2] };
        assert_eq!(divide(100, &claims, rules(reading)), Err(refused));
        let scaled = divide(100, &claims, Rules::new(reading, Overbooking::ScaleDown)).unwrap();
        assert_eq!(allocations(&scaled), [50, 0, 50]);
    }
    // What it cannot use is not reserved.
    let claims = [claim(1).reserving(60).demanding(20), claim(1).reserving(80)];
    assert_eq!(allocations(&divide(100, &claims, Rules::default()).unwrap()), [20, 80]);
    // Hard allocations come before, too: 50 of 100.
    let claims = [claim(1).hard(), claim(1).reserving(51)];
    let refused =
        Error::Overbooked { group: None, capacity: 100, reserved: 101, claims: vec![0, 1] };
    assert_eq!(divide(100, &claims, Rules::default()), Err(refused));
}

#[test]
fn a_group_lends_what_its_members_cannot_use() {
    let mut tree = Tree::new();
    let x = tree.add(None, claim(1)).unwrap();
    let y = tree.add(None, claim(1)).unwrap();
    let p = tree.add(Some(x), claim(1).demanding(10)).unwrap();
    let q = tree.add(Some(x), claim(3).reserving(5).limited_to(20)).unwrap();
    let shares = tree.divide(100, Rules::default()).unwrap();
    assert_eq!(allocations(&shares), [30, 70, 10, 20]);
    let expected = [Bound::Demand, Bound::Weight, Bound::Demand, Bound::Limit];
    assert_eq!(bounds(&shares), expected);
    // What its members reserve, a group reserves.
    tree.set_claim(p, claim(1).reserving(70)).unwrap();
    let shares = tree.divide(100, Rules::default()).unwrap();
    assert_eq!(allocations(&shares), [75, 25, 70, 5]);
    assert_eq!(shares[x.index()].bound, Bound::Reservation);
    assert_eq!(tree.parent(q), Ok(Some(x)));
    assert_eq!(tree.claim(y), Ok(&claim(1)));
    // But not more than it may get.
    tree.set_claim(x, claim(1).limited_to(74)).unwrap();
    let claims = vec![p.index(), q.index()];
    let refused = Error::Overbooked { group: Some(x.index()), capacity: 74, reserved: 75, claims };
    assert_eq!(tree.divide(100, Rules::default()), Err(refused));
    let rules = Rules::new(Reading::FloorOfShare, Overbooking::ScaleDown);
    assert_eq!(allocations(&tree.divide(100, rules).unwrap()), [74, 26, 69, 5]);
}

/// What a hard member leaves is wasted, and nothing else: the 10 that its soft sibling does not want
/// go to the other group.
#[test]
fn a_hard_member_wastes_within_its_group() {
    let mut tree = Tree::new();
    let x = tree.add(None, claim(1)).unwrap();
    tree.add(None, claim(1)).unwrap();
    tree.add(Some(x), claim(1).hard().demanding(0)).unwrap();
    tree.add(Some(x), claim(4).demanding(30)).unwrap();
    let shares = tree.divide(100, Rules::default()).unwrap();
    assert_eq!(allocations(&shares), [40, 60, 10, 30]);
    assert_eq!(used(&shares), [(30, 10), (60, 0), (0, 10), (30, 0)]);
}

/// "A fixed part of the whole that nobody else ever gets": whoever else is idle, limited or has
/// something reserved.
#[test]
fn a_hard_member_has_a_fixed_part_of_the_whole() {
    let [busy, idle] = [claim(1), claim(1).demanding(0)];
    let divided = |g: Claim, [h, i]: [Claim; 2], b: Claim, rules: Rules| {
        let mut tree = Tree::new();
        let group = tree.add(None, g).unwrap();
        for (parent, claim) in [(Some(group), h), (Some(group), i), (None, b)] {
            tree.add(parent, claim).unwrap();
        }
        tree.divide(100, rules).unwrap()
    };
    let hard = busy.hard();
    for reading in [Reading::FloorOfShare, Reading::ReservationFirst] {
        let rules = rules(reading);
        for (b, others) in [(busy, [25, 50]), (idle, [75, 0]), (busy.limited_to(10), [65, 10])] {
            let shares = divided(busy, [hard, busy], b, rules);
            assert_eq!(allocations(&shares), [25 + others[0], 25, others[0], others[1]]);
        }
        // What a soft sibling leaves is lent.
        let shares = divided(busy, [idle.hard(), idle], busy, rules);
        assert_eq!(used(&shares), [(0, 25), (0, 25), (0, 0), (75, 0)]);
        assert_eq!(bounds(&shares), [Bound::Hard, Bound::Hard, Bound::Demand, Bound::Weight]);
        // A limit of the group lowers what is divided in it, a reservation or a demand does not.
        let shares = divided(busy.limited_to(40), [hard, busy], busy, rules);
        assert_eq!(allocations(&shares), [40, 20, 20, 60]);
        let shares = divided(busy.reserving(80), [hard, busy], busy, rules);
        assert_eq!(shares[1].allocation, 25);
        let shares = divided(busy.demanding(10), [hard, busy], busy, rules);
        assert_eq!(used(&shares), [(10, 15), (25, 0), (0, 0), (75, 0)]);
    }
    let shares = divided(busy, [hard, busy.reserving(40)], busy, Rules::default());
    assert_eq!(allocations(&shares), [65, 25, 40, 35]);
    let shares = divided(busy, [hard, busy.reserving(40)], busy, rules(Reading::ReservationFirst));
    assert_eq!(allocations(&shares), [70, 25, 45, 30]);
}

#[test]
fn a_million_levels() {
    let mut tree = Tree::new();
    let mut parent = None;
    for _ in 0..1_000_000 {
        parent = Some(tree.add(parent, claim(1).reserving(7)).unwrap());
    }
    tree.add(None, claim(1)).unwrap();
    let shares = tree.divide(60, Rules::default()).unwrap();
    assert!(shares[..1_000_000].iter().all(|share| share.allocation == 30 && share.used == 30));
}

#[test]
fn amounts_of_64_bits_and_more() {
    let most = u64::MAX;
    let heavy = claim(u32::MAX.into());
    let shares = divide(most, &[heavy, heavy, claim(1)], Rules::default()).unwrap();
    assert_eq!(
        allocations(&shares).iter().map(|units| u128::from(*units)).sum::<u128>(),
        most.into()
    );
    assert_eq!(
        allocations(&shares),
        [9_223_372_035_781_033_984, 9_223_372_035_781_033_983, 2_147_483_648]
    );
    let reserved = [claim(1).reserving(most), claim(1).reserving(most)];
    let refused = divide(most, &reserved, Rules::default());
    let Err(Error::Overbooked { reserved, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(reserved, 2 * u128::from(most));
    let halves = [claim(1).reserving(most / 2), claim(1).reserving(most / 2)];
    let shares = divide(most, &halves, rules(Reading::ReservationFirst)).unwrap();
    assert_eq!(allocations(&shares), [most / 2 + 1, most / 2]);
    assert_eq!(divide(0, &[heavy, claim(1)], Rules::default()).unwrap()[0].allocation, 0);
    assert_eq!(divide(most, &[], Rules::default()), Ok(Vec::new()));
    let far = [claim(1), claim(u32::MAX.into())];
    assert_eq!(
        allocations(&divide(2_147_483_648, &far, Rules::default()).unwrap()),
        [1, 2_147_483_647]
    );
}

/// A heavy claim among light ones is not starved, and does not starve them, for a few units.
#[test]
fn few_units_are_divided_without_bias() {
    let mut claims = vec![claim(100)];
    claims.resize(101, claim(1));
    let shares = divide(100, &claims, Rules::default()).unwrap();
    assert_eq!(shares[0].allocation, 50);
    assert!(shares[1..51].iter().all(|share| share.allocation == 1));
}

#[test]
fn each_error_and_nothing_changes() {
    assert_eq!(Weight::new(1 << 32), Err(Error::WeightOutOfRange { weight: 1 << 32 }));
    let contradicting = claim(1).reserving(2).limited_to(1);
    let above = |claim| Error::ReservationAboveLimit { claim, reservation: 2, limit: 1 };
    assert_eq!(divide(9, &[claim(1), contradicting], Rules::default()), Err(above(1)));

    let mut tree = Tree::new();
    let node = tree.add(None, claim(1)).unwrap();
    assert_eq!(tree.add(Some(node), contradicting), Err(above(1)));
    assert_eq!(tree.set_claim(node, contradicting), Err(above(0)));
    assert_eq!((tree.len(), tree.is_empty()), (1, false));
    let unknown = Err(Error::UnknownNode { node: 0 });
    assert_eq!(Tree::new().add(Some(node), claim(1)), unknown);
    assert_eq!(Tree::new().set_claim(node, claim(1)).map(|()| node), unknown);
    assert_eq!(Tree::new().claim(node).map(|_| node), unknown);
    assert_eq!(Tree::new().parent(node).map(|_| node), unknown);

    let mut division = Division::new(10, Reading::FloorOfShare);
    let a = division.add(claim(1).reserving(6)).unwrap();
    let b = division.add(claim(2)).unwrap();
    let before = format!("{division:?}");
    assert_eq!(division.add(claim(1).hard()), Err(Error::HardClaim));
    assert_eq!(division.add(contradicting), Err(above(2)));
    assert_eq!(division.set_claim(b, contradicting), Err(above(1)));
    let overbooked = |capacity, reserved, claims| {
        Err(Error::Overbooked { group: None, capacity, reserved, claims })
    };
    assert_eq!(division.set_claim(b, claim(1).reserving(5)), overbooked(10, 11, vec![0, 1]));
    assert_eq!(division.add(claim(1).reserving(5)).map(drop), overbooked(10, 11, vec![0, 2]));
    assert_eq!(division.set_capacity(5), overbooked(5, 6, vec![0]));
    assert_eq!(format!("{division:?}"), before);
    assert_eq!(division.remove(a), Ok(claim(1).reserving(6)));
    let unknown = Error::UnknownClaim { claim: a };
    assert_eq!(division.remove(a), Err(unknown.clone()));
    assert_eq!(division.share(a), Err(unknown.clone()));
    assert_eq!(division.set_claim(a, claim(1)), Err(unknown));
    let again = division.add(claim(1)).unwrap();
    assert!(again != a && again.index() == a.index());

    let cpus = Cpus::new(2, 10).unwrap();
    assert_eq!(Cpus::new(0, 1), Err(Error::NoMachine { cpus: 0, period: 1 }));
    assert_eq!(Cpus::new(1, 0), Err(Error::NoMachine { cpus: 1, period: 0 }));
    assert_eq!(Cpus::new(2, u64::MAX), Err(Error::NoMachine { cpus: 2, period: u64::MAX }));
    assert_eq!(cpus.divide(&[(claim(1), 0)], Rules::default()), Err(Error::NoParts { claim: 0 }));
    assert_eq!(cpus.divide(&[(contradicting, 1)], Rules::default()), Err(above(0)));
    let reserving = cpus.divide(&[(claim(1).reserving(11), 1)], Rules::default());
    let error = Error::ReservationAboveLimit { claim: 0, reservation: 11, limit: 10 };
    assert_eq!(reserving, Err(error));
    assert_eq!(cpus.place(&[3, 11]), Err(Error::PartTooLong { part: 1, length: 11, period: 10 }));
    assert_eq!(cpus.place(&[9, 9, 3]), Err(Error::PartsTooLong { length: 21, capacity: 20 }));

    let ticks = (1 << 40) + 1;
    assert_eq!(HalfLife::new(ticks), Err(Error::HalfLifeOutOfRange { ticks }));
    let mut accounts = Accounts::new(HalfLife::new(10).unwrap());
    let group = accounts.add(None, Weight::MIN).unwrap();
    let user = accounts.add(Some(group), Weight::MIN).unwrap();
    accounts.charge(user, 5, 1).unwrap();
    let before = accounts.clone();
    assert_eq!(accounts.charge(group, 6, 1), Err(Error::NotALeaf { account: group }));
    assert_eq!(accounts.charge(user, 4, 1), Err(Error::TimeWentBack { now: 4, last: 5 }));
    assert_eq!(accounts.advance(4), Err(Error::TimeWentBack { now: 4, last: 5 }));
    assert_eq!(accounts.add(Some(user), Weight::MIN), Err(Error::AlreadyCharged { account: user }));
    let too_many = Error::TooManyShares { shares: u32::MAX, others: 1 };
    assert_eq!(accounts.add(Some(group), Weight::MAX), Err(too_many.clone()));
    let other = accounts.add(None, Weight::MIN).unwrap();
    assert_eq!(accounts.set_shares(other, Weight::MAX), Err(too_many));
    let mut few = Accounts::new(HalfLife::MAX);
    assert_eq!(few.add(Some(user), Weight::MIN), Err(Error::UnknownAccount { account: user }));
    assert_eq!(few.usage(user), Err(Error::UnknownAccount { account: user }));
    assert_eq!(accounts.usage(user), before.usage(user));
    let alone = few.add(None, Weight::MIN).unwrap();
    let amount = u64::MAX;
    for _ in 0..127 {
        few.charge(alone, 0, amount).unwrap();
    }
    few.charge(alone, 0, 200).unwrap();
    let before = few.clone();
    few.charge(alone, 0, 0).unwrap();
    assert_eq!(few.charge(alone, 0, amount), Err(Error::UsageTooLarge { account: alone, amount }));
    assert_eq!(few, before);
}

#[test]
fn errors_say_what_was_wrong() {
    let overbooked =
        |group| Error::Overbooked { group, capacity: 1, reserved: 2, claims: vec![0] }.to_string();
    assert_eq!(overbooked(None), "2 is reserved, more than the 1 there is");
    assert_eq!(overbooked(Some(3)), "in group 3, 2 is reserved, more than the 1 there is");
    let shares = Error::TooManyShares { shares: 7, others: u32::MAX }.to_string();
    assert_eq!(shares, "7 shares beside the 4294967295 of its siblings are more than 4294967295");
    let zero = Error::HalfLifeOutOfRange { ticks: 0 }.to_string();
    assert_eq!(zero, "a half-life of 0 is not from 1 to 2^40: it would switch fair share off");
}

/// All claims of one weight, each with a bound of its own: one list that all of them leave.
#[test]
fn many_claims_of_one_weight_and_as_many_bounds() {
    let all: Vec<Claim> = (0..400_000).map(|at| claim(1).demanding(2 * at + 1)).collect();
    let capacity = all.iter().map(|claim| u128::from(claim.demand())).sum::<u128>() / 2;
    let capacity = u64::try_from(capacity).unwrap();
    for reading in [Reading::FloorOfShare, Reading::ReservationFirst] {
        let (mut division, ids) = Division::of_claims(capacity, reading, &all).unwrap();
        for part in [9, 1, 300, 2, 1_000_000, 3] {
            division.set_capacity(capacity / part).unwrap();
            let expected = divide(capacity / part, &all, rules(reading)).unwrap();
            for at in (0..ids.len()).step_by(997) {
                assert_eq!(division.share(ids[at]), Ok(expected[at]));
            }
        }
        let text = serde_json::to_string(&division).unwrap();
        let again: Division = serde_json::from_str(&text).unwrap();
        assert_eq!(again.level(), division.level());
    }
}
