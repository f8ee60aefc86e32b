use core::array::from_fn;

use super::NONE;

/// Up to eight bins of one residual, and where the group hangs: a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Group {
    /// On top of a class ascending, in the heap in any order; and then `NONE`.
    numbers: [u32; WIDTH],
    pub(super) residual: u64,
    /// The classes below in the tree, if this group is on top of its own; in the heap, the group on
    /// top, and a number that none here is below.
    pub(super) smaller: u32,
    pub(super) larger: u32,
    /// The first child in the heap; of what is on top, the first root.
    pub(super) child: u32,
    /// The sibling after, or the next vacant group; of what is on top, one of the heap that may
    /// have room.
    pub(super) next: u32,
    /// The sibling before, or the parent of a first child; `NONE` on top.
    pub(super) previous: u32,
    count: u8,
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
            count: 1,
            height: 1,
        }
    }

    /// Puts a number in where they ascend. What there is no room for then: the largest; mostly
    /// `NONE`.
    #[inline]
    pub(super) fn insert(&mut self, number: u32) -> u32 {
        let old = self.numbers;
        self.numbers = from_fn(|at| {
            let before = if at == 0 { 0 } else { old[at - 1] };
            old[at].min(before.max(number))
        });
        self.count += u8::from(!self.is_full());
        old[WIDTH - 1].max(number)
    }

    /// Takes a number out that is in it, where they ascend.
    #[inline]
    pub(super) fn remove(&mut self, number: u32) {
        let old = self.numbers;
        self.numbers = from_fn(|at| {
            let after = if at + 1 == WIDTH { NONE } else { old[at + 1] };
            if old[at] < number { old[at] } else { after }
        });
        self.count -= 1;
    }

    /// Puts a number in where they are in any order, if there is room.
    #[inline]
    pub(super) fn push(&mut self, number: u32) {
        self.numbers[usize::from(self.count) % WIDTH] = number;
        self.count += 1;
    }

    /// Takes a number out that is in it, where they are in any order.
    #[inline]
    pub(super) fn take(&mut self, number: u32) {
        let others = self.numbers.iter().enumerate();
        let mask = others.fold(0, |mask, (at, other)| mask | u32::from(*other == number) << at);
        self.count -= 1;
        let last = usize::from(self.count) % WIDTH;
        self.numbers[mask.trailing_zeros() as usize % WIDTH] = self.numbers[last];
        self.numbers[last] = NONE;
    }

    /// The lowest number, wherever it is.
    #[inline]
    pub(super) fn lowest(&self) -> u32 {
        self.numbers.iter().fold(NONE, |lowest, number| lowest.min(*number))
    }

    /// In the heap: the group on top.
    #[inline]
    pub(super) const fn top(&self) -> u32 {
        self.smaller
    }

    /// In the heap: a number that none here is below, and none in what hangs below.
    #[inline]
    pub(super) const fn bound(&self) -> u32 {
        self.larger
    }

    #[inline]
    pub(super) const fn set_bound(&mut self, bound: u32) {
        self.larger = bound;
    }

    /// On top of a class, the lowest number, the one after it, and so on; `NONE` if there are not
    /// so many.
    #[inline]
    pub(super) const fn nth(&self, n: usize) -> u32 {
        self.numbers[n]
    }

    /// The largest number of one on top.
    #[inline]
    pub(super) const fn last(&self) -> u32 {
        self.numbers[(self.count as usize + WIDTH - 1) % WIDTH]
    }

    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.count as usize == WIDTH
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Empties it, and says which group is vacant next.
    pub(super) const fn empty(&mut self, next: u32) {
        self.count = 0;
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
