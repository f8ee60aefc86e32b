//! A test for each claim we cite, and each case worked by hand.
//!
//! Experiments of 1994 were measured on a workstation; what is ours to repeat is that what was seen
//! there is what the lottery gives, within six deviations of a binomial.

use std::num::NonZeroU64;

use apportion_lottery::{
    ClientId, Currencies, CurrencyId, Error, Holder, Lottery, Stride, TicketId, Words,
};
use rand_pcg::Pcg64;

fn wins(tickets: &[u64], draws: u64, seed: u128) -> Vec<u64> {
    let mut lottery = Lottery::new();
    let clients: Vec<ClientId> =
        tickets.iter().map(|&tickets| lottery.add(tickets).unwrap()).collect();
    let mut chance = Pcg64::new(seed, 1);
    let mut wins = vec![0; tickets.len()];
    for _ in 0..draws {
        let winner = lottery.draw(&mut chance).unwrap();
        wins[clients.iter().position(|&client| client == winner.client).unwrap()] += 1;
    }
    wins
}

/// Whether so many wins of `draws` are within six deviations of the share, by integers.
fn within(wins: u64, draws: u64, share: u64, total: u64) -> bool {
    let [wins, draws, share, total] = [wins, draws, share, total].map(i128::from);
    let off = wins * total - draws * share;
    off * off <= 36 * draws * share * (total - share)
}

/// Worked example: tickets A1 B2; 5:3:2, and with A idle.
#[test]
fn tickets_are_numbered_through_the_clients() -> Result<(), Error> {
    let holders = |lottery: &Lottery| -> Vec<usize> {
        (0..lottery.total()).map(|ticket| lottery.holder(ticket).unwrap().index()).collect()
    };
    let mut lottery = Lottery::new();
    lottery.add(1)?;
    lottery.add(2)?;
    assert_eq!(holders(&lottery), [0, 1, 1]);
    let mut lottery = Lottery::new();
    let a = lottery.add(5)?;
    lottery.add(3)?;
    lottery.add(2)?;
    assert_eq!(holders(&lottery), [0, 0, 0, 0, 0, 1, 1, 1, 2, 2]);
    lottery.set_tickets(a, 0)?;
    assert_eq!(holders(&lottery), [1, 1, 1, 2, 2]);
    Ok(())
}

/// OSDI 1994, figure 4 and section 5.1: 2:1 gave 2.01:1, 20:1 gave 19.08:1 over three minutes, and
/// 10:1 gave 13.42:1 over one: lotteries of 100 ms.
#[test]
fn observed_ratios_are_those_of_chance() {
    for seed in 0..50 {
        for (ratio, draws) in [(2, 600), (10, 600), (20, 1_800), (10, 100_000)] {
            let found = wins(&[ratio, 1], draws, seed);
            assert!(within(found[0], draws, ratio, ratio + 1), "{ratio}: {found:?}");
        }
    }
    // What the paper saw: 13.42:1 in 600 lotteries is 558.4 wins, 19.08:1 in 1,800 is 1,710.4.
    assert!(within(558, 600, 10, 11) && within(1_710, 1_800, 20, 21));
    // It is chance: some of our minutes are as far off as theirs.
    let far = (0..50).filter(|&seed| wins(&[10, 1], 600, seed)[1] <= 42).count();
    assert!((1..=10).contains(&far), "{far} of 50 minutes");
}

/// Figure 7: clients of a server with 8:3:1 tickets, which lend it what they have. The first one
/// stops after 20 queries; then the others share 3:1.
#[test]
fn queries_are_served_as_tickets_are_lent() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let mut chance = Pcg64::new(7, 7);
    let clients: Vec<(ClientId, TicketId)> = [8, 3, 1]
        .into_iter()
        .map(|tickets| {
            let client = lottery.add_client()?;
            Ok((client, lottery.issue(CurrencyId::BASE, tickets, client)?))
        })
        .collect::<Result<_, Error>>()?;
    // Each waits for a worker of the server, which has no tickets of its own.
    let mut workers = Vec::new();
    for &(client, ticket) in &clients {
        let worker = lottery.add_client()?;
        let amount = lottery.amount(ticket)?;
        let lent = lottery.transfer(ticket, amount, worker)?;
        lottery.sleep(client)?;
        workers.push((worker, lent));
    }
    let mut served = [0_u64; 3];
    for draw in 0..24_000 {
        let winner = lottery.draw(&mut chance).unwrap();
        served[workers.iter().position(|worker| worker.0 == winner.client).unwrap()] += 1;
        if draw == 11_999 {
            assert!(within(served[0], 12_000, 8, 12) && within(served[2], 12_000, 1, 12));
            lottery.give_back(workers[0].1)?;
            assert_eq!(lottery.amount(clients[0].1), Ok(8));
            served = [0; 3];
        }
    }
    assert!(served[0] == 0 && within(served[1], 12_000, 3, 4), "{served:?}");
    Ok(())
}

/// Section 5.5 and figure 9: users A and B, one currency each, equally funded. B starts a third
/// task halfway: A's tasks do not notice, B's get less.
#[test]
fn currencies_insulate_loads() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let mut chance = Pcg64::new(9, 9);
    let [a, b] = [lottery.add_currency()?, lottery.add_currency()?];
    let mut tasks = Vec::new();
    for currency in [a, b] {
        lottery.issue(CurrencyId::BASE, 100, currency)?;
        for amount in [100, 200] {
            tasks.push(lottery.add_client()?);
            lottery.issue(currency, amount, tasks[tasks.len() - 1])?;
        }
    }
    let mut play = |lottery: &mut Currencies, tasks: &[ClientId]| {
        let mut wins = vec![0; tasks.len()];
        for _ in 0..30_000 {
            let winner = lottery.draw(&mut chance).unwrap();
            wins[tasks.iter().position(|&task| task == winner.client).unwrap()] += 1;
        }
        wins
    };
    let before = play(&mut lottery, &tasks);
    let ok = (0..4).all(|task| within(before[task], 30_000, [1, 2, 1, 2][task], 6));
    assert!(ok, "{before:?}");
    tasks.push(lottery.add_client()?);
    lottery.issue(b, 300, tasks[4])?;
    let after = play(&mut lottery, &tasks);
    let ok = (0..5).all(|task| within(after[task], 30_000, [2, 4, 1, 2, 3][task], 12));
    assert!(ok, "{after:?}");
    Ok(())
}

/// Section 4.5: 400 base units, 20 of 100 ms used: worth 2000 until it wins; long-run use 1:1.
#[test]
fn compensation_is_exact() -> Result<(), Error> {
    let quantum = NonZeroU64::new(100).unwrap();
    let mut lottery = Currencies::new();
    let [a, b] = [lottery.add_client()?, lottery.add_client()?];
    for client in [a, b] {
        lottery.issue(CurrencyId::BASE, 400, client)?;
    }
    lottery.compensate(b, 20, quantum)?;
    // Of 2400 numbers, 400 are A's and 2000 B's: each drawn once, from the same state.
    let mut wins = [0, 0];
    for number in 0..2_400_u128 {
        let word = ((2 * number + 1) << 63) / 2_400;
        let word = u64::try_from(word).unwrap();
        let winner = lottery.clone().draw(&mut Words(|| word)).unwrap();
        wins[winner.client.index()] += 1;
    }
    assert_eq!(wins, [400, 2_000]);
    assert_eq!(lottery.value(b)?.numerator, 400, "values are without compensation");

    let mut chance = Pcg64::new(4, 4);
    let mut used = [0_u64, 0];
    for _ in 0..200_000 {
        let winner = lottery.draw(&mut chance).unwrap();
        let part = if winner.client == a { 100 } else { 20 };
        used[winner.client.index()] += part;
        lottery.compensate(winner.client, part, quantum)?;
    }
    assert!(used[0].abs_diff(used[1]) * 50 < used[0], "{used:?}");
    Ok(())
}

/// What nothing used counts as is defined: as one unit.
#[test]
fn nothing_used_counts_as_one_unit() -> Result<(), Error> {
    let quantum = NonZeroU64::new(50).unwrap();
    let mut lottery = Currencies::new();
    let client = lottery.add_client()?;
    let ticket = lottery.issue(CurrencyId::BASE, 3, client)?;
    lottery.compensate(client, 0, quantum)?;
    let found = lottery.compensation(client)?.map(|found| (found.quantum, found.used));
    assert_eq!(found, Some((50, 1)));
    lottery.compensate(client, 50, quantum)?;
    assert_eq!(lottery.compensation(client), Ok(None));
    let refused = Err(Error::MoreThanQuantum { used: 51, quantum: 50 });
    assert_eq!(lottery.compensate(client, 51, quantum), refused);
    // What cannot be counted is refused, and nothing changes.
    lottery.set_amount(ticket, 1 << 60)?;
    let refused = Err(Error::TooMuchCompensation { currency: CurrencyId::BASE });
    assert_eq!(lottery.compensate(client, 1, quantum), refused);
    assert_eq!(lottery.compensation(client), Ok(None));
    Ok(())
}

/// Section 6.2, all pairs of a client and a ticket: `(1 - t / T) / (n - 1)`.
#[test]
fn inverse_lotteries_are_exact() -> Result<(), Error> {
    for held in [vec![1, 2, 3], vec![0, 5, 1, 1], vec![7, 0], vec![4], vec![0, 0, 0], vec![0]] {
        let mut lottery = Lottery::new();
        held.iter().try_for_each(|&tickets| lottery.add(tickets).map(drop))?;
        let clients = held.len() as u64;
        let total = lottery.total();
        let word = |number: u64, range: u64| {
            let word = (u128::from(2 * number + 1) << 63) / u128::from(range);
            u64::try_from(word).unwrap()
        };
        let mut losses = vec![0; held.len()];
        for chosen in 0..clients {
            for ticket in 0..total.max(1) {
                let mut asked = 0;
                let loser = lottery.draw_loser(&mut Words(|| {
                    asked += 1;
                    match asked {
                        1 => word(chosen, clients),
                        2 => word(ticket, total.max(1)),
                        _ => 0,
                    }
                }));
                if asked <= 2 {
                    losses[loser.unwrap().client.index()] += 1;
                }
            }
        }
        let twin = apportion_lottery::reference::Lottery {
            clients: held.iter().map(|&tickets| Some(tickets)).collect(),
        };
        let all: u128 = losses.iter().sum();
        for (chance, lost) in twin.chances_to_lose().into_iter().zip(losses) {
            assert_eq!(chance.numerator * all, lost * chance.denominator, "{held:?}");
        }
    }
    Ok(())
}

/// TM-528, section 2, and the worked example: turns for 3:2:1 and 1:2:4.
#[test]
fn strides_begin_after_one_stride() -> Result<(), Error> {
    for (tickets, expected) in
        [(vec![3, 2, 1], vec![0, 1, 0, 0, 1, 2]), (vec![1, 2, 4], vec![2, 1, 2, 2, 0, 1, 2])]
    {
        let mut stride = Stride::default();
        tickets.iter().try_for_each(|&tickets| stride.add(tickets).map(drop))?;
        for _ in 0..100 {
            for &client in &expected {
                let turn = stride.pick().unwrap();
                assert_eq!(turn.client.index(), client);
                stride.charge(turn.client, 1)?;
            }
        }
    }
    Ok(())
}

/// TM-528, section 2.3: who leaves and comes back, or gets other tickets, keeps its remaining part.
#[test]
fn what_remains_is_kept_exactly() -> Result<(), Error> {
    let mut stride = Stride::default();
    let [a, b] = [stride.add(3)?, stride.add(7)?];
    for _ in 0..1_000 {
        let turn = stride.pick().unwrap();
        stride.charge(turn.client, 1)?;
        let remains = [stride.remains(a)?, stride.remains(b)?];
        for tickets in [1, 2, 1_000_003, 3] {
            stride.set_tickets(a, tickets)?;
            assert_eq!(stride.remains(a)?, remains[0]);
        }
        stride.sleep(b)?;
        assert_eq!(stride.remains(b)?, remains[1]);
        stride.wake(b)?;
        assert_eq!([stride.remains(a)?, stride.remains(b)?], remains);
    }
    Ok(())
}

/// A thousand currencies, each backed by the one before, twice, with a client in each.
#[test]
fn a_thousand_nested_currencies() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let mut above = CurrencyId::BASE;
    let mut all = vec![above];
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        let below = lottery.add_currency()?;
        lottery.issue(above, 500, below)?;
        lottery.issue(above, 499, below)?;
        clients.push(lottery.add_client()?);
        lottery.issue(above, 1, clients[clients.len() - 1])?;
        above = below;
        all.push(below);
    }
    let last = lottery.add_client()?;
    lottery.issue(above, 1, last)?;
    assert_eq!(lottery.value(last), Err(Error::ValueTooFine));
    assert_eq!(lottery.value(clients[0])?.numerator, 1);
    let Err(Error::Cycle { currencies }) = lottery.issue(above, 1, all[1]) else {
        panic!("a cycle of a thousand is one");
    };
    assert_eq!(currencies, all[1..]);
    // Compensation at the bottom goes all the way up.
    lottery.compensate(last, 1, NonZeroU64::new(3).unwrap())?;
    let mut chance = Pcg64::new(1, 1);
    let mut bottom = 0;
    for _ in 0..200 {
        let winner = lottery.draw(&mut chance).unwrap();
        bottom += u32::from(winner.client == last);
        lottery.compensate(last, 1, NonZeroU64::new(3).unwrap())?;
    }
    // 0.999^1000 is 0.368; of three times that, and the rest, 0.636.
    assert!((90..165).contains(&bottom), "{bottom}");
    lottery.sleep(last)?;
    assert_eq!(lottery.active(all[1000])?, 0);
    assert!(matches!(lottery.draw(&mut Words(|| 0)), Some(winner) if winner.client != last));
    // A generator that says the same forever is answered, too.
    lottery.wake(last)?;
    lottery.compensate(last, 2, NonZeroU64::new(3).unwrap())?;
    assert!(lottery.draw(&mut Words(|| u64::MAX)).is_some());
    Ok(())
}

/// All tickets that can be issued, lent and given back: no sum on the way is larger.
#[test]
fn the_most_tickets_move_there_and_back() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [one, other] = [lottery.add_client()?, lottery.add_client()?];
    let ticket = lottery.issue(CurrencyId::BASE, u64::MAX, one)?;
    let loan = lottery.transfer(ticket, u64::MAX, other)?;
    assert_eq!(lottery.value(other)?.numerator, u64::MAX.into());
    let mut chance = Words(|| 1 << 63);
    assert_eq!(lottery.draw(&mut chance).unwrap().client, other);
    lottery.give_back(loan)?;
    assert_eq!(lottery.value(one)?.numerator, u64::MAX.into());
    assert_eq!(lottery.draw(&mut chance).unwrap().client, one);
    Ok(())
}

#[test]
fn refusals_name_what_is_wrong() -> Result<(), Error> {
    let mut lottery = Currencies::new();
    let [a, b] = [lottery.add_currency()?, lottery.add_currency()?];
    lottery.issue(CurrencyId::BASE, 1, a)?;
    lottery.issue(a, 1, b)?;
    let cycle = |currencies| Err(Error::Cycle { currencies });
    assert_eq!(lottery.issue(b, 1, a), cycle(vec![a, b]));
    assert_eq!(lottery.issue(a, 1, a), cycle(vec![a]));
    assert_eq!(lottery.issue(b, 1, CurrencyId::BASE), cycle(vec![CurrencyId::BASE, a, b]));
    assert_eq!(lottery.draw(&mut Words(|| 0)), None, "nobody is funded");
    let client = lottery.add_client()?;
    let ticket = lottery.issue(b, u64::MAX, client)?;
    let full = Err(Error::TooManyTickets { total: u64::MAX, added: 1 });
    assert_eq!(lottery.issue(b, 1, client), full);
    let to = Holder::Client(client);
    let loan = lottery.transfer(ticket, 9, to)?;
    assert_eq!(lottery.destroy(ticket), Err(Error::Lent { ticket, lent: 9 }));
    assert_eq!(lottery.destroy(loan), Err(Error::Borrowed { ticket: loan }));
    assert_eq!(lottery.give_back(ticket), Err(Error::NotBorrowed { ticket }));
    let few = Error::TooFewTickets { held: 9, wanted: 10 };
    assert_eq!(lottery.transfer(loan, 10, to), Err(few));
    let text = lottery.issue(b, 1, a).unwrap_err().to_string();
    assert_eq!(text, "currencies would back each other: currency 1.0, currency 2.0");
    Ok(())
}

/// Decisions for a seed: what changes them is a breaking change.
#[test]
fn value_stability() -> Result<(), Error> {
    let mut lottery = Lottery::new();
    [5, 0, 3, 2, 1 << 40, 7].into_iter().try_for_each(|tickets| lottery.add(tickets).map(drop))?;
    let word = |ticket: u128| u64::try_from(((2 * ticket + 1) << 63) / u128::from(lottery.total()));
    let by_word = [0, 4, 5, 9, 10, (1 << 40) + 9, (1 << 40) + 16].map(|ticket| {
        let word = word(ticket).unwrap();
        let winner = lottery.draw(&mut Words(|| word)).unwrap();
        assert_eq!(u128::from(winner.ticket), ticket);
        winner.client.index()
    });
    assert_eq!(by_word, [0, 0, 2, 3, 4, 4, 5]);

    let mut lottery = Lottery::new();
    (1..=100).try_for_each(|tickets| lottery.add(tickets).map(drop))?;
    let mut chance = Pcg64::new(0xcafe, 0xf00d);
    let winners: Vec<usize> =
        (0..12).map(|_| lottery.draw(&mut chance).unwrap().client.index()).collect();
    let losers: Vec<usize> =
        (0..6).map(|_| lottery.draw_loser(&mut chance).unwrap().client.index()).collect();
    assert_eq!(winners, WINNERS);
    assert_eq!(losers, LOSERS);
    Ok(())
}

const WINNERS: [usize; 12] = [99, 40, 63, 46, 72, 76, 89, 94, 93, 83, 95, 52];
const LOSERS: [usize; 6] = [65, 17, 11, 52, 20, 54];
