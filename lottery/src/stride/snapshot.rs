//! Snapshots: passes and what remains; the queue is rebuilt.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Client, Global, Key, Stride};
use crate::slots::{Slot, Slots};
use crate::snapshot::{Inconsistent, check};

#[derive(Deserialize, Serialize)]
struct Snapshot {
    version: u32,
    quantum: NonZeroU32,
    global: Global,
    clients: Vec<Slot<Client>>,
    vacant: Vec<u32>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

/// What 2^72 units of service come to at one ticket: nobody counts as many, and from there all sums
/// still fit.
const FARTHEST: u128 = 1 << 120;

impl Serialize for Stride {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (clients, vacant) = self.clients.parts();
        let (clients, vacant) = (clients.to_vec(), vacant.to_vec());
        let (quantum, global) = (self.quantum, self.global);
        Snapshot { version: VERSION, quantum, global, clients, vacant }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stride {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl Snapshot {
    fn restore(self) -> Result<Stride, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        let clients = Slots::from_parts(self.clients, self.vacant);
        let clients =
            clients.ok_or(Inconsistent("vacant numbers are not those without a client"))?;
        let Global { units, part, tickets: total } = self.global;
        check(units < FARTHEST && part < total.max(1), "the global pass cannot be")?;
        let mut queue = BTreeSet::new();
        let mut sum = 0;
        for (index, _, &client) in clients.iter() {
            match client {
                Client::Awake { tickets, pass, remainder } => {
                    let possible = remainder < tickets.get() && pass.unsigned_abs() < FARTHEST;
                    check(possible, "a pass cannot be")?;
                    sum += u64::from(tickets.get());
                    queue.insert(Key { pass, remainder, tickets, index });
                }
                Client::Asleep { .. } => (),
            }
            let remains = self.global.remains(client);
            check(remains.unsigned_abs() < FARTHEST, "what remains cannot be")?;
        }
        check(sum == total, "the sum of tickets is another")?;
        Ok(Stride { clients, queue, quantum: self.quantum, global: self.global })
    }
}
