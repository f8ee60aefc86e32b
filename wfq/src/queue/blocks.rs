//! Bags of entries, in blocks of a line of a cache: what is in a bag is read without following one
//! node to the next.

use alloc::vec::Vec;

use crate::node::NONE;

/// Entries in a block, whose first word tells the one before.
pub(crate) const BLOCK: usize = WORDS - 1;
const WORDS: usize = 8;

/// All blocks of a queue, for all of its bags.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    /// The last word of one that is in no bag, or `NONE`: the others follow.
    unused: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Block([u64; WORDS]);

/// Entries in any order. All blocks but the last are full.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Bag {
    /// The position of the last entry.
    last: u32,
}

impl Bag {
    /// One before the first block.
    pub(crate) const EMPTY: Self = Self { last: NONE };

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    #[inline(always)]
    fn block(self) -> usize {
        self.last as usize / WORDS
    }

    /// Where the last entry is in its block.
    #[inline(always)]
    fn place(self) -> usize {
        self.last as usize % WORDS
    }
}

/// The number of a node, and above it the lower half of its counter.
#[inline(always)]
pub(crate) fn entry(counter: u64, id: u32) -> u64 {
    counter << u32::BITS | u64::from(id)
}

impl Default for Blocks {
    fn default() -> Self {
        Self { blocks: Vec::new(), unused: NONE }
    }
}

impl Blocks {
    /// Makes room for so many entries in so many bags.
    pub(crate) fn reserve(&mut self, entries: usize, bags: usize) {
        let blocks = (entries + bags.min(entries) * (BLOCK - 1)) / BLOCK;
        self.blocks.reserve(blocks.saturating_sub(self.blocks.len()));
    }

    pub(crate) fn memory(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>()
    }

    /// Puts an entry into a bag.
    #[inline(always)]
    pub(crate) fn push(&mut self, bag: &mut Bag, entry: u64) {
        let mut last = bag.last.wrapping_add(1);
        if (last as usize).is_multiple_of(WORDS) {
            last = self.begin(*bag) + 1;
        }
        bag.last = last;
        self.blocks[bag.block()].0[bag.place()] = entry;
    }

    /// Takes a block that is not used, after a bag's last one.
    #[inline(always)]
    fn begin(&mut self, bag: Bag) -> u32 {
        let before = u64::from(bag.last);
        match self.blocks.get_mut(self.unused as usize / WORDS) {
            Some(block) => {
                let first = self.unused - self.unused % WORDS as u32;
                self.unused = core::mem::replace(&mut block.0[0], before) as u32;
                first
            }
            None => self.add(before),
        }
    }

    #[cold]
    fn add(&mut self, before: u64) -> u32 {
        let mut block = Block([0; WORDS]);
        block.0[0] = before;
        self.blocks.push(block);
        ((self.blocks.len() - 1) * WORDS) as u32
    }

    /// Takes the last block off a bag that is not empty.
    #[inline(always)]
    fn end(&mut self, bag: &mut Bag) {
        let block = &mut self.blocks[bag.block()];
        let before = core::mem::replace(&mut block.0[0], self.unused.into());
        self.unused = core::mem::replace(&mut bag.last, before as u32);
    }

    /// Takes up to a block of entries out of a bag that is not empty: the first of so many.
    #[inline(always)]
    pub(crate) fn take(&mut self, bag: &mut Bag) -> ([u64; BLOCK], usize) {
        let [_, entries @ ..] = self.blocks[bag.block()].0;
        let count = bag.place();
        self.end(bag);
        (entries, count)
    }

    /// Takes out all entries but those to keep. Others take their places.
    pub(crate) fn retain(&mut self, bag: &mut Bag, mut is_kept: impl FnMut(u64) -> bool) {
        let mut left = *bag;
        while !left.is_empty() {
            let (block, before) = (left.block(), self.blocks[left.block()].0[0]);
            for place in (1..=left.place()).rev() {
                if !is_kept(self.blocks[block].0[place]) {
                    // All after it have been kept.
                    self.blocks[block].0[place] = self.blocks[bag.block()].0[bag.place()];
                    self.pop(bag);
                }
            }
            left.last = before as u32;
        }
    }

    /// Takes out the last entry of a bag that is not empty.
    #[inline(always)]
    fn pop(&mut self, bag: &mut Bag) {
        if bag.place() == 1 {
            self.end(bag);
        } else {
            bag.last -= 1;
        }
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
            let (block, place) = (&self.blocks[bag.block()].0, bag.place());
            bag.last = block[0] as u32;
            block.get(1..=place)
        })
    }

    /// The entries of a bag, those first that have come last.
    pub(crate) fn entries(&self, bag: Bag) -> impl Iterator<Item = u64> {
        self.slices(bag).flat_map(|entries| entries.iter().rev()).copied()
    }
}
