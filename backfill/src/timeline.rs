use alloc::vec;
use alloc::vec::Vec;

/// The running jobs by expected end: when will how many processors be free?
///
/// A list of sorted blocks, each with the sum of its processors. With r jobs and blocks of b, a
/// change costs O(log(r / b) + b), a question O(r / b + b).
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, Default)]
struct Block {
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

    pub(crate) fn insert(&mut self, end: u64, slot: u32, processors: u32) {
        let at = self.block_of(end);
        let block = &mut self.blocks[at];
        let position = block.entries.partition_point(|other| other.end < end);
        block.entries.insert(position, Entry { end, slot, processors });
        block.processors += u64::from(processors);
        if block.entries.len() > BLOCK {
            let entries = block.entries.split_off(BLOCK / 2);
            let processors = entries.iter().map(|entry| u64::from(entry.processors)).sum();
            block.processors -= processors;
            self.blocks.insert(at + 1, Block { entries, processors });
        }
    }

    /// Takes out the job of `slot`, which is expected to end at `end`. Returns its processors.
    pub(crate) fn remove(&mut self, end: u64, slot: u32) -> u32 {
        let mut at = self.block_of(end);
        // Equal ends stand in any order, and may go on in the next block.
        while let Some(block) = self.blocks.get_mut(at) {
            let from = block.entries.partition_point(|other| other.end < end);
            if let Some(after) = block.entries[from..].iter().position(|other| other.slot == slot) {
                let processors = block.entries.remove(from + after).processors;
                block.processors -= u64::from(processors);
                if block.entries.is_empty() && self.blocks.len() > 1 {
                    self.blocks.remove(at);
                }
                return processors;
            }
            at += 1;
        }
        debug_assert!(false, "a running job is missing");
        0
    }

    /// The job of `slot`, expected to end at `end`, is expected to end at the later `new_end`.
    pub(crate) fn postpone(&mut self, end: u64, slot: u32, new_end: u64) {
        let at = self.block_of(end);
        let last = at + 1 == self.blocks.len();
        let entries = &mut self.blocks[at].entries;
        let stays = last || entries.last().is_some_and(|other| other.end >= new_end);
        // What expires mostly stands first.
        let is_first = entries.first().is_some_and(|first| first.end >= end);
        let from = if is_first { 0 } else { entries.partition_point(|other| other.end < end) };
        let found = entries[from..].iter().position(|other| other.slot == slot);
        let (true, Some(after)) = (stays, found) else {
            let processors = self.remove(end, slot);
            self.insert(new_end, slot, processors);
            return;
        };
        let mut place = from + after;
        let entry = Entry { end: new_end, ..entries[place] };
        // It mostly passes few.
        while let Some(&next) = entries.get(place + 1)
            && next.end < new_end
        {
            entries[place] = next;
            place += 1;
        }
        entries[place] = entry;
    }

    /// A job that is expected to end first.
    pub(crate) fn first(&self) -> Option<Entry> {
        self.blocks[0].entries.first().copied()
    }

    /// The first expected end that is still to come.
    pub(crate) fn first_end_after(&self, now: u64) -> Option<u64> {
        let blocks = &self.blocks[self.block_of(now + 1)..];
        let mut ends = blocks.iter().flat_map(|block| &block.entries).map(|entry| entry.end);
        ends.find(|&end| end > now)
    }

    /// All running jobs, by expected end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.blocks.iter().flat_map(|block| block.entries.iter().copied())
    }

    /// When `needed` processors will be free, if `free` are now. A job that has outlived its
    /// expected end is expected to end at the next tick. `None` if they never will be.
    pub(crate) fn shadow(&self, now: u64, mut free: u64, needed: u64) -> Option<Shadow> {
        let mut blocks = self.blocks.iter();
        let (mut found, mut rest) = loop {
            let block = blocks.next()?;
            if free + block.processors < needed {
                free += block.processors;
                continue;
            }
            let mut entries = block.entries.iter();
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
                Some(block) => rest = block.entries.iter(),
                None => return Some(found),
            }
        }
    }

    /// The first block that may hold an entry of that end.
    #[inline]
    fn block_of(&self, end: u64) -> usize {
        let last = self.blocks.len() - 1;
        if last == 0 {
            return 0;
        }
        self.blocks[..last]
            .partition_point(|block| block.entries.last().is_some_and(|entry| entry.end < end))
    }
}

/// The largest block: a shift within it costs no more than the walk to it.
const BLOCK: usize = 128;
