#![expect(clippy::inline_always, reason = "measured: a call costs as much as a short walk")]

use crate::blocks::{Block, Blocks, Item};

/// The running jobs by expected end: when will how many processors be free?
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    entries: Blocks<Entry>,
}

/// A running job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) end: u64,
    pub(crate) slot: u32,
    pub(crate) processors: u32,
}

impl Item for Entry {
    #[inline(always)]
    fn is_before(&self, other: &Self) -> bool {
        (self.end, self.slot) < (other.end, other.slot)
    }

    #[inline]
    fn amount(&self) -> u64 {
        self.processors.into()
    }
}

/// The start of the reservation of the head of the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shadow {
    pub(crate) time: u64,
    /// Processors that the reservation leaves free at that time.
    pub(crate) extra: u64,
}

impl Timeline {
    #[inline(always)]
    pub(crate) fn insert(&mut self, end: u64, slot: u32, processors: u32) {
        self.entries.insert(Entry { end, slot, processors });
    }

    /// Takes out the job of `slot`, which is expected to end at `end`. Returns its processors.
    #[inline(always)]
    pub(crate) fn remove(&mut self, end: u64, slot: u32) -> u32 {
        let like = Entry { end, slot, processors: 0 };
        let entry = self.entries.remove(&like, |entry| entry.slot == slot);
        entry.map_or(0, |entry| entry.processors)
    }

    /// The job of `slot`, expected to end at `end`, is expected to end at the later `new_end`.
    pub(crate) fn postpone(&mut self, end: u64, slot: u32, new_end: u64) {
        let processors = self.remove(end, slot);
        self.insert(new_end, slot, processors);
    }

    /// A job that is expected to end first.
    #[inline]
    pub(crate) fn first(&self) -> Option<Entry> {
        self.entries.first().copied()
    }

    /// The first expected end that is still to come.
    pub(crate) fn first_end_after(&self, now: u64) -> Option<u64> {
        let next = Entry { end: now + 1, slot: 0, processors: 0 };
        let blocks = self.entries.blocks().skip_while(|block| block.is_before(&next));
        blocks.flat_map(Block::iter).map(|entry| entry.end).find(|&end| end > now)
    }

    /// All running jobs, by expected end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.entries.blocks().flat_map(Block::iter).copied()
    }

    /// When `needed` processors will be free, if `free` are now. A job that has outlived its
    /// expected end is expected to end at the next tick. `None` if they never will be. O(r / b + b)
    /// with r jobs and blocks of b.
    #[inline(always)]
    pub(crate) fn shadow(&self, now: u64, mut free: u64, needed: u64) -> Option<Shadow> {
        let mut blocks = self.entries.blocks();
        let (mut found, mut rest) = loop {
            let block = blocks.next()?;
            if free + block.amount() < needed {
                free += block.amount();
                continue;
            }
            let mut entries = block.iter();
            break loop {
                let entry = entries.next()?;
                free += u64::from(entry.processors);
                if free >= needed {
                    let time = entry.end.max(now + 1);
                    break (Shadow { time, extra: free - needed }, entries);
                }
            };
        };
        loop {
            for entry in rest {
                if entry.end > found.time {
                    return Some(found);
                }
                found.extra += u64::from(entry.processors);
            }
            match blocks.next() {
                Some(block) => rest = block.iter(),
                None => return Some(found),
            }
        }
    }
}
