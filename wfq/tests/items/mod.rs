//! Any calls of a fair queue, and its twin that is saved and restored now and then: both answer the
//! same, a refused call changes nothing, and in the end every item has been handed out.

use apportion_wfq::{Capacity, FairQueue, MAX_CHARGE, Order, Ticket, Weight};
use serde::{Deserialize, Serialize};

pub(crate) type Queue = FairQueue<u8, Item>;

/// Cannot be copied: nothing that saves or restores needs to.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Item(pub(crate) u64);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Enqueue { flow: u8, cost: u64 },
    Dequeue,
    Start,
    Complete { which: usize, used: u64 },
    SetWeight(u8, Weight),
    ClearWeight(u8),
    Save,
}

impl From<[u8; 4]> for Call {
    fn from([kind, who, size, more]: [u8; 4]) -> Self {
        let flow = who % 12;
        match kind {
            0..100 => Self::Enqueue { flow, cost: cost(size) },
            100..140 => Self::Dequeue,
            140..180 => Self::Start,
            180..220 => Self::Complete { which: who.into(), used: cost(size) },
            220..230 => Self::SetWeight(flow, weight(size, more)),
            230..240 => Self::ClearWeight(flow),
            240.. => Self::Save,
        }
    }
}

/// Small ones, powers of two, those about the largest charge.
fn cost(size: u8) -> u64 {
    match size {
        0..160 => (size % 24).into(),
        160..208 => 1 << ((size - 160) % 43),
        208.. => MAX_CHARGE - 46 + u64::from(size - 208),
    }
}

fn weight(size: u8, more: u8) -> Weight {
    let weight = if size < 200 { 1 + u32::from(size % 8) } else { 1 + (u32::from(more) << 12) };
    Weight::new(weight).expect("in range")
}

/// A queue to begin with.
pub(crate) fn queue([order, start, common, items, in_service]: [u8; 5]) -> Queue {
    let order = if order % 2 == 0 { Order::StartTime } else { Order::Eevdf };
    let starts = [0, u64::MAX, 1 << 62, 1 << 63, u64::MAX << 42];
    let all = Capacity::default();
    let capacity = Capacity {
        items: if items % 4 == 0 { items.into() } else { all.items },
        items_per_flow: if items % 8 == 1 { 3 } else { all.items_per_flow },
        flows: if items % 8 == 2 { 5 } else { all.flows },
        in_service: if in_service % 2 == 0 { (in_service / 16).into() } else { all.in_service },
    };
    FairQueue::new(order)
        .starting_at(starts[usize::from(start) % starts.len()])
        .with_weight(weight(common, common))
        .with_capacity(capacity)
}

/// Makes the calls. Panics if anything is not as it should be.
pub(crate) fn play(setup: [u8; 5], calls: &[Call]) {
    let mut player = Player {
        original: queue(setup),
        restored: queue(setup),
        tickets: Vec::new(),
        served: Vec::new(),
        accepted: 0,
    };
    for &call in calls {
        player.call(call);
    }
    player.drain();
}

struct Player {
    original: Queue,
    /// The same, but that it has been saved and restored.
    restored: Queue,
    /// Some of them have been handed back.
    tickets: Vec<Ticket>,
    /// By number.
    served: Vec<bool>,
    /// How many wait.
    accepted: usize,
}

/// Makes a call on both, and returns what both said.
macro_rules! both {
    ($player:ident, $queue:ident => $call:expr) => {{
        let said = {
            let $queue = &mut $player.original;
            $call
        };
        let $queue = &mut $player.restored;
        assert_eq!($call, said, "saved and restored, it goes on otherwise");
        said
    }};
}

impl Player {
    fn call(&mut self, call: Call) {
        let before = format!("{:?}", self.original);
        let refused = match call {
            Call::Enqueue { flow, cost } => {
                let number = self.served.len() as u64;
                let said = both!(self, queue => queue.enqueue(flow, cost, Item(number)));
                self.served.push(said.is_err());
                self.accepted += usize::from(said.is_ok());
                said.is_err()
            }
            Call::Dequeue => self.dequeue().is_none(),
            Call::Start => self.start().is_none(),
            Call::Complete { which, used } => {
                let ticket = which.checked_rem(self.tickets.len()).map(|at| self.tickets[at]);
                ticket.is_none_or(|ticket| self.complete(ticket, used))
            }
            Call::SetWeight(flow, weight) => {
                both!(self, queue => queue.set_weight(flow, weight)).is_err()
            }
            Call::ClearWeight(flow) => both!(self, queue => queue.clear_weight(&flow)).is_err(),
            Call::Save => {
                self.save();
                true
            }
        };
        if refused {
            assert_eq!(format!("{:?}", self.original), before, "{call:?} left its mark");
        }
        self.compare();
    }

    fn dequeue(&mut self) -> Option<()> {
        let served = both!(self, queue => queue.dequeue())?;
        self.hand_out(&served.item);
        Some(())
    }

    fn start(&mut self) -> Option<()> {
        let (ticket, served) = both!(self, queue => queue.start())?;
        self.hand_out(&served.item);
        self.tickets.push(ticket);
        Some(())
    }

    fn hand_out(&mut self, &Item(number): &Item) {
        let served = usize::try_from(number).ok().and_then(|number| self.served.get_mut(number));
        let is_second = served.map(|served| std::mem::replace(served, true));
        assert_eq!(is_second, Some(false), "item {number}");
        self.accepted -= 1;
    }

    /// Whether it was refused.
    fn complete(&mut self, ticket: Ticket, used: u64) -> bool {
        both!(self, queue => queue.complete(ticket, used)).is_err()
    }

    fn save(&mut self) {
        let text = serde_json::to_string(&self.restored).expect("it can be saved");
        self.restored = serde_json::from_str(&text).expect("it was saved");
        let again = serde_json::to_string(&self.restored).expect("it can be saved");
        assert_eq!(again, text);
        let original = serde_json::to_string(&self.original).expect("it can be saved");
        assert_eq!(original, text, "it went on otherwise");
    }

    fn compare(&self) {
        let (one, other) = (&self.original, &self.restored);
        assert_eq!(one.len(), self.accepted);
        let counts = |queue: &Queue| [queue.len(), queue.flows(), queue.in_service()];
        assert_eq!(counts(one), counts(other));
        assert_eq!(one.capacity(), other.capacity());
        for flow in 0..12 {
            assert_eq!(one.len_of(&flow), other.len_of(&flow));
            assert_eq!(one.weight(&flow), other.weight(&flow));
        }
    }

    /// Everything that waits is handed out, and everything in service comes back.
    fn drain(&mut self) {
        self.save();
        while self.accepted > 0 {
            self.dequeue().expect("items wait");
            self.compare();
        }
        assert_eq!(both!(self, queue => queue.dequeue()), None);
        for ticket in std::mem::take(&mut self.tickets) {
            self.complete(ticket, 1);
        }
        for flow in 0..12 {
            let _ = both!(self, queue => queue.clear_weight(&flow));
        }
        self.compare();
        assert_eq!((self.original.in_service(), self.original.flows()), (0, 0));
    }
}
