//! Any calls in any order, with a model of what to expect: for proptest and for the fuzzer.
//!
//! After each call: a refused one has left no trace, values are those of the slow twin, and what is
//! restored from a snapshot is as what was saved. Draws are compared with those of the restored one.

mod stride;

use std::num::NonZeroU64;

use apportion_lottery::reference::{self, Ticket};
use apportion_lottery::{ClientId, Currencies, CurrencyId, Error, Holder, TicketId, Value, Words};

pub(crate) use stride::play_stride;

/// Clients and currencies: as few as meet each other again and again.
const MOST: usize = 6;

/// A call of four bytes: which, of whom, of what, how much.
pub(crate) type Call = [u8; 4];

/// What is known of a ticket.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: TicketId,
    ticket: Ticket,
    /// The place of the ticket it was lent by.
    lender: Option<usize>,
    is_there: bool,
}

#[derive(Debug)]
struct Play {
    lottery: Currencies,
    clients: Vec<(ClientId, bool)>,
    currencies: Vec<(CurrencyId, bool)>,
    twin: reference::Currencies,
    tickets: Vec<Known>,
    state: u64,
}

/// Plays calls on currencies.
pub(crate) fn play_currencies(calls: &[Call]) {
    let lottery = Currencies::new();
    let mut play = Play {
        lottery,
        clients: Vec::new(),
        currencies: vec![(CurrencyId::BASE, true)],
        twin: reference::Currencies::default(),
        tickets: Vec::new(),
        state: 1,
    };
    for &call in calls {
        let before = saved(&play.lottery);
        if let Some(error) = play.call(call) {
            assert_eq!(saved(&play.lottery), before, "{error} left its mark");
        }
        play.compare();
    }
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all
}

fn saved(lottery: &impl serde::Serialize) -> String {
    serde_json::to_string(lottery).expect("it can be written")
}

impl Play {
    fn call(&mut self, [which, who, what, much]: Call) -> Option<Error> {
        let client = usize::from(who).checked_rem(self.clients.len());
        let currency = usize::from(what) % self.currencies.len();
        let ticket = usize::from(who).checked_rem(self.tickets.len());
        // Mostly small; a few of any size.
        let amount = match much {
            0..=240 => u64::from(much % 7),
            241..=250 => 1 << (much - 200),
            _ => u64::MAX - u64::from(much),
        };
        match which % 16 {
            0 => self.add_client(),
            1 => self.add_currency(),
            2..=5 => {
                let holder = self.holder(who)?;
                self.issue(currency, amount, holder)
            }
            6 => self.set_amount(ticket?, amount),
            7 => self.destroy(ticket?),
            8 | 9 => {
                let holder = self.holder(what)?;
                self.transfer(ticket?, amount, holder)
            }
            10 => self.give_back(ticket?),
            11 => self.toggle(client?, much.is_multiple_of(2)),
            12 => self.compensate(client?, u64::from(what), u64::from(much)),
            13 => self.remove(client?, currency, much.is_multiple_of(4)),
            _ => self.draw(),
        }
    }

    /// A client or a currency, by its number.
    fn holder(&self, number: u8) -> Option<Result<usize, usize>> {
        if number.is_multiple_of(2) {
            usize::from(number / 2).checked_rem(self.clients.len()).map(Ok)
        } else {
            Some(Err(usize::from(number / 2) % self.currencies.len()))
        }
    }

    fn id(&self, holder: Result<usize, usize>) -> Holder {
        match holder {
            Ok(client) => self.clients[client].0.into(),
            Err(currency) => self.currencies[currency].0.into(),
        }
    }

    fn add_client(&mut self) -> Option<Error> {
        if self.clients.iter().filter(|client| client.1).count() < MOST {
            let id = self.lottery.add_client().expect("there are few");
            assert!(self.clients.iter().all(|client| client.0 != id), "given twice");
            self.clients.push((id, true));
            self.twin.clients.push((true, 1, 1));
        }
        None
    }

    fn add_currency(&mut self) -> Option<Error> {
        if self.currencies.iter().filter(|currency| currency.1).count() < MOST {
            let id = self.lottery.add_currency().expect("there are few");
            assert!(self.currencies.iter().all(|currency| currency.0 != id), "given twice");
            self.currencies.push((id, true));
        }
        None
    }

    /// Whether a refusal is one that the size of amounts explains.
    fn is_size(error: &Error) -> bool {
        matches!(error, Error::TooManyTickets { .. } | Error::TooMuchCompensation { .. })
    }

    fn unknown(&self, holder: Result<usize, usize>) -> Option<Error> {
        match holder {
            Ok(at) => {
                let (client, known) = self.clients[at];
                (!known).then_some(Error::UnknownClient { client })
            }
            Err(at) => {
                let (currency, known) = self.currencies[at];
                (!known).then_some(Error::UnknownCurrency { currency })
            }
        }
    }

    /// Whether a currency is backed by another one, on any path.
    fn reaches(&self, from: usize, to: usize) -> bool {
        from == to
            || self.tickets.iter().any(|known| {
                let below = known.ticket.holder.err();
                known.is_there
                    && known.ticket.currency == from
                    && below.is_some_and(|below| self.reaches(below, to))
            })
    }

    fn is_cycle(&self, error: &Error, currency: usize, holder: Result<usize, usize>) -> bool {
        let Error::Cycle { currencies } = error else { return false };
        let Err(funded) = holder else { return false };
        let ends = [currencies.first(), currencies.last()];
        ends == [Some(&self.currencies[funded].0), Some(&self.currencies[currency].0)]
            && currencies.windows(2).all(|pair| {
                let place = |id| self.currencies.iter().position(|currency| currency.0 == id);
                self.tickets.iter().any(|known| {
                    known.is_there
                        && Some(known.ticket.currency) == place(pair[0])
                        && known.ticket.holder.err() == place(pair[1])
                })
            })
    }

    fn issue(
        &mut self,
        currency: usize,
        amount: u64,
        holder: Result<usize, usize>,
    ) -> Option<Error> {
        let expected = self.unknown(Err(currency)).or(self.unknown(holder));
        let cyclic = holder.is_err_and(|funded| self.reaches(funded, currency));
        let said = self.lottery.issue(self.currencies[currency].0, amount, self.id(holder));
        self.handed_out(said, expected, cyclic, None, Ticket { amount, currency, holder })
    }

    fn handed_out(
        &mut self,
        said: Result<TicketId, Error>,
        expected: Option<Error>,
        cyclic: bool,
        lender: Option<usize>,
        ticket: Ticket,
    ) -> Option<Error> {
        match said {
            Ok(id) => {
                assert!(expected.is_none() && !cyclic);
                assert!(self.tickets.iter().all(|known| known.id != id), "given twice");
                if let Some(lender) = lender {
                    self.tickets[lender].ticket.amount -= ticket.amount;
                }
                self.tickets.push(Known { id, ticket, lender, is_there: true });
                None
            }
            Err(error) => {
                match expected {
                    Some(expected) => assert_eq!(error, expected),
                    None if cyclic => {
                        assert!(self.is_cycle(&error, ticket.currency, ticket.holder), "{error}");
                    }
                    None => assert!(Self::is_size(&error), "{error}"),
                }
                Some(error)
            }
        }
    }

    fn lent(&self, ticket: usize) -> Option<Error> {
        let loans = self.tickets.iter().filter(|known| known.is_there);
        let loans: Vec<u64> = loans
            .filter(|known| known.lender == Some(ticket))
            .map(|known| known.ticket.amount + self.lent_on(known))
            .collect();
        let (ticket, lent) = (self.tickets[ticket].id, loans.iter().sum());
        (!loans.is_empty()).then_some(Error::Lent { ticket, lent })
    }

    /// What of a ticket was lent on, and so on.
    fn lent_on(&self, lender: &Known) -> u64 {
        let borrows = |known: &&Known| {
            let lent_by = known.lender.map(|place| self.tickets[place].id);
            known.is_there && lent_by == Some(lender.id)
        };
        let borrowed = self.tickets.iter().filter(borrows);
        borrowed.map(|known| known.ticket.amount + self.lent_on(known)).sum()
    }

    fn missing(&self, ticket: usize) -> Option<Error> {
        let Known { id, is_there, .. } = self.tickets[ticket];
        (!is_there).then_some(Error::UnknownTicket { ticket: id })
    }

    /// What is said is what was expected, or a refusal for size.
    fn settle(said: Result<(), Error>, expected: Option<Error>) -> Option<Error> {
        let refused = said.err();
        match (refused, expected) {
            (Some(error), None) => {
                assert!(Self::is_size(&error), "{error}");
                Some(error)
            }
            (refused, expected) => {
                assert_eq!(refused, expected);
                refused
            }
        }
    }

    fn borrowed(&self, ticket: usize) -> Option<Error> {
        let Known { id, lender, .. } = self.tickets[ticket];
        lender.is_some().then_some(Error::Borrowed { ticket: id })
    }

    fn set_amount(&mut self, ticket: usize, amount: u64) -> Option<Error> {
        let expected = self.missing(ticket).or(self.borrowed(ticket));
        let said = self.lottery.set_amount(self.tickets[ticket].id, amount);
        let refused = Self::settle(said, expected);
        if refused.is_none() {
            self.tickets[ticket].ticket.amount = amount;
        }
        refused
    }

    fn destroy(&mut self, ticket: usize) -> Option<Error> {
        let expected = self.missing(ticket).or(self.borrowed(ticket)).or(self.lent(ticket));
        let said = self.lottery.destroy(self.tickets[ticket].id);
        let refused = Self::settle(said, expected);
        if refused.is_none() {
            self.tickets[ticket].is_there = false;
        }
        refused
    }

    fn transfer(&mut self, from: usize, amount: u64, to: Result<usize, usize>) -> Option<Error> {
        let Known { id, ticket: Ticket { amount: held, currency, .. }, .. } = self.tickets[from];
        let few = (amount > held).then_some(Error::TooFewTickets { held, wanted: amount });
        let expected = self.missing(from).or(self.unknown(to)).or(few);
        let cyclic = to.is_err_and(|funded| self.reaches(funded, currency));
        let said = self.lottery.transfer(id, amount, self.id(to));
        self.handed_out(said, expected, cyclic, Some(from), Ticket { amount, currency, holder: to })
    }

    fn give_back(&mut self, ticket: usize) -> Option<Error> {
        let Known { id, lender, ticket: Ticket { amount, .. }, .. } = self.tickets[ticket];
        let own = lender.is_none().then_some(Error::NotBorrowed { ticket: id });
        let expected = self.missing(ticket).or(own).or(self.lent(ticket));
        let refused = Self::settle(self.lottery.give_back(id), expected);
        if let (None, Some(lender)) = (&refused, lender) {
            self.tickets[lender].ticket.amount += amount;
            self.tickets[ticket].is_there = false;
        }
        refused
    }

    fn toggle(&mut self, at: usize, wakes: bool) -> Option<Error> {
        let (client, _) = self.clients[at];
        let awake = self.twin.clients[at].0;
        let (said, wrong) = if wakes {
            (self.lottery.wake(client), Error::AlreadyAwake { client })
        } else {
            (self.lottery.sleep(client), Error::AlreadyAsleep { client })
        };
        let expected = self.unknown(Ok(at)).or((awake == wakes).then_some(wrong));
        let refused = Self::settle(said, expected);
        if refused.is_none() {
            self.twin.clients[at].0 = wakes;
        }
        refused
    }

    fn compensate(&mut self, at: usize, used: u64, quantum: u64) -> Option<Error> {
        let given = NonZeroU64::new(quantum)?;
        let more = (used > quantum).then_some(Error::MoreThanQuantum { used, quantum });
        let expected = self.unknown(Ok(at)).or(more);
        let said = self.lottery.compensate(self.clients[at].0, used, given);
        let refused = Self::settle(said, expected);
        if refused.is_none() {
            (self.twin.clients[at].1, self.twin.clients[at].2) = (quantum, used.max(1));
        }
        refused
    }

    fn remove(&mut self, client: usize, currency: usize, is_client: bool) -> Option<Error> {
        let holder = if is_client { Ok(client) } else { Err(currency) };
        let held: Vec<usize> = (0..self.tickets.len())
            .filter(|&at| self.tickets[at].is_there && self.tickets[at].ticket.holder == holder)
            .collect();
        let lent = held.iter().find_map(|&ticket| self.lent(ticket));
        let issued = self.tickets.iter().filter(|known| known.is_there);
        let issued = issued.filter(|known| known.ticket.currency == currency).count() as u64;
        let id = self.currencies[currency].0;
        let in_use = !is_client && (issued > 0 || currency == 0);
        let in_use = in_use.then_some(Error::CurrencyInUse { currency: id, tickets: issued });
        let expected = self.unknown(holder).or(in_use).or(lent);
        let before = saved(&self.lottery);
        let said = if is_client {
            self.lottery.remove_client(self.clients[client].0)
        } else {
            self.lottery.remove_currency(id)
        };
        // What it does one by one it does in the same order after a restoration.
        let mut restored: Currencies = serde_json::from_str(&before).expect("it was saved");
        let again = if is_client {
            restored.remove_client(self.clients[client].0)
        } else {
            restored.remove_currency(id)
        };
        assert_eq!((&again, saved(&restored)), (&said, saved(&self.lottery)));
        let several =
            matches!((&said, &expected), (Err(Error::Lent { .. }), Some(Error::Lent { .. })));
        let refused = if several { said.err() } else { Self::settle(said, expected) };
        if refused.is_none() {
            for at in held {
                if let Some(lender) = self.tickets[at].lender {
                    self.tickets[lender].ticket.amount += self.tickets[at].ticket.amount;
                }
                self.tickets[at].is_there = false;
            }
            match holder {
                Ok(client) => {
                    self.clients[client].1 = false;
                    self.twin.clients[client] = (false, 1, 1);
                }
                Err(currency) => self.currencies[currency].1 = false,
            }
        }
        refused
    }

    fn draw(&mut self) -> Option<Error> {
        let mut restored: Currencies =
            serde_json::from_str(&saved(&self.lottery)).expect("it was saved");
        let start = self.state;
        let draw = |lottery: &mut Currencies| {
            let (mut state, mut words) = (start, Vec::new());
            let winner = lottery.draw(&mut Words(|| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1_4057_b7ef);
                words.push(state ^ state >> 29);
                state ^ state >> 29
            }));
            (winner, state, words)
        };
        // Given as many words, it would say the same; given fewer, nothing; given more, no more.
        let (winner, state, words) = draw(&mut restored);
        let pure = |words: &[u64]| self.lottery.draw_with(words);
        assert_eq!(pure(&words), Ok(winner));
        assert_eq!(pure(&[&words[..], &[0]].concat()), Ok(winner));
        if let Some((_, few)) = words.split_last() {
            assert_eq!(pure(few), Err(Error::Undecided { words: few.len() }));
        }
        let lost =
            self.lottery.draw_loser(&mut Words(|| words.first().map_or(state, |word| !word)));
        let there = self.clients.iter().filter(|client| client.1).count();
        assert_eq!(lost.is_some(), there > 0);
        if let Some(lost) = lost {
            assert!(self.clients.contains(&(lost.client, true)) && lost.clients == there);
            let holder = lost.ticket.map(|ticket| self.lottery.holder(ticket));
            assert!(holder != Some(Ok(lost.client.into())));
            assert_eq!(lost.ticket.is_some(), winner.is_some() && there > 1);
        }
        let (again, ..) = draw(&mut self.lottery);
        self.state = state;
        assert_eq!(winner, again, "restored, it draws another one");
        // Whatever comes later is asked of the restored one.
        self.lottery = restored;
        self.sync();
        let Some(winner) = winner else {
            assert!(
                !self.twin.tickets.iter().any(|at| at.currency == 0 && self.twin.is_active(at))
            );
            return None;
        };
        let at = self.clients.iter().position(|client| *client == (winner.client, true));
        let at = at.expect("one that is there wins");
        let known = self.tickets.iter().find(|known| known.id == winner.ticket);
        let known = known.expect("it wins with a ticket that there is");
        assert!(known.is_there && known.ticket.holder == Ok(at) && known.ticket.amount > 0);
        assert!(self.twin.clients[at].0, "it is awake");
        let (_, quantum, used) = self.twin.clients[at];
        let said = winner.compensation.map(|found| (found.quantum, found.used));
        assert_eq!(said, (used < quantum).then_some((quantum, used)));
        self.twin.clients[at] = (true, 1, 1);
        None
    }

    fn sync(&mut self) {
        let there = self.tickets.iter().filter(|known| known.is_there);
        self.twin.tickets = there.map(|known| known.ticket).collect();
    }

    /// Every look-up beside a scan of what is known.
    fn look_up(&self) {
        let clients = self.clients.iter().filter(|client| client.1).map(|client| client.0);
        let currencies = self.currencies.iter().filter(|currency| currency.1).map(|at| at.0);
        assert_eq!(self.lottery.clients().collect::<Vec<_>>(), sorted(clients));
        assert_eq!(self.lottery.currencies().collect::<Vec<_>>(), sorted(currencies));
        let those = |is_one: &dyn Fn(&Known) -> bool| {
            let there = self.tickets.iter().filter(|known| known.is_there && is_one(known));
            Ok(sorted(there.map(|known| known.id)))
        };
        for (at, &(currency, is_there)) in self.currencies.iter().enumerate() {
            let expected = those(&|known| known.ticket.currency == at);
            let unknown = Err(Error::UnknownCurrency { currency });
            let expected = if is_there { expected } else { unknown };
            assert_eq!(self.lottery.issued(currency), expected);
        }
        for (place, known) in self.tickets.iter().enumerate() {
            let Known { id, ticket: Ticket { amount, currency, holder }, lender, is_there } =
                *known;
            if !is_there {
                let unknown = Error::UnknownTicket { ticket: id };
                assert_eq!(self.lottery.amount(id), Err(unknown.clone()));
                assert_eq!(self.lottery.currency(id), Err(unknown.clone()));
                assert_eq!(self.lottery.holder(id), Err(unknown.clone()));
                assert_eq!(self.lottery.lender(id), Err(unknown.clone()));
                assert_eq!(self.lottery.loans(id), Err(unknown));
                continue;
            }
            assert_eq!(self.lottery.amount(id), Ok(amount));
            assert_eq!(self.lottery.currency(id), Ok(self.currencies[currency].0));
            assert_eq!(self.lottery.holder(id), Ok(self.id(holder)));
            assert_eq!(self.lottery.lender(id), Ok(lender.map(|lender| self.tickets[lender].id)));
            assert_eq!(self.lottery.loans(id), those(&|known| known.lender == Some(place)));
            let held = those(&|known| known.ticket.holder == holder);
            assert_eq!(self.lottery.tickets(self.id(holder)), held);
        }
    }

    fn compare(&mut self) {
        self.sync();
        self.look_up();
        // Fractions of small amounts fit; the slow twin does not even try others.
        if self.twin.tickets.iter().any(|ticket| ticket.amount > 1_000) {
            return;
        }
        let Some(values) = self.twin.values() else { return };
        let mut sum = Some(Value::ZERO);
        for (at, value) in values.into_iter().enumerate() {
            let (client, is_there) = self.clients[at];
            let found = self.lottery.value(client);
            match found {
                Err(Error::ValueTooFine) => sum = None,
                Err(error) => assert!(!is_there, "{error}"),
                Ok(found) => {
                    assert_eq!(found, value, "client {at}");
                    sum = sum.and_then(|sum| sum.plus(found));
                }
            }
        }
        let base = self.lottery.active(CurrencyId::BASE).expect("it is always there");
        if let Some(sum) = sum {
            assert_eq!((sum.numerator, sum.denominator), (base.into(), 1), "not conserved");
        }
    }
}
