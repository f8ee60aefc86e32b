//! What a few bytes say: so proptest and the fuzzer have the same calls to make up.

use std::num::NonZeroU64;

use apportion_wfq::{Limit, Order, Scheduler, Then};

/// A scheduler to begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    order: Order,
    quantum: NonZeroU64,
    pub(crate) start: u64,
    /// Awake at the beginning, some of them in groups.
    pub(crate) entities: u8,
    /// By how much each is heavier than the one before.
    pub(crate) weights: u8,
}

impl From<[u8; 5]> for Setup {
    fn from([order, quantum, start, entities, weights]: [u8; 5]) -> Self {
        let quantum = match quantum % 8 {
            0..=3 => 1,
            4 => 3,
            5 => 1_000,
            6 => 1 << 30,
            _ => 1 << 42,
        };
        Self {
            order: if order % 2 == 0 { Order::StartTime } else { Order::Eevdf },
            quantum: NonZeroU64::MIN.saturating_add(quantum - 1),
            start: [0, 0, u64::MAX, 1 << 62, 1 << 63, u64::MAX << 42][usize::from(start % 6)],
            entities: [0, 1, 3, 8, 20, 40][usize::from(entities % 6)],
            weights,
        }
    }
}

impl Setup {
    pub(crate) fn scheduler(self) -> Scheduler {
        let scheduler = Scheduler::with_quantum(self.order, self.quantum);
        scheduler.expect("the largest quantum is one").starting_at(self.start)
    }
}

/// Entities and groups are named by a byte: see [`Model`](super::model::Model).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Add {
        group: u8,
        weight: u32,
    },
    AddGroup {
        parent: u8,
        weight: u32,
    },
    Remove(u8),
    RemoveGroup(u8),
    Wake(u8),
    Sleep(u8),
    SetWeight {
        member: u8,
        weight: u32,
    },
    SetRequest {
        entity: u8,
        request: u64,
    },
    Pick,
    /// One of those in service.
    Charge {
        place: u8,
        used: u64,
        then: Then,
    },
    /// Anybody.
    ChargeAny {
        entity: u8,
        used: u64,
        then: Then,
    },
    Correct {
        entity: u8,
        charged: u64,
        used: u64,
    },
    SetLimit {
        member: u8,
        limit: Option<Limit>,
    },
    Advance(u64),
    AdvanceTo(u64),
    AdvanceToRelease,
    /// Through text and back.
    Save,
    /// Asks for everything that can be asked.
    Look {
        one: u8,
        other: u8,
    },
}

impl From<[u8; 4]> for Call {
    fn from([kind, who, size, more]: [u8; 4]) -> Self {
        let then = [Then::Requeue, Then::Requeue, Then::Sleep, Then::Remove];
        let then = then[usize::from(more % 4)];
        match kind {
            0..70 => Self::Pick,
            70..130 => Self::Charge { place: who, used: amount(size), then },
            130..136 => Self::ChargeAny { entity: who, used: amount(size), then },
            136..144 => Self::Add { group: who, weight: weight(size, more) },
            144..148 => Self::AddGroup { parent: who, weight: weight(size, more) },
            148..152 => Self::Remove(who),
            152..154 => Self::RemoveGroup(who),
            154..178 => Self::Wake(who),
            178..186 => Self::Sleep(who),
            186..196 => Self::SetWeight { member: who, weight: weight(size, more) },
            196..200 => Self::SetRequest { entity: who, request: amount(size) },
            200..206 => Self::Correct { entity: who, charged: amount(size), used: amount(more) },
            206..216 => Self::SetLimit { member: who, limit: limit(size, more) },
            216..226 => Self::Advance(amount(size)),
            226..228 => Self::AdvanceTo(amount(size)),
            228..240 => Self::AdvanceToRelease,
            240..246 => Self::Save,
            246.. => Self::Look { one: who, other: size },
        }
    }
}

/// Small ones, powers of two, those about the largest charge, those at the end.
fn amount(size: u8) -> u64 {
    match size {
        0..144 => (size % 24).into(),
        144..208 => 1 << (size - 144),
        208..232 => (1 << 42) - 16 + u64::from(size - 208),
        232.. => u64::MAX - u64::from(u8::MAX - size),
    }
}

/// Small ones, powers of two, some out of range.
fn weight(size: u8, more: u8) -> u32 {
    match size {
        0..160 => 1 + u32::from(size % 8),
        160..208 => 1 << (size % 21),
        208..248 => 1 + (u32::from(more) << (size % 13)),
        248..252 => 0,
        252..254 => (1 << 20) + 1,
        254.. => u32::MAX,
    }
}

fn limit(size: u8, more: u8) -> Option<Limit> {
    let quota = NonZeroU64::new(amount(size))?;
    let [low, high] = [more % 16, more / 16];
    let period = if low == 0 { amount(more) } else { low.into() };
    let limit = Limit::new(quota, NonZeroU64::new(period)?);
    Some(match high {
        0..6 => limit,
        6..14 => limit.with_burst(high.into()),
        _ => limit.with_burst(u64::MAX),
    })
}
