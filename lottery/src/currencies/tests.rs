//! What is kept up to date against what it is by definition.

use super::*;
use crate::Words;

/// Random calls; now and then, what each ticket is drawn with, and each sum, is worked out anew.
#[test]
fn weights_are_those_worked_out_anew() {
    for seed in 0..60 {
        let mut lottery = Currencies::new();
        let mut words = seed * 7 + 1;
        let mut word = move |limit: u64| {
            words = u64::wrapping_mul(words, 0x5851_f42d_4c95_7f2d).wrapping_add(11);
            (words >> 33) % limit
        };
        let clients: Vec<_> = (0..6).map(|_| lottery.add_client().unwrap()).collect();
        let mut currencies = Vec::from([CurrencyId::BASE]);
        currencies.extend((0..5).map(|_| lottery.add_currency().unwrap()));
        let mut tickets = Vec::new();
        for turn in 0..400 {
            let client = clients[word(6) as usize];
            let currency = currencies[word(6) as usize];
            let holder = match word(2) {
                0 => Holder::Client(client),
                _ => Holder::Currency(currencies[word(6) as usize]),
            };
            let most = if word(9) == 0 { 1 << 30 } else { 9 };
            let amount = 1 + word(most);
            let ticket = tickets.get(word(40) as usize).copied();
            // Refusals are tested elsewhere.
            match (word(8), ticket) {
                (0 | 1, _) => tickets.extend(lottery.issue(currency, amount, holder)),
                (2, Some(ticket)) => drop(lottery.set_amount(ticket, amount)),
                (3, Some(ticket)) => drop(lottery.destroy(ticket)),
                (4, Some(ticket)) => tickets.extend(lottery.transfer(ticket, 1, holder)),
                (5, Some(ticket)) => drop(lottery.give_back(ticket)),
                (6, _) => drop(lottery.sleep(client).or_else(|_| lottery.wake(client))),
                _ => {
                    let quantum = NonZeroU64::new(10).unwrap();
                    drop(lottery.compensate(client, word(11), quantum));
                }
            }
            if turn % 10 == 0 {
                check(&lottery);
            }
        }
        check(&lottery);
    }
}

fn check(lottery: &Currencies) {
    for (index, _, currency) in lottery.currencies.iter() {
        let mut sums = (0, 0);
        for (place, &ticket) in currency.places.iter().enumerate() {
            if currency.vacant.contains(&(place as u32)) {
                assert_eq!(currency.tree.tickets(place), 0);
                continue;
            }
            let ticket = lottery.tickets.at(ticket).unwrap();
            assert_eq!((ticket.currency, ticket.place as usize), (index, place));
            let drawn = lottery.factor(ticket.holder).weigh(ticket.amount).unwrap();
            assert_eq!(currency.tree.tickets(place), drawn, "{ticket:?}");
            sums.0 += drawn;
            sums.1 += if drawn > 0 { ticket.amount } else { 0 };
        }
        assert_eq!((currency.tree.total(), currency.active), sums);
    }
}

#[test]
fn the_part_rounded_up_begins_anew() {
    // 5 / 3 of one: one number stands always, the other in two of three cases.
    let factor = Factor { numerator: 5, denominator: 3 };
    assert_eq!(factor.weigh(1), Some(2));
    let admitted = |number: u64, word: u64| {
        factor.admits(1, number, &mut Words(|| word * (u64::MAX / 3) + (1 << 40)))
    };
    assert_eq!([0, 1, 2].map(|word| admitted(0, word)), [true; 3]);
    assert_eq!([0, 1, 2].map(|word| admitted(1, word)), [true, true, false]);
}
