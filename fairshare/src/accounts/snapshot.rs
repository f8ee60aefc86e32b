//! What cannot be worked out again is saved: shares, and the usage of users. The rest is summed up,
//! and what no accounts can have come to is refused.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Account, AccountId, Accounts, USAGE_BITS, Usage};
use crate::{HalfLife, Weight};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename = "Accounts")]
struct Snapshot {
    version: u32,
    half_life: HalfLife,
    now: u64,
    usage: Usage,
    accounts: Vec<Saved>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Saved {
    parent: Option<AccountId>,
    shares: Weight,
    usage: Usage,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl Serialize for Accounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = |account: &Account| {
            let Account { parent, shares, usage, .. } = *account;
            Saved { parent, shares, usage }
        };
        Snapshot {
            version: VERSION,
            half_life: self.half_life,
            now: self.now,
            usage: self.usage,
            accounts: self.all.iter().map(saved).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Accounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Snapshot::deserialize(deserializer)?.restore().map_err(D::Error::custom)
    }
}

impl Snapshot {
    fn restore(self) -> Result<Accounts, alloc::string::String> {
        let refused = |why: &str| Err(alloc::format!("not a snapshot of accounts: {why}"));
        if self.version != VERSION {
            return refused("its version is unknown");
        }
        let mut accounts = Accounts::new(self.half_life);
        (accounts.now, accounts.usage) = (self.now, self.usage);
        let current = self.now / self.half_life.ticks();
        let all = core::iter::once(&self.usage).chain(self.accounts.iter().map(|one| &one.usage));
        for usage in all {
            if usage.half_life > current || usage.amount >> USAGE_BITS > 0 {
                return refused("somebody's usage is from the future, or too large");
            }
        }
        for Saved { parent, shares, .. } in &self.accounts {
            if let Err(error) = accounts.add(*parent, *shares) {
                return refused(&alloc::format!("{error}"));
            }
        }
        // Those below have no more than those above, at any time from then on.
        let mut below = alloc::vec![0_u128; accounts.len()];
        let mut top = 0_u128;
        for (number, saved) in self.accounts.iter().enumerate().rev() {
            let usage = saved.usage.at(current);
            if below[number] > usage {
                return refused("an account has less usage than those below it");
            }
            let sum = saved.parent.map_or(&mut top, |parent| &mut below[parent.index()]);
            *sum = sum.saturating_add(usage);
            accounts.all[number].usage = saved.usage;
        }
        if top > self.usage.at(current) {
            return refused("all usage is less than that of all accounts");
        }
        Ok(accounts)
    }
}
