//! A radix wheel: buckets by the highest digit in which a counter differs from a reference.

use alloc::vec::Vec;

use super::blocks::{BLOCK, Bag, Blocks, entry};
use super::due::Due;
use super::sort::sort;
use crate::node::{NONE, Nodes, Place, before, distance, first};

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
///
/// Who leaves or moves on leaves an entry behind, which is *stale*: the node itself tells where it
/// is. As one that is stale can become true again, a node may have several that are true; each of
/// them says the same.
#[derive(Clone, Debug)]
pub(crate) struct Wheel {
    reference: u64,
    levels: u32,
    /// What a node in the wheel has in place of a position: whose it is.
    tag: u32,
    occupied: [u64; LEVELS],
    buckets: [[Bag; BUCKETS]; LEVELS],
    blocks: Blocks,
    /// How many entries there are beyond one for each node.
    stale: usize,
    /// Whether a node with a stale entry, here or among those due, may be in another queue by now.
    has_strays: bool,
    /// Whether all nodes here, or among those due, are marked; if not, none is.
    marks: bool,
    /// Of a bucket that is about to be sorted, and room to do so.
    entries: Vec<u64>,
    spare: Vec<u64>,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            reference: 0,
            levels: 0,
            tag: NONE,
            occupied: [0; LEVELS],
            buckets: [[Bag::EMPTY; BUCKETS]; LEVELS],
            blocks: Blocks::default(),
            stale: 0,
            has_strays: false,
            marks: false,
            entries: Vec::new(),
            spare: Vec::new(),
        }
    }
}

impl Wheel {
    /// Makes room for so many nodes, and so many stale entries.
    pub(crate) fn reserve(&mut self, nodes: usize, stale: usize) {
        // A block of too many may have been read.
        let entries = (nodes + stale).min(SORTED_AT_ONCE + BLOCK);
        for sorted in [&mut self.entries, &mut self.spare] {
            sorted.reserve(entries.saturating_sub(sorted.len()));
        }
        self.blocks.reserve(nodes + stale, MOST_BAGS);
    }

    pub(crate) fn memory(&self) -> usize {
        let sorted = self.entries.capacity() + self.spare.capacity();
        self.blocks.memory() + sorted * size_of::<u64>()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// Begins anew in an empty wheel: counters from there on are accepted, and nodes known by the
    /// number of the group that they compete in.
    pub(crate) fn start(&mut self, counter: u64, group: u32) {
        self.reference = counter.wrapping_sub(1);
        // No position and no slot is so large.
        self.tag = 1 << (u32::BITS - 1) | group;
        self.has_strays = false;
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

    /// Puts in a node that comes from elsewhere, and that the reference has not passed.
    #[inline(always)]
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, counter: u64, id: u32) {
        nodes.positions[id as usize] = self.tag;
        nodes[id as usize].mark(self.marks);
        self.put(counter, entry(counter, id));
    }

    /// Puts in a node that has been here, or among those due, with another counter.
    #[inline(always)]
    pub(crate) fn move_on(&mut self, counter: u64, id: u32) {
        self.put(counter, entry(counter, id));
    }

    #[inline(always)]
    fn put(&mut self, counter: u64, entry: u64) {
        let (level, digit) = self.bucket(counter);
        self.blocks.push(&mut self.buckets[level][digit], entry);
        self.occupied[level] |= 1 << digit;
        self.levels |= 1 << level;
    }

    /// A node has moved: what was put in for it is stale.
    #[inline(always)]
    pub(crate) fn leave_stale(&mut self) {
        self.stale += 1;
    }

    /// A node that has something stale here, or among those due, may go to another queue.
    #[inline(always)]
    pub(crate) fn leave_stray(&mut self) {
        self.has_strays = true;
    }

    #[inline(always)]
    pub(crate) fn stale(&self) -> usize {
        self.stale
    }

    /// What tells the nodes that are still here from strays, if there may be some.
    #[inline(always)]
    fn expected_tag(&self) -> Option<u32> {
        self.has_strays.then_some(self.tag)
    }

    /// Whether a node that was due still is: it has neither left nor moved on.
    #[inline(always)]
    pub(crate) fn is_due(&self, nodes: &Nodes, id: u32) -> bool {
        let counter = nodes[id as usize].counter;
        self.has_passed(counter) && is_at(nodes, self.expected_tag(), id, counter)
    }

    /// Takes a bucket out.
    #[inline(always)]
    fn take(&mut self, level: usize, digit: usize) -> Bag {
        self.occupied[level] &= !(1 << digit);
        self.levels &= !(u32::from(self.occupied[level] == 0) << level);
        core::mem::replace(&mut self.buckets[level][digit], Bag::EMPTY)
    }

    /// Drops what is stale from a bucket that was taken out.
    #[inline(never)]
    fn sift(&mut self, nodes: &Nodes, level: usize, digit: usize, bucket: Bag) -> Bag {
        let mut bucket = bucket;
        if self.stale == 0 {
            return bucket;
        }
        let (tag, beginning) = (self.expected_tag(), self.beginning(level, digit));
        self.blocks.retain(&mut bucket, |entry| {
            let is_true = is_true(nodes, tag, beginning, level, entry);
            self.stale -= usize::from(!is_true);
            is_true
        });
        bucket
    }

    /// Drops all that is stale, here and of those due, and all entries but one of whoever has several.
    pub(crate) fn sift_all(&mut self, nodes: &mut Nodes, due: &mut Due) {
        self.marks = !self.marks;
        due.retain(|id| self.is_due(nodes, id) && nodes[id as usize].mark(self.marks));
        let tag = self.expected_tag();
        for level in 0..LEVELS {
            for digit in self.digits(level) {
                let beginning = self.beginning(level, digit);
                let bucket = &mut self.buckets[level][digit];
                self.blocks.retain(bucket, |entry| {
                    is_true(nodes, tag, beginning, level, entry)
                        && nodes[entry as u32 as usize].mark(self.marks)
                });
                if bucket.is_empty() {
                    self.take(level, digit);
                }
            }
        }
        self.stale = 0;
        self.has_strays = false;
    }

    /// The digits of the buckets of a level in which somebody is, in the order of counters.
    fn digits(&self, level: usize) -> impl Iterator<Item = usize> + use<> {
        let occupied = self.occupied[level];
        let first = if level == LEVELS - 1 {
            (self.reference >> (DIGIT_BITS as usize * (LEVELS - 1))) as usize
        } else {
            0
        };
        let digits = (0..BUCKETS).map(move |digit| (digit + first) % BUCKETS);
        digits.filter(move |&digit| occupied >> digit & 1 == 1)
    }

    #[inline(always)]
    fn first_bucket(&self) -> (usize, usize) {
        let level = self.levels.trailing_zeros() as usize;
        if level == LEVELS - 1 {
            return (level, self.digits(level).next().unwrap_or_default());
        }
        (level, self.occupied[level].trailing_zeros() as usize)
    }

    /// Moves the first nodes of a wheel that is not empty to `due`, and the reference with them. If
    /// they were too many, they have only come closer; if all were stale, they are gone. `len` is
    /// how many nodes there are.
    #[inline(always)]
    pub(crate) fn refill(&mut self, nodes: &Nodes, due: &mut Due, len: usize) {
        let (level, digit) = self.first_bucket();
        let bucket = self.take(level, digit);
        if level >= NARROW_LEVELS {
            let bucket = self.sift(nodes, level, digit, bucket);
            if !bucket.is_empty() {
                self.spread_wide(nodes, bucket, due);
            }
            return;
        }
        let beginning = self.beginning(level, digit);
        // The more become due, the more likely is somebody served then to be next again before all
        // have been.
        let most = (len / 4).clamp(8, SORTED_AT_ONCE);
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
        if self.stale > 0 {
            self.drop_stale(nodes, |entry| beginning | lower(entry) & within(level));
        }
        sort(&mut self.entries, &mut self.spare, u32::BITS + level as u32 * DIGIT_BITS);
        due.fill(nodes, &self.entries);
        let last = self.entries.last().map_or(0, |&entry| lower(entry));
        self.reference = beginning | last & within(level);
        self.drop_repeated(due);
    }

    /// Drops what is stale of the entries that are about to be sorted.
    #[inline(never)]
    fn drop_stale(&mut self, nodes: &Nodes, counter: impl Fn(u64) -> u64) {
        let mut entries = core::mem::take(&mut self.entries);
        let all = entries.len();
        let tag = self.expected_tag();
        entries.retain(|&entry| is_at(nodes, tag, entry as u32, counter(entry)));
        self.stale -= all - entries.len();
        self.entries = entries;
    }

    /// Of a node that came with several entries, due is one.
    #[inline(always)]
    fn drop_repeated(&mut self, due: &mut Due) {
        if self.stale > 0 {
            self.stale -= due.drop_repeated();
        }
    }

    /// Spreads a bucket of a narrow level; some of its entries have been read.
    #[inline(never)]
    fn spread_narrow(
        &mut self,
        nodes: &Nodes,
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
    fn spread_wide(&mut self, nodes: &Nodes, bucket: Bag, due: &mut Due) {
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
        nodes: &Nodes,
        bucket: Bag,
        due: &mut Due,
        counter: impl Fn(&Nodes, u64) -> u64,
    ) {
        due.clear();
        let tag = self.expected_tag();
        let mut alike = true;
        let mut part = None;
        let mut bucket = bucket;
        while !bucket.is_empty() {
            let (entries, count) = self.blocks.take(&mut bucket);
            // From the last: those alike often have come in order, and reversed are sorted at once.
            for &entry in entries.iter().take(count).rev() {
                let counter = counter(nodes, entry);
                if counter != self.reference {
                    self.put(counter, entry);
                } else if self.stale > 0 && !is_at(nodes, tag, entry as u32, counter) {
                    self.stale -= 1;
                } else {
                    let reading = nodes[entry as u32 as usize].reading();
                    alike &= reading.has_part_of(*part.get_or_insert(reading));
                    due.push(entry as u32);
                }
            }
        }
        due.sort(nodes, alike);
        self.drop_repeated(due);
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
        let less = |a, b| if first(nodes, b, a) { b } else { a };
        let mut places =
            (0..LEVELS).flat_map(|level| self.digits(level).map(move |digit| (level, digit)));
        places.find_map(|(level, digit)| {
            let beginning = self.beginning(level, digit);
            let entries = self.blocks.entries(self.buckets[level][digit]);
            let entries = entries
                .filter(|&entry| is_true(nodes, self.expected_tag(), beginning, level, entry));
            entries.map(|entry| entry as u32).reduce(less)
        })
    }

    /// The numbers of all nodes, when nothing is stale.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        let bags = self.buckets.iter().flatten();
        bags.flat_map(|&bag| self.blocks.entries(bag)).map(|entry| entry as u32)
    }

    /// Nobody is left.
    pub(crate) fn clear(&mut self) {
        for bag in self.buckets.iter_mut().flatten() {
            self.blocks.release(core::mem::replace(bag, Bag::EMPTY));
        }
        (self.levels, self.occupied) = (0, [0; LEVELS]);
        self.stale = 0;
    }
}

/// Whether a node is in the queue, where an entry says.
#[inline(always)]
fn is_at(nodes: &Nodes, tag: Option<u32>, id: u32, counter: u64) -> bool {
    let node = &nodes[id as usize];
    node.place() == Place::Queue
        && node.counter == counter
        && tag.is_none_or(|tag| nodes.positions[id as usize] == tag)
}

/// Whether an entry of a bucket, which begins at a counter, is not stale.
#[inline(always)]
fn is_true(nodes: &Nodes, tag: Option<u32>, beginning: u64, level: usize, entry: u64) -> bool {
    let counter = nodes[entry as u32 as usize].counter;
    counter as u32 == lower(entry) as u32
        && (counter ^ beginning) & !within(level) == 0
        && is_at(nodes, tag, entry as u32, counter)
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
