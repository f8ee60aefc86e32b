use alloc::vec::Vec;

/// A set of numbers below 2^36, as bits: a bit of a level tells whether a word of the level below
/// has any. Every call takes O(log n) to the base of 64.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bitmap {
    levels: [Vec<u64>; LEVELS],
    height: usize,
}

impl Bitmap {
    /// Makes room for the numbers below `length`.
    #[inline]
    pub(crate) fn grow(&mut self, length: usize) {
        if length > self.levels[0].len() * WIDTH {
            self.add_words(length);
        }
    }

    fn add_words(&mut self, length: usize) {
        let mut words = length.div_ceil(WIDTH);
        for level in 0..LEVELS {
            if words <= self.levels[level].len() {
                return;
            }
            // A level that was not there: what is below it has been one word, at most.
            let first = level >= self.height
                && level > 0
                && self.levels[level - 1].first().is_some_and(|word| *word != 0);
            self.levels[level].resize(words, 0);
            self.levels[level][0] |= u64::from(first);
            self.height = self.height.max(level + 1);
            if words <= 1 {
                return;
            }
            words = words.div_ceil(WIDTH);
        }
    }

    /// Puts a number in. There must be room for it.
    #[inline]
    pub(crate) fn set(&mut self, number: usize) {
        let word = number / WIDTH;
        self.levels[0][word] |= 1 << (number % WIDTH);
        // Whether a word was empty is hard to foretell, but where there are few of them.
        if let Some(above) = self.levels[1].get_mut(word / WIDTH) {
            let was_empty = *above == 0;
            *above |= 1 << (word % WIDTH);
            if was_empty {
                self.set_above(word / WIDTH);
            }
        }
    }

    #[cold]
    fn set_above(&mut self, number: usize) {
        let mut at = number;
        for level in self.levels[..self.height].iter_mut().skip(2) {
            level[at / WIDTH] |= 1 << (at % WIDTH);
            at /= WIDTH;
        }
    }

    /// Takes a number out. There must be room for it.
    #[inline]
    pub(crate) fn clear(&mut self, number: usize) {
        let at = number / WIDTH;
        let word = &mut self.levels[0][at];
        *word &= !(1 << (number % WIDTH));
        let goes = u64::from(*word == 0);
        if let Some(above) = self.levels[1].get_mut(at / WIDTH) {
            *above &= !(goes << (at % WIDTH));
            if *above == 0 {
                self.clear_above(at / WIDTH);
            }
        }
    }

    #[cold]
    fn clear_above(&mut self, number: usize) {
        let mut at = number;
        for level in self.levels[..self.height].iter_mut().skip(2) {
            level[at / WIDTH] &= !(1 << (at % WIDTH));
            if level[at / WIDTH] != 0 {
                return;
            }
            at /= WIDTH;
        }
    }

    /// The first number that is not below this one.
    #[inline]
    pub(crate) fn next(&self, number: usize) -> Option<usize> {
        let at = number / WIDTH;
        let word = *self.levels[0].get(at)? >> (number % WIDTH);
        if word != 0 {
            return Some(number + word.trailing_zeros() as usize);
        }
        let above = *self.levels[1].get((at + 1) / WIDTH)? >> ((at + 1) % WIDTH);
        if above != 0 {
            let at = at + 1 + above.trailing_zeros() as usize;
            return Some(at * WIDTH + self.levels[0][at].trailing_zeros() as usize);
        }
        self.next_above((at + 1) / WIDTH + 1)
    }

    /// The same, from a word of the second level on.
    fn next_above(&self, word: usize) -> Option<usize> {
        let mut at = word;
        for height in 2..self.height {
            let word = *self.levels[height].get(at / WIDTH)? >> (at % WIDTH);
            if word != 0 {
                at += word.trailing_zeros() as usize;
                for level in self.levels[..height].iter().rev() {
                    at = at * WIDTH + level[at].trailing_zeros() as usize;
                }
                return Some(at);
            }
            at = at / WIDTH + 1;
        }
        None
    }

    /// The last number of all.
    #[inline]
    pub(crate) fn last(&self) -> Option<usize> {
        let mut at = 0;
        for level in self.levels[..self.height].iter().rev() {
            // Only the word of the highest level can be empty.
            at = at * WIDTH + (WIDTH - 1).checked_sub(level[at].leading_zeros() as usize)?;
        }
        (self.height > 0).then_some(at)
    }

    /// The last number below this one.
    #[inline]
    pub(crate) fn previous(&self, number: usize) -> Option<usize> {
        let mut at = number.min(self.levels[0].len() * WIDTH).checked_sub(1)?;
        for (height, level) in self.levels[..self.height].iter().enumerate() {
            let word = level[at / WIDTH] << (WIDTH - 1 - at % WIDTH);
            if word != 0 {
                at -= word.leading_zeros() as usize;
                for level in self.levels[..height].iter().rev() {
                    at = at * WIDTH + WIDTH - 1 - level[at].leading_zeros() as usize;
                }
                return Some(at);
            }
            at = (at / WIDTH).checked_sub(1)?;
        }
        None
    }
}

const WIDTH: usize = 64;
const LEVELS: usize = 6;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn as_a_sorted_set() {
        let mut random = 1_u64;
        for length in [1, 63, 64, 65, 4_095, 4_096, 4_097, 300_000] {
            let (mut bitmap, mut twin) = (Bitmap::default(), BTreeSet::new());
            let mut room = 0;
            for step in 0..3_000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let number = (random >> 33) as usize % length;
                if number >= room {
                    room = number + 1;
                    bitmap.grow(room);
                }
                if step % 3 == 0 {
                    bitmap.clear(number);
                    twin.remove(&number);
                } else {
                    bitmap.set(number);
                    twin.insert(number);
                }
                for from in [0, number, number + 1, number / 2, length] {
                    assert_eq!(bitmap.next(from), twin.range(from..).next().copied());
                    assert_eq!(bitmap.previous(from), twin.range(..from).last().copied());
                }
                assert_eq!(bitmap.previous(usize::MAX), twin.last().copied());
                assert_eq!(bitmap.last(), twin.last().copied());
            }
        }
        let empty = Bitmap::default();
        assert_eq!([empty.next(0), empty.previous(1), empty.last()], [None; 3]);
    }
}
