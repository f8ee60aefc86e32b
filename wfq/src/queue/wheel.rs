//! A radix wheel: buckets by the highest digit in which a counter differs from a reference.

use alloc::vec::Vec;

use super::due::Due;
use crate::node::{NIL, Node, before, distance, first};

const DIGIT_BITS: u32 = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;

/// A bucket of so few may be sorted at once, instead of spread over lower levels.
const SORTED_AT_ONCE: usize = 512;

/// Levels whose buckets are so narrow that a counter, less what all in a bucket share, and a number
/// fit into one word.
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
    heads: [[u32; BUCKETS]; LEVELS],
    /// Of a bucket that is about to be sorted.
    keys: Vec<u64>,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            reference: 0,
            levels: 0,
            occupied: [0; LEVELS],
            heads: [[NIL; BUCKETS]; LEVELS],
            keys: Vec::new(),
        }
    }

    pub(crate) fn reserve(&mut self, nodes: usize) {
        let keys = nodes.min(SORTED_AT_ONCE);
        self.keys.reserve(keys.saturating_sub(self.keys.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.keys.capacity() * size_of::<u64>()
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

    /// Puts in a node that the reference has not passed.
    #[inline(always)]
    pub(crate) fn insert(&mut self, nodes: &mut [Node], id: u32) {
        let (level, digit) = self.bucket(nodes[id as usize].counter);
        let head = core::mem::replace(&mut self.heads[level][digit], id);
        let node = &mut nodes[id as usize];
        node.next = head;
        node.previous = NIL;
        // If there was no head, this writes to the root, which is in no queue.
        nodes[head as usize].previous = id;
        self.occupied[level] |= 1 << digit;
        self.levels |= 1 << level;
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, nodes: &mut [Node], id: u32) {
        let Node { counter, next, previous, .. } = nodes[id as usize];
        nodes[next as usize].previous = previous;
        if previous == NIL {
            let (level, digit) = self.bucket(counter);
            self.heads[level][digit] = next;
            if next == NIL {
                self.vacate(level, digit);
            }
        } else {
            nodes[previous as usize].next = next;
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
    pub(crate) fn refill(&mut self, nodes: &mut [Node], due: &mut Due, len: usize) {
        let (level, digit) = self.first_bucket();
        let head = core::mem::replace(&mut self.heads[level][digit], NIL);
        self.vacate(level, digit);
        let within = within(level);
        // The more become due, the more likely is somebody served then to be next again before all
        // have been.
        let most = if level < NARROW_LEVELS { (len / 4).clamp(8, SORTED_AT_ONCE) } else { 1 };
        self.keys.clear();
        let mut at = head;
        loop {
            let Node { counter, next, .. } = nodes[at as usize];
            self.keys.push((counter & within) << u32::BITS | u64::from(at));
            if next == NIL {
                // The end of the bucket: all others differ from that in the same digit.
                self.reference = counter | within;
                break;
            }
            if self.keys.len() == most {
                // If all are the same so far, many more may be: those become due at once.
                let parts = |&key: &u64| key >> u32::BITS;
                let alike = self.keys.iter().all(|key| parts(key) == parts(&self.keys[0]));
                self.reference = if alike { least_of(nodes, head) } else { counter & !within };
                return self.spread(nodes, head, due);
            }
            at = next;
        }
        due.fill(nodes, &mut self.keys);
    }

    /// Spreads a bucket over lower levels; those at the reference go to `due`.
    #[inline(never)]
    fn spread(&mut self, nodes: &mut [Node], head: u32, due: &mut Due) {
        due.clear();
        let mut alike = true;
        let mut part = None;
        let mut at = head;
        while at != NIL {
            let node = &nodes[at as usize];
            let next = node.next;
            if node.counter == self.reference {
                let reading = node.reading();
                alike &= reading.has_part_of(*part.get_or_insert(reading));
                due.push(at);
            } else {
                self.insert(nodes, at);
            }
            at = next;
        }
        due.sort(nodes, alike);
    }

    /// Whether all buckets begin after a counter.
    #[inline(always)]
    pub(crate) fn begins_after(&self, nodes: &[Node], counter: u64) -> bool {
        if self.is_empty() {
            return true;
        }
        let (level, digit) = self.first_bucket();
        let head = self.heads[level][digit];
        before(counter, nodes[head as usize].counter & !within(level))
    }

    /// The first node, found by looking through its bucket.
    pub(crate) fn first(&self, nodes: &[Node]) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        let (level, digit) = self.first_bucket();
        let mut found = self.heads[level][digit];
        let mut at = found;
        while at != NIL {
            found = if first(nodes, at, found) { at } else { found };
            at = nodes[at as usize].next;
        }
        Some(found)
    }

    /// Takes one out, whichever is easiest.
    pub(crate) fn pop(&mut self, nodes: &mut [Node]) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        let (level, digit) = self.first_bucket();
        let id = self.heads[level][digit];
        self.remove(nodes, id);
        Some(id)
    }
}

/// The digits in which counters of a bucket can differ: all below its own.
#[inline(always)]
fn within(level: usize) -> u64 {
    u64::MAX >> (u64::BITS - 1 - level as u32 * DIGIT_BITS) >> 1
}

/// The least counter of a bucket. All digits above are the same there, so they compare as they are.
fn least_of(nodes: &[Node], head: u32) -> u64 {
    let mut least = u64::MAX;
    let mut at = head;
    while at != NIL {
        let node = &nodes[at as usize];
        least = least.min(node.counter);
        at = node.next;
    }
    least
}
