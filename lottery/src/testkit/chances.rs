//! Laws of chance, and those that need none.

#![expect(clippy::cast_precision_loss, reason = "statistics report, and decide nothing")]

use alloc::vec;
use alloc::vec::Vec;

use super::random::Random;
use super::{Compensates, Draws, Inverse, Tickets, Violation};

/// Deals out all tickets of seeded holdings, and asks who has each of them.
///
/// # Errors
///
/// The first law broken.
pub fn check_enumeration<L: Tickets>(seed: u64, make: impl Fn() -> L) -> Result<(), Violation> {
    let mut random = Random::new(seed);
    for _ in 0..200 {
        let mut lottery = make();
        let mut held = Vec::new();
        for client in 0..=random.below(149) as usize {
            let most = if random.below(4) == 0 { 60 } else { 4 };
            held.push(random.below(most));
            lottery.set_tickets(client, held[client]);
        }
        // Some change their minds.
        for client in (0..held.len()).step_by(3) {
            held[client] = random.below(9);
            lottery.set_tickets(client, held[client]);
        }
        let dealt = held
            .iter()
            .enumerate()
            .flat_map(|(client, &tickets)| core::iter::repeat_n(Some(client), tickets as usize));
        for (ticket, expected) in (0..).zip(dealt.chain([None])) {
            let found = lottery.holder(ticket);
            if found != expected {
                return Err(Violation::WrongHolder { ticket, found, expected });
            }
        }
    }
    Ok(())
}

/// Draws from seeded holdings, small and so large that a remainder by the total is biased.
///
/// # Errors
///
/// The first law broken.
pub fn check_chances<L: Draws>(seed: u64, make: impl Fn() -> L) -> Result<(), Violation> {
    for (case, held) in cases(seed).into_iter().enumerate() {
        let mut fit = Fit::new(held.iter().map(|&tickets| tickets as f64).collect());
        for round in 0..SEEDS {
            let mut lotteries = [make(), make()];
            for lottery in &mut lotteries {
                (0..)
                    .zip(&held)
                    .for_each(|(client, &tickets)| lottery.set_tickets(client, tickets));
            }
            let mut random = Random::new(seed ^ (case as u64) << 32 ^ u64::from(round) << 8);
            let mut counts = vec![0; held.len()];
            for _ in 0..DRAWS {
                let mut same = random.clone();
                let [one, other] = &mut lotteries;
                let (one, other) =
                    (one.draw(&mut || random.word()), other.draw(&mut || same.word()));
                if one != other {
                    return Err(Violation::Undetermined { one, other });
                }
                counts[sane(one, &held)?] += 1;
            }
            fit.add(&counts);
        }
        fit.check()?;
    }
    Ok(())
}

/// Draws losers from seeded holdings.
///
/// # Errors
///
/// The first law broken.
pub fn check_losers<L: Inverse>(seed: u64, make: impl Fn() -> L) -> Result<(), Violation> {
    for held in cases(seed) {
        let total: f64 = held.iter().map(|&tickets| tickets as f64).sum();
        let mut fit = Fit::new(held.iter().map(|&tickets| total - tickets as f64).collect());
        for round in 0..SEEDS {
            let mut lottery = make();
            (0..).zip(&held).for_each(|(client, &tickets)| lottery.set_tickets(client, tickets));
            let mut random = Random::new(seed ^ u64::from(round) << 8);
            let mut counts = vec![0; held.len()];
            for _ in 0..DRAWS {
                let drawn = lottery.draw_loser(&mut || random.word());
                match drawn.and_then(|drawn| counts.get_mut(drawn)) {
                    Some(count) => *count += 1,
                    None => return Err(Violation::Nonsense { drawn, tickets: None }),
                }
            }
            fit.add(&counts);
        }
        fit.check()?;
    }
    Ok(())
}

/// Plays clients that always use the same part of a quantum, some all of it: what they use is to be
/// as their tickets.
///
/// # Errors
///
/// The first law broken.
pub fn check_compensation<L: Compensates>(
    seed: u64,
    make: impl Fn() -> L,
) -> Result<(), Violation> {
    for round in 0..6 {
        let mut random = Random::new(seed ^ round << 8);
        let mut lottery = make();
        let mut clients = Vec::new();
        for client in 0..4 {
            let tickets = 1 + random.below(9);
            let uses = if client == 0 { QUANTUM } else { 1 + random.below(QUANTUM) };
            lottery.set_tickets(client, tickets);
            clients.push((tickets, uses, 0_u64));
        }
        let held: Vec<u64> = clients.iter().map(|client| client.0).collect();
        for _ in 0..100_000 {
            let client = sane(lottery.draw(&mut || random.word()), &held)?;
            let (_, part, used) = &mut clients[client];
            *used += *part;
            lottery.used(client, *part, QUANTUM);
        }
        let all: f64 = clients.iter().map(|client| client.2 as f64).sum();
        let total: f64 = held.iter().map(|&tickets| tickets as f64).sum();
        for (client, (tickets, part, used)) in clients.into_iter().enumerate() {
            // Each win counts as much as it uses; six deviations, and what the sum of all deviates.
            let expected = all * tickets as f64 / total;
            let deviation = 6.0 * (expected * part.max(QUANTUM / 2) as f64 * 2.0).sqrt();
            if (used as f64 - expected).abs() > deviation {
                return Err(Violation::WrongShare { client, used, expected, deviation });
            }
        }
    }
    Ok(())
}

/// Who was drawn, if it can have been.
fn sane(drawn: Option<usize>, held: &[u64]) -> Result<usize, Violation> {
    let tickets = drawn.and_then(|client| held.get(client).copied());
    match (drawn, tickets) {
        (Some(client), Some(1..)) => Ok(client),
        _ => Err(Violation::Nonsense { drawn, tickets }),
    }
}

/// Holdings: few, many, with some who have nothing, and huge ones.
fn cases(seed: u64) -> Vec<Vec<u64>> {
    let mut random = Random::new(seed);
    let mut few =
        |count: usize, most| -> Vec<u64> { (0..count).map(|_| 1 + random.below(most)).collect() };
    let (mut some, many) = (few(12, 5), few(100, 30));
    some[3] = 0;
    some[11] = 0;
    // 2^64 modulo the total is a third of it.
    vec![few(3, 20), some, many, vec![1 << 62; 3], vec![1 << 62, 0, 1 << 61, 1 << 62]]
}

/// How well counts of several seeds fit their weights.
#[derive(Clone, Debug)]
pub struct Fit {
    weights: Vec<f64>,
    sum: f64,
    beyond: u32,
    seeds: u32,
}

impl Fit {
    /// No counts yet.
    #[must_use]
    pub fn new(weights: Vec<f64>) -> Self {
        Self { weights, sum: 0.0, beyond: 0, seeds: 0 }
    }

    /// The counts of a seed.
    pub fn add(&mut self, counts: &[u64]) {
        let statistic = chi_square(counts, &self.weights);
        self.sum += statistic;
        self.beyond += u32::from(statistic > critical(self.degrees()));
        self.seeds += 1;
    }

    /// How many seeds were beyond the 99.9 % band.
    #[must_use]
    pub fn beyond(&self) -> u32 {
        self.beyond
    }

    /// The mean of the statistic.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.seeds.max(1))
    }

    fn degrees(&self) -> u32 {
        let counted = self.weights.iter().filter(|&&weight| weight > 0.0).count();
        counted.saturating_sub(1) as u32
    }

    /// Whether that can be chance: no more seeds beyond the band than one in a thousand explains,
    /// and a mean that is neither too large nor too small.
    ///
    /// # Errors
    ///
    /// [`Violation::BadFit`].
    pub fn check(&self) -> Result<(), Violation> {
        let (seeds, degrees) = (f64::from(self.seeds.max(1)), f64::from(self.degrees()));
        // The tail of the Poisson distribution.
        let (mut term, mut tail, mut most) = ((-seeds / 1_000.0).exp(), 1.0, 0);
        while tail - term > 1e-10 {
            tail -= term;
            most += 1;
            term *= seeds / 1_000.0 / f64::from(most);
        }
        let width = 6.5 * (2.0 * degrees / seeds).sqrt();
        let (mean, beyond) = (self.mean(), self.beyond);
        if beyond > most || (mean - degrees).abs() > width {
            let (seeds, degrees) = (self.seeds, self.degrees());
            return Err(Violation::BadFit { mean, beyond, seeds, degrees });
        }
        Ok(())
    }
}

/// Pearson's statistic; infinite if somebody without weight was counted.
#[must_use]
pub fn chi_square(counts: &[u64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let all: u64 = counts.iter().sum();
    let term = |(&count, &weight): (&u64, &f64)| {
        let expected = all as f64 * weight / total;
        match (count, weight > 0.0) {
            (0, false) => 0.0,
            (_, false) => f64::INFINITY,
            _ => (count as f64 - expected).powi(2) / expected,
        }
    };
    counts.iter().zip(weights).map(term).sum()
}

/// What chi-square exceeds once in a thousand times, by the approximation of Wilson and Hilferty:
/// 148.2 with 99 degrees of freedom.
#[must_use]
pub fn critical(degrees: u32) -> f64 {
    let degrees = f64::from(degrees.max(1));
    let part = 2.0 / (9.0 * degrees);
    degrees * (1.0 - part + 3.090_232 * part.sqrt()).powi(3)
}

const SEEDS: u32 = 40;
const DRAWS: u32 = 4_000;
const QUANTUM: u64 = 100;
