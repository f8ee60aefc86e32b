//! Snapshots: the scheduler, and the keys of its entities. Handles are worked out.

use alloc::vec::Vec;
use core::hash::Hash;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Keyed;
use crate::snapshot::{Inconsistent, check};
use crate::{EntityId, Member, Scheduler};

/// What is written, of borrowed parts, and read, of owned ones.
#[derive(Debug, Deserialize, Serialize)]
struct Snapshot<S, K> {
    version: u32,
    scheduler: S,
    /// One for each entity, by number.
    keys: Vec<K>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl<K: Serialize> Serialize for Keyed<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<&K> = self.keys.iter().flatten().collect();
        Snapshot { version: VERSION, scheduler: &self.scheduler, keys }.serialize(serializer)
    }
}

impl<'de, K: Clone + Eq + Hash + Deserialize<'de>> Deserialize<'de> for Keyed<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl<K: Clone + Eq + Hash> Snapshot<Scheduler, K> {
    fn restore(self) -> Result<Keyed<K>, Inconsistent> {
        check(self.version == VERSION, "its version is unknown")?;
        let mut keyed = Keyed::over(self.scheduler);
        let entities: Vec<EntityId> = keyed.scheduler.members().filter_map(entity).collect();
        check(entities.len() == self.keys.len(), "there are not as many keys as entities")?;
        for (key, entity) in self.keys.into_iter().zip(entities) {
            check(keyed.insert(key, |_| Ok(entity)).is_ok(), "a key is there twice")?;
        }
        Ok(keyed)
    }
}

fn entity(member: Member) -> Option<EntityId> {
    match member {
        Member::Entity(entity) => Some(entity),
        Member::Group(_) => None,
    }
}
