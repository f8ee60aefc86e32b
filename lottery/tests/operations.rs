//! Any calls in any order: answers, refusals, and that a refusal changes nothing.

mod calls;

use apportion_lottery::testkit::{Operation, Operations, operations};
use apportion_lottery::{ClientId, Error, Lottery, Winner, Words, reference};
use calls::{Call, play_currencies, play_stride};
use proptest::prelude::*;
use quickcheck::QuickCheck;

fn any_calls() -> impl Strategy<Value = Vec<Call>> {
    // Somebody to begin with.
    let call =
        prop_oneof![8 => any::<Call>(), 1 => any::<u8>().prop_map(|byte| [byte % 2, 0, 0, 0])];
    proptest::collection::vec(call, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_calls_of_currencies(calls in any_calls()) {
        let begin = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]];
        play_currencies(&[&begin[..], &calls].concat());
    }

    #[test]
    fn any_calls_of_stride(quantum in prop_oneof![Just(1), 1u32..9, any::<u32>()], calls in any_calls()) {
        play_stride(quantum, &calls);
    }

    #[test]
    fn any_calls_of_a_lottery(operations in operations(150)) {
        play(&operations);
    }
}

#[test]
fn any_calls_of_a_lottery_by_quickcheck() {
    QuickCheck::new().tests(500).quickcheck((|operations| play(&operations)) as fn(Operations));
}

/// The slow twin beside it.
fn play(operations: &Operations) {
    let mut lottery = Lottery::new();
    let mut twin = reference::Lottery::default();
    let mut clients: Vec<ClientId> = Vec::new();
    for &operation in &operations.0 {
        let before = serde_json::to_string(&lottery).unwrap();
        let find = |client: usize| client.checked_rem(clients.len()).map(|at| clients[at]);
        let held = |twin: &reference::Lottery, id: ClientId, lottery: &Lottery| {
            let unknown = Error::UnknownClient { client: id };
            lottery.tickets(id).and(twin.clients[id.index()].ok_or(unknown))
        };
        let refused = match operation {
            Operation::Add { tickets } => {
                let total = twin.total();
                match lottery.add(tickets) {
                    Ok(id) => {
                        assert!(total + u128::from(tickets) <= u128::from(u64::MAX));
                        let length = twin.clients.len().max(id.index() + 1);
                        twin.clients.resize(length, None);
                        assert_eq!(twin.clients[id.index()].replace(tickets), None);
                        assert!(!clients.contains(&id));
                        clients.push(id);
                        None
                    }
                    Err(error) => {
                        let total = u64::try_from(total).unwrap();
                        assert_eq!(error, Error::TooManyTickets { total, added: tickets });
                        Some(error)
                    }
                }
            }
            Operation::Remove { client } => find(client).and_then(|id| {
                let expected = held(&twin, id, &lottery);
                let said = lottery.remove(id);
                assert_eq!(said, expected);
                if said.is_ok() {
                    twin.clients[id.index()] = None;
                }
                said.err()
            }),
            Operation::SetTickets { client, tickets } => find(client).and_then(|id| {
                let expected = held(&twin, id, &lottery).and_then(|had| {
                    let total = u64::try_from(twin.total() - u128::from(had)).unwrap();
                    let fits = total.checked_add(tickets);
                    fits.map(|_| had).ok_or(Error::TooManyTickets { total, added: tickets })
                });
                let said = lottery.set_tickets(id, tickets);
                assert_eq!(said, expected);
                if said.is_ok() {
                    twin.clients[id.index()] = Some(tickets);
                }
                said.err()
            }),
            Operation::Transfer { from, to, tickets } => {
                find(from).zip(find(to)).and_then(|(from, to)| {
                    let both = held(&twin, from, &lottery)
                        .and_then(|had| held(&twin, to, &lottery).map(|_| had));
                    let expected = both.and_then(|held| {
                        let few = Error::TooFewTickets { held, wanted: tickets };
                        held.checked_sub(tickets).map(|_| ()).ok_or(few)
                    });
                    let said = lottery.transfer(from, to, tickets);
                    assert_eq!(said, expected);
                    if said.is_ok() {
                        for (id, gains) in [(from, false), (to, true)] {
                            let held = twin.clients[id.index()].as_mut().unwrap();
                            *held = if gains { *held + tickets } else { *held - tickets };
                        }
                    }
                    said.err()
                })
            }
            Operation::Draw { word } => {
                let winner = draw(&lottery, word);
                let loser = lottery.draw_loser(&mut Words(|| word));
                assert_eq!(winner.is_none(), twin.total() == 0);
                assert_eq!(loser.is_none(), lottery.is_empty());
                if let Some(winner) = winner {
                    assert_eq!(twin.holder(winner.ticket), Some(winner.client.index()));
                    assert_eq!(lottery.holder(winner.ticket), Ok(winner.client));
                }
                if let Some(loser) = loser {
                    let may_lose = u128::from(loser.tickets) < twin.total().max(1);
                    assert!(may_lose || loser.clients == 1);
                }
                None
            }
            other => panic!("an unknown operation: {other:?}"),
        };
        let after = serde_json::to_string(&lottery).unwrap();
        if let Some(error) = refused {
            assert_eq!(after, before, "{error} left its mark");
        }
        compare(&lottery, &twin, &after);
    }
}

/// By a generator that repeats this word, and with it alone.
fn draw(lottery: &Lottery, word: u64) -> Option<Winner> {
    let mut asked = 0;
    let winner = lottery.draw(&mut Words(|| {
        asked += 1;
        word
    }));
    let expected = if asked <= 1 { Ok(winner) } else { Err(Error::Undecided { words: 1 }) };
    assert_eq!(lottery.draw_with(word), expected);
    winner
}

fn compare(lottery: &Lottery, twin: &reference::Lottery, saved: &str) {
    let restored: Lottery = serde_json::from_str(saved).unwrap();
    assert_eq!(serde_json::to_string(&restored).unwrap(), saved);
    let all: Vec<(usize, u64)> =
        lottery.clients().map(|(client, tickets)| (client.index(), tickets)).collect();
    let known = twin.clients.iter().enumerate();
    let known: Vec<_> = known.filter_map(|(at, tickets)| Some((at, (*tickets)?))).collect();
    assert_eq!((all, lottery.len()), (known.clone(), known.len()));
    assert_eq!(u128::from(lottery.total()), twin.total());
}
