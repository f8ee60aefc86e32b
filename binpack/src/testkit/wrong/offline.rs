use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::testkit::policy::fits;
use crate::testkit::watch::combine;
use crate::testkit::{CaseInstance, Law};
use crate::{Assignment, Size};

/// What [`pack`] does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PackingMistake {
    /// Nothing: it is first fit with the items from the largest to the smallest.
    Nothing,
    /// The last item that fits a bin is left out.
    LeavesOut,
    /// Items larger than a bin are not counted.
    Drops,
    /// An item is taken for one smaller: a bin gets one too many.
    OffByOne,
    /// An item larger than a bin gets one for itself.
    TakesAnything,
    /// Bins are numbered from 1.
    FromOne,
    /// Items are packed as they come: more bins than items from the largest on can need.
    Unsorted,
    /// Items are packed as they come, and only the last bin is looked at: more bins than first fit can
    /// need.
    LastOnly,
    /// Every item gets a bin of its own.
    OneEach,
}

impl PackingMistake {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Nothing,
        Self::LeavesOut,
        Self::Drops,
        Self::OffByOne,
        Self::TakesAnything,
        Self::FromOne,
        Self::Unsorted,
        Self::LastOnly,
        Self::OneEach,
    ];

    /// The law that it breaks, if any; that of a ratio where one is promised.
    #[must_use]
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Nothing => None,
            Self::LeavesOut | Self::Drops => Some(Law::EveryItem),
            Self::OffByOne | Self::TakesAnything | Self::FromOne => Some(Law::Capacity),
            Self::Unsorted | Self::LastOnly | Self::OneEach => Some(Law::Ratio),
        }
    }
}

/// First fit decreasing, with a [`PackingMistake`].
#[must_use]
pub fn pack<I: CaseInstance>(instance: &I, mistake: PackingMistake) -> Assignment {
    let (capacity, sizes) = (instance.bin(), instance.items());
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    if !matches!(mistake, PackingMistake::Unsorted | PackingMistake::LastOnly) {
        order.sort_by_key(|item| Reverse(sizes[*item].amounts()));
    }
    let mut residuals: Vec<I::Size> = Vec::new();
    let mut bin_of = alloc::vec![None; sizes.len()];
    for item in order {
        let size = match mistake {
            PackingMistake::OffByOne => {
                combine(&sizes[item], &sizes[item], |amount, _| amount.saturating_sub(1))
            }
            _ => sizes[item],
        };
        if !fits(&size, &capacity) && mistake != PackingMistake::TakesAnything {
            continue;
        }
        let from = match mistake {
            PackingMistake::OneEach => residuals.len(),
            PackingMistake::LastOnly => residuals.len().saturating_sub(1),
            _ => 0,
        };
        let found = (from..residuals.len()).find(|bin| fits(&size, &residuals[*bin]));
        let bin = found.unwrap_or(residuals.len());
        if bin == residuals.len() {
            residuals.push(capacity);
        }
        residuals[bin] = combine(&residuals[bin], &sizes[item], u64::saturating_sub);
        bin_of[item] = Some(bin as u32);
    }
    match mistake {
        PackingMistake::LeavesOut => {
            if let Some(last) = bin_of.iter_mut().rev().find(|bin| bin.is_some()) {
                *last = None;
            }
        }
        PackingMistake::Drops => bin_of.retain(Option::is_some),
        PackingMistake::FromOne => bin_of.iter_mut().flatten().for_each(|bin| *bin += 1),
        _ => {}
    }
    Assignment::new(&bin_of)
}

/// First fit decreasing, of which it is always said that no packing has fewer bins.
/// [`Law::Bound`](crate::testkit::Law::Bound).
#[must_use]
pub fn claim_optimal<I: CaseInstance>(instance: &I) -> (Assignment, usize) {
    let packing = pack(instance, PackingMistake::Nothing);
    let bins = packing.bins();
    (packing, bins)
}
