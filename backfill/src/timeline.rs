#![expect(clippy::inline_always, reason = "measured: a call costs as much as a short walk")]

use alloc::vec;
use alloc::vec::Vec;
use core::mem;

/// The running jobs by expected end: when will how many processors be free?
///
/// A list of sorted blocks, each with the sum of its processors. With r jobs and blocks of b, a
/// change costs O(log(r / b) + b), a question O(r / b + b).
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// By expected end.
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, Default)]
struct Block {
    /// The last to end first: who ends and who starts mostly stands near those that end next, and
    /// only these have to move.
    entries: Vec<Entry>,
    processors: u64,
}

/// A running job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) end: u64,
    pub(crate) slot: u32,
    pub(crate) processors: u32,
}

/// The start of the reservation of the head of the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shadow {
    pub(crate) time: u64,
    /// Processors that the reservation leaves free at that time.
    pub(crate) extra: u64,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self { blocks: vec![Block::default()] }
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, end: u64, slot: u32, processors: u32) {
        let at = self.block_of(end, slot);
        let block = &mut self.blocks[at];
        block.insert(Entry { end, slot, processors });
        if block.entries.len() > BLOCK {
            let early = block.split_off();
            self.blocks.insert(at, early);
        }
    }

    /// Takes out the job of `slot`, which is expected to end at `end`. Returns its processors.
    #[inline(always)]
    pub(crate) fn remove(&mut self, end: u64, slot: u32) -> u32 {
        let at = self.block_of(end, slot);
        let block = &mut self.blocks[at];
        let processors = block.remove(slot);
        if block.entries.is_empty() && self.blocks.len() > 1 {
            self.blocks.remove(at);
        }
        processors
    }

    /// The job of `slot`, expected to end at `end`, is expected to end at the later `new_end`.
    pub(crate) fn postpone(&mut self, end: u64, slot: u32, new_end: u64) {
        let processors = self.remove(end, slot);
        self.insert(new_end, slot, processors);
    }

    /// A job that is expected to end first.
    #[inline]
    pub(crate) fn first(&self) -> Option<Entry> {
        self.blocks[0].entries.last().copied()
    }

    /// The first expected end that is still to come.
    pub(crate) fn first_end_after(&self, now: u64) -> Option<u64> {
        let blocks = &self.blocks[self.block_of(now + 1, 0)..];
        let mut ends = blocks.iter().flat_map(Block::iter).map(|entry| entry.end);
        ends.find(|&end| end > now)
    }

    /// All running jobs, by expected end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.blocks.iter().flat_map(|block| block.iter().copied())
    }

    /// When `needed` processors will be free, if `free` are now. A job that has outlived its
    /// expected end is expected to end at the next tick. `None` if they never will be.
    #[inline(always)]
    pub(crate) fn shadow(&self, now: u64, mut free: u64, needed: u64) -> Option<Shadow> {
        let mut blocks = self.blocks.iter();
        let (mut found, mut rest) = loop {
            let block = blocks.next()?;
            if free + block.processors < needed {
                free += block.processors;
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

    /// The block in which that job stands, or would stand.
    #[inline(always)]
    fn block_of(&self, end: u64, slot: u32) -> usize {
        let last = self.blocks.len() - 1;
        if last == 0 {
            return 0;
        }
        let before = |block: &Block| block.entries.first().is_some_and(|e| e.is_before(end, slot));
        self.blocks[..last].partition_point(before)
    }
}

impl Block {
    /// By expected end.
    #[inline]
    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    #[inline(always)]
    fn insert(&mut self, entry: Entry) {
        self.processors += u64::from(entry.processors);
        self.entries.push(entry);
        let entries = self.entries.as_mut_slice();
        let mut place = entries.len() - 1;
        while place > 0 && entries[place - 1].is_before(entry.end, entry.slot) {
            entries[place] = entries[place - 1];
            place -= 1;
        }
        entries[place] = entry;
    }

    /// Takes out the job of `slot`, which must be there. Returns its processors.
    #[inline(always)]
    fn remove(&mut self, slot: u32) -> u32 {
        let Some(mut last) = self.entries.pop() else { return 0 };
        // Those that end before it move up.
        for entry in self.entries.iter_mut().rev() {
            if last.slot == slot {
                break;
            }
            mem::swap(entry, &mut last);
        }
        debug_assert_eq!(last.slot, slot, "a running job is missing");
        self.processors -= u64::from(last.processors);
        last.processors
    }

    /// Takes out the half that ends first.
    #[cold]
    fn split_off(&mut self) -> Self {
        let entries = self.entries.split_off(BLOCK / 2);
        let processors = entries.iter().map(|entry| u64::from(entry.processors)).sum();
        self.processors -= processors;
        Self { entries, processors }
    }
}

impl Entry {
    #[inline(always)]
    fn is_before(&self, end: u64, slot: u32) -> bool {
        (self.end, self.slot) < (end, slot)
    }
}

/// The largest block: a shift within it costs no more than the walk to it.
const BLOCK: usize = 128;
