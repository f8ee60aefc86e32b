//! Saved and restored in mid-run; tampered with.

use std::num::NonZeroU64;

use apportion_lottery::{ClientId, Currencies, CurrencyId, Error, Lottery, Stride};
use apportion_testbed::tampered;
use rand_pcg::Pcg64;

fn restored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn a_lottery_goes_on_as_if_nothing_had_happened() -> Result<(), Error> {
    let mut lottery = Lottery::new();
    let clients: Vec<ClientId> =
        (0..300).map(|tickets| lottery.add(tickets)).collect::<Result<_, _>>()?;
    lottery.remove(clients[7])?;
    lottery.remove(clients[200])?;
    let mut again = restored(&lottery);
    let mut chance = [Pcg64::new(3, 3), Pcg64::new(3, 3)];
    for turn in 0..1_000 {
        let winners = [lottery.draw(&mut chance[0]), again.draw(&mut chance[1])];
        assert_eq!(winners[0], winners[1]);
        for lottery in [&mut lottery, &mut again] {
            lottery.set_tickets(winners[0].unwrap().client, turn)?;
        }
    }
    assert_eq!(lottery.add(1), again.add(1));
    assert_eq!(again.tickets(clients[7]), Err(Error::UnknownClient { client: clients[7] }));
    Ok(())
}

#[test]
fn currencies_and_strides_go_on_as_if_nothing_had_happened() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let currency = lottery.add_currency()?;
    lottery.issue(CurrencyId::BASE, 10, currency)?;
    for tickets in 1..9 {
        let client = lottery.add_client()?;
        let ticket = lottery.issue(currency, tickets, client)?;
        let other = lottery.add_client()?;
        lottery.transfer(ticket, 1, other)?;
        lottery.compensate(other, 3, NonZeroU64::new(7).unwrap())?;
    }
    let mut again = restored(&lottery);
    let mut chance = [Pcg64::new(3, 3), Pcg64::new(3, 3)];
    for _ in 0..500 {
        assert_eq!(lottery.draw(&mut chance[0]), again.draw(&mut chance[1]));
    }
    let mut stride = Stride::default();
    (1..9).try_for_each(|tickets| stride.add(tickets).map(drop))?;
    let turn = |stride: &mut Stride| {
        let turn = stride.pick().unwrap();
        stride.charge(turn.client, 1).unwrap();
        turn
    };
    for _ in 0..100 {
        turn(&mut stride);
    }
    let mut again = restored(&stride);
    (0..500).for_each(|_| assert_eq!(turn(&mut stride), turn(&mut again)));
    Ok(())
}

/// A client that was given a low number after a high one leaves: numbers are used again in the same
/// order.
#[test]
fn numbers_of_tickets_are_used_again_in_the_same_order() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [leaves, stays] = [lottery.add_client()?, lottery.add_client()?];
    let first = lottery.issue(CurrencyId::BASE, 1, stays)?;
    lottery.issue(CurrencyId::BASE, 1, leaves)?;
    lottery.destroy(first)?;
    lottery.issue(CurrencyId::BASE, 1, leaves)?;
    let mut again = restored(&lottery);
    for lottery in [&mut lottery, &mut again] {
        lottery.remove_client(leaves)?;
    }
    let issued = lottery.issue(CurrencyId::BASE, 1, stays);
    assert_eq!(issued, again.issue(CurrencyId::BASE, 1, stays));
    Ok(())
}

/// What a borrower has lent on was borrowed as well.
#[test]
fn loans_that_are_lent_on_are_given_back_after_all() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [a, b, c] = [lottery.add_client()?, lottery.add_client()?, lottery.add_client()?];
    let own = lottery.issue(CurrencyId::BASE, 20, a)?;
    let loan = lottery.transfer(own, 10, b)?;
    let lent_on = lottery.transfer(loan, 4, c)?;
    let mut again = restored(&lottery);
    assert_eq!(again.destroy(own), Err(Error::Lent { ticket: own, lent: 10 }));
    let too_many = Error::TooManyTickets { total: 10, added: u64::MAX - 9 };
    assert_eq!(again.set_amount(own, u64::MAX - 9), Err(too_many));
    again.give_back(lent_on)?;
    again.give_back(loan)?;
    assert_eq!(again.amount(own), Ok(20));
    again.destroy(own)
}

/// Two months of a machine, in nanoseconds, for one ticket.
#[test]
fn a_stride_that_has_run_for_long_comes_back() -> Result<(), Error> {
    let mut stride = Stride::default();
    let alone = stride.add(1)?;
    for _ in 0..1_200_000 {
        stride.charge(alone, u32::MAX)?;
    }
    let again: Stride = restored(&stride);
    assert_eq!((again.pick(), again.global_pass()), (stride.pick(), stride.global_pass()));
    Ok(())
}

#[track_caller]
fn refused<T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug>(
    value: &T,
    from: &str,
    to: &str,
    expected: &str,
) {
    let text = serde_json::to_string(value).unwrap();
    assert!(text.contains(from), "{text}");
    let error = serde_json::from_str::<T>(&text.replacen(from, to, 1)).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn lotteries_that_cannot_be_are_refused() -> Result<(), Error> {
    let mut lottery = Lottery::new();
    let client = lottery.add(5)?;
    lottery.add(6)?;
    lottery.remove(client)?;
    refused(&lottery, "\"version\":1", "\"version\":2", "version");
    refused(&lottery, "\"vacant\":[0]", "\"vacant\":[]", "missing");
    refused(&lottery, "\"vacant\":[0]", "\"vacant\":[0,0]", "vacant twice");
    refused(&lottery, "\"vacant\":[0]", "\"vacant\":[1]", "vacant twice");
    refused(&lottery, "\"tickets\":0", "\"tickets\":1", "nobody has tickets");
    lottery.add(7)?;
    let (most, expected) = ("\"tickets\":18446744073709551615", "too many tickets");
    refused(&lottery, "\"tickets\":7", most, expected);
    Ok(())
}

#[test]
fn currencies_that_cannot_be_are_refused() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [a, b] = [lottery.add_currency()?, lottery.add_currency()?];
    let client = lottery.add_client()?;
    lottery.issue(CurrencyId::BASE, 3, a)?;
    lottery.issue(a, 4, b)?;
    let ticket = lottery.issue(b, 50, client)?;
    let lent = lottery.transfer(ticket, 6, client)?;
    lottery.transfer(lent, 2, client)?;
    lottery.compensate(client, 2, NonZeroU64::new(9).unwrap())?;
    refused(&lottery, "\"version\":1", "\"version\":0", "version");
    refused(&lottery, "\"used\":2", "\"used\":9", "compensation");
    refused(&lottery, "\"quantum\":9", "\"quantum\":18446744073709551615", "too many tickets");
    refused(&lottery, "\"holder\":{\"Client\":0}", "\"holder\":{\"Client\":1}", "holder");
    refused(&lottery, "\"holder\":{\"Client\":0}", "\"holder\":{\"Currency\":9}", "holder");
    refused(&lottery, "\"holder\":{\"Client\":0}", "\"holder\":{\"Currency\":1}", "in a circle");
    refused(&lottery, "\"currency\":1", "\"currency\":7", "currency of a ticket");
    refused(&lottery, "\"place\":2", "\"place\":1", "place of a ticket");
    refused(&lottery, "\"lender\":2", "\"lender\":1", "lender");
    refused(&lottery, "\"lender\":2", "\"lender\":99", "lender");
    refused(&lottery, "\"lender\":2", "\"lender\":4", "lent in a circle");
    refused(&lottery, "\"amount\":44", "\"amount\":18446744073709551613", "too much is lent");
    refused(&lottery, "\"vacant_tickets\":[]", "\"vacant_tickets\":[0]", "vacant numbers");
    // A number that was never used is not vacant: what is added there may be retracted.
    let unused = "\"tickets\":[{\"generation\":0,\"held\":null},";
    refused(&lottery, "\"tickets\":[", unused, "vacant numbers");
    let empty = Currencies::new();
    refused(&empty, "\"generation\":0", "\"generation\":1", "no base");
    refused(&empty, "{\"generation\":0,\"held\":{\"vacant\":[]}}", "", "no base");
    Ok(())
}

#[test]
fn strides_that_cannot_be_are_refused() -> Result<(), Error> {
    let mut stride = Stride::default();
    stride.add(3)?;
    let sleeper = stride.add(5)?;
    stride.sleep(sleeper)?;
    refused(&stride, "\"version\":1", "\"version\":2", "version");
    refused(&stride, "\"remainder\":1", "\"remainder\":3", "a pass");
    refused(&stride, "\"part\":0", "\"part\":3", "global pass");
    refused(&stride, "\"tickets\":3", "\"tickets\":4", "sum of tickets");
    let text = serde_json::to_string(&stride).unwrap();
    let remains = stride.remains(sleeper)?.to_string();
    let far = text.replacen(&remains, &i128::MIN.to_string(), 1);
    assert!(serde_json::from_str::<Stride>(&far).is_err());
    Ok(())
}

#[test]
fn what_was_tampered_with_is_refused_or_works() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [x, y] = [lottery.add_currency()?, lottery.add_currency()?];
    let clients = [lottery.add_client()?, lottery.add_client()?, lottery.add_client()?];
    let mut tickets = Vec::new();
    for (currency, amount) in [(CurrencyId::BASE, 7), (x, 5), (y, 3)] {
        tickets.push(lottery.issue(currency, amount, clients[0])?);
    }
    tickets.push(lottery.issue(CurrencyId::BASE, 9, x)?);
    tickets.push(lottery.issue(x, 2, y)?);
    tickets.push(lottery.transfer(tickets[1], 3, clients[1])?);
    tickets.push(lottery.transfer(tickets[5], 1, clients[2])?);
    tickets.push(lottery.issue(y, 2, clients[1])?);
    lottery.destroy(tickets[7])?;
    lottery.compensate(clients[1], 2, NonZeroU64::new(7).unwrap())?;
    tampered(&lottery, |mut lottery| {
        for word in [0, 1 << 63, u64::MAX] {
            lottery.draw(&mut apportion_lottery::Words(|| word));
        }
        for &client in &clients {
            drop(lottery.issue(y, u64::MAX, client));
            drop(lottery.issue(CurrencyId::BASE, 1, client));
            drop(lottery.value(client));
        }
        for &ticket in tickets.iter().rev() {
            drop(lottery.give_back(ticket).or_else(|_| lottery.set_amount(ticket, 4)));
            drop(lottery.destroy(ticket));
        }
        for &client in &clients {
            drop(lottery.remove_client(client));
        }
        drop(lottery.remove_currency(x));
    });
    let mut stride = Stride::default();
    let clients = [stride.add(3)?, stride.add(1)?, stride.add(70)?];
    stride.charge(clients[2], 500)?;
    stride.sleep(clients[1])?;
    tampered(&stride, |mut stride| {
        for &client in &clients {
            drop(stride.charge(client, u32::MAX));
            drop(stride.sleep(client).or_else(|_| stride.wake(client)));
            drop(stride.set_tickets(client, 1));
            drop(stride.wake(client));
            drop(stride.set_tickets(client, u32::MAX.into()));
            drop(stride.remains(client));
        }
        let turn = stride.pick();
        drop(turn.map(|turn| stride.charge(turn.client, u32::MAX)));
        for &client in &clients {
            drop(stride.remove(client));
        }
    });
    let mut lottery = Lottery::new();
    let clients = [lottery.add(3)?, lottery.add(1 << 40)?, lottery.add(70)?];
    lottery.remove(clients[0])?;
    tampered(&lottery, |mut lottery| {
        for word in [0, 1 << 63, u64::MAX] {
            lottery.draw(&mut apportion_lottery::Words(|| word));
            lottery.draw_loser(&mut apportion_lottery::Words(|| word));
        }
        drop(lottery.add(u64::MAX));
        drop(lottery.add(1));
        for &client in &clients {
            drop(lottery.remove(client));
        }
    });
    Ok(())
}
