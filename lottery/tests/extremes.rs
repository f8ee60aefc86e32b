//! As much as fits, as deep as it gets, and generators that are broken: what must neither panic nor
//! take forever. Where the time was quadratic, the sizes are such that nobody would wait for it.

use std::num::NonZeroU64;

use apportion_lottery::{
    ClientId, Currencies, CurrencyId, Error, Lottery, Stride, TicketId, Words,
};

const DEEP: usize = 100_000;

/// Currencies each of which backs the next one, from the base down, and the last of them.
fn chain(lottery: &mut Currencies, depth: usize) -> Result<CurrencyId, Error> {
    let mut above = CurrencyId::BASE;
    for _ in 0..depth {
        let below = lottery.add_currency()?;
        lottery.issue(above, 1, below)?;
        above = below;
    }
    Ok(above)
}

#[test]
fn a_hundred_thousand_nested_currencies() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let last = chain(&mut lottery, DEEP)?;
    let [a, b] = [lottery.add_client()?, lottery.add_client()?];
    lottery.issue(last, 3, a)?;
    lottery.issue(last, 1, b)?;
    let value = lottery.value(a)?;
    assert_eq!((value.numerator, value.denominator), (3, 4));
    let cycle = lottery.issue(last, 1, CurrencyId::BASE);
    assert!(matches!(cycle, Err(Error::Cycle { currencies }) if currencies.len() == DEEP + 1));
    lottery.sleep(a)?;
    lottery.compensate(b, 1, NonZeroU64::new(7).unwrap())?;
    let winner = lottery.draw(&mut Words(|| 0)).unwrap();
    assert_eq!((winner.client, lottery.compensation(b)?), (b, None));
    let text = serde_json::to_string(&lottery).unwrap();
    let again: Currencies = serde_json::from_str(&text).unwrap();
    assert_eq!(again.value(b), lottery.value(b));
    Ok(())
}

/// The word leads to the part rounded up of the last ticket, and is refused there every time.
#[test]
fn a_broken_generator_does_not_go_down_forever() -> Result<(), Error> {
    for (quantum, used) in [(3, 2), (2 * DEEP as u64 + 1, 2)] {
        let mut lottery = Currencies::new();
        let last = chain(&mut lottery, DEEP)?;
        let client = lottery.add_client()?;
        lottery.issue(last, 1, client)?;
        for period in [1, 2, 5] {
            lottery.compensate(client, used, NonZeroU64::new(quantum).unwrap())?;
            let mut asked = 0;
            let winner = lottery.draw(&mut Words(|| {
                asked += 1;
                u64::MAX - asked % period
            }));
            assert_eq!(winner.map(|winner| winner.client), Some(client));
        }
    }
    Ok(())
}

#[test]
fn a_server_forgets_all_that_it_has_borrowed() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let server = lottery.add_client()?;
    let own: Vec<(ClientId, TicketId)> = (0..400_000)
        .map(|_| {
            let client = lottery.add_client()?;
            Ok((client, lottery.issue(CurrencyId::BASE, 1, client)?))
        })
        .collect::<Result<_, Error>>()?;
    for &(_, ticket) in &own {
        lottery.transfer(ticket, 1, server)?;
    }
    lottery.remove_client(server)?;
    assert!(own.iter().all(|&(_, ticket)| lottery.amount(ticket) == Ok(1)));
    assert_eq!(lottery.active(CurrencyId::BASE), Ok(400_000));
    Ok(())
}

/// The oldest last, then the oldest first; given back, and destroyed.
#[test]
fn one_holder_loses_half_a_million_tickets_one_by_one() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [lender, holder] = [lottery.add_client()?, lottery.add_client()?];
    let own = lottery.issue(CurrencyId::BASE, 500_000, lender)?;
    for newest_first in [true, false] {
        let mut tickets = Vec::new();
        for number in 0..500_000 {
            tickets.push(if number % 2 == 0 {
                lottery.transfer(own, 1, holder)?
            } else {
                lottery.issue(CurrencyId::BASE, 1, holder)?
            });
        }
        if newest_first {
            tickets.reverse();
        }
        for ticket in tickets {
            match lottery.lender(ticket)? {
                Some(_) => lottery.give_back(ticket)?,
                None => lottery.destroy(ticket)?,
            }
        }
        assert_eq!((lottery.tickets(holder)?, lottery.loans(own)?), (vec![], vec![]));
        assert_eq!(lottery.amount(own), Ok(500_000));
    }
    Ok(())
}

/// With one client less to share it, the compensation of the others weighs more.
#[test]
fn sleep_is_refused_if_what_remains_cannot_be_counted() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let currency = lottery.add_currency()?;
    let [short, long] = [lottery.add_client()?, lottery.add_client()?];
    lottery.issue(CurrencyId::BASE, 1 << 60, currency)?;
    lottery.issue(currency, 1, short)?;
    lottery.issue(currency, 1 << 20, long)?;
    lottery.compensate(short, 1, NonZeroU64::new(1 << 10).unwrap())?;
    let refused = Error::TooMuchCompensation { currency: CurrencyId::BASE };
    assert_eq!(lottery.sleep(long), Err(refused));
    assert_eq!(lottery.is_awake(long), Ok(true));
    lottery.compensate(short, 1, NonZeroU64::new(1 << 3).unwrap())?;
    lottery.sleep(long)
}

#[test]
fn room_that_there_is_not_is_not_made() -> Result<(), Error> {
    let mut lottery = Lottery::new();
    let client = lottery.add(1)?;
    lottery.reserve(usize::MAX);
    assert_eq!(lottery.tickets(client), Ok(1));
    Ok(())
}

#[test]
fn who_has_all_tickets_never_loses_and_many_have_left() -> Result<(), Error> {
    let mut lottery = Lottery::new();
    let clients: Vec<ClientId> = (0..10_000).map(|_| lottery.add(1)).collect::<Result<_, _>>()?;
    for &client in &clients[..9_998] {
        lottery.remove(client)?;
    }
    let [rich, poor] = [clients[9_999], clients[9_998]];
    lottery.set_tickets(poor, 0)?;
    lottery.set_tickets(rich, u64::MAX)?;
    let mut state = 1_u64;
    for _ in 0..100 {
        let mut words = Words(|| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state ^ state >> 32
        });
        assert_eq!(lottery.draw_loser(&mut words).unwrap().client, poor);
    }
    for word in [0, 1 << 63, u64::MAX] {
        assert_eq!(lottery.draw_loser(&mut Words(|| word)).unwrap().client, poor);
    }
    Ok(())
}

#[test]
fn in_currencies_who_always_wins_never_loses_and_many_have_left() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    assert_eq!(lottery.draw_loser(&mut Words(|| 0)), None);
    let clients: Vec<ClientId> =
        (0..1_000).map(|_| lottery.add_client()).collect::<Result<_, _>>()?;
    let [poor, rich] = [clients[998], clients[999]];
    for &client in &clients[..998] {
        lottery.remove_client(client)?;
    }
    let words = [0, 1 << 63, u64::MAX];
    let lose = |lottery: &Currencies| {
        words.map(|word| lottery.draw_loser(&mut Words(|| word)).unwrap().client)
    };
    lottery.issue(CurrencyId::BASE, u64::MAX, rich)?;
    assert_eq!(lose(&lottery), [poor; 3]);
    lottery.sleep(rich)?;
    assert_eq!(lose(&lottery), [poor, poor, rich], "nobody wins");
    lottery.remove_client(poor)?;
    assert_eq!(lose(&lottery), [rich; 3], "it is alone");
    Ok(())
}

/// One that is far overdue, early on, and gives tickets up keeps what is due to it.
#[test]
fn what_is_overdue_is_kept_with_fewer_tickets() -> Result<(), Error> {
    let mut stride = Stride::default();
    let [heavy, light] = [stride.add(1_000)?, stride.add(1)?];
    stride.charge(light, 10)?;
    let overdue = stride.remains(heavy)?;
    assert!(overdue < 0);
    stride.set_tickets(heavy, 1)?;
    assert_eq!(stride.remains(heavy), Ok(overdue));
    stride.set_tickets(heavy, u64::from(u32::MAX))?;
    assert_eq!(stride.remains(heavy), Ok(overdue));
    stride.set_tickets(heavy, 1)?;
    let again: Stride = serde_json::from_str(&serde_json::to_string(&stride).unwrap()).unwrap();
    assert_eq!(again.remains(heavy), Ok(overdue));
    // Ten quanta were used, of which the light one had all: as many are due to the other.
    let served = (0..8).map(|_| {
        let turn = stride.pick().unwrap();
        stride.charge(turn.client, 1).map(|()| turn.client)
    });
    assert_eq!(served.collect::<Result<Vec<_>, _>>()?, [heavy; 8]);
    Ok(())
}
