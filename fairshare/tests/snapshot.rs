//! Saved and restored in mid-run; tampered with.

use apportion_fairshare::{
    AccountId, Accounts, Claim, Division, HalfLife, NodeId, Reading, Rules, Share, Tree, Weight,
};
use apportion_testbed::tampered;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn claim(weight: u64) -> Claim {
    Claim::new(Weight::new(weight).unwrap())
}

fn division() -> Division {
    let mut division = Division::new(1_000, Reading::ReservationFirst);
    let ids: Vec<_> = (1..9).map(|at| division.add(claim(at).reserving(at)).unwrap()).collect();
    division.remove(ids[5]).unwrap();
    division.remove(ids[2]).unwrap();
    division
}

fn accounts() -> Accounts {
    let mut accounts = Accounts::new(HalfLife::new(100).unwrap());
    let group = accounts.add(None, Weight::MIN).unwrap();
    let users = [(); 3].map(|()| accounts.add(Some(group), Weight::MIN).unwrap());
    for (now, user) in (0..300).zip(users.iter().cycle()) {
        accounts.charge(*user, now, 1_000 + now).unwrap();
    }
    accounts
}

fn saved<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_division_goes_on_as_if_nothing_had_happened() {
    let mut one = division();
    let mut other: Division = serde_json::from_value(saved(&one)).unwrap();
    for weight in 1..20 {
        let shares = |division: &Division| -> Vec<Share> {
            division.ids().map(|id| division.share(id).unwrap()).collect()
        };
        assert_eq!(shares(&one), shares(&other));
        // Numbers are used again in the same order.
        assert_eq!(one.add(claim(weight)), other.add(claim(weight)));
        assert_eq!(one.level(), other.level());
    }
    assert_eq!(saved(&one), saved(&other));
}

#[test]
fn accounts_go_on_as_if_nothing_had_happened() {
    let mut one = accounts();
    let mut other: Accounts = serde_json::from_value(saved(&one)).unwrap();
    assert_eq!(one, other);
    let user: AccountId = serde_json::from_value(json!(2)).unwrap();
    for now in [300, 1_000, 10_000] {
        assert_eq!(one.charge(user, now, 77), other.charge(user, now, 77));
        assert_eq!((one.classic(), one.fair_tree()), (other.classic(), other.fair_tree()));
        assert_eq!(one, other);
    }
}

#[test]
fn trees_and_values_come_back() {
    let mut tree = Tree::new();
    let group = tree.add(None, claim(3)).unwrap();
    tree.add(Some(group), claim(5).hard().demanding(4)).unwrap();
    let again: Tree = serde_json::from_value(saved(&tree)).unwrap();
    assert_eq!(again, tree);
    let shares = tree.divide(7, Rules::default()).unwrap();
    let again: Vec<Share> = serde_json::from_value(saved(&shares)).unwrap();
    assert_eq!(again, shares);
    assert_eq!(saved(&shares)[1]["bound"], "hard");
    let node: NodeId = serde_json::from_value(saved(&group)).unwrap();
    assert_eq!(node, group);
}

/// Replaces what is at `path`, and returns why that is refused.
fn refused<T: DeserializeOwned + std::fmt::Debug>(
    whole: &Value,
    path: &str,
    value: Value,
) -> String {
    let mut changed = whole.clone();
    *changed.pointer_mut(path).expect("the path leads somewhere") = value;
    serde_json::from_value::<T>(changed).expect_err(path).to_string()
}

#[test]
fn what_cannot_be_is_refused() {
    let division = saved(&division());
    for (path, value, why) in [
        ("/version", json!(2), "its version is unknown"),
        ("/capacity", json!(3), "is reserved, more than the 3 there is"),
        ("/vacant", json!([2]), "the free numbers are not the unused ones"),
        ("/vacant", json!([2, 2]), "the free numbers are not the unused ones"),
        ("/claims/0/1", Value::Null, "the free numbers are not the unused ones"),
        ("/claims/0/1/weight", json!(0), "weight 0 is not from 1 to 4294967295"),
        ("/claims/0/1/hard", json!(true), "a hard claim cannot be divided incrementally"),
        ("/claims/0/1/limit", json!(0), "claim 0 reserves 1, more than its limit of 0"),
    ] {
        let error = refused::<Division>(&division, path, value);
        assert!(error.contains(why), "{path}: {error}");
    }
    let accounts = saved(&accounts());
    for (path, value, why) in [
        ("/version", json!(2), "its version is unknown"),
        ("/half_life", json!(0), "a half-life of 0 is not from 1 to 2^40"),
        ("/now", json!(0), "usage is from the future"),
        ("/usage/amount", json!(0), "all usage is less than that of all accounts"),
        ("/accounts/0/usage/amount", json!(0), "less usage than those below it"),
        ("/accounts/0/parent", json!(0), "account 0 is unknown"),
        ("/accounts/1/parent", json!(2), "account 2 is unknown"),
        (
            "/accounts/1/shares",
            json!(4_294_967_295_u32),
            "1 shares beside the 4294967295 of its siblings",
        ),
    ] {
        let error = refused::<Accounts>(&accounts, path, value);
        assert!(error.contains(why), "{path}: {error}");
    }
    let mut tree = Tree::new();
    tree.add(None, claim(1).reserving(1)).unwrap();
    let tree = saved(&tree);
    for (path, value, why) in [
        ("/version", json!(2), "its version is unknown"),
        ("/nodes/0/parent", json!(0), "there is no node 0"),
        ("/nodes/0/claim/limit", json!(0), "claim 0 reserves 1, more than its limit of 0"),
    ] {
        let error = refused::<Tree>(&tree, path, value);
        assert!(error.contains(why), "{path}: {error}");
    }
    let mut old = tree;
    old.as_object_mut().unwrap().remove("version");
    assert!(serde_json::from_value::<Tree>(old).is_err());
}

#[test]
fn what_was_tampered_with_is_refused_or_works() {
    tampered(&division(), |mut division| {
        let ids: Vec<_> = division.ids().collect();
        for (at, id) in ids.iter().enumerate() {
            assert!(division.share(*id).is_ok());
            match at % 3 {
                0 => drop(division.remove(*id)),
                1 => drop(division.set_claim(*id, claim(4_294_967_295))),
                _ => drop(division.set_claim(*id, claim(1).reserving(u64::MAX))),
            }
        }
        drop(division.add(claim(7).demanding(u64::MAX - 1)));
        drop(division.set_capacity(u64::MAX));
        assert!(division.left() <= division.capacity());
    });
    tampered(&accounts(), |mut accounts| {
        let now = accounts.now();
        let count = accounts.len();
        for at in 0..=count {
            let account: AccountId = serde_json::from_value(json!(at)).unwrap();
            drop(accounts.charge(account, now, u64::MAX));
            drop(accounts.usage(account));
            drop(accounts.add(Some(account), Weight::MAX));
        }
        assert_eq!(accounts.classic().len(), accounts.fair_tree().len());
        drop(accounts.advance(u64::MAX));
        assert_eq!(accounts.classic().len(), accounts.fair_tree().len());
    });
    let mut tree = Tree::new();
    let group = tree.add(None, claim(3).reserving(4)).unwrap();
    tree.add(Some(group), claim(5).hard().limited_to(9)).unwrap();
    tree.add(Some(group), claim(5).demanding(4)).unwrap();
    tree.add(None, claim(1)).unwrap();
    tampered(&tree, |tree| {
        for capacity in [0, 7, u64::MAX] {
            drop(tree.divide(capacity, Rules::default()));
        }
    });
}
