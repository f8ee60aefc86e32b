//! Snapshots: clients with their tickets, and which numbers are used next.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Lottery;
use crate::snapshot::{Inconsistent, check, check_vacant};

#[derive(Deserialize, Serialize)]
struct Snapshot {
    version: u32,
    clients: Vec<Client>,
    vacant: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
struct Client {
    /// Odd if somebody has the number.
    generation: u16,
    tickets: u64,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl Serialize for Lottery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clients = (0..self.numbers).map(|slot| Client {
            generation: self.tree.tag(slot),
            tickets: self.tree.tickets(slot),
        });
        let vacant = self.vacant.clone();
        Snapshot { version: VERSION, clients: clients.collect(), vacant }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Lottery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl Snapshot {
    fn restore(self) -> Result<Lottery, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        let is_vacant = self.clients.iter().map(|client| client.generation % 2 == 0);
        check_vacant(is_vacant.collect(), &self.vacant)?;
        let mut lottery = Lottery::new();
        for (slot, client) in self.clients.iter().enumerate() {
            let vacant = client.generation % 2 == 0;
            check(!vacant || client.tickets == 0, "nobody has tickets")?;
            check(lottery.check_total(0, client.tickets).is_ok(), "there are too many tickets")?;
            lottery.tree.extend_to(slot);
            *lottery.tree.tag_mut(slot) = client.generation;
            lottery.tree.set(slot, client.tickets);
        }
        (lottery.numbers, lottery.vacant) = (self.clients.len(), self.vacant);
        Ok(lottery)
    }
}
