//! The long run: chi-square over seeds, each of two million draws among a hundred clients, and the
//! other laws of the kit. `cargo xtask laws` builds it optimised; `--seeds N` says how many.
//!
//! It ends with an error at the first law broken, or if more seeds are beyond the 99.9 % band than
//! one in a thousand explains.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{env, thread};

use apportion_lottery::testkit::{
    Clients, Fit, Funded, Random, Strides, check_chances, check_compensation, check_currencies,
    check_enumeration, check_losers, check_turns,
};
use apportion_lottery::{Lottery, Words};

#[expect(clippy::disallowed_methods, reason = "how long it takes is part of what it tells")]
fn main() -> Result<(), Box<dyn Error>> {
    let seeds: u64 = env::args().nth(1).map_or(Ok(SEEDS), |count| count.parse())?;
    let start = Instant::now();
    let tickets: Vec<u64> = (0..CLIENTS).map(|client| 1 + client * client % 97).collect();
    let weights = tickets.iter().map(|&tickets| f64::from(u32::try_from(tickets).unwrap_or(0)));
    let fit = Mutex::new(Fit::new(weights.collect()));
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            let counts = draw(&tickets, seed);
            fit.lock().unwrap_or_else(PoisonError::into_inner).add(&counts);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let fit = fit.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{seeds} seeds of {DRAWS} draws among {CLIENTS} clients: chi-square {:.2} in the mean, {} \
         beyond the 99.9 % band, in {:.1} s",
        fit.mean(),
        fit.beyond(),
        start.elapsed().as_secs_f64()
    );
    fit.check()?;
    for seed in 0..4 {
        check_enumeration(seed, Clients::default)?;
        check_chances(seed, Clients::default)?;
        check_losers(seed, Clients::default)?;
        check_chances(seed, Funded::default)?;
        check_losers(seed, Funded::default)?;
        check_compensation(seed, Funded::default)?;
        check_currencies(seed, Funded::default)?;
        check_turns(seed, Strides::default)?;
    }
    println!("all laws of lotteries held, in {:.1} s together", start.elapsed().as_secs_f64());
    Ok(())
}

/// How often each client won.
fn draw(tickets: &[u64], seed: u64) -> Vec<u64> {
    let mut lottery = Lottery::new();
    for &tickets in tickets {
        lottery.add(tickets).expect("they fit");
    }
    let mut random = Random::new(seed.wrapping_mul(0xd134_2543_de82_ef95));
    let mut words = Words(|| random.word());
    let mut counts = vec![0; tickets.len()];
    for _ in 0..DRAWS {
        let winner = lottery.draw(&mut words).expect("there are tickets");
        counts[winner.client.index()] += 1;
    }
    counts
}

/// Unless told otherwise.
const SEEDS: u64 = 200;
const DRAWS: u64 = 2_000_000;
const CLIENTS: u64 = 100;
