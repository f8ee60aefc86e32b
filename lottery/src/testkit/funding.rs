use alloc::vec::Vec;

use super::random::Random;
use super::{Funds, Violation};
use crate::Value;

/// Funds clients through seeded currencies, and inflates one of them again and again: values are to
/// add up to the base exactly, and those of clients with other currencies to stay.
///
/// # Errors
///
/// The first law broken.
pub fn check_currencies<L: Funds>(seed: u64, make: impl Fn() -> L) -> Result<(), Violation> {
    let mut random = Random::new(seed);
    for _ in 0..100 {
        let mut lottery = make();
        let currencies = 2 + random.below(3) as usize;
        let mut base = 0;
        for currency in 0..currencies {
            let backing = 1 + random.below(50);
            base += backing;
            lottery.add_currency(currency, backing);
        }
        let clients = currencies + random.below(6) as usize;
        for client in 0..clients {
            lottery.fund(client, client % currencies, 1 + random.below(9));
        }
        for _ in 0..10 {
            let before: Vec<_> = (0..clients).map(|client| lottery.value(client)).collect();
            let inflated = random.below(currencies as u64) as usize;
            lottery.fund(inflated, inflated, 1 + random.below(9));
            let mut sum = Some(Value::ZERO);
            for (client, before) in before.into_iter().enumerate() {
                let (numerator, denominator) = lottery.value(client);
                let value = Value::new(numerator, denominator);
                if client % currencies != inflated && value != Value::new(before.0, before.1) {
                    return Err(Violation::NotIsolated { client });
                }
                sum = sum.zip(value).and_then(|(sum, value)| sum.plus(value));
            }
            let Value { numerator, denominator } =
                sum.unwrap_or(Value { numerator: 0, denominator: 0 });
            if (numerator, denominator) != (base.into(), 1) {
                return Err(Violation::NotConserved { numerator, denominator, base });
            }
        }
    }
    Ok(())
}
