//! A draw, alone and with a change of the winner's tickets, beside the weighted indexes of
//! `rand_distr`: the tree, which can change, and the alias method, which cannot.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "there are at most a million clients, of up to 1024 tickets"
)]

use std::hint::black_box;
use std::time::Duration;

use apportion_benches::median;
use apportion_lottery::Lottery;
use criterion::Criterion;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::Distribution;
use rand_distr::weighted::{WeightedAliasIndex, WeightedTreeIndex};

const SIZES: [usize; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
const DRAW: &str = "lottery draw";
const UPDATE: &str = "lottery draw and update";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for kind in [DRAW, UPDATE] {
        let mut group = criterion.benchmark_group(kind);
        // There are many, and a draw is short.
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
        group.sample_size(30);
        for size in SIZES {
            let tickets = log_uniform(size);
            for (name, mut turn) in contenders(kind, &tickets) {
                group.bench_function(format!("{name}/{size}"), |bencher| bencher.iter(&mut turn));
            }
        }
        group.finish();
    }
    criterion.final_summary();
    ratios();
    memory();
}

/// From 1 to 1024 each.
fn log_uniform(size: usize) -> Vec<u64> {
    let mut chance = SmallRng::seed_from_u64(1);
    let mut draw = || {
        let exponent: f64 = chance.random_range(0.0..10.0);
        exponent.exp2() as u64
    };
    (0..size).map(|_| draw()).collect()
}

type Turn = Box<dyn FnMut()>;

/// Each plays one turn when called.
fn contenders(kind: &str, tickets: &[u64]) -> Vec<(&'static str, Turn)> {
    if kind == UPDATE {
        return vec![("lottery", lottery_updated(tickets)), ("tree", tree_updated(tickets))];
    }
    vec![("lottery", lottery(tickets)), ("tree", tree(tickets)), ("alias", alias(tickets))]
}

fn filled(tickets: &[u64]) -> Lottery {
    let mut lottery = Lottery::new();
    lottery.reserve(tickets.len());
    for &tickets in tickets {
        lottery.add(tickets).expect("few");
    }
    lottery
}

/// A new amount for every turn: another one from 1 to 1024, in no order.
fn next(turn: &mut u64) -> u64 {
    *turn = turn.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
    // Log-uniform as well: as many of each length.
    let bits = (*turn >> 32) % 10;
    (1 << bits) + (*turn >> 40) % (1 << bits)
}

fn lottery(tickets: &[u64]) -> Turn {
    let lottery = filled(tickets);
    let mut chance = SmallRng::seed_from_u64(2);
    Box::new(move || {
        black_box(lottery.draw(&mut chance).expect("somebody has tickets"));
    })
}

fn lottery_updated(tickets: &[u64]) -> Turn {
    let mut lottery = filled(tickets);
    let mut chance = SmallRng::seed_from_u64(2);
    let mut turn = 0;
    Box::new(move || {
        let winner = lottery.draw(&mut chance).expect("somebody has tickets");
        lottery.set_tickets(black_box(winner.client), next(&mut turn)).expect("known");
    })
}

fn tree(tickets: &[u64]) -> Turn {
    let tree = WeightedTreeIndex::new(tickets).expect("few");
    let mut chance = SmallRng::seed_from_u64(2);
    Box::new(move || {
        black_box(tree.sample(&mut chance));
    })
}

fn tree_updated(tickets: &[u64]) -> Turn {
    let mut tree = WeightedTreeIndex::new(tickets).expect("few");
    let mut chance = SmallRng::seed_from_u64(2);
    let mut turn = 0;
    Box::new(move || {
        let winner = tree.sample(&mut chance);
        tree.update(black_box(winner), next(&mut turn)).expect("few");
    })
}

fn alias(tickets: &[u64]) -> Turn {
    let alias = WeightedAliasIndex::new(tickets.to_vec()).expect("few");
    let mut chance = SmallRng::seed_from_u64(2);
    Box::new(move || {
        black_box(alias.sample(&mut chance));
    })
}

/// How many times as long the peers take.
fn ratios() {
    for kind in [DRAW, UPDATE] {
        println!("{kind}");
        for size in SIZES {
            let of = |name: &str| median(kind, &format!("{name}_{size}"));
            let Some(own) = of("lottery") else { continue };
            print!("{size:>9} lottery {own:6.1} ns");
            for peer in ["tree", "alias"] {
                if let Some(time) = of(peer) {
                    print!("   {peer} {time:6.1} ns ({:.2})", time / own);
                }
            }
            println!();
        }
    }
}

/// Bytes for each of a million clients.
fn memory() {
    let size = 1_000_000;
    let lottery = filled(&log_uniform(size));
    println!("memory per client: {:.1} bytes", lottery.memory() as f64 / size as f64);
}
