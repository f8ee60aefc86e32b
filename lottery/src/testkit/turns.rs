use alloc::vec;
use alloc::vec::Vec;

use super::random::Random;
use super::{Turns, Violation};

/// Plays turns among clients of seeded tickets, and compares each pair after each turn: in all that
/// they have got, `S_i w_j - S_j w_i` is at most `w_i + w_j`.
///
/// *Source*: Waldspurger and Weihl 1995, section 4: a pair is off by one quantum at most.
///
/// # Errors
///
/// The first law broken.
pub fn check_turns<S: Turns>(seed: u64, make: impl Fn() -> S) -> Result<(), Violation> {
    let mut random = Random::new(seed);
    for case in 0..60 {
        let mut scheduler = make();
        let most = if case % 3 == 0 { 1 << 20 } else { 12 };
        let tickets: Vec<u32> =
            (0..2 + random.below(7)).map(|_| 1 + random.below(most) as u32).collect();
        for (client, &tickets) in tickets.iter().enumerate() {
            scheduler.set_tickets(client, tickets);
        }
        let mut served = vec![0_i128; tickets.len()];
        for _ in 0..1_500 {
            let drawn = scheduler.turn();
            let Some(client) = drawn.filter(|&client| client < tickets.len()) else {
                return Err(Violation::Nonsense { drawn, tickets: None });
            };
            served[client] += 1;
            for other in 0..tickets.len() {
                let [one, two] = [client, other].map(|client| i128::from(tickets[client]));
                let ahead = served[client] * two - served[other] * one;
                let bound = one + two;
                if ahead > bound {
                    return Err(Violation::Unfair { favoured: client, other, ahead, bound });
                }
            }
        }
    }
    Ok(())
}
