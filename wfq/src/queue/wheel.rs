//! A radix wheel: buckets by the highest digit in which a counter differs from a reference.

use alloc::vec::Vec;

use super::blocks::{BLOCK, Bag, Blocks, entry};
use super::due::Due;
use crate::node::{Nodes, before, distance, first};

const DIGIT_BITS: u32 = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;

/// How many buckets can have somebody in them.
const MOST_BAGS: usize = LEVELS * BUCKETS;

/// A bucket of so few may be sorted at once, instead of spread over lower levels.
const SORTED_AT_ONCE: usize = 512;

/// Levels whose buckets are so narrow that the counters in one of them differ in the lower half
/// only, which is in the entries.
const NARROW_LEVELS: usize = (u32::BITS / DIGIT_BITS) as usize + 1;

/// Holds nodes whose counters come after a reference. As that moves on, buckets spread over lower
/// levels; a node moves at most once for each digit, in practice once.
///
/// Counters lie on a circle, and all within a half of it. So the buckets of the highest level go
/// round, too.
#[derive(Clone, Debug)]
pub(crate) struct Wheel {
    reference: u64,
    levels: u32,
    occupied: [u64; LEVELS],
    buckets: [[Bag; BUCKETS]; LEVELS],
    blocks: Blocks,
    /// Of a bucket that is about to be sorted.
    entries: Vec<u64>,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            reference: 0,
            levels: 0,
            occupied: [0; LEVELS],
            buckets: [[Bag::EMPTY; BUCKETS]; LEVELS],
            blocks: Blocks::default(),
            entries: Vec::new(),
        }
    }
}

impl Wheel {
    pub(crate) fn reserve(&mut self, nodes: usize) {
        // A block of too many may have been read.
        let entries = nodes.min(SORTED_AT_ONCE + BLOCK);
        self.entries.reserve(entries.saturating_sub(self.entries.len()));
        self.blocks.reserve(nodes, MOST_BAGS);
    }

    pub(crate) fn memory(&self) -> usize {
        self.blocks.memory() + self.entries.capacity() * size_of::<u64>()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// Moves the reference of an empty wheel: counters from there on are accepted.
    pub(crate) fn start(&mut self, counter: u64) {
        self.reference = counter.wrapping_sub(1);
    }

    /// Whether the reference has passed a counter, or reached it.
    #[inline(always)]
    pub(crate) fn has_passed(&self, counter: u64) -> bool {
        distance(self.reference, counter) <= 0
    }

    /// The level of the highest digit in which a counter differs, and that digit.
    #[inline(always)]
    fn bucket(&self, counter: u64) -> (usize, usize) {
        let level = ((counter ^ self.reference) | 1).ilog2() / DIGIT_BITS;
        let digit = (counter >> (level * DIGIT_BITS)) as usize % BUCKETS;
        (level as usize, digit)
    }

    /// The counter at which a bucket begins.
    #[inline(always)]
    fn beginning(&self, level: usize, digit: usize) -> u64 {
        let above = if level == LEVELS - 1 { 0 } else { self.reference & !within(level + 1) };
        above | (digit as u64) << (level as u32 * DIGIT_BITS)
    }

    /// Puts in a node that the reference has not passed.
    #[inline(always)]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, counter: u64, id: u32) {
        self.put(nodes, counter, entry(counter, id));
    }

    #[inline(always)]
    fn put(&mut self, nodes: &mut Nodes, counter: u64, entry: u64) {
        let (level, digit) = self.bucket(counter);
        let position = self.blocks.push(&mut self.buckets[level][digit], entry);
        nodes.positions[entry as u32 as usize] = position;
        self.occupied[level] |= 1 << digit;
        self.levels |= 1 << level;
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, id: u32) {
        let (level, digit) = self.bucket(nodes[id as usize].counter);
        let bucket = &mut self.buckets[level][digit];
        let position = nodes.positions[id as usize];
        self.blocks.remove(bucket, &mut nodes.positions, position);
        if bucket.is_empty() {
            self.vacate(level, digit);
        }
    }

    #[inline(always)]
    fn vacate(&mut self, level: usize, digit: usize) {
        self.occupied[level] &= !(1 << digit);
        self.levels &= !(u32::from(self.occupied[level] == 0) << level);
    }

    #[inline(always)]
    fn first_bucket(&self) -> (usize, usize) {
        let level = self.levels.trailing_zeros() as usize;
        let occupied = self.occupied[level];
        if level == LEVELS - 1 {
            let digit = (self.reference >> (DIGIT_BITS as usize * (LEVELS - 1))) as u32;
            let ahead = (occupied & u64::MAX << digit).trailing_zeros();
            let digit = if ahead < u64::BITS { ahead } else { occupied.trailing_zeros() };
            return (level, digit as usize);
        }
        (level, occupied.trailing_zeros() as usize)
    }

    /// Moves the first nodes of a wheel that is not empty, but has `len`, to `due`, and the
    /// reference with them. If they were too many, they have only come closer.
    #[inline(always)]
    pub(crate) fn refill(&mut self, nodes: &mut Nodes, due: &mut Due, len: usize) {
        let (level, digit) = self.first_bucket();
        let bucket = core::mem::replace(&mut self.buckets[level][digit], Bag::EMPTY);
        self.vacate(level, digit);
        if level >= NARROW_LEVELS {
            return self.spread_wide(nodes, bucket, due);
        }
        let beginning = self.beginning(level, digit);
        // The more become due, the more likely is somebody served then to be next again before all
        // have been.
        let most = (len / 4).clamp(8, SORTED_AT_ONCE);
        if self.blocks.is_one(bucket) {
            let (mut entries, count) = self.blocks.take(&mut { bucket });
            return self.become_due(nodes, due, &mut entries[..count], level, beginning);
        }
        self.entries.clear();
        for entries in self.blocks.slices(bucket) {
            self.entries.extend_from_slice(entries);
            if self.entries.len() > most {
                break;
            }
        }
        if self.entries.len() > most {
            return self.spread_narrow(nodes, bucket, due, level, beginning);
        }
        self.blocks.release(bucket);
        let mut entries = core::mem::take(&mut self.entries);
        self.become_due(nodes, due, &mut entries, level, beginning);
        self.entries = entries;
    }

    /// Moves all entries of a bucket of a narrow level to `due`.
    #[inline(always)]
    fn become_due(
        &mut self,
        nodes: &mut Nodes,
        due: &mut Due,
        entries: &mut [u64],
        level: usize,
        beginning: u64,
    ) {
        due.fill(nodes, entries);
        let last = entries.last().map_or(0, |&entry| lower(entry));
        self.reference = beginning | last & within(level);
    }

    /// Spreads a bucket of a narrow level; some of its entries have been read.
    #[inline(never)]
    fn spread_narrow(
        &mut self,
        nodes: &mut Nodes,
        bucket: Bag,
        due: &mut Due,
        level: usize,
        beginning: u64,
    ) {
        let counter = move |_: &Nodes, entry| beginning | lower(entry) & within(level);
        self.reference = beginning;
        // If all are the same so far, many more may be: those become due at once.
        if self.entries.windows(2).all(|pair| lower(pair[0]) == lower(pair[1])) {
            let counters = self.blocks.slices(bucket).flatten().map(|&entry| counter(nodes, entry));
            self.reference = counters.min().unwrap_or(beginning);
        }
        self.spread(nodes, bucket, due, counter);
    }

    /// Spreads a bucket whose entries do not tell the counters.
    #[inline(never)]
    fn spread_wide(&mut self, nodes: &mut Nodes, bucket: Bag, due: &mut Due) {
        let counter = |nodes: &Nodes, entry: u64| nodes[entry as u32 as usize].counter;
        // All digits above are the same in a bucket, so counters compare as they are.
        let counters = self.blocks.slices(bucket).flatten().map(|&entry| counter(nodes, entry));
        self.reference = counters.min().unwrap_or_default();
        self.spread(nodes, bucket, due, counter);
    }

    /// Spreads a bucket over lower levels; those at the reference go to `due`.
    #[inline(always)]
    fn spread(
        &mut self,
        nodes: &mut Nodes,
        bucket: Bag,
        due: &mut Due,
        counter: impl Fn(&Nodes, u64) -> u64,
    ) {
        due.clear();
        let mut alike = true;
        let mut part = None;
        let mut bucket = bucket;
        while !bucket.is_empty() {
            let (entries, count) = self.blocks.take(&mut bucket);
            // From the last: those alike often have come in order, and reversed are sorted at once.
            for &entry in entries.iter().take(count).rev() {
                let counter = counter(nodes, entry);
                if counter == self.reference {
                    let reading = nodes[entry as u32 as usize].reading();
                    alike &= reading.has_part_of(*part.get_or_insert(reading));
                    due.push(entry as u32);
                } else {
                    self.put(nodes, counter, entry);
                }
            }
        }
        due.sort(nodes, alike);
    }

    /// Whether all buckets begin after a counter.
    #[inline(always)]
    pub(crate) fn begins_after(&self, counter: u64) -> bool {
        if self.is_empty() {
            return true;
        }
        let (level, digit) = self.first_bucket();
        before(counter, self.beginning(level, digit))
    }

    /// The first node, found by looking through its bucket.
    pub(crate) fn first(&self, nodes: &Nodes) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        let (level, digit) = self.first_bucket();
        let less = |a, b| if first(nodes, b, a) { b } else { a };
        self.blocks.ids(self.buckets[level][digit]).reduce(less)
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self, nodes: &mut Nodes) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        let (level, digit) = self.first_bucket();
        let id = self.blocks.ids(self.buckets[level][digit]).next()?;
        self.remove(nodes, id);
        Some(id)
    }
}

/// The digits in which counters of a bucket can differ: all below its own.
#[inline(always)]
fn within(level: usize) -> u64 {
    u64::MAX >> (u64::BITS - 1 - level as u32 * DIGIT_BITS) >> 1
}

/// The lower half of the counter of an entry.
#[inline(always)]
fn lower(entry: u64) -> u64 {
    entry >> u32::BITS
}
