use core::array::from_fn;

use super::NONE;

/// Up to eight bins of one residual, in the order of numbers, and where the group hangs: a cache
/// line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Group {
    /// Ascending, and then `NONE`.
    numbers: [u32; WIDTH],
    pub(super) residual: u64,
    /// The classes below in the tree, if this group is on top of its own.
    pub(super) smaller: u32,
    pub(super) larger: u32,
    /// The first child in the heap; of what is on top, the root of the heap.
    pub(super) child: u32,
    /// The sibling after, or the next vacant group.
    pub(super) next: u32,
    /// The sibling before, or the parent of a first child; `NONE` on top.
    pub(super) previous: u32,
    /// Of the subtree of classes.
    pub(super) height: u8,
}

impl Group {
    pub(super) const fn new(residual: u64, number: u32) -> Self {
        let mut numbers = [NONE; WIDTH];
        numbers[0] = number;
        Self {
            numbers,
            residual,
            smaller: NONE,
            larger: NONE,
            child: NONE,
            next: NONE,
            previous: NONE,
            height: 1,
        }
    }

    /// Puts a number in. What there is no room for then: the largest; mostly `NONE`.
    #[inline]
    pub(super) fn insert(&mut self, number: u32) -> u32 {
        let old = self.numbers;
        self.numbers = from_fn(|at| {
            let before = if at == 0 { 0 } else { old[at - 1] };
            old[at].min(before.max(number))
        });
        old[WIDTH - 1].max(number)
    }

    /// Takes a number out that is in it.
    #[inline]
    pub(super) fn remove(&mut self, number: u32) {
        let old = self.numbers;
        self.numbers = from_fn(|at| {
            let after = if at + 1 == WIDTH { NONE } else { old[at + 1] };
            if old[at] < number { old[at] } else { after }
        });
    }

    /// The lowest number, the one after it, and so on; `NONE` if there are not so many.
    #[inline]
    pub(super) const fn nth(&self, n: usize) -> u32 {
        self.numbers[n]
    }

    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.numbers[WIDTH - 1] != NONE
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.numbers[0] == NONE
    }

    /// Whether there is nothing else in its class.
    #[inline]
    pub(super) const fn is_class_of_one(&self) -> bool {
        self.numbers[1] == NONE && self.child == NONE && self.is_on_top()
    }

    /// Empties it, and says which group is vacant next.
    pub(super) const fn empty(&mut self, next: u32) {
        self.numbers[0] = NONE;
        self.next = next;
    }

    /// A class leaves its tree.
    pub(super) const fn cut(&mut self) {
        (self.smaller, self.larger, self.height) = (NONE, NONE, 1);
    }

    /// Whether it is the first of its class.
    #[inline]
    pub(super) const fn is_on_top(&self) -> bool {
        self.previous == NONE
    }
}

const WIDTH: usize = 8;
