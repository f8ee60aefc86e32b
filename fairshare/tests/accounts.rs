//! Usage-based fair share: decay, the classic factor, the fair tree, and `backfill` with either.

use std::cmp::Reverse;

use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, Config, Decision, JobOrder, QueuedJob, Requested, Submission,
};
use apportion_fairshare::{AccountId, Accounts, FairShare, HalfLife, Weight};
use proptest::prelude::*;

fn weight(weight: u64) -> Weight {
    Weight::new(weight).unwrap()
}

fn accounts(half_life: u64) -> Accounts {
    Accounts::new(HalfLife::new(half_life).unwrap())
}

#[test]
fn usage_halves_in_a_half_life() {
    let mut accounts = accounts(100);
    let user = accounts.add(None, Weight::MIN).unwrap();
    accounts.charge(user, 37, 1_000_000_000).unwrap();
    let expected = [(37, 1_000_000_000), (87, 707_106_781), (137, 500_000_000), (1_037, 976_562)];
    for (now, usage) in expected {
        accounts.advance(now).unwrap();
        assert_eq!(accounts.usage(user), Ok(usage), "at {now}");
    }
    accounts.advance(u64::MAX).unwrap();
    assert_eq!(accounts.usage(user), Ok(0));
}

/// A machine of 100 processors, always busy: usage settles where decay takes what is added.
#[test]
fn nothing_drifts() {
    let mut accounts = accounts(1_000);
    let [a, b] = [1, 2].map(|shares| accounts.add(None, weight(shares)).unwrap());
    for tick in 0..1_000_000 {
        accounts.charge(a, tick, 50).unwrap();
        accounts.charge(b, tick, 50).unwrap();
    }
    // The sum of 50 * 2^(-i / 1000).
    assert_eq!(accounts.usage(a), Ok(72_160));
    assert_eq!(accounts.usage(a), accounts.usage(b));
}

/// Slurm's classic algorithm on a tree of two levels, with the numbers worked out by hand.
#[test]
fn the_classic_factor_bears_a_part_of_what_siblings_used() {
    let mut accounts = accounts(1_000);
    let a = accounts.add(None, weight(60)).unwrap();
    let b = accounts.add(None, weight(40)).unwrap();
    let a1 = accounts.add(Some(a), weight(1)).unwrap();
    let a2 = accounts.add(Some(a), weight(2)).unwrap();
    let b1 = accounts.add(Some(b), weight(1)).unwrap();
    accounts.charge(a1, 0, 30).unwrap();
    accounts.charge(b1, 0, 70).unwrap();
    let keys = accounts.classic();
    let shown = |id: AccountId| {
        let key = i128::try_from(keys[id.index()].get()).unwrap();
        (key * 10_000 + (1 << 39)) >> 40
    };
    // A: U = 0.3, S = 0.6. B: 0.7, 0.4.
    assert_eq!([shown(a), shown(b)], [5_000, 17_500]);
    // A1: U = 0.3, S = 0.2. A2: U = 0 + 0.3 * 2/3 = 0.2, S = 0.4. B1 has all of B's.
    assert_eq!([shown(a1), shown(a2), shown(b1)], [15_000, 5_000, 17_500]);
    assert!(keys[a1.index()] > FairShare::AT_SHARE && keys[a2.index()] < FairShare::AT_SHARE);
    assert_eq!(accounts.fair_tree(), [0, 0, 2, 3, 1]);
}

/// All of A's users come before all of B's, as A has used less of its shares: what the classic
/// algorithm does not promise.
#[test]
fn the_fair_tree_goes_by_the_accounts_first() {
    let mut accounts = accounts(1_000);
    let [a, b] = [accounts.add(None, weight(1)).unwrap(), accounts.add(None, weight(1)).unwrap()];
    let user = |accounts: &mut Accounts, group| accounts.add(Some(group), weight(1)).unwrap();
    let [a1, a2] = [user(&mut accounts, a), user(&mut accounts, a)];
    let [b1, b2] = [user(&mut accounts, b), user(&mut accounts, b)];
    for (account, amount) in [(a1, 45), (b1, 30), (b2, 25)] {
        accounts.charge(account, 0, amount).unwrap();
    }
    assert_eq!(accounts.fair_tree(), [0, 0, 3, 4, 1, 2]);
    let keys = accounts.classic();
    assert!(keys[a1.index()] > keys[b2.index()]);
    assert!(keys[a2.index()] < keys[b2.index()]);
}

/// The rules for ties, each once.
#[test]
fn ties_in_the_fair_tree() {
    // Nobody has used anything: users and accounts are merged, all are first.
    let mut idle = accounts(1);
    let group = idle.add(None, weight(3)).unwrap();
    idle.add(None, weight(5)).unwrap();
    idle.add(Some(group), weight(1)).unwrap();
    idle.add(Some(group), weight(9)).unwrap();
    assert_eq!(idle.fair_tree(), [0, 3, 3, 3]);

    // Accounts X and Y are tied and merged: the best of Y comes between those of X.
    let mut tied = accounts(1_000);
    let [x, y] = [tied.add(None, weight(1)).unwrap(), tied.add(None, weight(1)).unwrap()];
    let [x1, x2] = [tied.add(Some(x), weight(1)).unwrap(), tied.add(Some(x), weight(1)).unwrap()];
    let [y1, y2] = [tied.add(Some(y), weight(1)).unwrap(), tied.add(Some(y), weight(1)).unwrap()];
    for (account, amount) in [(x1, 90), (x2, 10), (y1, 70), (y2, 30)] {
        tied.charge(account, 0, amount).unwrap();
    }
    assert_eq!(tied.fair_tree(), [0, 0, 1, 4, 2, 3]);

    // A user tied with an account has the rank of the best in it; the next rank is that after both.
    let z = tied.add(None, weight(1)).unwrap();
    tied.charge(z, 0, 100).unwrap();
    assert_eq!(tied.fair_tree(), [0, 0, 1, 5, 2, 3, 5]);
    let empty = Accounts::new(HalfLife::MAX);
    assert!(empty.fair_tree().is_empty() && empty.classic().is_empty());
}

/// The tree by its definition: plain recursion, fractions in floats where they are exact.
fn slow_tree(parents: &[Option<usize>], shares: &[u64], usage: &[u64]) -> Vec<u32> {
    struct Walk<'a> {
        parents: &'a [Option<usize>],
        shares: &'a [u64],
        usage: Vec<u64>,
        users: u32,
        ranked: u32,
        last: u32,
        ranks: Vec<u32>,
    }
    impl Walk<'_> {
        fn below(&self, at: Option<usize>) -> Vec<usize> {
            (0..self.parents.len()).filter(|&one| self.parents[one] == at).collect()
        }
        /// As a fraction.
        fn level(&self, at: usize) -> (u128, u128) {
            let siblings = self.below(self.parents[at]);
            let sum = |of: &dyn Fn(usize) -> u64| {
                siblings.iter().map(|&one| u128::from(of(one))).sum::<u128>()
            };
            (
                u128::from(self.shares[at]) * sum(&|one| self.usage[one]),
                u128::from(self.usage[at]) * sum(&|one| self.shares[one]),
            )
        }
        fn before(&self, one: usize, other: usize) -> std::cmp::Ordering {
            let ((a, b), (c, d)) = (self.level(one), self.level(other));
            match (b, d) {
                (0, 0) => std::cmp::Ordering::Equal,
                (0, _) => std::cmp::Ordering::Less,
                (_, 0) => std::cmp::Ordering::Greater,
                _ => (c * b).cmp(&(a * d)),
            }
        }
        fn rank(&mut self, mut list: Vec<usize>, mut tied: bool) {
            list.sort_by(|&one, &other| self.before(one, other));
            let mut rest = list.as_slice();
            while let Some(&best) = rest.first() {
                let equal = rest.iter().take_while(|&&one| self.before(best, one).is_eq()).count();
                let (group, others) = rest.split_at(equal);
                let (users, accounts): (Vec<usize>, Vec<usize>) =
                    group.iter().partition(|&&one| self.below(Some(one)).is_empty());
                if !users.is_empty() && !tied {
                    self.last = self.users - self.ranked;
                    tied = true;
                }
                for user in &users {
                    self.ranks[*user] = self.last;
                    self.ranked += 1;
                }
                let merged: Vec<usize> =
                    accounts.iter().flat_map(|&one| self.below(Some(one))).collect();
                if !merged.is_empty() {
                    self.rank(merged, tied);
                }
                tied = false;
                rest = others;
            }
        }
    }
    let mut sums = usage.to_vec();
    for at in (0..parents.len()).rev() {
        if let Some(parent) = parents[at] {
            sums[parent] += sums[at];
        }
    }
    let is_user = |at: &usize| parents.iter().all(|parent| *parent != Some(*at));
    let users = u32::try_from((0..parents.len()).filter(is_user).count()).unwrap();
    let ranks = vec![0; parents.len()];
    let mut walk = Walk { parents, shares, usage: sums, users, ranked: 0, last: users, ranks };
    let top = walk.below(None);
    walk.rank(top, false);
    walk.ranks
}

type Trees = Vec<(Option<prop::sample::Index>, u64, u64)>;

fn trees() -> impl Strategy<Value = Trees> {
    let usage = prop_oneof![0_u64..4, 0_u64..1_000];
    let node = (proptest::option::weighted(0.6, any::<prop::sample::Index>()), 1_u64..4, usage);
    proptest::collection::vec(node, 0..14)
}

/// Parents, shares, usage of users.
fn spread(
    trees: &[(Option<prop::sample::Index>, u64, u64)],
) -> (Vec<Option<usize>>, Vec<u64>, Vec<u64>) {
    let place = |(at, (parent, ..)): (usize, &(Option<prop::sample::Index>, u64, u64))| {
        parent.filter(|_| at > 0).map(|parent| parent.index(at))
    };
    let parents: Vec<_> = trees.iter().enumerate().map(place).collect();
    let user = |at: usize| parents.iter().all(|parent| *parent != Some(at));
    let usage = trees.iter().enumerate().map(|(at, one)| if user(at) { one.2 } else { 0 });
    let usage = usage.collect();
    (parents, trees.iter().map(|one| one.1).collect(), usage)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn ranks_are_those_of_the_definition(trees in trees()) {
        let (parents, shares, usage) = spread(&trees);
        let mut accounts = accounts(1_000);
        let mut ids = Vec::new();
        for (parent, shares) in parents.iter().zip(&shares) {
            ids.push(accounts.add(parent.map(|at| ids[at]), weight(*shares)).unwrap());
        }
        for (id, usage) in ids.iter().zip(&usage).filter(|(_, usage)| **usage > 0) {
            accounts.charge(*id, 0, *usage).unwrap();
        }
        let ranks = accounts.fair_tree();
        prop_assert_eq!(&ranks, &slow_tree(&parents, &shares, &usage));
        // Time alone changes no rank and no key, as long as nothing is lost by rounding.
        let keys = accounts.classic();
        accounts.advance(7_999).unwrap();
        prop_assert_eq!(accounts.fair_tree(), ranks);
        prop_assert_eq!(accounts.classic(), keys);
    }

    #[test]
    fn keys_are_those_of_the_formula(trees in trees()) {
        let (parents, shares, usage) = spread(&trees);
        let mut accounts = accounts(1_000);
        let mut ids = Vec::new();
        for (parent, shares) in parents.iter().zip(&shares) {
            ids.push(accounts.add(parent.map(|at| ids[at]), weight(*shares)).unwrap());
        }
        let mut sums: Vec<f64> = Vec::new();
        for (id, usage) in ids.iter().zip(&usage) {
            if *usage > 0 {
                accounts.charge(*id, 0, *usage).unwrap();
            }
            sums.push(f64::from(u32::try_from(*usage).unwrap()));
        }
        let total: f64 = sums.iter().sum();
        for at in (0..parents.len()).rev() {
            if let Some(parent) = parents[at] {
                sums[parent] += sums[at];
            }
        }
        let mut found: Vec<(f64, f64)> = Vec::new();
        for (at, key) in accounts.classic().into_iter().enumerate() {
            let siblings: u64 =
                (0..parents.len()).filter(|&one| parents[one] == parents[at]).map(|one| shares[one]).sum();
            let number = |number: u64| f64::from(u32::try_from(number).unwrap());
            let fraction = number(shares[at]) / number(siblings);
            let actual = if total > 0.0 { sums[at] / total } else { 0.0 };
            let (effective, normalized) = match parents[at] {
                None => (actual, fraction),
                Some(parent) => {
                    let (above, above_shares) = found[parent];
                    (actual + (above - actual) * fraction, above_shares * fraction)
                }
            };
            found.push((effective, normalized));
            let expected = effective / normalized;
            #[expect(clippy::cast_precision_loss, reason = "compared to floats")]
            let key = key.get() as f64 / 40_f64.exp2();
            prop_assert!((key - expected).abs() <= 1e-9 * expected + 1e-9, "{} {}", key, expected);
        }
    }
}

/// The least served first.
#[derive(Clone, Debug)]
struct ByFairShare(Vec<FairShare>);

impl JobOrder for ByFairShare {
    type Key = FairShare;

    fn key(&self, job: &QueuedJob) -> FairShare {
        usize::try_from(job.submission.user)
            .ok()
            .and_then(|user| self.0.get(user))
            .copied()
            .unwrap_or_default()
    }
}

/// The same by ranks.
#[derive(Clone, Debug)]
struct ByRank(Vec<u32>);

impl JobOrder for ByRank {
    type Key = Reverse<u32>;

    fn key(&self, job: &QueuedJob) -> Self::Key {
        Reverse(
            usize::try_from(job.submission.user)
                .ok()
                .and_then(|user| self.0.get(user))
                .copied()
                .unwrap_or(0),
        )
    }
}

#[test]
fn backfill_serves_the_least_served_first() {
    let mut accounts = accounts(86_400);
    let users = [1, 1, 2].map(|shares| accounts.add(None, weight(shares)).unwrap());
    for (user, amount) in users.into_iter().zip([4_000, 1_000, 3_000]) {
        accounts.charge(user, 0, amount).unwrap();
    }
    // Used by share: 4000, 1000, 1500.
    let classic = started(ByFairShare(accounts.classic()));
    let tree = started(ByRank(accounts.fair_tree()));
    assert_eq!((classic, tree), (vec![1, 2, 0], vec![1, 2, 0]));
}

/// The users in the order in which their jobs start, each of which needs the whole machine.
fn started<O: JobOrder + Clone + std::fmt::Debug>(order: O) -> Vec<u64> {
    let config = Config::new(4).unwrap();
    let mut policy = Backfill::with(config, order, AsQueued, Requested).unwrap();
    let jobs: Vec<_> = (0..3)
        .map(|user| {
            let submission = Submission { user, ..Submission::new(4, 10) };
            (policy.submit(0, submission).unwrap(), user)
        })
        .collect();
    let mut found = Vec::new();
    for now in [0, 10, 20] {
        let decisions: Vec<Decision> = policy.pass(now).unwrap().to_vec();
        for decision in decisions {
            let Decision::Start { job, .. } = decision else { continue };
            found.extend(jobs.iter().filter(|(id, _)| *id == job).map(|(_, user)| *user));
            policy.finish(now + 10, job).unwrap();
        }
    }
    found
}
