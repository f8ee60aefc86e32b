//! Draws with given words, all counted through.

use std::num::NonZeroU64;

use apportion_lottery::{
    ClientId, Currencies, CurrencyId, Error, Lottery, Value, Words, reference,
};

/// The words for a ticket lie side by side, and those refused before them: the ends of each run,
/// and their neighbours, count all 2^64.
#[test]
fn as_many_words_for_each_ticket() -> Result<(), Error> {
    for held in [vec![1], vec![1, 2], vec![0, 5, 3, 0, 2], vec![97, 0, 200], vec![1 << 63, 3]] {
        let mut lottery = Lottery::new();
        let clients: Vec<ClientId> =
            held.iter().map(|&tickets| lottery.add(tickets)).collect::<Result<_, _>>()?;
        let holders = clients.iter().zip(&held);
        let mut holders =
            holders.flat_map(|(&client, &tickets)| (0..tickets).map(move |_| client)).take(300);
        let total = u128::from(lottery.total());
        let (each, surplus) = ((1 << 64) / total, (1 << 64) % total);
        let draw = |word: u128| u64::try_from(word).map(|word| lottery.draw_with(word));
        for ticket in 0..total.min(300) {
            let holder = holders.next();
            let first = ((ticket << 64) + surplus).div_ceil(total);
            let end = ((ticket + 1) << 64).div_ceil(total);
            assert_eq!(end - first, each);
            for word in [first, first + (each - 1) / 2, end - 1] {
                let winner = draw(word).unwrap()?.unwrap();
                assert_eq!((Some(winner.client), u128::from(winner.ticket)), (holder, ticket));
            }
            let others = [first.checked_sub(1), Some(end)].into_iter().flatten();
            for said in others.filter_map(|word| draw(word).ok()) {
                match said {
                    Ok(winner) => assert_ne!(u128::from(winner.unwrap().ticket), ticket),
                    Err(error) => assert_eq!(error, Error::Undecided { words: 1 }),
                }
            }
        }
    }
    assert_eq!(Lottery::new().draw_with(0), Ok(None));
    Ok(())
}

/// Alice has 2 of the base for A 1 and B 2, Bob 1 for B 1 and C 3; C has 3 of the base as well, and
/// D sleeps.
fn two_users() -> Result<(Currencies, reference::Currencies), Error> {
    let tickets = [
        (2, 0, Err(1)),
        (1, 0, Err(2)),
        (1, 1, Ok(0)),
        (2, 1, Ok(1)),
        (1, 2, Ok(1)),
        (3, 2, Ok(2)),
        (3, 0, Ok(2)),
        (9, 0, Ok(3)),
    ];
    let mut lottery = Currencies::new();
    let currencies = [CurrencyId::BASE, lottery.add_currency()?, lottery.add_currency()?];
    let clients = [0; 4].map(|_| lottery.add_client());
    for (amount, currency, holder) in tickets {
        match holder {
            Ok(client) => lottery.issue(currencies[currency], amount, clients[client].clone()?)?,
            Err(funded) => lottery.issue(currencies[currency], amount, currencies[funded])?,
        };
    }
    lottery.sleep(clients[3].clone()?)?;
    let ticket = |(amount, currency, holder)| reference::Ticket { amount, currency, holder };
    let clients = vec![(true, 1, 1), (true, 1, 1), (true, 1, 1), (false, 1, 1)];
    let twin = reference::Currencies { clients, tickets: tickets.map(ticket).into() };
    Ok((lottery, twin))
}

/// The word in the middle of one of 12 parts: 2, 3, 4 and 6 numbers have as many of them each.
fn twelfth(part: usize) -> u64 {
    u64::try_from((u128::try_from(2 * part + 1).unwrap() << 63) / 12).unwrap()
}

#[test]
fn chances_in_currencies_are_those_of_their_values() -> Result<(), Error> {
    let (lottery, twin) = two_users()?;
    let mut wins = [0; 4];
    for parts in 0..12 * 12 {
        let words = [twelfth(parts / 12), twelfth(parts % 12)];
        wins[lottery.draw_with(&words)?.unwrap().client.index()] += 1;
    }
    // The base has 6 active tickets, and 144 pairs of words.
    let chances = wins.map(|wins| Value::new(wins * 6, 144).unwrap());
    assert_eq!(Some(chances.to_vec()), twin.values());
    Ok(())
}

#[test]
fn losses_in_currencies_are_exact() -> Result<(), Error> {
    let (lottery, twin) = two_users()?;
    let mut losses = [0; 4];
    for parts in 0..12 * 12 * 12 {
        let words = [parts / 144, parts / 12 % 12, parts % 12].map(twelfth);
        let mut left = words.iter();
        let mut asked = 0;
        let loser = lottery.draw_loser(&mut Words(|| {
            asked += 1;
            left.next().copied().unwrap_or(0)
        }));
        // A second choice and its draw take more than two words.
        if asked <= 3 {
            let loser = loser.unwrap();
            assert_eq!(loser.clients, 4);
            losses[loser.client.index()] += 1;
        }
    }
    // Of 4 clients each is chosen with 432 triples, and spared as often as it wins.
    for (value, lost) in twin.values().unwrap().into_iter().zip(losses) {
        assert_eq!(value.numerator * 432, (432 - lost) * 6 * value.denominator);
    }
    assert_eq!(losses.iter().sum::<u128>(), 3 * 432);
    Ok(())
}

/// A ticket of A, and one of B that counts for 3 / 2: of its two numbers, one stands half of the
/// time.
#[test]
fn compensation_is_drawn_and_not_over() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    assert_eq!(lottery.draw_with(&[]), Ok(None));
    let [a, b] = [lottery.add_client()?, lottery.add_client()?];
    lottery.issue(CurrencyId::BASE, 1, a)?;
    lottery.issue(CurrencyId::BASE, 1, b)?;
    lottery.compensate(b, 2, NonZeroU64::new(3).unwrap())?;
    let before = serde_json::to_string(&lottery).unwrap();
    let (mut wins, mut undecided) = ([0, 0], 0);
    for parts in 0..12 * 12 {
        match lottery.draw_with(&[twelfth(parts / 12), twelfth(parts % 12)]) {
            Ok(winner) => {
                let winner = winner.unwrap();
                let has = winner.compensation.map(|found| (found.quantum, found.used));
                assert_eq!(has, (winner.client == b).then_some((3, 2)));
                wins[winner.client.index()] += 1;
            }
            Err(error) => {
                assert_eq!(error, Error::Undecided { words: 2 });
                undecided += 1;
            }
        }
    }
    // Of three numbers with 48 pairs each, half of the last begins anew.
    assert_eq!((wins, undecided), ([48, 72], 24));
    assert_eq!(serde_json::to_string(&lottery).unwrap(), before);
    Ok(())
}
