use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Entry;

/// Jobs in order of submission, of which only the first is ever asked for.
///
/// The place of a job is its sequence number, and who leaves only loses a bit, so that a departure
/// from among a million touches nothing that no cache holds.
#[derive(Clone, Debug)]
pub(crate) struct Fifo<K> {
    /// By number. The first and the last one have jobs that wait, as have half of all.
    blocks: VecDeque<Block>,
    /// How many of them have none.
    vacant: usize,
    len: usize,
    /// `BLOCK` for each block that has jobs, and for each spare one.
    entries: Vec<Entry<K>>,
    spare: Vec<u32>,
}

/// `BLOCK` consecutive sequence numbers.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The part of them that is the same.
    number: u64,
    /// Which of their jobs wait: a bit for each, the first one lowest.
    waiting: u32,
    /// Where those jobs lie, by blocks.
    at: u32,
}

impl<K: Clone> Fifo<K> {
    pub(super) const fn new() -> Self {
        Self { blocks: VecDeque::new(), vacant: 0, len: 0, entries: Vec::new(), spare: Vec::new() }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<K>> {
        let block = self.blocks.front()?;
        Some(&self.entries[block.place(block.waiting.trailing_zeros())])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K>> {
        self.blocks.iter().flat_map(move |block| {
            let waits = |bit: &u32| block.waiting & (1 << bit) != 0;
            (0..u32::BITS).filter(waits).map(move |bit| &self.entries[block.place(bit)])
        })
    }

    /// O(log n) at most for who comes last, O(n) for who comes back.
    #[inline]
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        let (number, bit) = split(entry.sequence);
        self.len += 1;
        let at = self.find(number);
        if self.blocks.get(at).is_none_or(|block| block.number != number) {
            let block = Block { number, waiting: 0, at: self.room(&entry) };
            self.blocks.insert(at, block);
        } else if self.blocks[at].waiting == 0 {
            self.vacant -= 1;
            self.blocks[at].at = self.room(&entry);
        }
        let block = &mut self.blocks[at];
        block.waiting |= 1 << bit;
        let place = block.place(bit);
        self.entries[place] = entry;
    }

    /// Takes out a job, which must be there. O(log n), amortised.
    #[inline]
    pub(super) fn remove(&mut self, sequence: u64) {
        let (number, bit) = split(sequence);
        let at = self.find(number);
        let block = &mut self.blocks[at];
        debug_assert!(block.number == number && block.waiting & (1 << bit) != 0);
        block.waiting &= !(1 << bit);
        self.len -= 1;
        if block.waiting == 0 {
            self.spare.push(block.at);
            self.vacant += 1;
            self.tidy();
        }
    }

    /// Where the block of that number is, or belongs.
    #[inline]
    fn find(&self, number: u64) -> usize {
        // No further from the first one than that, and so far if none between them has left.
        let first = self.blocks.front().map_or(0, |block| block.number);
        let most = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        let most = most.min(self.blocks.len().saturating_sub(1));
        if self.blocks.get(most).is_some_and(|block| block.number == number) {
            return most;
        }
        self.blocks.partition_point(|block| block.number < number)
    }

    /// Drops blocks of whose jobs none waits: at either end at once, elsewhere when they are many.
    fn tidy(&mut self) {
        while self.blocks.front().is_some_and(|block| block.waiting == 0) {
            self.blocks.pop_front();
            self.vacant -= 1;
        }
        while self.blocks.back().is_some_and(|block| block.waiting == 0) {
            self.blocks.pop_back();
            self.vacant -= 1;
        }
        if self.vacant > self.blocks.len() / 2 {
            self.blocks.retain(|block| block.waiting != 0);
            self.vacant = 0;
        }
    }

    /// Room for a block, filled with anything.
    fn room(&mut self, filling: &Entry<K>) -> u32 {
        self.spare.pop().unwrap_or_else(|| {
            let at = self.entries.len() / BLOCK;
            self.entries.resize(self.entries.len() + BLOCK, filling.clone());
            // There are no more of them than jobs, and jobs are numbered by `u32`.
            u32::try_from(at).unwrap_or(u32::MAX)
        })
    }
}

impl Block {
    #[inline]
    const fn place(self, bit: u32) -> usize {
        self.at as usize * BLOCK + bit as usize
    }
}

/// The number of a block, and the bit of a job in it.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "less than `BLOCK`")]
const fn split(sequence: u64) -> (u64, u32) {
    (sequence / BLOCK as u64, (sequence % BLOCK as u64) as u32)
}

/// At most as many as a `u32` has bits. Few in the tests of this crate, so that there are many
/// blocks.
const BLOCK: usize = if cfg!(test) { 4 } else { 32 };

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn job(sequence: u64) -> Entry<()> {
        Entry { key: (), sequence, length: sequence + 1, processors: 1, slot: 0 }
    }

    proptest! {
        /// Whoever comes, leaves and comes back, and however few are left of many: the same jobs as
        /// in a sorted set, and no more room than a block for each.
        #[test]
        fn as_a_sorted_set(steps in proptest::collection::vec((0u8..9, any::<usize>()), 1..600)) {
            let (mut fifo, mut waiting) = (Fifo::new(), BTreeSet::new());
            let (mut next, mut most) = (0, 0);
            for (step, chosen) in steps {
                match step {
                    // Some start at once, and never wait.
                    0..4 => {
                        next += 1 + (chosen % 10 / 8 * chosen % 30) as u64;
                        fifo.insert(job(next));
                        waiting.insert(next);
                    }
                    // Comes back, mostly a late one.
                    4 => {
                        let sequence = next.saturating_sub((chosen % 100) as u64);
                        if waiting.insert(sequence) {
                            next = next.max(sequence);
                            fifo.insert(job(sequence));
                        }
                    }
                    // Leaves, the first one often.
                    _ => {
                        let at = if step == 5 { 0 } else { chosen % waiting.len().max(1) };
                        if let Some(&sequence) = waiting.iter().nth(at) {
                            waiting.remove(&sequence);
                            fifo.remove(sequence);
                        }
                    }
                }
                most = most.max(waiting.len());
                prop_assert_eq!(fifo.len(), waiting.len());
                prop_assert_eq!(fifo.first().map(|job| job.sequence), waiting.first().copied());
                prop_assert!(fifo.iter().map(|job| job.sequence).eq(waiting.iter().copied()));
                prop_assert!(fifo.iter().all(|job| job.length == job.sequence + 1));
                prop_assert!(fifo.blocks.len() <= 2 * waiting.len() + 1);
                prop_assert!(fifo.entries.len() <= BLOCK * most);
            }
        }
    }
}
