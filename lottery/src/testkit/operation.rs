use alloc::boxed::Box;
use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop_oneof};
use quickcheck::{Arbitrary, Gen};

/// One step with a lottery of few clients. Those that name nobody who is there are to be skipped,
/// so that any sequence can be played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// A new client.
    Add {
        /// How many it has.
        tickets: u64,
    },
    /// Forgets a client.
    Remove {
        /// Which of those ever added, counted round.
        client: usize,
    },
    /// Changes the tickets of a client.
    SetTickets {
        /// Which.
        client: usize,
        /// How many it has from now on.
        tickets: u64,
    },
    /// Gives tickets of one client to another.
    Transfer {
        /// Whose.
        from: usize,
        /// To whom.
        to: usize,
        /// How many.
        tickets: u64,
    },
    /// Draws with this word.
    Draw {
        /// A word of the generator.
        word: u64,
    },
}

/// Operations to be played in this order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Operations(pub Vec<Operation>);

/// Tickets for 1 to `clients` clients: few, none, or very many.
pub fn holdings(clients: usize) -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(tickets(), 1..=clients.max(1))
}

/// Sequences of at most `length` operations; amounts small, or of any size.
pub fn operations(length: usize) -> impl Strategy<Value = Operations> {
    let client = || 0..40_usize;
    let operation = prop_oneof![
        3 => tickets().prop_map(|tickets| Operation::Add { tickets }),
        1 => client().prop_map(|client| Operation::Remove { client }),
        4 => (client(), tickets())
            .prop_map(|(client, tickets)| Operation::SetTickets { client, tickets }),
        2 => (client(), client(), tickets())
            .prop_map(|(from, to, tickets)| Operation::Transfer { from, to, tickets }),
        4 => any::<u64>().prop_map(|word| Operation::Draw { word }),
    ];
    proptest::collection::vec(operation, 0..=length).prop_map(Operations)
}

fn tickets() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0u64..5, 2 => 0u64..1_000, 1 => any::<u64>()]
}

impl Arbitrary for Operations {
    fn arbitrary(source: &mut Gen) -> Self {
        let length = usize::arbitrary(source) % source.size().max(1);
        Self((0..length).map(|_| step(source)).collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let all = self.0.clone();
        let halves = [(0, all.len() / 2), (all.len() / 2, all.len())];
        let each = (0..all.len()).map(|at| (at, at + 1));
        let cuts = halves.into_iter().chain(each).filter(|cut| cut.0 < cut.1);
        Box::new(cuts.map(move |(from, until)| {
            let kept = all.iter().enumerate().filter(|(at, _)| !(from..until).contains(at));
            Self(kept.map(|(_, operation)| *operation).collect())
        }))
    }
}

fn step(source: &mut Gen) -> Operation {
    let client = |source: &mut Gen| usize::from(u8::arbitrary(source) % 40);
    let tickets = |source: &mut Gen| match u8::arbitrary(source) % 8 {
        0 => u64::arbitrary(source),
        1 => u64::arbitrary(source) % 1_000,
        _ => u64::arbitrary(source) % 5,
    };
    match u8::arbitrary(source) % 14 {
        0..3 => Operation::Add { tickets: tickets(source) },
        3 => Operation::Remove { client: client(source) },
        4..8 => Operation::SetTickets { client: client(source), tickets: tickets(source) },
        8..10 => {
            let (from, to) = (client(source), client(source));
            Operation::Transfer { from, to, tickets: tickets(source) }
        }
        _ => Operation::Draw { word: u64::arbitrary(source) },
    }
}
