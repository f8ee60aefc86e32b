//! The long run: random trees by the million, each answer checked by the conditions of Karush, Kuhn
//! and Tucker, and small ones by brute force: hard claims, both readings of a reservation, and
//! reservations scaled down. `cargo xtask laws` builds it optimised.
//!
//! Only trees with an answer count. It ends with an error at the first law broken, or if most trees
//! had none.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{env, thread};

use apportion_fairshare::testkit::{Cases, brute_force, check_tree};
use apportion_fairshare::{
    Claim, Error as Refusal, NodeId, Overbooking, Reading, Rules, Tree, divide,
};

/// What has been checked.
#[derive(Default)]
struct Counts {
    trees: AtomicU64,
    refused: AtomicU64,
    nodes: AtomicU64,
    brute_forced: AtomicU64,
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is part of what it tells")]
fn main() -> Result<(), Box<dyn Error>> {
    let trees: u64 = env::args().nth(1).map_or(Ok(TREES), |count| count.parse())?;
    let counts = Counts::default();
    let start = Instant::now();
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    thread::scope(|scope| {
        let work = |seed| {
            let counts = &counts;
            move || {
                let mut cases = Cases::new(seed);
                while counts.trees.load(Ordering::Relaxed) < trees {
                    one(&mut cases, counts)?;
                }
                Ok::<(), String>(())
            }
        };
        let threads: Vec<_> = (0..threads).map(|seed| scope.spawn(work(seed))).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a division panicked".to_owned()))
        })
    })?;
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} trees divided, {} nodes in all; {} more refused, {} more by brute force; {:.1} s",
        of(&counts.trees),
        of(&counts.nodes),
        of(&counts.refused),
        of(&counts.brute_forced),
        start.elapsed().as_secs_f64()
    );
    if of(&counts.refused) > trees {
        return Err("most trees had no answer".into());
    }
    Ok(())
}

/// A tree by one of the rules, and for one of four a small division and a small tree.
fn one(cases: &mut Cases, counts: &Counts) -> Result<(), String> {
    let turn = counts.trees.load(Ordering::Relaxed);
    let rules = RULES[(turn % 4) as usize];
    let (capacity, nodes) = cases.tree(24);
    if !is_fair(capacity, &nodes, rules)? {
        counts.refused.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    counts.nodes.fetch_add(nodes.len() as u64, Ordering::Relaxed);
    if counts.trees.fetch_add(1, Ordering::Relaxed).is_multiple_of(4) {
        small(cases)?;
        let (capacity, nodes) = cases.small_tree();
        is_fair(capacity, &nodes, RULES[(turn / 4 % 4) as usize])?;
        counts.brute_forced.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether there is an answer; an error if it is not right.
fn is_fair(capacity: u64, nodes: &[(Option<usize>, Claim)], rules: Rules) -> Result<bool, String> {
    let mut tree = Tree::new();
    let mut ids: Vec<NodeId> = Vec::with_capacity(nodes.len());
    for (parent, claim) in nodes {
        let node = tree.add(parent.map(|parent| ids[parent]), *claim);
        ids.push(node.map_err(|error| error.to_string())?);
    }
    match tree.divide(capacity, rules) {
        Ok(shares) => check_tree(capacity, nodes, rules, &shares)
            .map(|()| true)
            .map_err(|violation| format!("{violation}: {capacity}, {nodes:?}, {rules:?}")),
        Err(Refusal::Overbooked { .. }) if rules.overbooking == Overbooking::Refuse => Ok(false),
        Err(error) => Err(format!("{error}: {capacity}, {nodes:?}, {rules:?}")),
    }
}

/// By weight, nobody is worse off than in the best division there is.
fn small(cases: &mut Cases) -> Result<(), String> {
    let (capacity, claims) = cases.small();
    let shares = divide(capacity, &claims, Rules::default()).map_err(|error| error.to_string())?;
    let found: Vec<u64> = shares.iter().map(|share| share.allocation).collect();
    let best = brute_force(capacity, &claims).ok_or("no division keeps the bounds")?;
    // The half units of each by weight, counted at their middles: the worst off first.
    let sorted = |allocations: &[u64]| {
        let each = allocations.iter().zip(&claims);
        let mut list: Vec<(u64, u64)> =
            each.map(|(units, claim)| (2 * units + 1, claim.weight().get().into())).collect();
        list.sort_by(by_weight);
        list
    };
    if sorted(&found).iter().zip(&sorted(&best)).all(|(one, other)| by_weight(one, other).is_eq()) {
        return Ok(());
    }
    Err(format!("{best:?} is better than {found:?}: {capacity}, {claims:?}"))
}

fn by_weight(one: &(u64, u64), other: &(u64, u64)) -> std::cmp::Ordering {
    let [left, right] =
        [(one.0, other.1), (other.0, one.1)].map(|(a, b)| u128::from(a) * u128::from(b));
    left.cmp(&right)
}

const RULES: [Rules; 4] = [
    Rules::new(Reading::FloorOfShare, Overbooking::Refuse),
    Rules::new(Reading::ReservationFirst, Overbooking::Refuse),
    Rules::new(Reading::FloorOfShare, Overbooking::ScaleDown),
    Rules::new(Reading::ReservationFirst, Overbooking::ScaleDown),
];

/// Unless told otherwise.
const TREES: u64 = 1_000_000;
