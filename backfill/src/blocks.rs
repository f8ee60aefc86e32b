#![expect(clippy::inline_always, reason = "measured: a call costs as much as a short walk")]

use alloc::vec::Vec;
use core::cell::Cell;
use core::iter;
use core::mem;

/// What stands in a sorted list.
pub(crate) trait Item: Copy {
    /// Whether it stands before another one, as no two stand in the same place.
    fn is_before(&self, other: &Self) -> bool;

    /// What a block of the list adds up.
    fn amount(&self) -> u64;
}

/// A sorted list, in blocks of which each knows the sum of its amounts. With n items and blocks of
/// b, a change costs O(log(n / b) + b), and O(1) at the front; a block that is split or used up, once
/// in some b changes, O(n / b).
#[derive(Clone, Debug)]
pub(crate) struct Blocks<T> {
    /// Empty only if all are.
    front: Block<T>,
    /// The blocks behind it, in order.
    rest: Vec<Block<T>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Block<T> {
    /// The first stands last: what comes and goes mostly stands near the front, and only what is
    /// before it has to move.
    items: Vec<T>,
    amount: u64,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { front: Block { items: Vec::new(), amount: 0 }, rest: Vec::new() }
    }
}

impl<T: Item> Blocks<T> {
    #[inline]
    pub(crate) fn first(&self) -> Option<&T> {
        self.front.items.last()
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, item: T) {
        let at = self.block_of(&item);
        let block = self.block_mut(at);
        block.insert(item);
        if block.items.len() > BLOCK {
            let back = block.split_off();
            self.rest.insert(at, back);
        }
    }

    #[inline(always)]
    pub(crate) fn pop_first(&mut self) -> Option<T> {
        let item = self.front.items.pop()?;
        self.front.amount -= item.amount();
        if self.front.items.is_empty() {
            self.close_up(0);
        }
        Some(item)
    }

    /// Takes out the item in the place of `like`, which must be there: that of which `is_it` is true.
    #[inline(always)]
    pub(crate) fn remove(&mut self, like: &T, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.block_of(like);
        let block = self.block_mut(at);
        let item = block.remove(is_it)?;
        if block.items.is_empty() {
            self.close_up(at);
        }
        Some(item)
    }

    #[inline]
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block<T>> {
        iter::once(&self.front).chain(&self.rest)
    }

    /// The number of the block in which an item stands, or would stand.
    #[inline(always)]
    fn block_of(&self, item: &T) -> usize {
        if self.rest.is_empty() || !self.front.is_before(item) {
            return 0;
        }
        let rest = &self.rest[..self.rest.len() - 1];
        1 + rest.partition_point(|block| block.is_before(item))
    }

    #[inline(always)]
    fn block_mut(&mut self, at: usize) -> &mut Block<T> {
        match at.checked_sub(1) {
            None => &mut self.front,
            Some(at) => &mut self.rest[at],
        }
    }

    /// Drops an empty block, if there is another one.
    #[cold]
    fn close_up(&mut self, at: usize) {
        if at > 0 {
            self.rest.remove(at - 1);
        } else if !self.rest.is_empty() {
            self.front = self.rest.remove(0);
        }
    }
}

impl<T: Item> Block<T> {
    /// In order.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().rev()
    }

    #[inline]
    pub(crate) const fn amount(&self) -> u64 {
        self.amount
    }

    /// Whether all its items stand before another one.
    #[inline]
    pub(crate) fn is_before(&self, item: &T) -> bool {
        self.items.first().is_some_and(|last| last.is_before(item))
    }

    #[inline(always)]
    fn insert(&mut self, item: T) {
        self.amount += item.amount();
        self.items.push(item);
        let places = Cell::from_mut(self.items.as_mut_slice()).as_slice_of_cells();
        let mut place = places.len() - 1;
        for neighbours in places.windows(2).rev() {
            if !neighbours[0].get().is_before(&item) {
                break;
            }
            neighbours[1].set(neighbours[0].get());
            place -= 1;
        }
        places[place].set(item);
    }

    #[inline(always)]
    fn remove(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut item = self.items.pop()?;
        // Those before it move up.
        for other in self.items.iter_mut().rev() {
            if is_it(&item) {
                break;
            }
            mem::swap(other, &mut item);
        }
        debug_assert!(is_it(&item), "an item is missing");
        self.amount -= item.amount();
        Some(item)
    }

    /// Takes out the back half.
    #[cold]
    fn split_off(&mut self) -> Self {
        let front = self.items.split_off(BLOCK / 2);
        let items = mem::replace(&mut self.items, front);
        let amount = items.iter().map(Item::amount).sum();
        self.amount -= amount;
        Self { items, amount }
    }
}

/// The largest block: a shift within it costs no more than the walk to it.
const BLOCK: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Item for (u16, u16) {
        fn is_before(&self, other: &Self) -> bool {
            self < other
        }

        fn amount(&self) -> u64 {
            self.0.into()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What comes and goes leaves a sorted vector, in blocks that know their sums.
        #[test]
        fn blocks_are_a_sorted_list(
            steps in proptest::collection::vec((0u8..8, 0u16..200), 1..1500),
        ) {
            let (mut blocks, mut list) = (Blocks::default(), Vec::new());
            for ((step, key), tie) in steps.into_iter().zip(0..) {
                match step {
                    0..5 => {
                        let item = (key, tie);
                        blocks.insert(item);
                        list.insert(list.partition_point(|other| *other < item), item);
                    }
                    5..7 if !list.is_empty() => {
                        let item = list.remove(usize::from(key) * 31 % list.len());
                        prop_assert_eq!(blocks.remove(&item, |other| *other == item), Some(item));
                    }
                    _ => {
                        let first = (!list.is_empty()).then(|| list.remove(0));
                        prop_assert_eq!(blocks.pop_first(), first);
                    }
                }
                prop_assert_eq!(blocks.first(), list.first());
            }
            prop_assert!(blocks.blocks().flat_map(Block::iter).eq(&list));
            for block in blocks.blocks() {
                prop_assert!(list.is_empty() || block.iter().next().is_some());
                prop_assert_eq!(block.amount(), block.iter().map(Item::amount).sum::<u64>());
            }
        }
    }
}
