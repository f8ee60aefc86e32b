//! Bags of entries, in blocks of a line of a cache: what is in a bag is read without following one
//! node to the next.

use alloc::vec::Vec;

use crate::node::NONE;

/// Entries in a block.
pub(crate) const BLOCK: usize = 8;

/// All blocks of a queue, for all of its bags.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    /// For each block that is used, the one before in its bag; else the next unused one.
    links: Vec<u32>,
    unused: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Block([u64; BLOCK]);

/// Entries in any order. All blocks but the last are full.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Bag {
    /// Where the last entry is: a block, and below that a place in it.
    last: u32,
}

impl Bag {
    /// One past the end of the block that no block is: the last entry of none.
    pub(crate) const EMPTY: Self = Self { last: NONE };

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    #[inline(always)]
    fn block(self) -> usize {
        self.last as usize / BLOCK
    }
}

/// The number of a node, and above it the lower half of its counter.
#[inline(always)]
pub(crate) fn entry(counter: u64, id: u32) -> u64 {
    counter << u32::BITS | u64::from(id)
}

impl Default for Blocks {
    fn default() -> Self {
        Self { blocks: Vec::new(), links: Vec::new(), unused: NONE }
    }
}

impl Blocks {
    /// Makes room for so many entries in so many bags.
    pub(crate) fn reserve(&mut self, entries: usize, bags: usize) {
        let blocks = (entries + bags.min(entries) * (BLOCK - 1)) / BLOCK;
        self.blocks.reserve(blocks.saturating_sub(self.blocks.len()));
        self.links.reserve(blocks.saturating_sub(self.links.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>() + self.links.capacity() * size_of::<u32>()
    }

    /// Puts an entry into a bag, and tells where it is.
    #[inline(always)]
    pub(crate) fn push(&mut self, bag: &mut Bag, entry: u64) -> u32 {
        let mut last = bag.last.wrapping_add(1);
        if last as usize % BLOCK == 0 {
            last = self.begin(bag.block() as u32);
        }
        self.blocks[last as usize / BLOCK].0[last as usize % BLOCK] = entry;
        bag.last = last;
        last
    }

    /// Takes a block that is not used, after another.
    #[inline(always)]
    fn begin(&mut self, before: u32) -> u32 {
        let block = self.unused;
        if block == NONE {
            return self.add(before);
        }
        self.unused = core::mem::replace(&mut self.links[block as usize], before);
        block * BLOCK as u32
    }

    #[cold]
    fn add(&mut self, before: u32) -> u32 {
        self.blocks.push(Block([0; BLOCK]));
        self.links.push(before);
        (self.blocks.len() - 1) as u32 * BLOCK as u32
    }

    /// Takes the last block off a bag that is not empty.
    #[inline(always)]
    fn end(&mut self, bag: &mut Bag) {
        let block = bag.block();
        let before = core::mem::replace(&mut self.links[block], self.unused);
        self.unused = block as u32;
        // Of no block, this is the bag that is empty.
        bag.last = before * BLOCK as u32 + (BLOCK as u32 - 1);
    }

    /// Takes out the entry at a position. The last one of the bag takes its place.
    #[inline(always)]
    pub(crate) fn remove(&mut self, bag: &mut Bag, positions: &mut [u32], position: u32) {
        let last = self.blocks[bag.block()].0[bag.last as usize % BLOCK];
        self.blocks[position as usize / BLOCK].0[position as usize % BLOCK] = last;
        positions[last as u32 as usize] = position;
        if bag.last as usize % BLOCK == 0 {
            self.end(bag);
        } else {
            bag.last -= 1;
        }
    }

    /// Takes up to a block of entries out of a bag that is not empty: those before the count.
    #[inline(always)]
    pub(crate) fn take(&mut self, bag: &mut Bag) -> ([u64; BLOCK], usize) {
        let entries = self.blocks[bag.block()].0;
        let count = bag.last as usize % BLOCK + 1;
        self.end(bag);
        (entries, count)
    }

    /// Gives back all blocks of a bag.
    #[inline(always)]
    pub(crate) fn release(&mut self, bag: Bag) {
        let mut bag = bag;
        while !bag.is_empty() {
            self.end(&mut bag);
        }
    }

    /// The entries of a bag, the last block first, each from its beginning.
    pub(crate) fn slices(&self, bag: Bag) -> impl Iterator<Item = &[u64]> {
        let mut bag = bag;
        core::iter::from_fn(move || {
            if bag.is_empty() {
                return None;
            }
            let block = bag.block();
            let entries = self.blocks[block].0.get(..=bag.last as usize % BLOCK);
            bag.last = self.links[block] * BLOCK as u32 + (BLOCK as u32 - 1);
            entries
        })
    }

    /// The numbers of the nodes in a bag, those first that have come last.
    pub(crate) fn ids(&self, bag: Bag) -> impl Iterator<Item = u32> {
        self.slices(bag).flat_map(|entries| entries.iter().rev().map(|&entry| entry as u32))
    }
}
