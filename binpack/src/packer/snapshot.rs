//! Snapshots: the bins, the items, and which numbers of items are used next.

use alloc::vec;
use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::items::Items;
use super::{BinSet, Packer, Size};
use crate::id::RETIRED;
use crate::snapshot::{Inconsistent, check};
use crate::{BinId, ItemId};

#[derive(Serialize)]
#[serde(rename = "Packer")]
struct Saved<'a, B> {
    version: u32,
    bins: &'a B,
    items: Parts,
}

#[derive(Deserialize)]
#[serde(rename = "Packer", deny_unknown_fields)]
struct Restored<B> {
    version: u32,
    bins: B,
    items: Parts,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    /// By number.
    generations: Vec<u32>,
    /// The numbers without an item, that which is used next at the end.
    vacant: Vec<u32>,
    /// Bin by bin, and in each in the order of placement.
    items: Vec<Item>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Item {
    number: u32,
    bin: BinId,
    size: Vec<u64>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl<B: BinSet + Serialize> Serialize for Packer<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = Vec::with_capacity(self.len());
        for bin in 0..self.items.bins() {
            let start = items.len();
            items.extend(self.items.of(bin).map(|(item, held)| Item {
                number: item.number,
                bin: held.bin,
                size: held.size.amounts().to_vec(),
            }));
            items[start..].reverse();
        }
        let (generations, vacant) = (self.items.generations(), self.items.vacant());
        Saved { version: VERSION, bins: &self.bins, items: Parts { generations, vacant, items } }
            .serialize(serializer)
    }
}

impl<'de, B: BinSet + Deserialize<'de>> Deserialize<'de> for Packer<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Restored { version, bins, items } = Restored::<B>::deserialize(deserializer)?;
        check(version == VERSION, "its version is unknown").map_err(D::Error::custom)?;
        let items = items.restore(&bins).map_err(D::Error::custom)?;
        Ok(Self { bins, items })
    }
}

impl Parts {
    fn restore<B: BinSet>(self, bins: &B) -> Result<Items<B::Size>, Inconsistent> {
        check(u32::try_from(self.generations.len()).is_ok(), "it is too large")?;
        let mut unseen = vec![true; self.generations.len()];
        let numbers = self.items.iter().map(|item| item.number).chain(self.vacant.iter().copied());
        for number in numbers {
            let unseen = unseen.get_mut(number as usize).filter(|unseen| **unseen);
            *unseen.ok_or(Inconsistent("a number is used twice, or not at all"))? = false;
        }
        let is_missing = |(&unseen, &generation)| unseen && generation != RETIRED;
        check(!unseen.iter().zip(&self.generations).any(is_missing), "a number is missing")?;
        let mut sizes = vec![None; self.generations.len()];
        let mut items = self.items.iter().peekable();
        while let Some(bin) = items.peek().map(|item| item.bin) {
            let used = bins.used(bin).map_err(|_| Inconsistent("an item is in no bin"))?;
            let mut left: Vec<u64> = used.amounts().to_vec();
            while let Some(item) = items.next_if(|item| item.bin == bin) {
                let size = B::Size::from_amounts(&item.size);
                let size = size.ok_or(Inconsistent("a size has another dimension"))?;
                for (left, amount) in left.iter_mut().zip(size.amounts()) {
                    let less = left.checked_sub(*amount);
                    *left = less.ok_or(Inconsistent("items are larger than what is in a bin"))?;
                }
                sizes[item.number as usize] = Some(size);
            }
        }
        let in_order = self.items.is_sorted_by_key(|item| item.bin.number);
        check(in_order, "items are not bin by bin")?;
        let mut restored = Items::new();
        for generation in &self.generations {
            restored.push_vacant(*generation);
        }
        restored.set_vacant(&self.vacant);
        for item in self.items {
            let id =
                ItemId { number: item.number, generation: self.generations[item.number as usize] };
            if let Some(size) = sizes[id.number()] {
                restored.join(id, item.bin, size);
            }
        }
        Ok(restored)
    }
}
